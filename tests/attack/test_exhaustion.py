"""Taking more than its share: each limit holds, the instance is ended where it must be, and the daemon serves on."""
import os
import threading
from collections import Counter

import pytest

from attacks import INSIDE, attack, descendants, functions, gust, make  # noqa: F401 (fixtures)
from conftest import wait_until

KILLED = "Runtime exited with error: signal: killed"


@pytest.fixture
def limited(gust):
    """Skips where the machine cannot limit what is named."""
    def check(what):
        first = next((line for line in gust.log().splitlines() if "no limit of:" in line), "")
        if what in first:
            pytest.skip(f"this machine does not let Gust limit it: {first.strip()}")
    return check


@pytest.fixture
def still_serves(functions, make):
    """Fails unless another function answers, when made and when called."""
    name = make()

    def check():
        answer = functions.invoke(FunctionName=name, Payload=b'{"module": "runtime", "attack": "my_uid"}')
        assert "FunctionError" not in answer, answer["Payload"].read()
    check()
    return check


def folder_bytes(folder):
    return sum(os.path.getsize(os.path.join(at, name)) for at, _, names in os.walk(folder) for name in names
               if not name.endswith(".tmp"))


def pid_namespace(pid):
    try:
        return os.readlink(f"/proc/{pid}/ns/pid")
    except OSError:  # it has ended
        return None


def test_a_fork_bomb(gust, attack, make, limited, still_serves):
    limited("pids")
    name = make(Timeout=3, MemorySize=1024)
    before, most, over = len(descendants(gust.process.pid)), [0], threading.Event()
    crowds = Counter()  # pid namespaces of the youngest processes: runtimes that stand ready come and go meanwhile

    def watch():
        while not over.is_set():
            now = descendants(gust.process.pid)
            if len(now) > most[0]:
                most[0] = len(now)
                crowds.update(filter(None, map(pid_namespace, sorted(now)[-20:])))
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        failed = attack("exhaust", "fork_bomb", name)["failed"]
        still_serves()
    finally:
        over.set()
        watcher.join()
    assert "Task timed out after 3.00 seconds" in failed["errorMessage"] or KILLED in failed["errorMessage"]
    assert 10 < most[0] <= before + 1024 + 64, "its init, its first process and the runtimes that stand ready are counted with it"
    bomb = crowds.most_common(1)[0][0]
    wait_until(lambda: bomb not in map(pid_namespace, descendants(gust.process.pid)), "every process of it to be gone")


def test_processes_and_threads_have_a_limit(attack, make, limited):
    limited("pids")
    name = make(MemorySize=3008)
    told = attack("exhaust", "count_forks", name)
    assert told["then"] == "EAGAIN" and 900 < told["made"] < 1024
    told = attack("exhaust", "count_threads", name)
    assert told["then"] == "can't start new thread" and 900 < told["made"] < 1024


@pytest.mark.parametrize("kind", ["heap", "/tmp", "memfd", "shared mapping"])
def test_memory_over_the_limit(attack, make, limited, still_serves, kind):
    limited("memory")
    name = make(MemorySize=128)
    failed = attack("exhaust", "hog", name, kind=kind)["failed"]
    assert failed["errorType"] == "Runtime.ExitError" and KILLED in failed["errorMessage"]
    still_serves()


def test_memory_of_many_processes_is_counted_together(attack, make, limited):
    limited("memory")
    told = attack("exhaust", "hog", make(MemorySize=128), kind="children")
    # cgroup v2 ends the instance as a whole, v1 the processes that do not fit, one after another: with many that all want
    # memory at once the kernel takes two seconds for each.
    assert told.get("killed") == 6 or KILLED in told["failed"]["errorMessage"]


def test_shared_memory_has_a_size(attack, make):
    name = make(MemorySize=512)
    assert attack("exhaust", "hog", name, kind="/dev/shm") == {"bytes": 64 << 20, "then": "ENOSPC"}


def test_buffers_of_the_kernel_count_as_its_memory(attack, make, limited):
    limited("memory")
    name = make(MemorySize=128)
    told = attack("exhaust", "hog", name, kind="sockets")
    assert told.get("then") in ("EMFILE", "ENOBUFS", "ENOMEM") or KILLED in told["failed"]["errorMessage"]


def test_reading_the_hosts_files_does_not_end_it(attack, make):
    assert attack("exhaust", "page_cache", make(MemorySize=128)) > 10 << 20


def test_the_disk_is_out_of_reach(gust, attack, make):
    before = folder_bytes(gust.data)
    name = make(MemorySize=1024, EphemeralStorage={"Size": 512})
    assert attack("exhaust", "hog", name, kind="/tmp") == {"bytes": 512 << 20, "then": "ENOSPC"}
    told = attack("exhaust", "many_files", name)
    assert told["then"] == "ENOSPC" and told["made"] <= (512 << 20) // 4096
    assert folder_bytes(gust.data) < before + (8 << 20), "the host's disk has the code and the log lines"


def test_descriptors(attack, still_serves):
    told = attack("exhaust", "descriptors")
    assert told["then"] == "EMFILE" and 900 < told["made"] <= 1024
    still_serves()


def test_connections_do_not_use_up_the_daemon(gust, attack, make, still_serves):
    def open_files():
        return len(os.listdir(f"/proc/{gust.process.pid}/fd"))
    before = open_files()
    name = make(MemorySize=512)
    most, over = [0], threading.Event()

    def watch():
        while not over.is_set():
            most[0] = max(most[0], open_files())
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for port in (9001, gust.port):
            assert attack("exhaust", "connections", name, port=port, count=4000) > 100
            still_serves()
            wait_until(lambda: open_files() < before + 100, "the daemon to let go of the connections")
    finally:
        over.set()
        watcher.join()
    counts = [each for each in gust.cli_json("status")["instances"] if each["function"] == name]
    instances = sum(each["idle"] + each["busy"] + each["starting"] for each in counts)
    assert most[0] < before + 1100 * max(1, instances), "an instance may have 1,024 connections"


def resident(pid):
    return int(open(f"/proc/{pid}/statm").read().split()[1]) * os.sysconf("SC_PAGESIZE")


@pytest.mark.parametrize("line", ["", "x" * 100, "x" * 60_000], ids=["empty lines", "lines", "long lines"])
def test_a_flood_of_logs(gust, attack, make, still_serves, line):
    name = make(Timeout=30)
    before, over, answered = resident(gust.process.pid), threading.Event(), []

    def neighbours():
        while not over.is_set():
            still_serves()
            answered.append(1)
    neighbour = threading.Thread(target=neighbours)
    neighbour.start()
    try:
        assert attack("exhaust", "flood_of_logs", name, line=line, seconds=5) is None
    finally:
        over.set()
        neighbour.join()
    assert len(answered) > 20, "the neighbour was answered meanwhile"
    assert resident(gust.process.pid) < before + (200 << 20)
    kept = folder_bytes(gust.data / "logs" / "000000000000" / name)
    assert kept < 40 << 20


def test_a_process_left_behind_gets_no_cpu_for_ever(gust, attack, make, limited):
    limited("cpu")  # the freezer comes with the cgroups
    name = make()
    mine = set(descendants(gust.process.pid))
    attack("exhaust", "leave_a_burner", name)
    burner = set(descendants(gust.process.pid)) - mine

    def used():
        return sum(ticks for pid, (ticks, _) in descendants(gust.process.pid).items() if pid in burner)
    seen = [used()]

    def at_rest():
        seen.append(used())
        return len(seen) > 10 and len(set(seen[-10:])) == 1
    wait_until(at_rest, "the process that was left behind to stop")
    assert attack("exhaust", "spin", name, seconds=0.1) is None, "and the instance works on"


def test_work_after_the_answer_has_an_end(gust, functions, make):
    """Answers by itself and never asks for the next event: its time-out later it is gone."""
    import io
    import zipfile
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for file in ("runtime.py", "told.py"):
            z.writestr(file, (INSIDE / file).read_text())
        z.writestr("index.py", "import runtime\ndef handler(e, c):\n    runtime._post(f'invocation/{c.aws_request_id}/response')\n"
                               "    while True:\n        pass\n")
    name = make(Code={"ZipFile": out.getvalue()}, Timeout=2)
    answer = functions.invoke(FunctionName=name, Payload=b"{}")
    assert "FunctionError" not in answer and answer["Payload"].read() == b"{}"
    wait_until(lambda: "had not asked for the next event" in gust.cli("logs", name).stdout, "the instance to be told off")
    wait_until(lambda: name not in [i["function"] for i in gust.cli_json("status")["instances"]], "the instance to be gone")


def test_an_init_without_an_end(functions, make):
    import io
    import zipfile
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr("index.py", "while True:\n    pass\n")
    name = make(Code={"ZipFile": out.getvalue()}, Timeout=3)
    answer = functions.invoke(FunctionName=name, Payload=b"{}")
    assert answer["FunctionError"] == "Unhandled" and b"Sandbox.Timedout" in answer["Payload"].read()
