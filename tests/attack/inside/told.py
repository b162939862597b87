"""How an attempt ended, as text: the name of the errno, or what it got."""
import errno


def outcome(attempt, *args, **named):
    try:
        got = attempt(*args, **named)
    except OSError as e:
        return errno.errorcode.get(e.errno, repr(e))
    except ValueError as e:
        return str(e)
    return f"got {got!r}"[:200]
