"""Records of `logging`, and errors that nobody caught, as JSON objects, with the members of the public runtime's."""
import time

# What every record has, and does not become a member of its own.
STANDARD = frozenset((
    "args", "asctime", "aws_request_id", "created", "exc_info", "exc_text", "filename", "funcName", "levelname",
    "levelno", "lineno", "message", "module", "msecs", "msg", "name", "pathname", "process", "processName",
    "relativeCreated", "stack_info", "taskName", "thread", "threadName",
))  # fmt: skip


def timestamp(seconds):
    return "%s.%03dZ" % (time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)), int(seconds * 1000) % 1000)


def line_of(members):
    """One line; what JSON has no form for is written as text."""
    import json

    there = {name: value for name, value in members.items() if value is not None}
    return json.dumps(there, ensure_ascii=False, default=str)


def error_line(report):
    return line_of({
        "timestamp": timestamp(time.time()),
        "level": "ERROR",
        "errorMessage": report.message,
        "errorType": report.error_type,
        "requestId": report.request_id,
        "stackTrace": report.stack,
    })  # fmt: skip


def make_formatter(logging):
    """`logging` is handed over: who does not use it does not pay for its import."""

    class JsonFormatter(logging.Formatter):
        def format(self, record):
            members = {
                "timestamp": timestamp(record.created),
                "level": record.levelname,
                "message": record.getMessage(),
                "logger": record.name,
                "requestId": getattr(record, "aws_request_id", None) or None,
            }
            if record.exc_info and record.exc_info[0]:
                members.update(_exception(*record.exc_info))
                members["location"] = "%s:%s:%d" % (record.pathname, record.funcName, record.lineno)
            for name, value in record.__dict__.items():
                if name not in STANDARD and name not in members and not name.startswith("_"):
                    members[name] = value
            return line_of(members)

    return JsonFormatter()


def _exception(kind, error, trace):
    import traceback

    return {"stackTrace": traceback.format_tb(trace), "errorType": kind.__name__, "errorMessage": str(error)}
