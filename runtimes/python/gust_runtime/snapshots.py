"""SnapStart: after the init this process writes its memory out and ends; others then go on from there. So do generic
runtimes, from where their function is not known yet.

What must not be the same in all of them is made anew: random numbers, the environment of the instance. Hooks are those
of snapshot_restore_py, as on the service.
"""
import os
import sys

from . import logs

LIBRARY = "/var/snapshot/libgust-snapshot.so"
REFUSED, TAKEN = -1, 0
OWN = ("AWS_LAMBDA_LOG_STREAM_NAME",)  # what is of an instance, and not of its version


def begin():
    """Goes on in a child, so that its pid is none that an instance has: libraries tell a copy of themselves by that."""
    pid = os.fork()
    if pid == 0:
        return
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def before():
    """Runs the hooks; those registered last run first."""
    for function, args, kwargs in reversed(_hooks("get_before_snapshot")):
        function(*args, **kwargs)


def take(client):
    """Returns in each process that is restored, and not in the one that calls it."""
    import ctypes
    import gc

    del os.environ["GUST_SNAPSHOT"]
    library = ctypes.PyDLL(LIBRARY)
    library.gust_snapshot_refusal.restype = library.gust_snapshot_variable.restype = ctypes.c_char_p
    logs.flush()
    gc.collect()
    gc.freeze()  # looking through what is here at a collection would copy its pages
    connection, head = client.begin_snapshot()
    done = library.gust_snapshot_take(connection.fileno(), head)
    if done == REFUSED:
        client.refuse_snapshot(library.gust_snapshot_refusal())
        os._exit(0)
    if done == TAKEN:
        client.end_snapshot()
        os._exit(0)
    connection.detach()  # it is not open here
    client.forget()
    for name in OWN:
        value = library.gust_snapshot_variable(name.encode())
        if value is not None:  # a generic runtime is not an instance yet
            os.environ[name] = value.decode()


def after():
    """Seeds anew what makes random numbers, then runs the hooks."""
    seed()
    for function, args, kwargs in _hooks("get_after_restore"):
        function(*args, **kwargs)


def seed():
    if "random" in sys.modules:
        sys.modules["random"].seed()
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()
    if "ssl" in sys.modules:
        sys.modules["ssl"].RAND_add(os.urandom(32), 32.0)
    if "threading" in sys.modules:
        getattr(sys.modules["threading"].main_thread(), "_set_native_id", lambda: None)()


def _hooks(which):
    """(function, args, kwargs) of each, in the order of registration."""
    module = sys.modules.get("snapshot_restore_py")
    return list(getattr(module, which)()) if module else []
