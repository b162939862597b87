"""The walls that stand on the root, from inside a function whose root is an image's; and images that would lead out."""
import json
import tarfile

import pytest

from attacks import INSIDE, ROLE, functions, gust  # noqa: F401 (fixtures)
from container_images import Image, entry, layer, python_image

REFUSED = {"EPERM", "ENOSYS"}


@pytest.fixture(scope="module")
def image(gust, tmp_path_factory):
    """The attacker's code in an image whose own files would lead out, too."""
    made = python_image({file.name: file.read_text() for file in INSIDE.glob("*.py")})
    to_data, host = str(gust.data / "credentials"), str(gust.data)
    links = {"lead/credentials": to_data, "lead/dots": "../" * 20 + to_data.lstrip("/"), "lead/proc": "/proc/1/root" + to_data,
             "lead/host": host, "etc": host, "dev": host, "proc": host}
    raised = entry(tarfile.REGTYPE, mode=0o6755)
    made.layers += (layer({f"{host.lstrip('/')}/own": "x"}), layer({name: entry(tarfile.SYMTYPE, to) for name, to in links.items()}),
                    layer({"lead/host/evil": "x", "usr/bin/raised": raised}))
    made.config["Env"] += [f"DATA={host}"]
    path = tmp_path_factory.mktemp("image") / "image.tar"
    made.oci_tar(path)
    gust.cli("image", "push", path, "attacker:1")
    gust.client("lambda").create_function(FunctionName="attacker", PackageType="Image", Role=ROLE, Timeout=60, MemorySize=256,
                                          Code={"ImageUri": "attacker:1"})
    yield "attacker"
    gust.client("lambda").delete_function(FunctionName="attacker")


@pytest.fixture
def attack(functions, image):
    def run(module, attack, **arguments):
        event = {"module": module, "attack": attack, "with": arguments}
        answer = functions.invoke(FunctionName=image, Payload=json.dumps(event))
        told = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, told
        return told
    return run


def test_nothing_was_written_outside(gust, image):
    assert not (gust.data / "evil").exists()


def test_the_hosts_files_are_not_there(gust, attack):
    hidden = [str(gust.data / "credentials"), str(gust.data / "kv"), "/tmp/bash_jobs.0", "/etc/hostname", "/usr/bin/env",
              "/usr/share", "/lead/credentials", "/lead/dots", "/lead/proc", "/lead/host/credentials"]
    assert attack("files", "there", paths=hidden) == []


def test_proc_keeps_the_hosts_secrets(attack):
    assert set(attack("files", "proc_secrets")) <= {"mdstat"}


def test_nothing_but_its_own_memory_can_be_written(attack):
    assert attack("files", "writes") == []


def test_mounts(gust, attack):
    mounts = attack("files", "mountinfo")
    points = {point: (root, options, kind) for root, point, options, kind, _ in mounts}
    assert points["/"][1].startswith("ro,nosuid,nodev") and points["/tmp"][1].startswith("rw,nosuid,nodev")
    assert points["/dev"][1].startswith("ro,nosuid") and points["/proc"][1].startswith("ro,nosuid,nodev,noexec")
    writable = {point for _, point, options, kind, _ in mounts if options.startswith("rw") and kind != "devtmpfs"}
    assert writable <= {"/tmp", "/dev/shm"}, "everything else is read-only"
    assert not any(kind in ("cgroup", "cgroup2", "sysfs", "securityfs", "debugfs", "devpts") for *_, kind, _ in mounts)
    shown = {point for root, point, *_ in mounts if str(gust.data) in root}
    assert shown <= {"/"}, "the image is all that there is of the host"


def test_links_lead_nowhere(gust, attack):
    assert set(attack("files", "links", target=str(gust.data / "credentials")).values()) <= {"ENOENT", "EACCES"}


def test_the_cgroup_is_out_of_reach(attack):
    told = attack("files", "cgroup")
    assert not told["mounted"] and "launcher-" not in told["path"]


def test_system_calls_and_namespaces(attack):
    told = attack("calls", "by_number")
    if told is None:
        pytest.skip("the numbers of the calls are those of x86_64")
    told |= attack("calls", "new_namespaces")
    assert {name: got for name, got in told.items() if got not in REFUSED} == {}


def test_limits_of_a_process(attack):
    told = attack("files", "limits")
    assert told["files"] == [1024, 1024] and told["core"] == [1, 1] and told["nice"] == [0, 0]


def test_a_program_that_was_set_user_id_is_not(attack):
    assert attack("files", "mode_of", path="/usr/bin/raised") == 0o755


def test_an_image_may_be_hostile_and_harmless(gust, tmp_path):
    made = Image(layer({"a": entry(tarfile.SYMTYPE, "/"), "dev/sda": entry(tarfile.BLKTYPE), "x": entry(tarfile.SYMTYPE, "x")}),
                 layer({"a/a/a/evil": "x", "x": "x"}), Cmd=["/x"])
    made.oci_tar(tmp_path / "image.tar")
    gust.cli("image", "push", tmp_path / "image.tar", "hostile:1")
    roots = [root for root in (gust.data / "code/000000000000/@images").iterdir() if (root / "evil").exists()]
    assert len(roots) == 1 and not (roots[0] / "dev/sda").exists() and (roots[0] / "x").read_text() == "x"
