// What debug.cc runs: programs that load a handler, wait for a debugger and call it with an event. Any thread.
#pragma once

#include <string_view>

namespace gust::cli {

// Arguments of both: the code's folder, Handler, a file with the event, one with the context, the port.
inline constexpr std::string_view kPythonRunner = R"(import ast
import asyncio
import importlib.machinery
import importlib.util
import json
import os
import sys
import time

try:
    import debugpy
except ImportError:
    sys.exit("debugpy is not installed for this Python: python3 -m pip install debugpy")

folder, handler, event_file, context_file, port = sys.argv[1:6]
module_name, function_name = handler.replace("/", ".").rsplit(".", 1)
sys.dont_write_bytecode = True
sys.path.insert(0, folder)


class Loader(importlib.machinery.SourceFileLoader):
    """Puts a breakpoint before the handler's first statement, on the line of its def."""

    def path_stats(self, path):
        raise OSError  # nothing compiled before is used

    def source_to_code(self, data, path, *, _optimization=-1):
        tree = ast.parse(data, path)
        for node in tree.body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == function_name:
                stop = ast.parse('__import__("debugpy").breakpoint()').body[0]
                for each in ast.walk(stop):
                    if hasattr(each, "lineno"):
                        each.lineno = each.end_lineno = node.lineno
                node.body.insert(0, stop)
        return compile(tree, path, "exec", dont_inherit=True)


class Context:
    def __init__(self, members):
        self.__dict__.update(members)
        self.client_context = self.identity = None
        self.end = time.monotonic() + members["timeout_s"]

    def get_remaining_time_in_millis(self):
        return max(0, int((self.end - time.monotonic()) * 1000))


path = os.path.join(folder, *module_name.split(".")) + ".py"
if not os.path.exists(path):
    sys.exit(f"{path} is not there: Handler is {handler}")
debugpy.listen(("127.0.0.1", int(port)))
print("waiting for the debugger", file=sys.stderr, flush=True)
debugpy.wait_for_client()
spec = importlib.util.spec_from_file_location(module_name, path, loader=Loader(module_name, path))
module = importlib.util.module_from_spec(spec)
sys.modules[module_name] = module
spec.loader.exec_module(module)
with open(event_file) as file:
    event = json.load(file)
with open(context_file) as file:
    context = Context(json.load(file))
result = getattr(module, function_name)(event, context)
if asyncio.iscoroutine(result):
    result = asyncio.run(result)
print(json.dumps(result, default=str))
)";

inline constexpr std::string_view kNodeRunner = R"(import inspector from "node:inspector";
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, handler, eventFile, contextFile, port] = process.argv.slice(2);
const dot = handler.lastIndexOf(".");
const [file, name] = [path.join(folder, handler.slice(0, dot)), handler.slice(dot + 1)];
const found = [".mjs", ".cjs", ".js"].map((end) => file + end).find((each) => fs.existsSync(each));
if (!found) {
  console.error(`${file}.mjs, .cjs or .js is not there: Handler is ${handler}`);
  process.exit(1);
}
console.error("waiting for the debugger");
inspector.open(Number(port), "127.0.0.1", true);

const module = found.endsWith(".cjs") ? createRequire(import.meta.url)(found) : await import(pathToFileURL(found));
const wanted = module[name] ?? module.default?.[name];
if (typeof wanted !== "function") {
  console.error(`${found} has no function ${name}`);
  process.exit(1);
}
globalThis.__gustHandler = wanted;
const session = new inspector.Session();
session.connect();
const post = (method, params) =>
  new Promise((done, failed) => session.post(method, params, (error, out) => (error ? failed(error) : done(out))));
await post("Debugger.enable");
const { result } = await post("Runtime.evaluate", { expression: "globalThis.__gustHandler" });
await post("Debugger.setBreakpointOnFunctionCall", { objectId: result.objectId });

const context = JSON.parse(fs.readFileSync(contextFile, "utf8"));
const end = Date.now() + context.timeout_s * 1000;
const given = {
  functionName: context.function_name,
  functionVersion: context.function_version,
  invokedFunctionArn: context.invoked_function_arn,
  memoryLimitInMB: String(context.memory_limit_in_mb),
  awsRequestId: context.aws_request_id,
  logGroupName: context.log_group_name,
  logStreamName: context.log_stream_name,
  callbackWaitsForEmptyEventLoop: true,
  getRemainingTimeInMillis: () => Math.max(0, end - Date.now()),
};
const event = JSON.parse(fs.readFileSync(eventFile, "utf8"));
const answer = await new Promise((done, failed) => {
  const callback = (error, value) => (error ? failed(error) : done(value));
  const returned = wanted(event, given, callback);
  if (wanted.length < 3 || typeof returned?.then === "function") done(returned);
});
console.log(JSON.stringify(answer === undefined ? null : answer));
process.exit(0);
)";

}  // namespace gust::cli
