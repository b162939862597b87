"""Against its own runtime, the Runtime API, Gust's services inside, the daemon, and its neighbours."""
import json
import os
import threading
import uuid

import pytest

from attacks import attack, functions, gust, make  # noqa: F401 (fixtures)
from conftest import wait_until


def works(functions, name):
    answer = functions.invoke(FunctionName=name, Payload=b'{"module": "runtime", "attack": "my_uid"}')
    return "FunctionError" not in answer


def test_stopping_its_own_runtime(functions, attack, make):
    name = make(Timeout=2)
    failed = attack("runtime", "stop_itself", name)["failed"]
    assert "Task timed out after 2.00 seconds" in failed["errorMessage"]
    assert works(functions, name), "on a new instance"


def test_closing_the_sockets_of_its_runtime(functions, attack, make):
    name = make(Timeout=3)
    told = attack("runtime", "close_its_sockets", name)
    assert told == "closed" or told["failed"]["errorType"] in ("Runtime.ExitError", "Sandbox.Timedout"), told
    wait_until(lambda: works(functions, name), "an instance that works")


def test_answers_for_other_invocations(gust, functions, attack, make):
    held, other = make(Timeout=20), make()
    results = []
    holder = threading.Thread(target=lambda: results.append(attack("exhaust", "spin", held, seconds=4)))
    holder.start()

    def started():
        lines = gust.cli("logs", held).stdout
        return lines.partition("START RequestId: ")[2].split(" ")[0]
    its_id = wait_until(started, "the other invocation to begin")
    ids = [its_id, str(uuid.uuid4()), "x", "..%2f..", ""]
    told = attack("runtime", "answer_for", other, ids=ids)
    holder.join()
    assert results == [None], "the neighbour's own answer"
    assert all(status in ([400, 400], [404, 404]) for status in told["answers"].values()), told
    assert told["next"] == 403, "its own invocation runs"


def test_a_response_without_an_end(functions, make):
    import io
    import zipfile
    out = io.BytesIO()
    from attacks import INSIDE
    with zipfile.ZipFile(out, "w") as z:
        for file in ("runtime.py", "told.py"):
            z.writestr(file, (INSIDE / file).read_text())
        z.writestr("index.py", "import runtime\ndef handler(e, c):\n    return runtime.endless_answer(c.aws_request_id)\n")
    name = make(Code={"ZipFile": out.getvalue()}, Timeout=20)
    answer = functions.invoke(FunctionName=name, Payload=b"{}")
    assert json.loads(answer["Payload"].read())["errorType"] == "Function.ResponseSizeTooLarge"


def test_garbage(functions, attack, make):
    name = make()
    told = attack("runtime", "garbage", name)
    for where, answers in told.items():
        for what, status in answers.items():
            assert status in ("closed", "b''", "400", "403", "404", "405", "413", "414", "431", "501"), (where, what, status)
        assert answers["wide header"] in ("431", "closed") and answers["many headers"] in ("431", "closed")
        assert answers["length and chunks"] in ("400", "closed"), "or two readers would see two requests"
    assert works(functions, name)


def test_the_daemons_own_pages(gust, attack):
    assert set(attack("runtime", "admin").values()) <= {"401", "403"}


def test_a_neighbour_finds_nothing(gust, functions, attack, make):
    one, other = make(Environment={"Variables": {"TOKEN": "of-the-first-alone"}}), make()
    secret = f"secret-{uuid.uuid4()}"
    left = attack("runtime", "settle", one, secret=secret)
    assert left["shm"] >= 0, "it has System V shared memory of its own"
    paths = [str(gust.data / "code"), str(gust.data / "endpoint"), str(gust.data / "logs")]
    told = attack("runtime", "look_for", other, secret=secret, paths=paths)
    assert told == {"files": [], "environments": 0, "abstract": "ECONNREFUSED", "port": "ECONNREFUSED", "shm": -1, "mq": -1,
                    "unix": False}
    assert attack("runtime", "look_for", other, secret="of-the-first-alone", paths=[])["environments"] == 0


def test_two_instances_are_two_users(gust, attack, make):
    one, other = attack("runtime", "my_uid", make()), attack("runtime", "my_uid", make())
    if os.stat(f"/proc/{gust.process.pid}").st_uid != 0:
        pytest.skip("an ordinary user has one user to map: the namespaces alone part them")
    assert one != other and 0 not in (one, other)


def test_abstract_sockets_of_the_host(attack):
    import socket
    name = f"gust-attack-{uuid.uuid4()}"
    with socket.socket(socket.AF_UNIX) as s:
        s.bind("\0" + name)
        s.listen()
        taken = [line.split("@", 1)[1].strip() for line in open("/proc/net/unix") if "@" in line]
        assert name in taken
        told = attack("runtime", "reach", abstract=taken[:500])
    assert told == ["ECONNREFUSED"]
