"""The AWS SDK for JavaScript v3 and the aws command line (version 1 from PyPI, version 2 from Debian)."""
import base64
import json
import os
import shutil
import subprocess

import pytest

from conftest import ROOT
from test_lambda import zip_of


def test_javascript_sdk(gust, unique):
    folder = ROOT / "build/node-tests"
    shutil.copy(ROOT / "tests/e2e/node/all.mjs", folder / "all.mjs")
    code = base64.b64encode(zip_of({"index.js": "exports.handler = async (e) => ({got: e})"})).decode()
    done = subprocess.run(["node", "all.mjs", unique, code], cwd=folder, env=gust.env(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"payload": {"got": {"n": 1}}, "account": "000000000000"}


@pytest.fixture(params=["build/venv-new/bin/aws", "/usr/bin/aws"])
def aws(request, gust):
    binary = ROOT / request.param

    def run(*args, check=True):
        done = subprocess.run([binary, *args, "--endpoint-url", gust.endpoint], env=gust.env() | {"AWS_PAGER": ""},
                              capture_output=True, text=True, timeout=120)
        assert not check or done.returncode == 0, done.stderr
        return done
    return run


def test_aws_command_line(aws, unique, tmp_path):
    aws("s3", "mb", f"s3://{unique}")
    folder = tmp_path / "tree"
    (folder / "sub").mkdir(parents=True)
    (folder / "one.txt").write_text("one")
    (folder / "sub/two.bin").write_bytes(os.urandom(9 << 20))  # past the command line's multipart threshold
    aws("s3", "sync", str(folder), f"s3://{unique}/tree")
    assert "sub/" in aws("s3", "ls", f"s3://{unique}/tree/").stdout
    aws("s3", "cp", "--recursive", f"s3://{unique}/tree", str(tmp_path / "back"))
    assert (tmp_path / "back/sub/two.bin").read_bytes() == (folder / "sub/two.bin").read_bytes()
    aws("s3", "mv", f"s3://{unique}/tree/one.txt", f"s3://{unique}/moved.txt")
    got = json.loads(aws("s3api", "head-object", "--bucket", unique, "--key", "moved.txt", "--output", "json").stdout)
    assert got["ContentLength"] == 3
    missing = aws("s3api", "get-object", "--bucket", unique, "--key", "none", str(tmp_path / "x"), check=False)
    assert missing.returncode != 0 and "NoSuchKey" in missing.stderr
    aws("s3", "rb", "--force", f"s3://{unique}")


def test_aws_command_line_functions(aws, unique, tmp_path):
    (tmp_path / "f.zip").write_bytes(zip_of({"index.py": "def handler(e, c): return {'n': e['n'] + 1}"}))
    aws("lambda", "create-function", "--function-name", unique, "--runtime", "python3.12", "--handler", "index.handler",
        "--role", "arn:aws:iam::000000000000:role/any", "--zip-file", f"fileb://{tmp_path}/f.zip")
    (tmp_path / "in.json").write_text('{"n": 1}')
    aws("lambda", "invoke", "--function-name", unique, "--payload", f"fileb://{tmp_path}/in.json", str(tmp_path / "out.json"))
    assert json.loads((tmp_path / "out.json").read_text()) == {"n": 2}
    aws("lambda", "delete-function", "--function-name", unique)
