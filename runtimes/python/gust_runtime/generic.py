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


def forget_what_is_hidden(loaded, folders):
    """Lets go of those modules of `loaded` that a module in one of `folders` would have hidden."""
    for folder in folders:
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        for name in names:
            for module in loaded.get(name.split(".", 1)[0], ()):
                sys.modules.pop(module, None)


def rehearse(invoke):
    """Does what a first invocation does: the pages that it writes are this process's own then, and not to be copied."""
    from . import handler

    invoke(handler.load("gust_runtime.rehearsal.handler"))
    del sys.modules["gust_runtime.rehearsal"]


def load():
    """Imports what most functions need. Answers the names of all that is loaded since, by what they begin with.

    It is a dictionary, and nothing is left to be tidied up later: who goes on from an image of this process copies each
    page that it writes, and counting references is writing.
    """
    import gc
    import importlib

    before = set(sys.modules)
    for name in COMMON:
        importlib.import_module(name)
    if "GUST_SNAPSHOT" in os.environ:
        importlib.import_module("ctypes")  # takes the image
    sys.modules["json"].loads(sys.modules["json"].dumps({"a": [1, None, "b"]}))
    loaded = {}
    for name in sys.modules:
        if name not in before:
            loaded.setdefault(name.split(".", 1)[0], []).append(name)
    del before
    sys.path_importer_cache.clear()
    gc.collect()
    gc.freeze()  # what is here stays: not to be looked through at every collection
    return loaded
