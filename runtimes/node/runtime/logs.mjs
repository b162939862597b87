// console.* in a function: "<time>\t<request id>\t<level>\t<text>", a record a call.
import fs from "node:fs";
import { format } from "node:util";
import { current, several } from "./invocations.mjs";

const LEVELS = { log: "INFO", info: "INFO", debug: "DEBUG", trace: "TRACE", warn: "WARN", error: "ERROR" };

// Written at once and whole: a record must be out before the response is, and before a kill.
export function write(level, text) {
  const head = `${new Date().toISOString()}\t${current()?.requestId}\t${level}\t`;
  // Each line names its invocation where others' lines may come between.
  const record = Buffer.from(`${head}${several() ? text.replaceAll("\n", `\n${head}`) : text}\n`);
  for (let at = 0; at < record.length; ) {
    try {
      at += fs.writeSync(1, record, at);
    } catch (error) {
      if (error.code !== "EAGAIN") return; // nobody reads: a function does not fail for its log
    }
  }
}

export function patchConsole() {
  for (const [name, level] of Object.entries(LEVELS)) {
    console[name] = (...values) => write(level, format(...values));
  }
  console.fatal = (...values) => write("FATAL", format(...values));
}
