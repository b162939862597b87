"""A runtime that is started before its function is known: it imports what most functions need, then waits to be told.

What the function may tell a fresh interpreter by its files comes out the same: a module of its own that has the name of
one that is imported here is found first, as it would have been.
"""
import os
import sys

COMMON = (
    "base64", "collections", "contextlib", "copy", "dataclasses", "datetime", "decimal", "email.parser", "functools",
    "hashlib", "hmac", "http.client", "importlib", "io", "itertools", "json", "logging", "math", "operator", "pathlib",
    "random", "re", "ssl", "string", "tempfile", "threading", "time", "traceback", "typing", "urllib.parse",
    "urllib.request", "uuid", "zipfile",
)  # fmt: skip


def become(client):
    """Returns when this process has its function: its environment, working folder and paths are as at a fresh start."""
    told = client.function()
    environment = told["environment"]
    os.environ.clear()
    os.environ.update(environment)
    if "TZ" in environment:
        sys.modules["time"].tzset()
    os.chdir(told["working_folder"])
    sys.path[:0] = [os.path.abspath(entry) for entry in environment.get("PYTHONPATH", "").split(":") if entry]
    sys.path_importer_cache.clear()


def forget_what_is_hidden(loaded, folders):
    """Lets go of those modules of `loaded` that a module in one of `folders` would have hidden."""
    own = set()
    for folder in folders:
        try:
            own.update(name.split(".", 1)[0] for name in os.listdir(folder))
        except OSError:
            pass
    hidden = own & {name.split(".", 1)[0] for name in loaded}
    for name in loaded:
        if name.split(".", 1)[0] in hidden:
            sys.modules.pop(name, None)


def load():
    """Imports what most functions need; the names of all that is loaded since."""
    import gc
    import importlib

    before = set(sys.modules)
    for name in COMMON:
        importlib.import_module(name)
    sys.modules["json"].loads(sys.modules["json"].dumps({"a": [1, None, "b"]}))
    gc.collect()
    gc.freeze()  # what is here stays: not to be looked through at every collection
    return [name for name in sys.modules if name not in before]
