// Errors as the Runtime API takes them: {"errorType", "errorMessage", "trace"}.

function named(name) {
  return class extends Error {
    constructor(message) {
      super(message);
      this.name = name;
    }
  };
}

export const HandlerNotFound = named("Runtime.HandlerNotFound");
export const MalformedHandlerName = named("Runtime.MalformedHandlerName");
export const UserCodeSyntaxError = named("Runtime.UserCodeSyntaxError");
export const ImportModuleError = named("Runtime.ImportModuleError");
export const MarshalError = named("Runtime.MarshalError");

export class UnhandledPromiseRejection extends Error {
  constructor(reason, promise) {
    super(String(reason));
    this.name = "Runtime.UnhandledPromiseRejection";
    this.reason = reason;
    this.promise = promise;
  }
}

// Errors of another realm (vm, worker) count too.
export function isError(value) {
  return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]";
}

export function toReport(error) {
  if (!isError(error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return {
    errorType: error.name || "Error",
    errorMessage: String(error.message),
    trace: String(error.stack ?? "").split("\n"),
  };
}

// For the log: the report with the error's own members, as the public runtime writes it.
export function toLogText(error) {
  if (!isError(error)) return JSON.stringify(toReport(error));
  const { trace, ...rest } = toReport(error);
  const seen = new WeakSet();
  const plain = (key, value) => {
    if (typeof value === "bigint") return value.toString();
    if (typeof value !== "object" || value === null) return value;
    if (seen.has(value)) return undefined;
    seen.add(value);
    return key !== "" && isError(value) ? { ...toReport(value) } : value;
  };
  return JSON.stringify({ ...rest, ...Object.fromEntries(Object.entries(error)), stack: trace }, plain);
}
