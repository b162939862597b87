"""What `print` and `logging` do in a function: lines go out at once, and the root logger has the usual format, or
writes JSON where AWS_LAMBDA_LOG_FORMAT says so.

logging takes 8 ms to import, so it is set up when the function's own code first imports it, and not before.
"""
import os
import sys

FORMAT = "[%(levelname)s]\t%(asctime)s.%(msecs)dZ\t%(aws_request_id)s\t%(message)s"
DATE_FORMAT = "%Y-%m-%dT%H:%M:%S"


class _Current:
    request_id = ""


current = _Current()
_handler = None  # the root logger's, once logging is there


def is_json():
    return os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"


def set_up():
    sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")
    sys.stderr.reconfigure(line_buffering=True)
    if "logging" in sys.modules:
        _configure(sys.modules["logging"])
    else:
        sys.meta_path.insert(0, _LoggingFinder())


def adopt():
    """The environment is another than at set_up(): it is the function's now."""
    if _handler is not None and (is_json() or "AWS_LAMBDA_LOG_LEVEL" in os.environ):
        _choose_format(sys.modules["logging"])


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass  # the function closed or replaced it


class _LoggingFinder:
    """Lets the import of `logging` happen as usual, then configures it; used once."""

    def find_spec(self, name, path=None, target=None):
        if name != "logging":
            return None
        sys.meta_path.remove(self)
        from importlib.util import find_spec

        spec = find_spec(name)
        execute = spec.loader.exec_module

        def execute_and_configure(module):
            execute(module)
            _configure(module)

        spec.loader.exec_module = execute_and_configure
        return spec


def _configure(logging):
    import time

    class RequestFilter(logging.Filter):
        def filter(self, record):
            record.aws_request_id = current.request_id
            return True

    class StdoutHandler(logging.StreamHandler):
        """Writes to whatever sys.stdout is at the time, as `print` does."""

        def __init__(self):
            super().__init__(sys.stdout)

        def emit(self, record):
            self.stream = sys.stdout
            super().emit(record)

    global _handler
    _handler = StdoutHandler()
    formatter = logging.Formatter(FORMAT, DATE_FORMAT)
    formatter.converter = time.gmtime
    _handler.setFormatter(formatter)
    _handler.addFilter(RequestFilter())
    logging.getLogger().addHandler(_handler)
    _choose_format(logging)


def _choose_format(logging):
    if is_json():
        from .json_logs import make_formatter

        _handler.setFormatter(make_formatter(logging))
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    level = {"TRACE": "DEBUG"}.get(level, level)  # of which Python has none
    if level in ("DEBUG", "INFO", "WARN", "ERROR", "FATAL"):
        logging.getLogger().setLevel(getattr(logging, level))
