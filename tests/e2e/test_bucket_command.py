"""gust bucket ls|cp|rm|sync|presign|mb|rb against a daemon: round trips, what was interrupted, what is refused."""
import hashlib
import json
import os
import pty
import re
import signal
import subprocess
import urllib.error
import urllib.request

import pytest
from botocore.config import Config

from conftest import BINARY, wait_until
from gate import Gate

MIB = 1 << 20
ODD_KEYS = ["plain.txt", "with space.txt", "ünïcödé/日本語.txt", "a+b=c&d?e#f%41.txt", "sub/deep/er/x", "quo\"te'<&>.txt", " "]


def run(gust, *args, stdin=None, env=None, cwd=None):
    return subprocess.run([BINARY, "bucket", *map(str, args)], input=stdin, env=env or gust.env(), capture_output=True,
                          timeout=240, cwd=cwd)


def ok(gust, *args, **more):
    done = run(gust, *args, **more)
    assert done.returncode == 0 and not done.stderr, (args, done.returncode, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout.decode()


def refused(gust, code, says, *args, **more):
    done = run(gust, *args, **more)
    said = done.stderr.decode()
    assert done.returncode == code and says in said, (args, done.returncode, done.stdout, said)
    assert "\x1b" not in said
    return said


def pattern(size, seed=b"gust"):
    """Bytes no two parts of which are the same."""
    block = b"".join(hashlib.sha256(seed + i.to_bytes(4, "big")).digest() for i in range(32768))  # 1 MiB
    out = bytearray()
    for i in range(-(-size // MIB)):
        out += i.to_bytes(8, "big") + block[8:]
    return bytes(out[:size])


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def s3(gust):
    return gust.client("s3")


@pytest.fixture
def bucket(gust, s3, unique):
    s3.create_bucket(Bucket=unique)
    return unique


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """100 MiB and a bit: 13 parts."""
    path = tmp_path_factory.mktemp("large") / "large.bin"
    path.write_bytes(pattern(100 * MIB + 12345))
    return path


def keys(s3, bucket, prefix=""):
    return [o["Key"] for o in s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])]


def open_uploads(s3, bucket):
    return s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])


def parts_of(s3, bucket):
    """{number: etag} of the one open upload, or nothing."""
    uploads = open_uploads(s3, bucket)
    if not uploads:
        return {}
    answer = s3.list_parts(Bucket=bucket, Key=uploads[0]["Key"], UploadId=uploads[0]["UploadId"])
    return {p["PartNumber"]: p["ETag"] for p in answer.get("Parts", [])}


def begin(gust, endpoint, *args, **more):
    return subprocess.Popen([BINARY, "bucket", *map(str, args)], env=gust.env() | {"GUST_ENDPOINT": endpoint},
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)


def kept_in(folder):
    return sorted(p for p in folder.iterdir() if p.name.endswith(".gust-part"))


# -- one thing there and back


@pytest.mark.parametrize("size", [0, 1, 5 * MIB, 8 * MIB, 8 * MIB + 1, 20 * MIB + 7])
def test_a_file_comes_back_as_it_was(gust, s3, bucket, tmp_path, size):
    (tmp_path / "f.bin").write_bytes(pattern(size))
    assert ok(gust, "cp", tmp_path / "f.bin", f"s3://{bucket}/k") == f"upload: {tmp_path}/f.bin to s3://{bucket}/k\n"
    head = s3.head_object(Bucket=bucket, Key="k")
    assert head["ContentLength"] == size and ("-" in head["ETag"]) == (size > 8 * MIB)
    assert ok(gust, "cp", f"s3://{bucket}/k", tmp_path / "new" / "g.bin") == \
        f"download: s3://{bucket}/k to {tmp_path}/new/g.bin\n"
    assert (tmp_path / "new" / "g.bin").read_bytes() == pattern(size)
    assert int((tmp_path / "new" / "g.bin").stat().st_mtime) == int(head["LastModified"].timestamp())
    assert kept_in(tmp_path / "new") == [] and open_uploads(s3, bucket) == []


def test_a_hundred_mebibytes_come_back_as_they_were(gust, s3, bucket, large, tmp_path):
    ok(gust, "cp", large, f"s3://{bucket}/")
    head = s3.head_object(Bucket=bucket, Key="large.bin", ChecksumMode="ENABLED")
    assert head["ETag"].strip('"').endswith("-13") and head["ChecksumType"] == "FULL_OBJECT"
    ok(gust, "cp", f"s3://{bucket}/large.bin", tmp_path)
    assert digest(tmp_path / "large.bin") == digest(large)


def test_memory_does_not_grow_with_the_file(gust, bucket, large, tmp_path):
    ok(gust, "cp", large, f"s3://{bucket}/l")
    for way, *args in (("up", "cp", large, f"s3://{bucket}/new"), ("down", "cp", f"s3://{bucket}/l", tmp_path / "l")):
        with Gate(gust.port, **{way: 90 * MIB}) as gate:
            moving = begin(gust, gate.endpoint, *args)
            wait_until(lambda: gate.left[way] == 0, "most of it to pass")
            peak = re.search(r"VmHWM:\s+(\d+) kB", open(f"/proc/{moving.pid}/status").read())[1]
            moving.kill()
            moving.communicate()
        assert int(peak) << 10 < 64 * MIB, args


@pytest.mark.parametrize("key", ODD_KEYS)
def test_keys_of_all_kinds(gust, s3, bucket, tmp_path, key):
    (tmp_path / "f").write_text(key)
    ok(gust, "cp", tmp_path / "f", f"s3://{bucket}/{key}")
    assert keys(s3, bucket) == [key]
    assert ok(gust, "cp", f"s3://{bucket}/{key}", "-") == key
    assert ok(gust, "ls", f"s3://{bucket}", "--recursive").endswith(f" {len(key.encode())} {key}\n")
    ok(gust, "cp", f"s3://{bucket}/{key}", f"s3://{bucket}/copy/")
    assert sorted(keys(s3, bucket)) == sorted([key, "copy/" + key.rsplit("/", 1)[-1]])
    ok(gust, "rm", f"s3://{bucket}", "--recursive")
    assert keys(s3, bucket) == []


def test_names_follow_from_what_is_given(gust, s3, bucket, tmp_path):
    (tmp_path / "f.txt").write_text("x")
    for target, key in (("", "f.txt"), ("/", "f.txt"), ("/d/", "d/f.txt"), ("/d", "d")):
        ok(gust, "cp", tmp_path / "f.txt", f"s3://{bucket}{target}")
        assert key in keys(s3, bucket)
    (tmp_path / "folder").mkdir()
    ok(gust, "cp", f"s3://{bucket}/d/f.txt", tmp_path / "folder")
    ok(gust, "cp", f"s3://{bucket}/d", f"{tmp_path}/other/")
    ok(gust, "cp", f"s3://{bucket}/d", ".", cwd=tmp_path / "folder")
    ok(gust, "cp", f"s3://{bucket}/d", "e", cwd=tmp_path / "folder")
    assert sorted(p.name for p in (tmp_path / "folder").iterdir()) == ["d", "e", "f.txt"]
    assert (tmp_path / "other" / "d").read_text() == "x"


def test_content_types(gust, s3, bucket, tmp_path):
    for name, kind in (("a.html", "text/html; charset=utf-8"), ("b.png", "image/png"), ("c.zip", "application/zip"),
                       ("d", "application/octet-stream")):
        (tmp_path / name).write_text("x")
        ok(gust, "cp", tmp_path / name, f"s3://{bucket}/")
        assert s3.head_object(Bucket=bucket, Key=name)["ContentType"] == kind
    ok(gust, "cp", tmp_path / "d", f"s3://{bucket}/e", "--content-type", "text/x-own")
    assert s3.head_object(Bucket=bucket, Key="e")["ContentType"] == "text/x-own"


def test_streams(gust, s3, bucket):
    for size in (0, 3, 5 * MIB, 12 * MIB + 1):
        body = pattern(size)
        assert ok(gust, "cp", "-", f"s3://{bucket}/stream", "--part-size", "5", stdin=body)
        assert s3.get_object(Bucket=bucket, Key="stream")["Body"].read() == body
        done = run(gust, "cp", f"s3://{bucket}/stream", "-")
        assert done.returncode == 0 and done.stdout == body and not done.stderr
    assert open_uploads(s3, bucket) == []


def test_a_device_and_a_link_stay_what_they_are(gust, s3, bucket, tmp_path):
    s3.put_object(Bucket=bucket, Key="k", Body=b"new")
    os.mkfifo(tmp_path / "fifo")
    reader = subprocess.Popen(["cat", tmp_path / "fifo"], stdout=subprocess.PIPE)
    ok(gust, "cp", f"s3://{bucket}/k", tmp_path / "fifo")
    assert reader.communicate(timeout=60)[0] == b"new"
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    ok(gust, "cp", f"s3://{bucket}/k", tmp_path / "link")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real").read_text() == "new"


def test_copies_between_buckets_keep_what_is_beside_the_bytes(gust, s3, bucket, unique):
    other = unique + "-2"
    s3.create_bucket(Bucket=other)
    body = pattern(12 * MIB)
    s3.put_object(Bucket=bucket, Key="d/k.bin", Body=body, ContentType="text/x-own", Metadata={"mood": "good"})
    for arguments, in_parts in (([], False), (["--part-size", "5"], True)):
        assert ok(gust, "cp", f"s3://{bucket}/d/k.bin", f"s3://{other}/", *arguments) == \
            f"copy: s3://{bucket}/d/k.bin to s3://{other}/k.bin\n"
        there = s3.get_object(Bucket=other, Key="k.bin")
        assert there["Body"].read() == body and ("-3" in there["ETag"]) == in_parts
        assert there["ContentType"] == "text/x-own" and there["Metadata"] == {"mood": "good"}
    ok(gust, "cp", f"s3://{bucket}/d/k.bin", f"s3://{other}/typed", "--content-type", "text/plain")
    there = s3.head_object(Bucket=other, Key="typed")
    assert there["ContentType"] == "text/plain" and there["Metadata"] == {"mood": "good"}
    ok(gust, "cp", f"s3://{bucket}/", f"s3://{other}/all", "--recursive")
    assert keys(s3, other, "all") == ["all/d/k.bin"] and open_uploads(s3, other) == []


# -- folders


def tree(folder):
    return {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*") if p.is_file()}


def plant(folder, names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("of " + name)
    return folder


def test_a_folder_there_and_back(gust, s3, bucket, tmp_path):
    here = plant(tmp_path / "here", [k for k in ODD_KEYS if k.strip()])
    (here / "empty").mkdir()
    lines = ok(gust, "cp", here, f"s3://{bucket}/p", "--recursive").splitlines()
    assert len(lines) == 6 and all(line.startswith("upload: ") for line in lines)
    assert sorted(keys(s3, bucket)) == sorted("p/" + name for name in tree(here))
    s3.put_object(Bucket=bucket, Key="p/marker/", Body=b"")
    s3.put_object(Bucket=bucket, Key="pq/other", Body=b"not below p/")
    ok(gust, "cp", f"s3://{bucket}/p", tmp_path / "back", "-r", "--quiet")
    assert tree(tmp_path / "back") == tree(here)
    done = json.loads(ok(gust, "cp", f"s3://{bucket}/p/", tmp_path / "again", "-r", "--json"))
    assert len(done["done"]) == 6 and done["failed"] == [] and done["done"][0]["action"] == "download"


def test_links_are_followed_and_never_round_and_round(gust, s3, bucket, tmp_path):
    here = plant(tmp_path / "here", ["a", "sub/b"])
    (here / "file-link").symlink_to("a")
    (here / "sub" / "up").symlink_to("..")
    (here / "dead").symlink_to("nowhere")
    os.mkfifo(here / "fifo")
    said = refused(gust, 1, "leads back", "cp", here, f"s3://{bucket}", "-r")
    assert "dead cannot be read" in said and "fifo is no regular file" in said
    assert keys(s3, bucket) == ["a", "file-link", "sub/b"]


def test_keys_that_would_leave_the_folder_are_left_out(gust, s3, bucket, tmp_path):
    for key in ("good", "../evil", "a//b", "x/../../evil"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    said = refused(gust, 1, "the key '../evil' is no path below a folder", "cp", f"s3://{bucket}", tmp_path / "in", "-r")
    assert "'a//b'" in said and tree(tmp_path / "in") == {"good": "x"} and not (tmp_path / "evil").exists()


def test_one_failure_does_not_stop_the_others(gust, s3, bucket, tmp_path):
    for key in ("a", "b/c", "d"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    plant(tmp_path / "in", ["b"])
    said = refused(gust, 1, f"download of s3://{bucket}/b/c to {tmp_path}/in/b/c: ", "cp", f"s3://{bucket}", tmp_path / "in", "-r")
    assert said.count("\n") == 1 and tree(tmp_path / "in") == {"a": "x", "b": "of b", "d": "x"}


# -- sync


def actions(text):
    return sorted(re.sub(r": .*/", " ", line) for line in text.splitlines())


def test_sync_up_sends_what_changed(gust, s3, bucket, tmp_path):
    here = plant(tmp_path / "here", ["a", "b", "sub/c"])
    there = f"s3://{bucket}/site"
    assert actions(ok(gust, "sync", here, there)) == ["upload a", "upload b", "upload c"]
    assert ok(gust, "sync", here, there) == ""
    (here / "a").write_text("longer than before")
    (here / "b").write_text("OF B"[:4])
    os.utime(here / "b", (2_000_000_000, 2_000_000_000))
    (here / "sub" / "c").unlink()
    plant(here, ["d"])
    dry = ok(gust, "sync", here, there, "--delete", "--dry-run")
    assert actions(dry) == ["(dry run) remove c", "(dry run) upload a", "(dry run) upload b", "(dry run) upload d"]
    assert keys(s3, bucket) == ["site/a", "site/b", "site/sub/c"]
    assert actions(ok(gust, "sync", here, there, "--size-only", "--dry-run")) == ["(dry run) upload a", "(dry run) upload d"]
    assert actions(ok(gust, "sync", here, there)) == ["upload a", "upload b", "upload d"]
    assert "site/sub/c" in keys(s3, bucket), "only --delete removes"
    s3.put_object(Bucket=bucket, Key="site2/x", Body=b"beside it")
    assert "remove c" in actions(ok(gust, "sync", here, there, "--delete"))
    assert keys(s3, bucket) == ["site/a", "site/b", "site/d", "site2/x"]


def test_sync_down_fetches_what_changed(gust, s3, bucket, tmp_path):
    for key in ("a", "b", "sub/c"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"12345")
    here = tmp_path / "here"
    assert actions(ok(gust, "sync", f"s3://{bucket}", here)) == ["download a", "download b", "download c"]
    assert ok(gust, "sync", f"s3://{bucket}", here, "--exact-timestamps") == "", "files have their objects' times"
    os.utime(here / "a", (1_000_000_000, 1_000_000_000))
    assert ok(gust, "sync", f"s3://{bucket}", here) == ""
    assert actions(ok(gust, "sync", f"s3://{bucket}", here, "--exact-timestamps")) == ["download a"]
    os.utime(here / "b", (2_000_000_000, 2_000_000_000))
    plant(here, ["mine", "sub/mine"])
    (here / ("x" + ".0123456789abcdef.gust-part")).write_text("of a download that goes on")
    assert actions(ok(gust, "sync", f"s3://{bucket}", here, "--delete")) == ["download b", "remove mine", "remove mine"]
    assert set(tree(here)) == {"a", "b", "sub/c", "x.0123456789abcdef.gust-part"}


def test_sync_between_prefixes(gust, s3, bucket):
    for key in ("p/a", "p/b"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    assert actions(ok(gust, "sync", f"s3://{bucket}/p", f"s3://{bucket}/q")) == ["copy a", "copy b"]
    assert ok(gust, "sync", f"s3://{bucket}/p", f"s3://{bucket}/q") == ""
    s3.delete_object(Bucket=bucket, Key="p/b")
    assert actions(ok(gust, "sync", f"s3://{bucket}/p", f"s3://{bucket}/q", "--delete")) == ["remove b"]


def test_sync_removes_nothing_where_something_could_not_be_read(gust, s3, bucket, tmp_path):
    s3.put_object(Bucket=bucket, Key="kept", Body=b"x")
    here = plant(tmp_path / "here", ["a"])
    (here / "dead").symlink_to("nowhere")
    refused(gust, 1, "nothing was removed", "sync", here, f"s3://{bucket}", "--delete")
    assert keys(s3, bucket) == ["a", "kept"]
    refused(gust, 1, f"there is no folder {tmp_path}/none", "sync", tmp_path / "none", f"s3://{bucket}", "--delete")
    assert keys(s3, bucket) == ["a", "kept"]


# -- ls, rm, presign, mb, rb


def test_listings(gust, s3, bucket):
    for key, size in (("top", 5), ("d/one", 2048), ("d/two", 3), ("d/e/deep", 1)):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x" * size)
    stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
    assert re.search(rf"^{stamp} {bucket}$", ok(gust, "ls"), re.M)
    assert re.fullmatch(rf" +PRE d/\n{stamp} +5 top\n", ok(gust, "ls", f"s3://{bucket}"))
    assert re.fullmatch(rf" +PRE e/\n{stamp} +2048 one\n{stamp} +3 two\n", ok(gust, "ls", f"s3://{bucket}/d/"))
    assert re.fullmatch(r" +PRE d/\n", ok(gust, "ls", f"s3://{bucket}/d"))
    assert re.fullmatch(rf"{stamp} +2048 one\n", ok(gust, "ls", f"s3://{bucket}/d/o"))
    everything = ok(gust, "ls", f"s3://{bucket}", "-r", "--human-readable", "--summarize")
    assert [line.split(maxsplit=2)[2] for line in everything.splitlines()[:-1]] == \
        ["1 byte d/e/deep", "2.0 KiB d/one", "3 bytes d/two", "5 bytes top"]
    assert everything.splitlines()[-1] == "4 objects, 2.0 KiB"
    value = json.loads(ok(gust, "ls", f"s3://{bucket}", "--json"))
    assert value["prefixes"] == ["d/"] and value["count"] == 1 and value["objects"][0]["size"] == 5
    assert bucket in [b["name"] for b in json.loads(ok(gust, "ls", "--json"))]
    refused(gust, 1, f"there is nothing that begins with s3://{bucket}/none", "ls", f"s3://{bucket}/none")


def test_more_than_a_page(gust, s3, bucket, tmp_path):
    here = plant(tmp_path / "here", [f"{i:04}" for i in range(1100)])
    ok(gust, "sync", here, f"s3://{bucket}/many", "--quiet", "--parallel", "8")
    assert len(ok(gust, "ls", f"s3://{bucket}/many/").splitlines()) == 1100
    assert ok(gust, "sync", here, f"s3://{bucket}/many") == ""
    assert len(ok(gust, "rm", f"s3://{bucket}/many", "-r", "--dry-run").splitlines()) == 1100
    assert len(ok(gust, "rm", f"s3://{bucket}/many", "-r").splitlines()) == 1100
    assert keys(s3, bucket) == []


def test_rm(gust, s3, bucket):
    for key in ("p", "p/a", "p/b/c", "pq", " ", "\t\x01", "a&b<c>"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    assert ok(gust, "rm", f"s3://{bucket}/p", "--dry-run") == f"(dry run) remove: s3://{bucket}/p\n"
    assert ok(gust, "rm", f"s3://{bucket}/p", "--recursive").count("\n") == 2
    assert "p" in keys(s3, bucket) and "pq" in keys(s3, bucket), "only what is below p/"
    assert ok(gust, "rm", f"s3://{bucket}/p") == f"remove: s3://{bucket}/p\n"
    refused(gust, 2, "give --recursive", "rm", f"s3://{bucket}")
    assert "pq" in keys(s3, bucket)
    refused(gust, 1, f"empty it with: gust bucket rm s3://{bucket} --recursive", "rb", f"s3://{bucket}")
    ok(gust, "rm", f"s3://{bucket}", "--recursive")
    assert ok(gust, "rb", f"s3://{bucket}") == f"remove: s3://{bucket}\n"
    refused(gust, 1, f"there is no bucket '{bucket}'", "rb", f"s3://{bucket}")


def test_mb(gust, s3, unique):
    assert ok(gust, "mb", f"s3://{unique}") == f"make: s3://{unique}\n"
    s3.head_bucket(Bucket=unique)
    refused(gust, 1, "'X' is no name of a bucket (InvalidBucketName): 3-63 characters", "mb", "s3://X")
    refused(gust, 2, "is no address of s3://BUCKET", "mb", f"s3://{unique}/key")


@pytest.mark.parametrize("key", ["plain.txt", "ünï cödé/+&.txt"])
def test_presigned_addresses_need_no_keys(gust, s3, bucket, key):
    there = ok(gust, "presign", f"s3://{bucket}/{key}", "--method", "PUT").strip()
    urllib.request.urlopen(urllib.request.Request(there, data=b"rain", method="PUT"))
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"rain"
    back = json.loads(ok(gust, "presign", f"s3://{bucket}/{key}", "--expires-in", "60", "--json"))
    assert urllib.request.urlopen(back["url"]).read() == b"rain" and "X-Amz-Expires=60" in back["url"]
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(urllib.request.Request(back["url"], data=b"sun", method="PUT"))
    refused(gust, 2, "--expires-in", "presign", f"s3://{bucket}/{key}", "--expires-in", "604801")
    refused(gust, 2, "is no address of s3://BUCKET/KEY", "presign", f"s3://{bucket}")


# -- what was interrupted


def interrupted_upload(gust, s3, bucket, large):
    """Killed with some parts there; their {number: etag}."""
    with Gate(gust.port, up=45 * MIB) as gate:
        sending = begin(gust, gate.endpoint, "cp", large, f"s3://{bucket}/k")
        wait_until(lambda: gate.left["up"] == 0, "the network to die")
        there = wait_until(lambda: parts_of(s3, bucket), "a part")
        sending.kill()
        sending.communicate()
    assert keys(s3, bucket) == []
    return parts_of(s3, bucket) or there


def test_an_upload_that_was_killed_goes_on(gust, s3, bucket, large):
    there = interrupted_upload(gust, s3, bucket, large)
    assert 1 <= len(there) <= 5
    assert f" k\n" in ok(gust, "ls", "--uploads", f"s3://{bucket}")
    with Gate(gust.port) as gate:
        ok(gust, "cp", large, f"s3://{bucket}/k", env=gust.env() | {"GUST_ENDPOINT": gate.endpoint})
        missing = large.stat().st_size - len(there) * 8 * MIB
        assert gate.passed["up"] < missing + MIB, "parts that were there are not sent again"
    assert open_uploads(s3, bucket) == []
    assert hashlib.sha256(s3.get_object(Bucket=bucket, Key="k")["Body"].read()).hexdigest() == digest(large)


def test_of_an_interrupted_upload_only_what_is_of_the_file_is_taken(gust, s3, bucket, large, tmp_path):
    there = interrupted_upload(gust, s3, bucket, large)
    changed = bytearray(large.read_bytes())
    first = min(there)
    changed[(first - 1) * 8 * MIB + 5] ^= 1
    (tmp_path / "changed").write_bytes(changed)
    ok(gust, "cp", tmp_path / "changed", f"s3://{bucket}/k")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == bytes(changed)


def test_an_upload_of_something_else_is_left_alone(gust, s3, bucket, tmp_path):
    (tmp_path / "f").write_bytes(pattern(20 * MIB))
    other = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="k", UploadId=other, PartNumber=1, Body=pattern(8 * MIB, b"other"))
    ok(gust, "cp", tmp_path / "f", f"s3://{bucket}/k")
    assert [u["UploadId"] for u in open_uploads(s3, bucket)] == [other]
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == pattern(20 * MIB)
    refused(gust, 2, "give --recursive", "rm", "--uploads", f"s3://{bucket}")
    assert ok(gust, "rm", "--uploads", f"s3://{bucket}/k") == f"abort: upload of s3://{bucket}/k\n"
    assert open_uploads(s3, bucket) == [] and keys(s3, bucket) == ["k"]


def test_of_several_open_uploads_the_one_of_the_file_goes_on(gust, bucket, tmp_path):
    s3 = gust.client("s3", config=Config(request_checksum_calculation="when_required"))
    (tmp_path / "f").write_bytes(pattern(20 * MIB))
    made = {}
    for seed, numbers in ((b"other", (1, 2)), (b"gust", (2,)), (b"none", ())):
        made[seed] = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
        for number in numbers:
            body = pattern(20 * MIB, seed)[(number - 1) * 8 * MIB:number * 8 * MIB]
            s3.upload_part(Bucket=bucket, Key="k", UploadId=made[seed], PartNumber=number, Body=body)
    ok(gust, "cp", tmp_path / "f", f"s3://{bucket}/k")
    assert {u["UploadId"] for u in open_uploads(s3, bucket)} == {made[b"other"], made[b"none"]}
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == pattern(20 * MIB)


def test_an_upload_that_goes_on_gets_the_type_that_is_asked_for(gust, bucket, tmp_path):
    s3 = gust.client("s3", config=Config(request_checksum_calculation="when_required"))
    (tmp_path / "f").write_bytes(pattern(20 * MIB))
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", ContentType="text/old")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=pattern(8 * MIB))
    ok(gust, "cp", tmp_path / "f", f"s3://{bucket}/k", "--content-type", "text/new")
    there = s3.get_object(Bucket=bucket, Key="k")
    assert there["ContentType"] == "text/new" and there["Body"].read() == pattern(20 * MIB)
    assert open_uploads(s3, bucket) == []


def interrupted_download(gust, bucket, target, end=signal.SIGKILL):
    with Gate(gust.port, down=45 * MIB) as gate:
        fetching = begin(gust, gate.endpoint, "cp", f"s3://{bucket}/k", target)
        wait_until(lambda: gate.left["down"] == 0, "the network to die")
        wait_until(lambda: sum(p.stat().st_size for p in kept_in(target.parent)) >= 44 * MIB, "what came")
        fetching.send_signal(end)
        said = fetching.communicate(timeout=60)[1].decode()
    return fetching.returncode, said


def test_a_download_that_was_killed_goes_on(gust, s3, bucket, large, tmp_path):
    s3.upload_file(str(large), bucket, "k")
    interrupted_download(gust, bucket, tmp_path / "f")
    kept = kept_in(tmp_path)[0].stat().st_size
    assert kept >= 44 * MIB and not (tmp_path / "f").exists()
    with Gate(gust.port) as gate:
        ok(gust, "cp", f"s3://{bucket}/k", tmp_path / "f", env=gust.env() | {"GUST_ENDPOINT": gate.endpoint})
        missing = large.stat().st_size - kept
        assert missing <= gate.passed["down"] < missing + MIB, "bytes that were there are not fetched again"
    assert digest(tmp_path / "f") == digest(large) and kept_in(tmp_path) == []


def test_two_versions_are_never_mixed(gust, s3, bucket, large, tmp_path):
    s3.upload_file(str(large), bucket, "k")
    interrupted_download(gust, bucket, tmp_path / "f")
    newer = pattern(large.stat().st_size, b"newer")
    s3.put_object(Bucket=bucket, Key="k", Body=newer)
    ok(gust, "cp", f"s3://{bucket}/k", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == newer and kept_in(tmp_path) == []


def test_what_is_damaged_on_the_disk_is_thrown_away(gust, s3, bucket, large, tmp_path):
    ok(gust, "cp", large, f"s3://{bucket}/k")
    interrupted_download(gust, bucket, tmp_path / "f")
    kept = kept_in(tmp_path)[0]
    with open(kept, "r+b") as file:
        file.seek(1000)
        file.write(b"damage")
    refused(gust, 1, "does not have its checksum and was thrown away", "cp", f"s3://{bucket}/k", tmp_path / "f")
    assert not (tmp_path / "f").exists() and kept_in(tmp_path) == []
    ok(gust, "cp", f"s3://{bucket}/k", tmp_path / "f")
    assert digest(tmp_path / "f") == digest(large)


def test_ctrl_c_leaves_no_half_file(gust, s3, bucket, large, tmp_path):
    s3.upload_file(str(large), bucket, "k")
    (tmp_path / "f").write_text("old")
    code, said = interrupted_download(gust, bucket, tmp_path / "f", signal.SIGINT)
    assert code == -signal.SIGINT, said
    assert (tmp_path / "f").read_text() == "old" and len(kept_in(tmp_path)) == 1
    ok(gust, "cp", f"s3://{bucket}/k", tmp_path / "f")
    assert digest(tmp_path / "f") == digest(large)
    s3.put_object(Bucket=bucket, Key="small", Body=pattern(4 * MIB))
    (tmp_path / "in").mkdir()
    with Gate(gust.port, down=2 * MIB) as gate:
        fetching = begin(gust, gate.endpoint, "cp", f"s3://{bucket}/small", tmp_path / "in")
        wait_until(lambda: gate.left["down"] == 0 and kept_in(tmp_path / "in"), "the network to die")
        fetching.send_signal(signal.SIGINT)
        fetching.communicate(timeout=60)
    assert fetching.returncode == -signal.SIGINT and list((tmp_path / "in").iterdir()) == []


def test_ctrl_c_keeps_an_upload_open_and_aborts_a_stream(gust, s3, bucket, large):
    with Gate(gust.port, up=45 * MIB) as gate:
        sending = begin(gust, gate.endpoint, "cp", large, f"s3://{bucket}/k")
        wait_until(lambda: gate.left["up"] == 0 and parts_of(s3, bucket), "a part")
        sending.send_signal(signal.SIGINT)
        sending.communicate(timeout=60)
    assert sending.returncode == -signal.SIGINT and parts_of(s3, bucket) and keys(s3, bucket) == []
    ok(gust, "rm", "--uploads", f"s3://{bucket}", "--recursive")
    sending = begin(gust, gust.endpoint, "cp", "-", f"s3://{bucket}/s", stdin=subprocess.PIPE)
    sending.stdin.write(pattern(9 * MIB))
    sending.stdin.flush()
    wait_until(lambda: parts_of(s3, bucket), "a part")
    sending.send_signal(signal.SIGTERM)
    assert sending.wait(timeout=60) == -signal.SIGTERM
    sending.stdin.close()
    assert open_uploads(s3, bucket) == [] and keys(s3, bucket) == []


@pytest.mark.parametrize("way", ["up", "down"])
def test_a_broken_connection_is_not_the_end(gust, s3, bucket, large, tmp_path, way):
    s3.upload_file(str(large), bucket, "k")
    ends = [large, f"s3://{bucket}/new"] if way == "up" else [f"s3://{bucket}/k", tmp_path / "f"]
    with Gate(gust.port, **{way: 45 * MIB}) as gate:
        moving = begin(gust, gate.endpoint, "cp", *ends)
        wait_until(lambda: gate.left[way] == 0, "the network to die")
        gate.cut()
        assert moving.wait(timeout=120) == 0, moving.stderr.read()
    if way == "up":
        ok(gust, "cp", f"s3://{bucket}/new", tmp_path / "f")
    assert digest(tmp_path / "f") == digest(large)


# -- progress


def on_terminal(gust, *args):
    ours, theirs = pty.openpty()
    done = subprocess.Popen([BINARY, "bucket", *map(str, args)], env=gust.env() | {"TERM": "xterm"}, stderr=theirs,
                            stdout=subprocess.PIPE)
    os.close(theirs)
    out = b""
    try:
        while data := os.read(ours, 65536):
            out += data
    except OSError:  # how a terminal tells its end
        pass
    os.close(ours)
    assert done.wait(timeout=60) == 0 and b"\x1b" not in done.stdout.read()
    return out.decode()


def test_progress_shows_on_a_terminal_for_what_is_large(gust, bucket, large, tmp_path):
    shown = on_terminal(gust, "cp", large, f"s3://{bucket}/k")
    assert re.search(r"\r\x1b\[K[\d.]+ MiB of 100\.0 MiB \(\d+%\), [\d.]+ [MGK]iB/s, \d+:\d\d left", shown), shown
    assert "100.0 MiB of 100.0 MiB (100%)" in shown and shown.endswith("\r\x1b[K")
    assert "(100%)" in on_terminal(gust, "cp", f"s3://{bucket}/k", tmp_path / "f")
    (tmp_path / "small").write_text("x")
    assert on_terminal(gust, "cp", tmp_path / "small", f"s3://{bucket}/s") == ""


# -- what is refused


@pytest.mark.parametrize("args, code, says", [
    (["cp", "/nonexistent", "s3://{b}/"], 1, "there is no file /nonexistent"),
    (["cp", "/nonexistent", "s3://{b}/", "-r"], 1, "there is no folder /nonexistent"),
    (["cp", "{d}", "s3://{b}/"], 1, "is a folder; give --recursive"),
    (["cp", "{f}", "s3://{b}/", "-r"], 2, "is no folder; leave --recursive out"),
    (["cp", "s3://{b}/k", "{d}/sub/../taken"], 1, "is a folder; give the name that the file is to have"),
    (["cp", "s3://{b}/none", "{d}"], 1, "there is no object 'none' in the bucket '{b}'; see gust bucket ls"),
    (["cp", "s3://{b}/none", "-"], 1, "there is no object 'none'"),
    (["cp", "s3://{b}/none/", "{d}", "-r"], 1, "there is nothing below s3://{b}/none/"),
    (["cp", "s3://{b}/none", "s3://{b}/other"], 1, "there is no object 'none'"),
    (["cp", "s3://{b}/k", "s3://{b}/k"], 2, "would be copied onto itself"),
    (["cp", "s3://{b}/d/", "{d}"], 2, "names a folder; give --recursive"),
    (["cp", "s3://{b}", "{d}"], 2, "is a bucket; give --recursive"),
    (["cp", "{f}", "{d}"], 2, "in a bucket; write one of them as s3://BUCKET/KEY"),
    (["cp", "s3:/{b}/k", "{d}"], 2, "'s3:/{b}/k' is no address of s3://BUCKET[/KEY]"),
    (["cp", "{f}", "s3:///k"], 2, "'s3:///k' is no address"),
    (["cp", "-", "s3://{b}/"], 2, "names no object; with - write the whole key"),
    (["cp", "-", "s3://{b}/x", "-r"], 2, "- is one stream"),
    (["cp", "s3://{b}/k", "-", "--json"], 2, "--json and -"),
    (["cp", "{f}"], 2, "dst is required"),
    (["cp", "{f}", "s3://{b}/", "--part-size", "4"], 2, "--part-size"),
    (["cp", "{f}", "s3://no-such-bucket-here/"], 1, "there is no bucket 'no-such-bucket-here'; see gust bucket ls, or make"),
    (["cp", "{d}", "s3://no-such-bucket-here/", "-r"], 1, "there is no bucket 'no-such-bucket-here'"),
    (["cp", "s3://no-such-bucket-here/k", "{d}"], 1, "there is no bucket 'no-such-bucket-here'"),
    (["sync", "{d}", "s3://no-such-bucket-here/", "--delete"], 1, "there is no bucket 'no-such-bucket-here'"),
    (["sync", "s3://no-such-bucket-here/", "{d}", "--delete"], 1, "there is no bucket 'no-such-bucket-here'"),
    (["sync", "{f}", "s3://{b}"], 2, "is no folder"),
    (["sync", "s3://{b}", "{f}"], 1, "is no folder"),
    (["sync", "s3://{b}/a", "s3://{b}/a/"], 2, "would be synchronised with itself"),
    (["sync", "{d}", "s3://{b}", "--size-only", "--exact-timestamps"], 2, "exclude each other"),
    (["sync", "{d}", "-"], 2, "in a bucket"),
    (["ls", "{b}"], 2, "'{b}' is no address of s3://BUCKET[/KEY]"),
    (["ls", "s3://no-such-bucket-here"], 1, "there is no bucket 'no-such-bucket-here'"),
    (["ls", "--uploads"], 2, "--uploads needs a bucket"),
    (["rm", "s3://no-such-bucket-here/k"], 1, "there is no bucket 'no-such-bucket-here'"),
    (["rm", "k"], 2, "'k' is no address"),
    (["fly"], 2, "no command 'fly'"),
    ([], 2, "subcommand"),
])
def test_what_is_wrong_is_named(gust, s3, refusals, tmp_path, args, code, says):
    plant(tmp_path / "folder", ["f", "sub/g"])
    (tmp_path / "folder" / "taken" / "k").mkdir(parents=True)
    (tmp_path / "file").write_text("x")

    def fill(text):
        return text.replace("{d}", f"{tmp_path}/folder").replace("{f}", f"{tmp_path}/file").replace("{b}", refusals)
    before = tree(tmp_path)
    if args:
        refused(gust, code, fill(says), *map(fill, args), cwd=tmp_path)
    else:
        assert run(gust).returncode == code
    assert tree(tmp_path) == before and keys(s3, refusals) == ["k"] and not (tmp_path / "s3:").exists()


@pytest.fixture(scope="module")
def refusals(gust):
    s3 = gust.client("s3")
    s3.create_bucket(Bucket="refusals")
    s3.put_object(Bucket="refusals", Key="k", Body=b"x")
    return "refusals"


def test_another_accounts_bucket_is_denied(gust, bucket, s3, tmp_path):
    other = gust.cli_json("account", "create", "--name", "stranger")
    env = gust.env() | {"AWS_ACCESS_KEY_ID": other["access_key_id"], "AWS_SECRET_ACCESS_KEY": other["secret_access_key"]}
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    (tmp_path / "f").write_text("x")
    for args in (["ls", f"s3://{bucket}"], ["cp", f"s3://{bucket}/k", tmp_path / "g"], ["cp", tmp_path / "f", f"s3://{bucket}/"],
                 ["rm", f"s3://{bucket}/k"], ["sync", tmp_path, f"s3://{bucket}", "--delete"], ["rb", f"s3://{bucket}"]):
        refused(gust, 1, f"access denied: the bucket '{bucket}' is not of the account", *args, env=env)
    assert keys(s3, bucket) == ["k"] and not (tmp_path / "g").exists()


def test_wrong_keys_are_named(gust, bucket, tmp_path):
    (tmp_path / "f").write_text("x")
    env = gust.env() | {"AWS_SECRET_ACCESS_KEY": "wrong"}
    for args in (["ls", f"s3://{bucket}"], ["cp", f"s3://{bucket}/k", tmp_path], ["cp", tmp_path / "f", f"s3://{bucket}/"]):
        refused(gust, 1, "SignatureDoesNotMatch", *args, env=env)


def test_without_a_daemon_it_is_3(gust, tmp_path):
    (tmp_path / "f").write_text("x")
    for args in (["ls"], ["cp", tmp_path / "f", "s3://b/k"], ["cp", "s3://b/k", tmp_path], ["sync", tmp_path, "s3://b"],
                 ["rm", "s3://b/k"], ["mb", "s3://b"]):
        refused(gust, 3, "gust up", *args, "--endpoint", "http://127.0.0.1:9")


def test_a_full_or_forbidden_place_is_named(gust, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x" * 100_000)
    with open("/dev/full", "wb") as full:
        done = subprocess.run([BINARY, "bucket", "cp", f"s3://{bucket}/k", "-"], env=gust.env(), stdout=full,
                              stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 1 and b"No space left" in done.stderr
    refused(gust, 1, "/proc/here", "cp", f"s3://{bucket}/k", "/proc/here/k")


def test_what_the_service_refuses_is_said(gust, bucket, tmp_path):
    (tmp_path / "f").write_text("x")
    refused(gust, 1, "KeyTooLong", "cp", tmp_path / "f", f"s3://{bucket}/{'x' * 1025}")


@pytest.mark.parametrize("command", ["", "ls", "cp", "rm", "sync", "presign", "mb", "rb"])
def test_help_has_examples(gust, command):
    said = ok(gust, *command.split(), "--help")
    assert "Examples:\n  gust bucket" in said
