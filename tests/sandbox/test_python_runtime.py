"""The Python runtime against the Runtime API: what the public runtime does, ours does."""
import json
import os
import re
import textwrap

import pytest

from sandbox.runtime_api import Instance, runtimes


@pytest.fixture
def start(tmp_path):
    started = []

    def start(code, handler="app.handler", **files):
        (tmp_path / "app.py").write_text(textwrap.dedent(code))
        for name, text in files.items():
            path = tmp_path / (name.replace("__", "/") + ".py")
            path.parent.mkdir(exist_ok=True)
            path.write_text(textwrap.dedent(text))
        command = ["/usr/bin/python3", os.path.join(runtimes(), "python/bootstrap.py")]
        started.append(Instance(command, tmp_path, handler))
        return started[-1]

    yield start
    for instance in started:
        instance.close()


def test_answers_with_what_the_handler_returns(start):
    instance = start("def handler(event, context): return {'got': event, 'ü': 'ö'}")
    for event in ({"a": [1, 2.5, None]}, "text", 7, None, {"big": "x" * 200_000}):
        assert instance.result(event) == {"got": event, "ü": "ö"}


def test_the_context_has_every_member(start):
    instance = start(
        """
        def handler(event, context):
            names = ("aws_request_id log_group_name log_stream_name function_name memory_limit_in_mb function_version "
                     "invoked_function_arn")
            got = {name: getattr(context, name) for name in names.split()}
            got["left"] = context.get_remaining_time_in_millis()
            got["client"] = context.client_context and context.client_context.client.app_title
            got["custom"] = context.client_context and context.client_context.custom
            got["identity"] = [context.identity.cognito_identity_id, context.identity.cognito_identity_pool_id]
            import os
            got["trace"] = os.environ.get("_X_AMZN_TRACE_ID")
            return got
        """
    )
    got = instance.result({})
    assert got.pop("left") in range(1, 10_001)
    assert got == {
        "aws_request_id": "request-1",
        "log_group_name": "/aws/lambda/f",
        "log_stream_name": "stream",
        "function_name": "f",
        "memory_limit_in_mb": "128",
        "function_version": "$LATEST",
        "invoked_function_arn": "arn:aws:lambda:us-east-1:000000000000:function:f",
        "client": None,
        "custom": None,
        "identity": [None, None],
        "trace": None,
    }
    client = json.dumps({"client": {"app_title": "t"}, "custom": {"k": "v"}})
    identity = json.dumps({"cognitoIdentityId": "i", "cognitoIdentityPoolId": "p"})
    got = instance.result({}, Client_Context=client, Cognito_Identity=identity, Trace_Id="Root=1-2-3")
    assert (got["client"], got["custom"], got["identity"]) == ("t", {"k": "v"}, ["i", "p"])
    assert got["trace"] == "Root=1-2-3"
    assert instance.result({})["trace"] is None


@pytest.mark.parametrize("handler", ["inner/deep.handle", "inner.deep.handle"])
def test_a_handler_may_be_in_a_folder(start, handler):
    instance = start("", handler, inner__deep="def handle(event, context): return 'deep'")
    assert instance.result({}) == "deep"


def test_an_exception_is_reported_with_the_users_frames_only(start):
    instance = start(
        """
        class Broken(Exception): pass
        def inner(): raise Broken("went wrong")
        def handler(event, context): inner()
        """
    )
    report = instance.error({})
    assert report["errorType"] == "Broken"
    assert report["errorMessage"] == "went wrong"
    assert report["requestId"] == "request-1"
    assert len(report["stackTrace"]) == 2 and "app.py" in report["stackTrace"][0]
    assert instance.error({})["requestId"] == "request-2"  # the instance goes on
    assert "[ERROR] Broken: went wrong\nTraceback (most recent call last):\n" in instance.output()


def test_a_result_that_is_not_json_is_a_marshal_error(start):
    report = start("def handler(event, context): return {1, 2}").error({})
    assert report["errorType"] == "Runtime.MarshalError"
    assert report["errorMessage"] == "Unable to marshal response: Object of type set is not JSON serializable"
    assert report["stackTrace"] == []


def test_an_event_that_is_not_json_is_an_unmarshal_error(start):
    assert start("def handler(event, context): pass").error(b"{")["errorType"] == "Runtime.UnmarshalError"


def test_decimals_are_numbers_and_bytes_are_as_they_are(start):
    code = """
        from decimal import Decimal
        def handler(event, context): return b'raw' if event else [Decimal('1'), Decimal('2.5')]
        """
    instance = start(code)
    assert instance.result(None) == [1, 2.5]
    assert instance.invoke(True)[2] == b"raw"


@pytest.mark.parametrize(
    "code, handler, error_type, message",
    [
        ("import nothing_like_it", "app.handler", "Runtime.ImportModuleError",
         "Unable to import module 'app': No module named 'nothing_like_it'"),
        ("", "absent.handler", "Runtime.ImportModuleError", "Unable to import module 'absent': No module named 'absent'"),
        ("def f(:", "app.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app': "),
        ("", "app.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
        ("", "app", "Runtime.MalformedHandlerName", "Bad handler 'app': not enough values to unpack"),
        ("1 / 0", "app.handler", "ZeroDivisionError", "division by zero"),
    ],
)
def test_what_fails_while_loading_is_an_init_error(start, code, handler, error_type, message):
    instance = start(code, handler)
    report = instance.init_error()
    assert report["errorType"] == error_type
    assert report["errorMessage"].startswith(message)
    assert report["requestId"] == ""
    assert instance.exit_code() == 1


def test_an_init_error_shows_the_users_frames(start):
    report = start("1 / 0").init_error()
    assert len(report["stackTrace"]) == 1 and "app.py" in report["stackTrace"][0]


def test_sys_exit_ends_the_process_with_its_code(start):
    instance = start("import sys\ndef handler(event, context): sys.exit(3)")
    instance.api.give({})
    assert instance.exit_code() == 3


def test_logging_is_set_up_as_in_the_public_runtime(start):
    instance = start(
        """
        import logging
        logging.basicConfig(level=logging.DEBUG)  # of no effect: there is a handler already
        logger = logging.getLogger()
        def handler(event, context):
            logger.info("quiet")
            logger.setLevel(logging.INFO)
            logger.info("hello %s", "you")
            print("printed")
        """
    )
    instance.result({})
    lines = instance.output().splitlines()
    assert re.fullmatch(r"\[INFO\]\t\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z\trequest-1\thello you", lines[0])
    assert lines[1:] == ["printed"]


def test_prints_are_out_before_the_response_is(start):
    instance = start("def handler(event, context): print('no newline', end='')")
    instance.result({})
    assert instance.output() == "no newline"
