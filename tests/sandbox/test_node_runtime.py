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
