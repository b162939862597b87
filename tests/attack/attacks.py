"""Attacks from inside a function: a daemon as it is started here, and one of an ordinary user with user namespaces."""
import io
import json
import os
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

import pytest

from conftest import BINARY, Gust

INSIDE = Path(__file__).parent / "inside"
ROLE = "arn:aws:iam::000000000000:role/any"


def package():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for file in sorted(INSIDE.glob("*.py")):
            info = zipfile.ZipInfo(file.name, (2024, 1, 1, 0, 0, 0))
            info.external_attr = 0o644 << 16
            z.writestr(info, file.read_text())
    return out.getvalue()


ORDINARY = 64_321  # a user id that nobody has


def ordinary_user():
    """The command that runs another as an ordinary user; skips where this machine cannot."""
    if os.geteuid() != 0:
        pytest.skip("the tests run as an ordinary user already")
    command = ["setpriv", f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups", "--inh-caps=-all"]
    if subprocess.run([*command, BINARY, "--version"], capture_output=True).returncode != 0:
        pytest.skip(f"an ordinary user cannot run {BINARY}")
    refused = subprocess.run([*command, "unshare", "--user", "--mount", "true"], capture_output=True, text=True)
    if refused.returncode != 0:
        pytest.skip(f"an ordinary user may not make a user namespace here: {refused.stderr.strip()}")
    return command


@pytest.fixture(scope="session", params=["as it is started", "as an ordinary user"])
def gust(request, tmp_path_factory):
    """A daemon to attack: as the tests' user, then as an ordinary user with user namespaces."""
    folder = Path(tempfile.mkdtemp(prefix="gust-attack-"))
    daemon = Gust(folder / "data")
    if request.param == "as an ordinary user":
        daemon.command[:0] = ordinary_user()
        daemon.data.mkdir()
        for path in (folder, daemon.data):
            os.chown(path, ORDINARY, ORDINARY)
    daemon.start()
    yield daemon
    code = daemon.stop()
    assert code == 0, f"gust ended with {code} on SIGTERM:\n{daemon.log()[-4000:]}"
    shutil.rmtree(folder)


@pytest.fixture
def functions(gust):
    return gust.client("lambda")


@pytest.fixture
def make(functions, unique):
    """Makes a function of the attacker's code; its name."""
    made = []

    def create(**settings):
        values = {"Runtime": "python3.12", "Handler": "index.handler", "Role": ROLE, "Timeout": 60, "MemorySize": 256,
                  "Code": {"ZipFile": package()}} | settings
        name = f"{unique}-{len(made)}"
        functions.create_function(FunctionName=name, **values)
        made.append(name)
        return name
    yield create
    for name in made:
        functions.delete_function(FunctionName=name)


@pytest.fixture
def attack(functions, make):
    """Runs an attack of inside/ in a function of its own (or in `name`) and answers what it told."""
    kept = []

    def run(module, attack, name=None, **arguments):
        if not name and not kept:
            kept.append(make())
        answer = functions.invoke(FunctionName=name or kept[0],
                                  Payload=json.dumps({"module": module, "attack": attack, "with": arguments}))
        payload = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            return {"failed": payload}
        return payload
    return run


def descendants(pid):
    """Every process below `pid`, as the host sees them: {pid: (cpu ticks, user)}."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                fields = open(f"/proc/{name}/stat").read().rsplit(")", 1)[1].split()
                found[int(name)] = (int(fields[1]), int(fields[11]) + int(fields[12]), os.stat(f"/proc/{name}").st_uid)
            except (FileNotFoundError, ProcessLookupError):
                pass
    below, grown = {pid}, True
    while grown:
        more = {p for p, (parent, _, _) in found.items() if parent in below} - below
        below |= more
        grown = bool(more)
    return {p: found[p][1:] for p in below - {pid} if p in found}
