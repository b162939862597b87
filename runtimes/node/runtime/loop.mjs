// The life of a function instance: load the handler, then take one invocation after another, or several at once.
import Module from "node:module";
import { fileURLToPath } from "node:url";
import { Client } from "./client.mjs";
import { makeContext } from "./context.mjs";
import { MarshalError, toReport, UnhandledPromiseRejection } from "./errors.mjs";
import { become, isGeneric, loadCommon } from "./generic.mjs";
import { load } from "./handler.mjs";
import { all, current, during, places, runSeveral, several } from "./invocations.mjs";
import { patchConsole, writeError } from "./logs.mjs";
import { installGlobals, serveStreaming, streams } from "./streaming.mjs";

const EXIT_INIT_FAILED = 1;
const EXIT_UNHANDLED_REJECTION = 128;
const EXIT_UNCAUGHT_EXCEPTION = 129;

const TASK_ROOT = "/var/task";

let client;
let modulePaths; // that Node knows

export async function serve() {
  client = new Client(process.env.AWS_LAMBDA_RUNTIME_API);
  patchConsole();
  installGlobals();
  if (isGeneric()) {
    setModulePaths(TASK_ROOT);
    await warmUp();
    await become(client);
    patchConsole();
  }
  const root = process.env.LAMBDA_TASK_ROOT ?? TASK_ROOT;
  setModulePaths(root);
  process.on("uncaughtException", (error) => end(error, "Uncaught Exception", EXIT_UNCAUGHT_EXCEPTION));
  process.on("unhandledRejection", (reason, promise) =>
    end(new UnhandledPromiseRejection(reason, promise), "Unhandled Promise Rejection", EXIT_UNHANDLED_REJECTION),
  );
  process.on("beforeExit", () => {
    for (const invocation of all()) invocation.onEmptyLoop?.();
  });
  const atOnce = places();
  if (atOnce > 1) await runSeveral();
  let handler;
  try {
    handler = await load(root, process.env._HANDLER ?? "");
  } catch (error) {
    return end(error, "Uncaught Exception", EXIT_INIT_FAILED);
  }
  if (atOnce === 1) for (;;) await serveOne(client, handler);
  await Promise.all(Array.from({ length: atOnce }, () => serveMany(handler)));
}

async function serveMany(handler) {
  const own = new Client(process.env.AWS_LAMBDA_RUNTIME_API);
  for (;;) await serveOne(own, handler);
}

// An invocation of a function that does nothing; what it answers goes to nobody.
async function warmUp() {
  await loadCommon();
  const headers = { "lambda-runtime-aws-request-id": "warm", "lambda-runtime-deadline-ms": "0" };
  for (const name of ["warm_common.handler", "warm_module.handler"]) {
    const handler = await load(fileURLToPath(new URL(".", import.meta.url)), name);
    for (let i = 0; i < 3; ++i) {
      await invoke(client, handler, headers, "{}", {});
      await client.answered();
    }
  }
}

// What require() searches besides node_modules; ES modules find ours through /node_modules of the sandbox.
function setModulePaths(root) {
  const major = process.versions.node.split(".")[0];
  const ours = ["/opt/nodejs/node_modules", `/opt/nodejs/node${major}/node_modules`, "/var/runtime/node_modules", root];
  const given = process.env.NODE_PATH ? [process.env.NODE_PATH] : [];
  const paths = [...given, ...ours].join(":");
  process.env.NODE_PATH = paths;
  if (paths !== modulePaths) Module._initPaths();
  modulePaths = paths;
}

// The process cannot go on: the error is logged and posted, then it ends.
let ending = false;
async function end(error, what, code) {
  if (ending) return;
  ending = true;
  // Where several run the error is told to the one whose code it is of; what became of the others the exit says.
  const running = [...all()];
  for (const invocation of running) invocation.onEmptyLoop = undefined;
  const failed = several() ? current() : running[0];
  writeError(what, error);
  try {
    if (failed) await client.fail(failed.requestId, toReport(error));
    else if (running.length === 0) await client.failInit(toReport(error));
  } catch {
    // The Runtime API is gone too; the exit code is all that is left to say.
  }
  process.exit(code);
}

async function serveOne(client, handler) {
  const { headers, body } = await client.next({ idle: several() });
  if (!several()) {
    const trace = headers["lambda-runtime-trace-id"];
    if (trace) process.env._X_AMZN_TRACE_ID = trace;
    else delete process.env._X_AMZN_TRACE_ID;
  }
  await during(headers, async (invocation) => {
    try {
      await invoke(client, handler, headers, body, invocation);
    } catch (error) {
      writeError("Invoke Error", error);
      await client.fail(invocation.requestId, toReport(error));
    }
  });
}

async function invoke(client, handler, headers, body, invocation) {
  const event = JSON.parse(body);
  if (streams(handler)) {
    return serveStreaming(client, handler, event, makeContext(headers, () => {}));
  }
  const result = await call(handler, event, headers, invocation);
  client.respond(headers["lambda-runtime-aws-request-id"], serialise(result), { idle: several() });
}

// The handler's result, by promise, by callback or through the context; undefined when the event loop ran empty first.
function call(handler, event, headers, invocation) {
  return new Promise((resolve, reject) => {
    const settle = (error, result) => {
      invocation.onEmptyLoop = undefined;
      if (error !== null && error !== undefined) reject(error);
      else resolve(result);
    };
    // Timers go on before the promise does, so an invocation ended here leaves nothing of its own behind.
    const settleWhenEmpty = (error, result) => {
      invocation.onEmptyLoop = () => setImmediate(settle, error, result);
    };
    const context = makeContext(headers, settle);
    const callback = (error, result) => {
      // A loop that others share may never be empty.
      if (context.callbackWaitsForEmptyEventLoop && !several()) settleWhenEmpty(error, result);
      else settle(error, result);
    };
    settleWhenEmpty(null, undefined);
    const returned = handler(event, context, callback);
    if (typeof returned?.then === "function") returned.then((result) => settle(null, result), (error) => settle(error ?? "undefined"));
  });
}

function serialise(result) {
  try {
    return JSON.stringify(result === undefined ? null : result) ?? "null";
  } catch (error) {
    throw new MarshalError(`Unable to stringify response body: ${error.message}`);
  }
}
