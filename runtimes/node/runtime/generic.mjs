// A runtime that is started before its function is known: it does what every function's start does once, so that the
// code for it is loaded and compiled, then waits to be told.
import { createRequire } from "node:module";

const COMMON = [
  "node:assert", "node:async_hooks", "node:buffer", "node:child_process", "node:crypto", "node:events", "node:fs",
  "node:fs/promises", "node:https", "node:net", "node:os", "node:path", "node:querystring", "node:stream",
  "node:stream/promises", "node:string_decoder", "node:timers/promises", "node:tls", "node:url", "node:util",
  "node:zlib",
];

export const isGeneric = () => "GUST_GENERIC" in process.env;

// Resolves when this process has its function: its environment and working folder are as at a fresh start.
export async function become(client) {
  const told = await client.function();
  setEnvironment(told.environment);
  process.chdir(told.working_folder);
}

// Only what differs: to set TZ, even to what it was, makes V8 look for its time zone, which takes milliseconds.
function setEnvironment(environment) {
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  for (const [name, value] of Object.entries(environment)) if (process.env[name] !== value) process.env[name] = value;
}

export async function loadCommon() {
  const require = createRequire(import.meta.url);
  for (const name of COMMON) {
    require(name);
    await import(name);
  }
}
