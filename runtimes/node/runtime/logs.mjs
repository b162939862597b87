// console.* in a function: "<time>\t<request id>\t<level>\t<text>", a record a call, or a JSON object where
// AWS_LAMBDA_LOG_FORMAT says so.
import fs from "node:fs";
import { format } from "node:util";
import { isError, toLogText } from "./errors.mjs";
import { current, several } from "./invocations.mjs";

const LEVELS = {
  log: "INFO", info: "INFO", debug: "DEBUG", trace: "TRACE", warn: "WARN", error: "ERROR", fatal: "FATAL",
};
const ORDER = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

let json = false;

// Written at once and whole: a record must be out before the response is, and before a kill.
function put(text) {
  const record = Buffer.from(`${text}\n`);
  for (let at = 0; at < record.length; ) {
    try {
      at += fs.writeSync(1, record, at);
    } catch (error) {
      if (error.code !== "EAGAIN") return; // nobody reads: a function does not fail for its log
    }
  }
}

function writeText(level, text) {
  const head = `${new Date().toISOString()}\t${current()?.requestId}\t${level}\t`;
  // Each line names its invocation where others' lines may come between.
  put(`${head}${several() ? text.replaceAll("\n", `\n${head}`) : text}`);
}

const membersOf = (error) => ({
  errorType: error.constructor?.name || error.name || "UnknownError",
  errorMessage: error.message,
  stackTrace: typeof error.stack === "string" ? error.stack.split("\n") : [],
});

const replacer = (key, value) => (isError(value) ? { ...membersOf(value), ...value } : value);

// One value is the message as it is; several are put together as console does, beside the first error's members.
function writeJson(level, values) {
  const record = { timestamp: new Date().toISOString(), level, requestId: current()?.requestId };
  if (values.length === 1) {
    try {
      return put(JSON.stringify({ ...record, message: values[0] }, replacer));
    } catch {
      return put(JSON.stringify({ ...record, message: format(values[0]) })); // a circle, a bigint
    }
  }
  const error = values.find(isError);
  put(JSON.stringify({ ...record, message: format(...values), ...(error && membersOf(error)) }));
}

// An error that the runtime caught.
export function writeError(what, error) {
  if (json) writeJson("ERROR", [isError(error) ? error : new Error(String(error))]);
  else writeText("ERROR", `${what} \t${toLogText(error)}`);
}

// As the environment has it, which in a generic runtime is another later.
export function patchConsole() {
  json = process.env.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() === "JSON";
  const least = ORDER.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL?.toUpperCase());
  for (const [name, level] of Object.entries(LEVELS)) {
    const write = json ? (...values) => writeJson(level, values) : (...values) => writeText(level, format(...values));
    console[name] = ORDER.indexOf(level) < least ? () => {} : write;
  }
}
