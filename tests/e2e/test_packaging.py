"""What packaging/install puts where runs from there, and systemd takes the unit."""
import os
import shutil
import subprocess

import pytest

from conftest import ROOT, Gust

PREFIX = "/opt/gust"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    root = tmp_path_factory.mktemp("root")
    done = subprocess.run([ROOT / "packaging/install"], env=os.environ | {"DESTDIR": str(root)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return root


def test_the_installed_gust_runs_a_function(installed, tmp_path, monkeypatch):
    from test_lambda import ROLE, zip_of
    gust = Gust(tmp_path / "data")
    gust.command = [installed / "opt/gust/bin/gust"]
    monkeypatch.delenv("GUST_RUNTIMES", raising=False)  # they are found without
    gust.start()
    try:
        functions = gust.client("lambda")
        functions.create_function(FunctionName="f", Runtime="python3.12", Handler="index.handler", Role=ROLE,
                                  Code={"ZipFile": zip_of({"index.py": "def handler(e, c): return 7"})})
        assert functions.invoke(FunctionName="f")["Payload"].read() == b"7"
    finally:
        assert gust.stop() == 0


def test_the_other_files(installed):
    assert "gust bill" in (installed / "usr/local/share/man/man1/gust.1").read_text().replace("\\-", "-")
    assert "complete" in (installed / "usr/share/bash-completion/completions/gust").read_text()
    assert (installed / "usr/share/zsh/vendor-completions/_gust").read_text().startswith("#compdef gust")
    assert os.readlink(installed / "usr/local/bin/gust") == PREFIX + "/bin/gust"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_takes_the_unit(installed, tmp_path):
    unit = tmp_path / "gust.service"
    text = (installed / "etc/systemd/system/gust.service").read_text()
    assert f"ExecStart={PREFIX}/bin/gust up" in text
    unit.write_text(text.replace(PREFIX, str(installed) + PREFIX))  # verify looks whether the program is there
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True)
    assert done.returncode == 0 and "gust.service" not in done.stderr, done.stderr
