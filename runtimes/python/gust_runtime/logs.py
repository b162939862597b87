"""What `print` and `logging` do in a function: lines go out at once, and the root logger has the usual format.

logging takes 8 ms to import, so it is set up when the function's own code first imports it, and not before.
"""
import sys

FORMAT = "[%(levelname)s]\t%(asctime)s.%(msecs)dZ\t%(aws_request_id)s\t%(message)s"
DATE_FORMAT = "%Y-%m-%dT%H:%M:%S"


class _Current:
    request_id = ""


current = _Current()


def set_up():
    sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")
    sys.stderr.reconfigure(line_buffering=True)
    if "logging" in sys.modules:
        _configure(sys.modules["logging"])
    else:
        sys.meta_path.insert(0, _LoggingFinder())


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

    handler = StdoutHandler()
    formatter = logging.Formatter(FORMAT, DATE_FORMAT)
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    handler.addFilter(RequestFilter())
    logging.getLogger().addHandler(handler)
