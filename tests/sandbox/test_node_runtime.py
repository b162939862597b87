"""The Node runtime against the Runtime API: what the public runtime does, ours does."""
import json
import os
import re
import shutil
import textwrap

import pytest

from sandbox.runtime_api import Instance, runtimes

pytestmark = pytest.mark.skipif(not shutil.which("node", path="/usr/bin"), reason="no /usr/bin/node")


@pytest.fixture
def start(tmp_path):
    started = []

    def start(code, handler="index.handler", name="index.mjs", env=None, **files):
        for file, text in {name: code, **{key.replace("__", "."): value for key, value in files.items()}}.items():
            path = tmp_path / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        command = ["/usr/bin/node", os.path.join(runtimes(), "node/bootstrap.mjs")]
        started.append(Instance(command, tmp_path, handler, env))
        return started[-1]

    yield start
    for instance in started:
        instance.close()


ESM = "export const handler = async (event) => ({ got: event });"
CJS = "exports.handler = async (event) => ({ got: event });"


@pytest.mark.parametrize(
    "name, code, handler, files",
    [
        ("index.mjs", ESM, "index.handler", {}),
        ("index.js", CJS, "index.handler", {}),
        ("index.cjs", CJS, "index.handler", {}),
        ("index.js", ESM, "index.handler", {"package__json": '{"type": "module"}'}),
        ("src/app.js", CJS, "src/app.handler", {}),
        ("src/app.js", ESM, "src/app.handler", {"package__json": '{"type": "module"}'}),
        ("index.js", "exports.a = { b: async (event) => ({ got: event }) };", "index.a.b", {}),
        ("index.mjs", "export default { handler: async (event) => ({ got: event }) };", "index.handler", {}),
    ],
)
def test_finds_handlers_of_both_module_kinds(start, name, code, handler, files):
    instance = start(code, handler, name, **files)
    for event in ({"a": [1, 2.5, None]}, "text", None, {"ü": "x" * 200_000}):
        assert instance.result(event) == {"got": event}


@pytest.mark.parametrize(
    "code",
    [
        "exports.handler = (event, context, callback) => callback(null, 'done');",
        "exports.handler = (event, context, callback) => setImmediate(callback, null, 'done');",
        "exports.handler = (event, context) => context.succeed('done');",
        "exports.handler = (event, context) => context.done(null, 'done');",
        "exports.handler = (event, context) => new Promise((resolve) => setImmediate(resolve, 'done'));",
    ],
)
def test_results_come_by_callback_context_and_promise(start, code):
    instance = start(code, name="index.js")
    assert instance.result({}) == "done"
    assert instance.result({}) == "done"


@pytest.mark.parametrize(
    "code",
    [
        "exports.handler = () => 'ignored: not a promise';",
        "exports.handler = async () => {};",
        "exports.handler = () => new Promise(() => {});",
    ],
)
def test_nothing_returned_is_null(start, code):
    assert start(code, name="index.js").result({}) is None


def test_a_callback_waits_for_the_empty_loop_unless_told_not_to(start):
    code = """
        let ticks = 0;
        exports.handler = (event, context, callback) => {
          context.callbackWaitsForEmptyEventLoop = event.wait;
          const before = ticks;
          setImmediate(() => { ticks += 1; });
          callback(null, before);
        };
        """
    instance = start(code, name="index.js")
    assert instance.result({"wait": True}) == 0
    assert instance.result({"wait": True}) == 1


def test_the_context_has_every_member(start):
    code = """
        export const handler = async (event, context) => {
          const { getRemainingTimeInMillis, done, fail, succeed, ...rest } = context;
          return { ...rest, left: getRemainingTimeInMillis(), trace: process.env._X_AMZN_TRACE_ID ?? null };
        };
        """
    instance = start(code)
    got = instance.result({})
    assert got.pop("left") in range(1, 10_001)
    assert got == {
        "callbackWaitsForEmptyEventLoop": True,
        "functionVersion": "$LATEST",
        "functionName": "f",
        "memoryLimitInMB": "128",
        "logGroupName": "/aws/lambda/f",
        "logStreamName": "stream",
        "invokedFunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:f",
        "awsRequestId": "request-1",
        "trace": None,
    }
    got = instance.result({}, Client_Context=json.dumps({"custom": {"k": "v"}}), Trace_Id="Root=1-2-3")
    assert got["clientContext"] == {"custom": {"k": "v"}} and got["trace"] == "Root=1-2-3"


@pytest.mark.parametrize(
    "body, error_type, message",
    [
        ("async () => { throw new TypeError('bad'); }", "TypeError", "bad"),
        ("() => { throw new RangeError('sync'); }", "RangeError", "sync"),
        ("(e, c, callback) => callback(new Error('called back'))", "Error", "called back"),
        ("(e, c, callback) => callback('only text')", "string", "only text"),
        ("(e, context) => context.fail(new Error('failed'))", "Error", "failed"),
        ("async () => { throw 'text'; }", "string", "text"),
    ],
)
def test_errors_are_reported_and_the_instance_goes_on(start, body, error_type, message):
    instance = start(f"exports.handler = {body};", name="index.js")
    for _ in range(2):
        report = instance.error({})
        assert (report["errorType"], report["errorMessage"]) == (error_type, message)
        assert isinstance(report["trace"], list)
    assert "\tERROR\tInvoke Error \t{" in instance.output()


def test_a_result_that_is_not_json_is_an_error(start):
    instance = start("export const handler = async () => { const a = {}; a.a = a; return a; };")
    assert instance.error({})["errorMessage"].startswith("Unable to stringify response body")


@pytest.mark.parametrize(
    "body, error_type, message, code",
    [
        ("Promise.reject(new Error('lost')); await new Promise(() => {});",
         "Runtime.UnhandledPromiseRejection", "Error: lost", 128),
        ("setImmediate(() => { throw new Error('later'); }); await new Promise(() => {});",
         "Error", "later", 129),
    ],
)
def test_what_nobody_catches_ends_the_instance(start, body, error_type, message, code):
    instance = start(f"export const handler = async () => {{ {body} }};")
    report = instance.error({})
    assert (report["errorType"], report["errorMessage"]) == (error_type, message)
    assert instance.exit_code() == code


@pytest.mark.parametrize(
    "code, handler, error_type, message",
    [
        ("import 'nothing-like-it';", "index.handler", "Runtime.ImportModuleError", "Error: Cannot find package"),
        ("", "absent.handler", "Runtime.ImportModuleError", "Error: Cannot find module"),
        ("export const = 1;", "index.handler", "Runtime.UserCodeSyntaxError", "SyntaxError: "),
        ("", "index.handler", "Runtime.HandlerNotFound", "index.handler is undefined or not exported"),
        ("export const handler = 7;", "index.handler", "Runtime.HandlerNotFound", "index.handler is not a function"),
        ("", "index", "Runtime.MalformedHandlerName", "Bad handler"),
        ("throw new RangeError('at load');", "index.handler", "RangeError", "at load"),
    ],
)
def test_what_fails_while_loading_is_an_init_error(start, code, handler, error_type, message):
    instance = start(code, handler)
    report = instance.init_error()
    assert report["errorType"] == error_type
    assert message in report["errorMessage"]
    assert instance.exit_code() == 1


def test_process_exit_ends_with_its_code(start):
    instance = start("export const handler = async () => process.exit(3);")
    instance.api.give({})
    assert instance.exit_code() == 3


def test_console_lines_have_time_request_and_level(start):
    instance = start(
        """
        export const handler = async () => {
          console.log("hello %s", "you", { a: 1 });
          for (const level of ["info", "warn", "error", "debug"]) console[level](level);
        };
        """
    )
    instance.result({})
    lines = instance.output().splitlines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\trequest-1\tINFO\thello you \{ a: 1 \}", lines[0])
    assert [line.split("\t")[2:] for line in lines[1:]] == [
        ["INFO", "info"], ["WARN", "warn"], ["ERROR", "error"], ["DEBUG", "debug"]
    ]


def test_a_streaming_handler_sends_as_it_writes(start):
    instance = start(
        """
        export const handler = awslambda.streamifyResponse(async (event, stream) => {
          stream.setContentType("text/plain");
          stream.write("a");
          stream.write("b");
          stream.end();
        });
        """
    )
    for _ in range(2):
        kind, headers, body = instance.invoke({})
        assert (kind, body, headers["Content-Type"]) == ("response", b"ab", "text/plain")
        assert headers["Lambda-Runtime-Function-Response-Mode"] == "streaming"


# --- several invocations at once ---

SEVERAL = {"AWS_LAMBDA_MAX_CONCURRENCY": "3"}

MEETING = """
    import { setImmediate } from "node:timers/promises";
    let inside = 0;
    export const handler = async (event, context) => {
      inside += 1;
      while (inside < event.of) await setImmediate();
      console.log(`hello from ${event.name}\\nand its second line`);
      return { name: event.name, id: context.awsRequestId, trace: globalThis.awslambda.InvokeStore?.getXRayTraceId() };
    };
    """


def answers(instance, number):
    """{request id: (response or error, body)} of the next answers."""
    got = {}
    for _ in range(number):
        path, _, body = instance.api.take()
        _, request_id, kind = path.split("/")
        got[request_id] = (kind, json.loads(body))
    return got


def test_several_invocations_run_in_one_loop_and_are_kept_apart(start):
    instance = start(MEETING, env=SEVERAL)
    ids = {name: instance.api.give({"of": 3, "name": name}, Trace_Id=f"Root={name}") for name in ("a", "b", "c")}
    got = answers(instance, 3)
    assert got == {id: ("response", {"name": name, "id": id, "trace": f"Root={name}"}) for name, id in ids.items()}
    lines = instance.output().splitlines()
    for name, request_id in ids.items():
        own = [line.split("\t")[3] for line in lines if line.split("\t")[1] == request_id]
        assert own == [f"hello from {name}", "and its second line"]


def test_an_instance_takes_no_more_than_its_number(start):
    code = """
        import { setImmediate } from "node:timers/promises";
        let inside = 0, most = 0;
        export const handler = async () => {
          most = Math.max(most, ++inside);
          for (let i = 0; i < 1000; ++i) await setImmediate();
          inside -= 1;
          return most;
        };
        """
    instance = start(code, env=SEVERAL)
    for _ in range(12):
        instance.api.give({})
    assert max(body for _, body in answers(instance, 12).values()) == 3


def test_an_error_among_several_is_of_its_own_invocation(start):
    code = """
        import { setImmediate } from "node:timers/promises";
        let failed;
        export const handler = async (event) => {
          if (event.fails) {
            failed = true;
            throw new RangeError("mine");
          }
          while (!failed) await setImmediate();
          return "fine";
        };
        """
    instance = start(code, env=SEVERAL)
    fine, bad = instance.api.give({}), instance.api.give({"fails": True})
    got = answers(instance, 2)
    assert got[fine] == ("response", "fine")
    assert got[bad][0] == "error" and got[bad][1]["errorType"] == "RangeError"
    (line,) = [line for line in instance.output().splitlines() if "\tERROR\tInvoke Error" in line]
    assert line.split("\t")[1] == bad


@pytest.mark.parametrize(
    "failure, code, error_type",
    [
        ("setImmediate(() => { throw new TypeError('lost'); })", 129, "TypeError"),
        ("void (async () => { throw new TypeError('lost'); })()", 128, "Runtime.UnhandledPromiseRejection"),
    ],
)
def test_an_uncaught_error_among_several_is_told_to_its_own_and_ends_the_process(start, failure, code, error_type):
    instance = start(
        f"""
        let inside = 0;
        export const handler = (event) => {{
          inside += 1;
          const fail = () => {{ if (inside === 2) {failure}; else setImmediate(fail); }};
          if (event.fails) fail();
          return new Promise(() => setInterval(() => {{}}, 60_000));
        }};
        """,
        env=SEVERAL,
    )
    bad = instance.api.give({"fails": True})
    instance.api.give({})
    got = answers(instance, 1)
    assert got[bad][0] == "error" and got[bad][1]["errorType"] == error_type
    assert instance.exit_code() == code


@pytest.mark.parametrize(
    "body",
    [
        "() => 'ignored: not a promise'",
        "() => new Promise(() => {})",
        "(event, context, callback) => { callback(null, null); setInterval(() => {}, 60_000); }",
    ],
)
def test_handlers_that_leave_nothing_to_wait_for_end_where_several_may_run(start, body):
    instance = start(f"exports.handler = {body};", name="index.js", env=SEVERAL)
    assert instance.result({}) is None
    assert instance.result({}) is None


def test_streams_and_plain_answers_go_side_by_side(start):
    code = """
        import { setImmediate } from "node:timers/promises";
        let inside = 0;
        export const handler = awslambda.streamifyResponse(async (event, stream) => {
          inside += 1;
          stream.write(`${event}:`);
          while (inside < 3) await setImmediate();
          stream.end(event);
        });
        """
    instance = start(code, env=SEVERAL)
    ids = {name: instance.api.give(name) for name in ("a", "b", "c")}
    got = {}
    for _ in range(3):
        path, _, body = instance.api.take()
        got[path.split("/")[1]] = body.decode()
    assert got == {id: f"{name}:{name}" for name, id in ids.items()}


def test_the_sdk_keeps_values_of_each_invocation(start):
    code = """
        import { setImmediate } from "node:timers/promises";
        let inside = 0;
        export const handler = async (event, context) => {
          const store = awslambda.InvokeStore;
          store.set("mine", event);
          inside += 1;
          while (inside < 2) await setImmediate();
          let refused;
          try { store.set(Symbol.for("_AWS_LAMBDA_REQUEST_ID"), "x"); } catch (error) { refused = error.message; }
          return [store.get("mine"), store.getRequestId() === context.awsRequestId, store.getTenantId() ?? null, refused];
        };
        """
    instance = start(code, env=SEVERAL)
    ids = {instance.api.give(name): name for name in ("a", "b")}
    for request_id, (kind, body) in answers(instance, 2).items():
        assert kind == "response"
        assert body[:3] == [ids[request_id], True, None]
        assert body[3] == "Symbol(_AWS_LAMBDA_REQUEST_ID) is the runtime's and cannot be set"


@pytest.mark.parametrize("number", ["1", "0", "many"])
def test_a_number_that_allows_no_second_is_one_at_a_time(start, number):
    code = "export const handler = async () => process.env._X_AMZN_TRACE_ID ?? null;"
    assert start(code, env={"AWS_LAMBDA_MAX_CONCURRENCY": number}).result({}, Trace_Id="Root=1") == "Root=1"
