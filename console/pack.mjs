// Compresses what vite built and writes C++ source that has it in the program: node pack.mjs DIST OUT.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { extname, join, relative, resolve } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const [dist, out] = process.argv.slice(2).map((path) => resolve(path));
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const names = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(dist, join(entry.parentPath ?? entry.path, entry.name)))
  .sort();
const files = names.map((name, number) => {
  const bytes = readFileSync(join(dist, name));
  const type = TYPES[extname(name)];
  if (!type) throw new Error(`${name}: no type is known for it`);
  const text = constants.BROTLI_MODE_TEXT;
  const forms = {
    gzip: gzipSync(bytes, { level: 9 }),
    brotli: brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_MODE]: text } }),
  };
  for (const [form, packed] of Object.entries(forms)) writeFileSync(join(out, `${number}.${form}`), packed);
  const etag = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
  return { name, number, type, etag, gzip: forms.gzip.length, brotli: forms.brotli.length };
});

const symbols = files.flatMap(({ number }) => ['gzip', 'brotli'].map((form) => [`gust_console_${number}_${form}`, join(out, `${number}.${form}`)]));
const row = (f) =>
  `    {"${f.name}", "${f.type}", "\\"${f.etag}\\"", {gust_console_${f.number}_gzip, ${f.gzip}}, {gust_console_${f.number}_brotli, ${f.brotli}}},`;
writeFileSync(
  join(out, 'console_assets.cc'),
  `// Made by console/pack.mjs.
#include "daemon/console_files.h"

asm(R"(.section .rodata
${symbols.map(([symbol, path]) => `.balign 16\n${symbol}: .incbin "${path}"`).join('\n')}
.previous
)");
extern "C" {
${symbols.map(([symbol]) => `extern const char ${symbol}[] __attribute__((visibility("hidden")));`).join('\n')}
}

namespace gust::daemon {

std::span<const ConsoleFile> console_files() {
  static const ConsoleFile files[] = {
${files.map(row).join('\n')}
  };
  return files;
}

}  // namespace gust::daemon
`,
);
writeFileSync(join(out, 'sizes.json'), JSON.stringify(files, null, 1));
