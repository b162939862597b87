"""The native example against the Runtime API."""
import os
import shutil
import subprocess

import pytest

from sandbox.runtime_api import Instance, runtimes

COMPILER = shutil.which("clang-19") or shutil.which("cc")


@pytest.mark.skipif(not COMPILER, reason="no C compiler")
def test_the_example_answers_with_the_event(tmp_path):
    program = tmp_path / "bootstrap"
    subprocess.run([COMPILER, "-O2", "-o", program, os.path.join(runtimes(), "native/echo.c")], check=True)
    instance = Instance([str(program)], tmp_path, "any")
    try:
        for event in ({"a": 1}, "text", {"big": "x" * 300_000}):
            assert instance.result(event) == event
    finally:
        instance.close()
