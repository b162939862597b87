"""The host's files, /proc, /sys and the daemon's data: out of sight; and what is in sight cannot be written."""
import io
import os
import zipfile

import pytest
from botocore.exceptions import ClientError

from attacks import ROLE, attack, functions, gust, make  # noqa: F401 (fixtures)


def test_the_hosts_files_and_the_daemons_data(gust, attack):
    hidden = [str(gust.data), str(gust.data / "credentials"), str(gust.data / "kv"), os.path.expanduser("~"), "/tmp/bash_jobs.0"]
    assert attack("files", "there", paths=hidden) == []


def test_proc_keeps_the_hosts_secrets(attack):
    # What is left to read is said in docs/guide/isolation.md.
    assert set(attack("files", "proc_secrets")) <= {"mdstat"}


def test_nothing_but_its_own_memory_can_be_written(attack):
    assert attack("files", "writes") == []


def test_mounts_tell_no_more_than_where_the_code_is(gust, attack):
    mounts = attack("files", "mountinfo")
    points = {point: (root, options, kind) for root, point, options, kind, _ in mounts}
    assert points["/var/task"][1].startswith("ro,nosuid,nodev") and points["/tmp"][1].startswith("rw,nosuid,nodev")
    # Files of /proc that are hidden are the null device.
    writable = {point for _, point, options, kind, _ in mounts if options.startswith("rw") and kind != "devtmpfs"}
    assert writable <= {"/tmp", "/dev/shm"}, "everything else is read-only"
    assert not any(kind in ("cgroup", "cgroup2", "sysfs", "securityfs", "debugfs", "devpts") for *_, kind, _ in mounts)
    # Paths of the host: those of what is shown, its code and the memory image that it came out of, and of nothing else.
    shown = {point for root, point, *_ in mounts if str(gust.data) in root}
    assert shown <= {"/var/task", "/var/image"}


def test_the_cgroup_is_out_of_reach(attack):
    told = attack("files", "cgroup")
    assert not told["mounted"] and "launcher-" not in told["path"]


def test_links_in_tmp_lead_nowhere(gust, attack):
    assert set(attack("files", "links", target=str(gust.data / "credentials")).values()) <= {"ENOENT", "EACCES"}


def test_a_crash_leaves_no_core(gust, attack):
    failed = attack("files", "crash")["failed"]
    assert failed["errorType"] == "Runtime.ExitError" and "aborted" in failed["errorMessage"]
    assert not any(name.startswith("core") for name in os.listdir(os.readlink(f"/proc/{gust.process.pid}/cwd")))


def zip_with(name, mode, content):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr("index.py", "def handler(event, context):\n    return 1\n")
        info = zipfile.ZipInfo(name)
        info.create_system, info.external_attr = 3, mode << 16
        z.writestr(info, content)
    return out.getvalue()


@pytest.mark.parametrize("name, mode, content", [
    ("link", 0o120777, "/etc/shadow"), ("link", 0o120777, "../../../../etc/shadow"), ("../outside", 0o100644, "x"),
    ("/absolute", 0o100644, "x"), ("a/../../outside", 0o100644, "x"), ("device", 0o020666, ""),
], ids=["absolute link", "link by dots", "name by dots", "absolute name", "dots within", "device"])
def test_code_that_points_outside_is_refused(functions, unique, name, mode, content):
    with pytest.raises(ClientError) as refused:
        functions.create_function(FunctionName=unique, Runtime="python3.12", Handler="index.handler", Role=ROLE,
                                  Code={"ZipFile": zip_with(name, mode, content)})
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"
    # Nor by the other ways that a zip comes in.
    made = functions.create_function(FunctionName=unique, Runtime="python3.12", Handler="index.handler", Role=ROLE,
                                     Code={"ZipFile": zip_with("fine.txt", 0o100644, "x")})
    for change in (lambda z: functions.update_function_code(FunctionName=unique, ZipFile=z),
                   lambda z: functions.publish_layer_version(LayerName=unique, Content={"ZipFile": z})):
        with pytest.raises(ClientError) as refused:
            change(zip_with(name, mode, content))
        assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"
    assert functions.get_function_configuration(FunctionName=unique)["CodeSha256"] == made["CodeSha256"]
    functions.delete_function(FunctionName=unique)
