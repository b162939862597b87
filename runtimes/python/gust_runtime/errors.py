"""Errors as the Runtime API takes them: {"errorMessage", "errorType", "requestId", "stackTrace"}."""
import sys


class Fault(Exception):
    """An error of the runtime's own, with the type that the service shows."""

    def __init__(self, error_type, message, stack=()):
        super().__init__(message)
        self.error_type = error_type
        self.stack = list(stack)


class Report:
    """One error, ready to be posted and logged."""

    def __init__(self, error_type, message, stack, request_id=""):
        self.error_type = error_type
        self.message = message
        self.stack = stack
        self.request_id = request_id

    def to_json(self):
        import json

        members = {
            "errorMessage": self.message,
            "errorType": self.error_type,
            "requestId": self.request_id,
            "stackTrace": self.stack,
        }
        return json.dumps(members, ensure_ascii=False).encode("utf-8", "replace")

    def log(self):
        from .logs import is_json

        if is_json():
            from .json_logs import error_line

            sys.stdout.write(error_line(self) + "\n")
            sys.stdout.flush()
            return
        lines = ["[ERROR] %s: %s" % (self.error_type, self.message) if self.error_type else "[ERROR] " + self.message]
        if self.stack:
            lines.append("Traceback (most recent call last):")
            lines += [frame.rstrip("\n") for frame in self.stack]
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()


def report(error, request_id="", skip_frames=0):
    """The report of an exception that is being handled; `skip_frames` leaves out the runtime's own."""
    if isinstance(error, Fault):
        return Report(error.error_type, str(error), error.stack, request_id)
    import traceback

    frames = traceback.extract_tb(error.__traceback__)[skip_frames:]
    return Report(type(error).__name__, str(error), traceback.format_list(frames), request_id)
