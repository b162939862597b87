// The invocations that run: one at a time, or, where the function's settings say so, several in one event loop. Then
// AsyncLocalStorage tells whose a piece of code is.

const REQUEST_ID = Symbol.for("_AWS_LAMBDA_REQUEST_ID");
const TRACE_ID = Symbol.for("_AWS_LAMBDA_X_RAY_TRACE_ID");
const TENANT_ID = Symbol.for("_AWS_LAMBDA_TENANT_ID");
const OURS = new Set([REQUEST_ID, TRACE_ID, TENANT_ID]);

const running = new Set();
let last; // the one that ran last, where one runs at a time
let storage; // set: several at once
let keeper; // keeps the event loop alive while none runs

// How many the function's settings allow.
export function places() {
  const number = Number(process.env.AWS_LAMBDA_MAX_CONCURRENCY ?? 1);
  return Number.isInteger(number) && number > 0 ? number : 1;
}

export async function runSeveral() {
  const { AsyncLocalStorage } = await import("node:async_hooks");
  storage = new AsyncLocalStorage();
  keeper = setInterval(() => {}, 2 ** 30);
  globalThis.awslambda.InvokeStore = new InvokeStore();
}

export const several = () => storage !== undefined;

// Of the code that asks, or, where one runs at a time, the last; undefined where there is none.
export const current = () => (storage ? storage.getStore() : last);

export const all = () => running;

export async function during(headers, run) {
  const invocation = {
    requestId: headers["lambda-runtime-aws-request-id"],
    traceId: headers["lambda-runtime-trace-id"],
    onEmptyLoop: undefined, // ends it if its handler left nothing to wait for
    values: {},
  };
  last = invocation;
  running.add(invocation);
  keeper?.unref();
  try {
    await (storage ? storage.run(invocation, run, invocation) : run(invocation));
  } finally {
    running.delete(invocation);
    if (running.size === 0) keeper?.ref();
  }
}

// What the SDK asks for the trace of the invocation that it works for, in place of the environment's _X_AMZN_TRACE_ID.
class InvokeStore {
  getContext() {
    const invocation = current();
    if (!invocation) return undefined;
    return { ...invocation.values, [REQUEST_ID]: invocation.requestId, [TRACE_ID]: invocation.traceId };
  }

  hasContext() {
    return current() !== undefined;
  }

  get(key) {
    return this.getContext()?.[key];
  }

  set(key, value) {
    if (OURS.has(key)) throw new Error(`${String(key)} is the runtime's and cannot be set`);
    const invocation = current();
    if (!invocation) throw new Error("no invocation runs here");
    invocation.values[key] = value;
  }

  getRequestId() {
    return this.get(REQUEST_ID) ?? "-";
  }

  getXRayTraceId() {
    return this.get(TRACE_ID);
  }

  getTenantId() {
    return this.get(TENANT_ID);
  }
}
