"""Runs the example's JavaScript tests, so that one pytest run covers all of the example."""

import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
SITE = HERE.parent / "site"


def run(*command, cwd):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{' '.join(command)} in {cwd}:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def test_upload_function():
    output = run("node", "--test", "--test-reporter=tap", str(HERE / "upload.test.mjs"), cwd=HERE)
    assert "# fail 0" in output and "# pass 0" not in output


def test_page_logic():
    if not (SITE / "node_modules").is_dir():
        run("npm", "ci", "--no-audit", "--no-fund", "--silent", cwd=SITE)
    assert "passed" in run("npm", "test", "--silent", cwd=SITE)
