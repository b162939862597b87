"""Tables with the SDK for JavaScript, version 3: its client, document client, paginators and waiters."""
import shutil
import subprocess

from conftest import ROOT


def test_tables_with_the_javascript_sdk(gust, unique):
    folder = ROOT / "build/node-tests"
    shutil.copy(ROOT / "tests/e2e/node/tables.mjs", folder / "tables.mjs")
    done = subprocess.run(["node", "tables.mjs", unique], cwd=folder, env=gust.env(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stdout == "done\n", done.stderr
