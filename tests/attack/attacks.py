"""Attacks from inside a function: a daemon as it is started here, and one of an ordinary user with user namespaces."""
import io
import json
import os
import zipfile
from pathlib import Path

import pytest

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
