// console.* in a function: "<time>\t<request id>\t<level>\t<text>", a record a call.
import fs from "node:fs";
import { format } from "node:util";

const LEVELS = { log: "INFO", info: "INFO", debug: "DEBUG", trace: "TRACE", warn: "WARN", error: "ERROR" };

let current;

export function setRequestId(requestId) {
  current = requestId;
}

// Written at once and whole: a record must be out before the response is, and before a kill.
export function write(level, text) {
  const record = Buffer.from(`${new Date().toISOString()}\t${current}\t${level}\t${text}\n`);
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
