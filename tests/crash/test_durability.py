"""Bytes that change on the disk, checks of the store, and backups that are whole or not there."""
import hashlib
import json
import os
import random
import subprocess
import threading

import pytest
from botocore.exceptions import ClientError, HTTPClientError, ReadTimeoutError, ResponseStreamingError

from conftest import BINARY, wait_until
from test_lambda import ROLE, zip_of

SMALL, IN_BLOB, LARGE = 100, 200_000, 3_000_000


def run(*args):
    """The command, without a daemon."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "GUST_"))}
    return subprocess.run([BINARY, *map(str, args)], capture_output=True, text=True, timeout=120, env=env)


def fsck(data):
    done = run("fsck", "--json", "--data", data)
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


def blobs_of(data):
    return {p for p in (data / "blobs").rglob("*.crc")}


def fill(gust, sizes, bucket="keep"):
    """Objects of these sizes; {key: body}, and the file that each wrote, if any."""
    s3 = gust.client("s3")
    s3.create_bucket(Bucket=bucket)
    bodies, files = {}, {}
    for i, size in enumerate(sizes):
        before = blobs_of(gust.data)
        bodies[f"k{i}"] = random.randbytes(size)
        s3.put_object(Bucket=bucket, Key=f"k{i}", Body=bodies[f"k{i}"])
        files[f"k{i}"] = next(iter(blobs_of(gust.data) - before), None)
    return bodies, files


def flip(path, at):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 0x20]))


def all_there(gust, bodies, bucket="keep"):
    s3 = gust.client("s3")
    return all(s3.get_object(Bucket=bucket, Key=key)["Body"].read() == body for key, body in bodies.items())


def test_a_flipped_byte_is_never_served_and_named(new_gust):
    gust = new_gust().start()
    bodies, files = fill(gust, [SMALL, IN_BLOB, LARGE, LARGE])
    assert gust.cli_json("fsck")["problems"] == []
    flip(files["k1"], 70_000)
    flip(files["k2"], LARGE - 1000)
    s3 = gust.client("s3")
    with pytest.raises(ClientError) as refused:
        s3.get_object(Bucket="keep", Key="k1")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert s3.head_object(Bucket="keep", Key="k1")["ContentLength"] == IN_BLOB
    with pytest.raises((ResponseStreamingError, HTTPClientError, ReadTimeoutError)):  # what came before it was right
        s3.get_object(Bucket="keep", Key="k2")["Body"].read()
    part = s3.get_object(Bucket="keep", Key="k2", Range="bytes=1000-1999")["Body"].read()
    assert part == bodies["k2"][1000:2000]
    with pytest.raises(ClientError):
        s3.copy_object(Bucket="keep", Key="copy", CopySource="keep/k1")
    assert all_there(gust, {k: bodies[k] for k in ("k0", "k3")})
    assert "is damaged" in gust.log()

    found = gust.cli("fsck", check=False)
    assert found.returncode == 1 and "keep/k1" in found.stdout and "keep/k2" in found.stdout and "keep/k3" not in found.stdout
    gust.stop()
    code, report = fsck(gust.data)
    assert code == 1 and {(p["kind"], p["what"]) for p in report["problems"]} == {("damaged", "keep/k1"), ("damaged", "keep/k2")}
    flip(files["k1"], 70_000)
    flip(files["k2"], LARGE - 1000)
    assert fsck(gust.data)[0] == 0


def test_fsck_of_what_a_kill_left(new_gust):
    gust = new_gust().start()
    bodies, files = fill(gust, [SMALL, IN_BLOB])
    gust.kill9()
    orphan = gust.data / "blobs/ab" / ("ab" * 16 + ".crc")
    orphan.write_bytes(b"x" * 100)
    (gust.data / "blobs/new" / ("cd" * 16)).write_bytes(b"half")
    files["k1"].rename(gust.data / "aside")
    code, report = fsck(gust.data)
    assert code == 1 and sorted(p["kind"] for p in report["problems"]) == ["missing", "orphan blob", "unfinished"]
    (gust.data / "aside").rename(files["k1"])
    gust.start()  # removes what was in the making, and never a file that is not known
    assert list((gust.data / "blobs/new").iterdir()) == [] and orphan.exists() and all_there(gust, bodies)
    gust.stop()
    assert [p["kind"] for p in fsck(gust.data)[1]["problems"]] == ["orphan blob"]
    orphan.unlink()
    assert fsck(gust.data)[0] == 0


def test_fsck_of_nothing_says_so(tmp_path):
    done = run("fsck", "--data", tmp_path / "none")
    assert done.returncode == 2 and "there is no store" in done.stderr


def test_a_backup_of_a_store_that_is_written_to(new_gust, tmp_path):
    gust = new_gust().start()
    bodies, _ = fill(gust, [0, SMALL, IN_BLOB, LARGE])
    gust.client("lambda").create_function(FunctionName="kept", Runtime="python3.12", Handler="index.handler", Role=ROLE,
                                          Code={"ZipFile": zip_of({"index.py": "def handler(e, c): return 'kept'"})})
    stop, written, lock = threading.Event(), {}, threading.Lock()

    def write(number):
        s3, n = gust.client("s3"), 0
        while not stop.is_set():
            n += 1
            key, body = f"w{number}/{n % 5}", random.randbytes(random.choice([10, 1000, 50_000, 300_000]))
            s3.put_object(Bucket="keep", Key=key, Body=body)
            with lock:
                written.setdefault(key, set()).add(hashlib.sha256(body).hexdigest())
            if n % 7 == 0:
                s3.delete_object(Bucket="keep", Key=f"w{number}/{random.randrange(5)}")

    threads = [threading.Thread(target=write, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: len(written) >= 15, "writes")
        gust.cli("backup", tmp_path / "linked")
        gust.cli("backup", tmp_path / "copied", "--copy")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    s3 = gust.client("s3")
    for key in bodies:
        s3.delete_object(Bucket="keep", Key=key)
    assert gust.cli_json("fsck")["problems"] == []
    wait_until(lambda: len(blobs_of(gust.data)) <= len(written) + 2, "what was held to go")
    gust.stop()
    for name in ("linked", "copied"):
        assert fsck(tmp_path / name) == (0, fsck(tmp_path / name)[1])
        done = run("restore", tmp_path / name, "--data", tmp_path / f"restored-{name}")
        assert done.returncode == 0, done.stdout + done.stderr
        restored = new_gust(data=tmp_path / f"restored-{name}").start()
        assert all_there(restored, bodies)
        with_keys = restored.client("s3")
        for each in with_keys.list_objects_v2(Bucket="keep", Prefix="w")["Contents"]:
            body = with_keys.get_object(Bucket="keep", Key=each["Key"])["Body"].read()
            assert hashlib.sha256(body).hexdigest() in written[each["Key"]]
        assert restored.client("lambda").invoke(FunctionName="kept")["Payload"].read() == b'"kept"'
        assert restored.keys() == gust.keys()
        restored.stop()


def test_a_backup_that_is_killed_is_not_taken_for_whole(new_gust, tmp_path):
    gust = new_gust().start()
    bodies, _ = fill(gust, [IN_BLOB] * 300)
    target, unfinished = tmp_path / "backup", tmp_path / "backup.unfinished"
    asked = subprocess.Popen([BINARY, "backup", target, "--copy"], env=gust.env(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: len(list(unfinished.rglob("*.crc"))) > 5, "the backup to begin")
    gust.kill9()
    assert asked.wait(timeout=60) != 0
    assert not target.exists() and unfinished.exists()
    refused = run("restore", unfinished, "--data", tmp_path / "restored")
    assert refused.returncode == 1 and "not a backup" in refused.stderr and not (tmp_path / "restored").exists()
    gust.start()
    assert all_there(gust, bodies)
    gust.cli("backup", target, "--copy")
    assert not unfinished.exists() and fsck(target)[0] == 0


def test_what_a_backup_refuses(new_gust, tmp_path):
    gust = new_gust().start()
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").write_text("mine")
    for folder, why in [(tmp_path / "full", "not an empty folder"), (tmp_path / "no/such", "there is no folder"),
                        (gust.data / "inside", "in the data folder itself")]:
        refused = gust.cli("backup", folder, check=False)
        assert refused.returncode == 1 and why in refused.stderr
    made = gust.cli_json("account", "create", "--name", "other")
    env = gust.env() | {"AWS_ACCESS_KEY_ID": made["access_key_id"], "AWS_SECRET_ACCESS_KEY": made["secret_access_key"]}
    for command in (["backup", tmp_path / "theirs"], ["fsck"]):
        refused = subprocess.run([BINARY, *command], env=env, capture_output=True, text=True, timeout=60)
        assert refused.returncode in (1, 2) and "root account" in refused.stderr
    gust.cli("backup", tmp_path / "good")
    refused = run("restore", tmp_path / "good", "--data", gust.data)
    assert refused.returncode == 1 and "not an empty folder" in refused.stderr
    (tmp_path / "good/backup.json").write_text('{"format": 99}')
    refused = run("restore", tmp_path / "good", "--data", tmp_path / "new")
    assert refused.returncode == 1 and "does not know" in refused.stderr
