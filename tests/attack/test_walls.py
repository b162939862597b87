"""What the kernel offers and a function may not have: each attempt with its refusal."""
import os

import pytest

from attacks import attack, functions, gust, make  # noqa: F401 (fixtures)
from conftest import BINARY

REFUSED = {"EPERM", "ENOSYS"}


@pytest.fixture
def calls(attack):
    def run(name):
        told = attack("calls", name)
        if told is None:
            pytest.skip("the numbers of the calls are those of x86_64")
        return told
    return run


def test_system_calls(calls):
    told = calls("by_number")
    assert {name: got for name, got in told.items() if got not in REFUSED} == {}
    # EPERM says it plainly where a program may ask; ENOSYS is for what looks like an older kernel's.
    for name in ("ptrace", "process_vm_readv", "mount", "pivot_root", "chroot", "unshare", "add_key", "keyctl", "request_key",
                 "bpf", "perf_event_open", "userfaultfd", "kexec_load", "init_module", "settimeofday", "sethostname"):
        assert told[name] == "EPERM", name
    for name in ("io_uring_setup", "clone3", "unknown"):
        assert told[name] == "ENOSYS", name


def test_new_namespaces(calls):
    assert {name: got for name, got in calls("new_namespaces").items() if got not in REFUSED} == {}


def test_the_other_entries_of_the_kernel(calls):
    told = calls("old_calls")
    assert told["int 0x80"] in (31, 11), "SIGSYS, or SIGSEGV where the kernel has no 32-bit entry"
    assert told["x32"] in (0, 31)


def test_sockets(calls):
    assert set(calls("sockets").values()) == {"ENOSYS"}


def test_changes_of_the_network(calls):
    told = calls("network_changes")
    assert told == {"link": "EPERM", "address": "EPERM", "route": "EPERM", "flags": "EPERM", "promiscuous": "EPERM",
                    "device": "EACCES"}


def test_other_users_times_names_and_priorities(calls):
    told = calls("identity")
    nice = told.pop("nice")
    assert nice in ("EACCES", "EPERM")
    not_mapped = told.pop("chown to root")
    assert not_mapped in ("EPERM", "EINVAL"), "EINVAL: root has no id in the user namespace"
    for name in ("setuid", "setresuid", "setgid", "seteuid"):
        assert told.pop(name) in ("EPERM", "EINVAL"), name
    for name in ("more files", "more locked memory"):
        assert told.pop(name) == "not allowed to raise maximum limit"
    assert set(told.values()) == {"EPERM"}, told


def test_setuid_programs(attack):
    told = attack("calls", "setuid_programs")
    assert f"Uid:\t{told['uid']}\t{told['uid']}" in told["copy"] and "CapEff:\t0000000000000000" in told["copy"]
    assert told["su"] != 0


def test_other_processes(attack):
    told = attack("calls", "processes")
    assert told["child"] == 9 and told["all"] == "got None", "its own child is its to kill"
    assert told["others"] == [] and len(told["pids"]) <= 3
    for name in ("mem", "environ", "root", "cwd", "fd", "maps", "exe", "ns/net"):
        assert told[name] in ("ENOENT", "EACCES", "EPERM"), name
    assert attack("calls", "processes")["others"] == [], "init lives on after SIGKILL from inside: the instance is warm"


def test_what_the_machine_does_is_not_told_and_not_disturbed(attack):
    # sync() seems to succeed and writes nothing back: it would be the whole machine's files.
    assert attack("calls", "watch_the_host") == {"watch": "EPERM", "sync": "got None"}


def test_terminals(attack):
    told = attack("calls", "terminal")
    assert told == {"tty": "ENOENT", "console": "ENOENT", "TIOCSTI 0": "ENOTTY", "TIOCSTI 1": "ENOTTY", "TIOCSTI 2": "ENOTTY"}


def test_limits_of_a_process(gust, attack):
    told = attack("files", "limits")
    assert told["files"] == [1024, 1024] and told["locked"] == [65536, 65536]
    assert told["nice"] == [0, 0] and told["realtime"] == [0, 0]
    # 1 and not 0: with 0 the kernel still runs a core pattern that is a pipe, as root, on the host.
    assert told["core"] == [1, 1]
    assert attack("files", "core_again") == [1, 1]


def test_the_status_says_what_is_limited(gust):
    told = gust.cli_json("status")["sandboxes"]
    assert told["privilege"] == ("root" if os.geteuid() == 0 and gust.command[0] == BINARY else "user-namespace")
    limits = [told[name] for name in ("memory_limit", "process_limit", "cpu_limit")]
    assert set(limits) <= {"enforced", "missing"} and ("missing" in limits) == bool(told["notes"])
    assert all(note in gust.log() for note in told["notes"]), "the start says the same"
