// A runtime that is started before its function is known: it loads what most functions need, then waits to be told.
import { createRequire } from "node:module";

const MARK = "GUST_GENERIC";
const COMMON = [
  "node:assert", "node:async_hooks", "node:buffer", "node:child_process", "node:crypto", "node:events", "node:fs",
  "node:fs/promises", "node:https", "node:net", "node:os", "node:path", "node:querystring", "node:stream",
  "node:stream/promises", "node:string_decoder", "node:timers/promises", "node:tls", "node:url", "node:util",
  "node:zlib",
];

export const isGeneric = () => MARK in process.env;

// Resolves when this process has its function: its environment and working folder are as at a fresh start.
export async function become(client) {
  await loadCommon();
  const told = await client.function();
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, told.environment);
  process.chdir(told.working_folder);
}

// Both loaders once, so that their own code is compiled when the function's comes.
async function loadCommon() {
  const require = createRequire(import.meta.url);
  for (const name of COMMON) {
    require(name);
    await import(name);
  }
  require("./warm.cjs");
  await import("./warm.mjs");
}
