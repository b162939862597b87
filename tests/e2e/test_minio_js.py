"""The client library of MinIO for JavaScript."""
import shutil
import subprocess

from conftest import ROOT


def test_minio_library(gust, unique):
    folder = ROOT / "build/node-tests"
    shutil.copy(ROOT / "tests/e2e/node/minio.mjs", folder / "minio.mjs")
    done = subprocess.run(["node", "minio.mjs", unique], cwd=folder, env=gust.env(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stdout == "done\n", done.stderr
