// The files of a function's zip; text where they are text.
import { unzip } from 'fflate';

export interface File {
  name: string;
  size: number;
  text?: string;
}
const MOST_TEXT = 1 << 20;

function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.length > MOST_TEXT) return undefined;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

export function unpack(zip: Uint8Array): Promise<File[]> {
  const large: File[] = [];
  // Of what is large only the size is shown, so it is not unpacked at all.
  const filter = (info: { name: string; originalSize: number }) => {
    if (info.originalSize > MOST_TEXT) large.push({ name: info.name, size: info.originalSize });
    return info.originalSize <= MOST_TEXT && !info.name.endsWith('/');
  };
  return new Promise((resolve, reject) =>
    unzip(zip, { filter }, (error, files) => {
      if (error) return reject(error);
      const all = Object.entries(files).map(([name, bytes]) => ({ name, size: bytes.length, text: textOf(bytes) }));
      return resolve([...all, ...large].sort((a, b) => a.name.localeCompare(b.name)));
    }),
  );
}

/** The file that `module.function` names. */
export function handlerFile(files: File[], handler = ''): File | undefined {
  const module = handler.slice(0, handler.lastIndexOf('.')).replace(/^\.\//, '');
  return files.find((f) => f.name.replace(/\.(py|m?js|cjs|rb|ts)$/, '') === module);
}
