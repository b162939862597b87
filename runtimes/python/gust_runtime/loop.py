"""The life of a function instance: load the handler, then take one invocation after another."""
import os
import sys

from . import handler, logs
from .client import Client
from .context import LambdaContext
from .errors import Fault, report

EXIT_INIT_FAILED = 1
REHEARSALS = 20


def main(runtime_folder):
    logs.set_up()
    if "GUST_SNAPSHOT" in os.environ:
        from . import snapshots

        snapshots.begin()
    client = Client(os.environ["AWS_LAMBDA_RUNTIME_API"])
    if "GUST_GENERIC" in os.environ:
        from . import generic

        loaded = generic.load()
        if "GUST_SNAPSHOT" in os.environ:
            _take_runtime_image(client)
        generic.become(client)
        logs.adopt()
        generic.forget_what_is_hidden(loaded, _set_path(runtime_folder))
    else:
        _set_path(runtime_folder)
    try:
        function = handler.load(os.environ.get("_HANDLER", ""))
    except Exception as error:
        _end(client.fail_init, error)
    logs.flush()
    if "GUST_SNAPSHOT" in os.environ:
        _take_snapshot(client)
    while True:
        _serve_one(client, function)


def _take_snapshot(client):
    """Returns in the processes that are restored from it."""
    try:
        snapshots = sys.modules["gust_runtime.snapshots"]
        snapshots.before()
    except Exception as error:
        _end(client.fail_init, error)
    snapshots.take(client)
    try:
        snapshots.after()
    except Exception as error:
        _end(client.fail_restore, error)


def _take_runtime_image(client):
    """Returns in the processes that go on from it."""
    snapshots, generic = sys.modules["gust_runtime.snapshots"], sys.modules["gust_runtime.generic"]
    for _ in range(REHEARSALS):  # the interpreter rewrites code that has run some times
        generic.rehearse(_rehearse_invocation)
    snapshots.take(client)
    snapshots.seed()
    generic.rehearse(_rehearse_invocation)


def _rehearse_invocation(function):
    headers = {"lambda-runtime-aws-request-id": "", "lambda-runtime-deadline-ms": "0"}
    _serialise(function(_parse(b'{"a": ["b", 1]}'), LambdaContext(headers)))
    logs.flush()


def _end(tell, error):
    # The frames up to the user's module are importlib's and ours.
    failed = report(error, skip_frames=_runtime_frames(error))
    failed.log()
    tell(failed.error_type, failed.to_json())
    sys.exit(EXIT_INIT_FAILED)


def _set_path(runtime_folder):
    """The function's code, its layers, the standard library, our packages, and the distribution's at the very end.

    Answers the folders before the standard library.
    """
    version = "python%d.%d" % sys.version_info[:2]
    task = os.environ.get("LAMBDA_TASK_ROOT", "/var/task")
    rest = [entry for entry in sys.path if entry != runtime_folder]
    distribution = [entry for entry in rest if entry.endswith("dist-packages")]
    standard = [entry for entry in rest if entry not in distribution]
    layers = ["/opt/python/lib/%s/site-packages" % version, "/opt/python"]
    sys.path[:] = [task, *layers, *standard, runtime_folder + "/packages", *distribution]
    return [task, *layers, *(entry for entry in os.environ.get("PYTHONPATH", "").split(":") if entry)]


def _runtime_frames(error):
    """How many of the first frames of a traceback are not the function's own code."""
    frames, traceback = 0, error.__traceback__
    while traceback is not None:
        name = traceback.tb_frame.f_code.co_filename
        if not (name.startswith("<frozen importlib") or "/gust_runtime/" in name or "/importlib/" in name):
            return frames
        frames, traceback = frames + 1, traceback.tb_next
    return frames


def _serve_one(client, function):
    headers, body = client.next()
    request_id = headers["lambda-runtime-aws-request-id"]
    logs.current.request_id = request_id
    _set_trace(headers.get("lambda-runtime-trace-id"))
    try:
        event = _parse(body)
        result = function(event, LambdaContext(headers))
        response, content_type = _serialise(result)
    except Exception as error:
        failed = report(error, request_id, _runtime_frames(error))
        failed.log()
        logs.flush()
        client.fail(request_id, failed.error_type, failed.to_json())
        return
    logs.flush()
    client.respond(request_id, response, content_type)


def _set_trace(trace_id):
    if trace_id:
        os.environ["_X_AMZN_TRACE_ID"] = trace_id
    else:
        os.environ.pop("_X_AMZN_TRACE_ID", None)


def _parse(body):
    import json

    try:
        return json.loads(body)
    except ValueError as error:
        raise Fault("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % error) from error


def _serialise(result):
    if isinstance(result, bytes):
        return result, "application/unknown"
    import json

    try:
        text = json.dumps(result, default=_number_of_decimal, ensure_ascii=False)
        return text.encode("utf-8"), "application/json"
    except Exception as error:
        raise Fault("Runtime.MarshalError", "Unable to marshal response: %s" % error) from error


def _number_of_decimal(value):
    """The tables' numbers come as Decimal; the public runtime writes them as numbers too."""
    decimal = sys.modules.get("decimal")
    if decimal is None or not isinstance(value, decimal.Decimal):
        raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)
    return int(value) if value.is_finite() and value == value.to_integral_value() else float(value)
