"""rclone as Debian has it: copies, syncs, checks, odd names, versions, uploads in parts."""
import hashlib
import json
import os
import random
import shutil
import subprocess
import urllib.request

import pytest

pytestmark = pytest.mark.skipif(not shutil.which("rclone"), reason="rclone is not installed")
MIB = 1 << 20
IN_PARTS = ("--s3-upload-cutoff", "5M", "--s3-chunk-size", "5M", "--s3-copy-cutoff", "6M")
ODD = ["with space", "a+b", "100%", "a%2Fb", "ünï/日本/🎈", "q?x=1", "#h", "<&>'\"", "..x", "x.", "back\\slash", "sub dir/~t*"]


def settings(gust, **more):
    """A remote "gust:" by rclone's environment."""
    key, secret = gust.keys()
    values = {"type": "s3", "provider": "Other", "access_key_id": key, "secret_access_key": secret,
              "endpoint": gust.endpoint, "region": "us-east-1"} | more
    return {f"RCLONE_CONFIG_GUST_{name.upper()}": value for name, value in values.items()}


@pytest.fixture
def rclone(gust, tmp_path):
    def run(*args, check=True, text=True, env=None, **more):
        whole = gust.env() | {"RCLONE_CONFIG": str(tmp_path / "none"), "RCLONE_RETRIES": "1", "RCLONE_LOW_LEVEL_RETRIES": "1"}
        (tmp_path / "none").touch()
        done = subprocess.run(["rclone", *map(str, args)], env=whole | settings(gust) | (env or {}), capture_output=True,
                              text=text, timeout=120, **more)
        assert not check or done.returncode == 0, f"rclone {args}: {done.stderr}"
        return done if not check else done.stdout
    return run


@pytest.fixture
def bucket(rclone, unique):
    rclone("mkdir", f"gust:{unique}")
    return unique


@pytest.fixture
def tree(tmp_path):
    """Files of odd names, and a large one."""
    folder = tmp_path / "tree"
    for name in ODD:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name * 3)
    (folder / "large").write_bytes(random.Random(7).randbytes(40 * MIB + 7))
    (folder / "empty").touch()
    return folder


def names_in(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_sync_both_ways(rclone, bucket, tree, tmp_path):
    rclone("sync", tree, f"gust:{bucket}/t", *IN_PARTS)
    assert sorted(rclone("lsf", "-R", "--files-only", f"gust:{bucket}/t").splitlines()) == names_in(tree)
    rclone("check", tree, f"gust:{bucket}/t")  # by MD5, of the large one from its metadata
    rclone("check", "--download", tree, f"gust:{bucket}/t")
    rclone("sync", f"gust:{bucket}/t", tmp_path / "back", "--multi-thread-cutoff", "10M", "--multi-thread-streams", "4")
    for name in names_in(tree):
        assert (tmp_path / "back" / name).read_bytes() == (tree / name).read_bytes(), name
    said = rclone("sync", tree, f"gust:{bucket}/t", "-v", check=False).stderr
    assert "There was nothing to transfer" in said, said
    (tree / "100%").unlink()
    (tree / "a+b").write_text("changed")
    rclone("sync", tree, f"gust:{bucket}/t")
    assert sorted(rclone("lsf", "-R", "--files-only", f"gust:{bucket}/t").splitlines()) == names_in(tree)
    (tmp_path / "back/extra").write_text("x")
    rclone("sync", "--checksum", f"gust:{bucket}/t", tmp_path / "back")
    assert names_in(tmp_path / "back") == names_in(tree)
    assert (tmp_path / "back/a+b").read_text() == "changed"
    rclone("purge", f"gust:{bucket}/t")
    assert rclone("lsf", "-R", f"gust:{bucket}") == ""
    rclone("rmdir", f"gust:{bucket}")
    assert f"{bucket}/" not in rclone("lsf", "gust:").splitlines()


def test_ranges_hashes_and_modification_times(rclone, bucket, tree):
    rclone("copyto", tree / "large", f"gust:{bucket}/large", *IN_PARTS)
    data = (tree / "large").read_bytes()
    assert rclone("cat", f"gust:{bucket}/large", "--offset", 5 * MIB - 3, "--count", 9, text=False) == data[5 * MIB - 3:][:9]
    assert rclone("cat", f"gust:{bucket}/large", "--tail", 5, text=False) == data[-5:]
    assert rclone("hashsum", "MD5", f"gust:{bucket}/large").split()[0] == hashlib.md5(data).hexdigest()
    os.utime(tree / "a+b", (1_000_000_000, 1_000_000_000))
    rclone("copy", tree / "a+b", f"gust:{bucket}")
    found, = json.loads(rclone("lsjson", "--metadata", f"gust:{bucket}/a+b"))
    assert found["ModTime"].startswith("2001-09-09T01:46:40") and found["Metadata"]["mtime"] == "2001-09-09T01:46:40Z"
    rclone("touch", "--timestamp", "2002-01-01T00:00:00", f"gust:{bucket}/a+b")  # a copy onto itself
    found, = json.loads(rclone("lsjson", f"gust:{bucket}/a+b"))
    assert found["ModTime"].startswith("2002-01-01")
    assert json.loads(rclone("size", "--json", f"gust:{bucket}"))["count"] == 2


def test_copies_on_the_server(rclone, bucket, tree, gust):
    rclone("copy", tree, f"gust:{bucket}/a", *IN_PARTS)
    rclone("copy", f"gust:{bucket}/a", f"gust:{bucket}/b", *IN_PARTS)  # of the large one part by part
    rclone("check", tree, f"gust:{bucket}/b")
    assert gust.client("s3").head_object(Bucket=bucket, Key="b/large")["ETag"].endswith('-7"')
    rclone("moveto", f"gust:{bucket}/b/100%", f"gust:{bucket}/b/ü + %41")
    assert rclone("cat", f"gust:{bucket}/b/ü + %41") == "100%" * 3
    assert "100%" not in rclone("lsf", f"gust:{bucket}/b").splitlines()
    rclone("settier", "STANDARD_IA", f"gust:{bucket}/a/a+b")
    found, = json.loads(rclone("lsjson", f"gust:{bucket}/a/a+b"))
    assert found["Tier"] == "STANDARD_IA"
    rclone("rcat", f"gust:{bucket}/piped", *IN_PARTS, input=(tree / "large").read_bytes(), text=False)
    assert rclone("hashsum", "MD5", f"gust:{bucket}/piped", "--download").split()[0] == \
        hashlib.md5((tree / "large").read_bytes()).hexdigest()


def test_more_keys_than_a_page_has(rclone, bucket, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for i in range(1010):
        (folder / f"{i:04d}").write_text(str(i))
    rclone("copy", folder, f"gust:{bucket}", "--transfers", 16, "--checkers", 16, "--s3-no-head", "--no-traverse", "--s3-no-check-bucket")
    assert rclone("lsf", f"gust:{bucket}").splitlines() == [f"{i:04d}" for i in range(1010)]
    assert len(rclone("lsf", f"gust:{bucket}", "--s3-list-chunk", 100, "--s3-list-version", 2).splitlines()) == 1010
    assert "1010 matching files" in rclone("check", folder, f"gust:{bucket}", check=False).stderr
    rclone("delete", f"gust:{bucket}", "--checkers", 16)
    assert rclone("lsf", f"gust:{bucket}") == ""


def test_keys_of_others_are_listed(rclone, bucket, gust):
    """Keys that no folder can have."""
    s3 = gust.client("s3")
    for key in ("a//b", "a/./b", "a/../b", "trailing/"):
        s3.put_object(Bucket=bucket, Key=key, Body=key)
    seen = rclone("lsf", "-R", f"gust:{bucket}").splitlines()
    assert "trailing/" in seen and {"a/．/b", "a/．．/b"} <= set(seen), seen  # full-width dots stand for dots


def test_versions(rclone, bucket, gust, tmp_path):
    gust.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for text in ("one", "two", "three"):
        rclone("rcat", f"gust:{bucket}/note.txt", input=text)
    rclone("deletefile", f"gust:{bucket}/note.txt")
    assert rclone("lsf", f"gust:{bucket}") == ""
    older = sorted(rclone("lsf", "--s3-versions", f"gust:{bucket}").splitlines())
    assert len(older) == 3 and all(name.startswith("note-v") for name in older), older
    assert {rclone("cat", "--s3-versions", f"gust:{bucket}/{name}") for name in older} == {"one", "two", "three"}
    rclone("copy", "--s3-versions", f"gust:{bucket}", tmp_path / "all")
    assert names_in(tmp_path / "all") == older
    rclone("backend", "cleanup-hidden", f"gust:{bucket}")
    assert rclone("lsf", "--s3-versions", f"gust:{bucket}") == ""
    assert "Versions" not in gust.client("s3").list_object_versions(Bucket=bucket)


def test_uploads_that_did_not_end(rclone, bucket, gust):
    s3 = gust.client("s3")
    for key in ("one", "ü two"):
        upload = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
        s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=1, Body=b"part")
    listed = json.loads(rclone("backend", "list-multipart-uploads", f"gust:{bucket}"))
    assert [one["Key"] for one in listed[bucket]] == ["one", "ü two"]
    rclone("cleanup", f"gust:{bucket}")  # of a day ago and more
    assert len(s3.list_multipart_uploads(Bucket=bucket)["Uploads"]) == 2
    rclone("backend", "cleanup", f"gust:{bucket}", "-o", "max-age=0s")
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_links_and_refusals(rclone, bucket, gust):
    rclone("rcat", f"gust:{bucket}/a b+ü%", input="shared")
    link = rclone("link", "--expire", "60s", f"gust:{bucket}/a b+ü%").strip()
    with urllib.request.urlopen(link) as answer:
        assert answer.read() == b"shared"
    wrong = rclone("lsf", f"gust:{bucket}", check=False, env=settings(gust, secret_access_key="wrong"))
    assert wrong.returncode != 0 and "SignatureDoesNotMatch" in wrong.stderr
    nobody = rclone("lsf", f"gust:{bucket}", check=False, env=settings(gust, access_key_id="AKIANOBODY"))
    assert nobody.returncode != 0 and "InvalidAccessKeyId" in nobody.stderr
    missing = rclone("lsf", f"gust:{bucket}-none", check=False)
    assert missing.returncode == 3, missing.stderr  # rclone's "directory not found"
    virtual = settings(gust, endpoint=f"http://s3.localhost:{gust.port}", force_path_style="false")
    assert rclone("lsf", f"gust:{bucket}", env=virtual) == "a b+ü%\n"
