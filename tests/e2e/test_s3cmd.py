"""s3cmd as Debian has it: copies, syncs, odd names, uploads in parts, ACLs and the bucket's configurations."""
import hashlib
import json
import random
import re
import shutil
import subprocess
import urllib.request

import pytest

pytestmark = pytest.mark.skipif(not shutil.which("s3cmd"), reason="s3cmd is not installed")
MIB = 1 << 20
ODD = ["with space", "a+b", "100%", "a%2Fb", "ünï/日本/🎈", "q?x=1", "#h", "<&>'\"", "..x", "x.", "sub dir/~t*"]


@pytest.fixture
def s3cmd(gust, tmp_path):
    def run(*args, check=True, key=None, secret=None):
        own_key, own_secret = gust.keys()
        config = tmp_path / f"s3cfg-{key}-{bool(secret)}"
        config.write_text(f"""[default]
access_key = {key or own_key}
secret_key = {secret or own_secret}
host_base = 127.0.0.1:{gust.port}
host_bucket = 127.0.0.1:{gust.port}
use_https = False
""")
        done = subprocess.run(["s3cmd", "-c", config, "--no-progress", *map(str, args)], env=gust.env() | {"LC_ALL": "C.UTF-8"},
                              capture_output=True, text=True, timeout=120)
        assert not check or done.returncode == 0, f"s3cmd {args}: {done.stdout}\n{done.stderr}"
        return done.stdout if check else done
    return run


@pytest.fixture
def bucket(s3cmd, unique):
    s3cmd("mb", f"s3://{unique}")
    return f"s3://{unique}"


@pytest.fixture
def large(tmp_path):
    path = tmp_path / "large"
    path.write_bytes(random.Random(7).randbytes(40 * MIB + 7))
    return path


def test_put_get_copy_move_delete(s3cmd, bucket, gust, large, tmp_path):
    folder = tmp_path / "tree"
    for name in ODD:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    s3cmd("put", "--recursive", f"{folder}/", f"{bucket}/")
    for name in ("a//b", "/leading", "a/./b", "a/../b"):
        s3cmd("put", folder / "a+b", f"{bucket}/{name}")
    s3cmd("get", "--force", f"{bucket}/a/../b", f"{bucket}/a//b", f"{bucket}//leading", tmp_path)
    assert (tmp_path / "leading").read_text() == (tmp_path / "b").read_text() == "a+b"
    listed = {line.split(None, 3)[3] for line in s3cmd("ls", "--recursive", bucket).splitlines()}
    assert listed == {f"{bucket}/{name}" for name in [*ODD, "a//b", "/leading", "a/./b", "a/../b"]}
    assert {o["Key"] for o in gust.client("s3").list_objects_v2(Bucket=bucket[5:])["Contents"]} == {o[len(bucket) + 1:] for o in listed}
    assert re.search(r"DIR +" + re.escape(f"{bucket}/sub dir/"), s3cmd("ls", bucket))
    s3cmd("cp", f"{bucket}/a+b", f"{bucket}/copy of ü")
    s3cmd("mv", f"{bucket}/100%", f"{bucket}/moved")
    assert f"{bucket}/100%\n" not in s3cmd("ls", bucket)
    size = int(s3cmd("du", bucket).split()[0])
    assert size == sum(len(name.encode()) for name in ODD) + 5 * len("a+b")
    s3cmd("del", f"{bucket}/a//b", f"{bucket}//leading")
    s3cmd("del", "--recursive", "--force", bucket)
    assert s3cmd("ls", bucket) == ""
    s3cmd("rb", bucket)
    assert f"{bucket}\n" not in s3cmd("ls")


def test_large_files(s3cmd, bucket, large, tmp_path):
    s3cmd("put", "--multipart-chunk-size-mb=5", "--add-header=x-amz-meta-mood:good", "--mime-type=text/x-own", large,
          f"{bucket}/large")
    s3cmd("get", f"{bucket}/large", tmp_path / "all")
    assert (tmp_path / "all").read_bytes() == large.read_bytes()
    (tmp_path / "some").write_bytes(large.read_bytes()[:9 * MIB])
    s3cmd("get", "--continue", f"{bucket}/large", tmp_path / "some")  # a range
    assert (tmp_path / "some").read_bytes() == large.read_bytes()
    s3cmd("cp", f"{bucket}/large", f"{bucket}/large copy")
    info = s3cmd("info", f"{bucket}/large copy")
    assert hashlib.md5(large.read_bytes()).hexdigest() in info and "x-amz-meta-mood: good" in info and "text/x-own" in info
    s3cmd("modify", "--add-header=x-amz-meta-mood:better", f"{bucket}/large copy")
    assert "x-amz-meta-mood: better" in s3cmd("info", f"{bucket}/large copy")


def test_sync_both_ways_with_more_keys_than_a_page_has(s3cmd, bucket, gust, tmp_path):
    folder = tmp_path / "tree"
    for name in [*ODD, *(f"many/{i:04d}" for i in range(60))]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    s3 = gust.client("s3")
    for i in range(1001):
        s3.put_object(Bucket=bucket[5:], Key=f"page/{i:04d}")
    s3cmd("sync", f"{folder}/", f"{bucket}/tree/")
    assert len(s3cmd("ls", "--recursive", bucket).splitlines()) == len(ODD) + 60 + 1001
    assert s3cmd("sync", f"{folder}/", f"{bucket}/tree/") == ""
    s3cmd("sync", f"{bucket}/tree/", f"{tmp_path}/back/")
    files = [p for p in folder.rglob("*") if p.is_file()]
    assert {p.relative_to(folder): p.read_text() for p in files} == {
        p.relative_to(tmp_path / "back"): p.read_text() for p in (tmp_path / "back").rglob("*") if p.is_file()}
    (folder / "100%").unlink()
    (folder / "a+b").write_text("changed")
    said = s3cmd("sync", "--delete-removed", f"{folder}/", f"{bucket}/tree/")
    assert "a+b" in said and f"delete: '{bucket}/tree/100%'" in said
    s3cmd("sync", "--delete-removed", f"{bucket}/tree/", f"{tmp_path}/back/")
    assert not (tmp_path / "back/100%").exists() and (tmp_path / "back/a+b").read_text() == "changed"
    s3cmd("del", "--recursive", "--force", bucket)  # a thousand in each request
    assert s3cmd("ls", "--recursive", bucket) == ""


def test_uploads_that_did_not_end(s3cmd, bucket, gust, large, tmp_path):
    s3, name = gust.client("s3"), bucket[5:]
    upload = s3.create_multipart_upload(Bucket=name, Key="large")["UploadId"]
    s3.upload_part(Bucket=name, Key="large", UploadId=upload, PartNumber=1, Body=large.read_bytes()[:5 * MIB])
    assert upload in s3cmd("multipart", bucket)
    assert "5242880" in s3cmd("listmp", f"{bucket}/large", upload)
    said = s3cmd("put", "--multipart-chunk-size-mb=5", f"--upload-id={upload}", large, f"{bucket}/large")
    assert "upload:" in said
    assert s3.get_object(Bucket=name, Key="large")["Body"].read() == large.read_bytes()
    upload = s3.create_multipart_upload(Bucket=name, Key="other")["UploadId"]
    s3cmd("abortmp", f"{bucket}/other", upload)
    assert upload not in s3cmd("multipart", bucket)


def test_acls(s3cmd, gust, unique, tmp_path):
    s3 = gust.client("s3")
    s3.create_bucket(Bucket=unique, ObjectOwnership="ObjectWriter")
    s3.delete_public_access_block(Bucket=unique)
    (tmp_path / "f").write_text("shared")
    s3cmd("put", "--acl-public", tmp_path / "f", f"s3://{unique}/a b")
    assert "ACL:       *anon*: READ" in s3cmd("info", f"s3://{unique}/a b")
    url = f"{gust.endpoint}/{unique}/a%20b"
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"shared"
    s3cmd("setacl", "--acl-private", f"s3://{unique}/a b")
    assert "*anon*" not in s3cmd("info", f"s3://{unique}/a b")
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(url)
    s3cmd("setacl", "--acl-public", f"s3://{unique}")
    assert "*anon*: READ" in s3cmd("info", f"s3://{unique}")
    s3cmd("setacl", "--acl-private", "--recursive", f"s3://{unique}")
    other = gust.cli_json("account", "create", "--name", unique)["canonical_id"]
    grants = lambda: {(g["Grantee"]["ID"], g["Permission"]) for g in s3.get_object_acl(Bucket=unique, Key="a b")["Grants"]}
    s3cmd("setacl", f"--acl-grant=read:{other}", f"s3://{unique}/a b")
    assert (other, "READ") in grants()
    s3cmd("setacl", f"--acl-revoke=read:{other}", f"s3://{unique}/a b")
    assert len(grants()) == 1


def test_configurations(s3cmd, bucket, gust, tmp_path):
    s3, name = gust.client("s3"), bucket[5:]
    (tmp_path / "life.xml").write_text("""<LifecycleConfiguration><Rule><ID>old</ID><Filter><Prefix>logs/</Prefix></Filter>
<Status>Enabled</Status><Expiration><Days>3</Days></Expiration></Rule></LifecycleConfiguration>""")
    s3cmd("setlifecycle", tmp_path / "life.xml", bucket)
    assert s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"][0]["Expiration"] == {"Days": 3}
    assert "<Days>3</Days>" in s3cmd("getlifecycle", bucket)
    s3cmd("dellifecycle", bucket)
    s3cmd("expire", "--expiry-days=4", "--expiry-prefix=tmp/", bucket)
    assert "'tmp/' will expire in '4' day" in s3cmd("info", bucket)
    (tmp_path / "policy.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{name}/*"}]}))
    s3cmd("setpolicy", tmp_path / "policy.json", bucket)
    assert "s3:GetObject" in s3cmd("info", bucket)
    s3cmd("delpolicy", bucket)
    assert "Policy:    none" in s3cmd("info", bucket)
    (tmp_path / "cors.xml").write_text("""<CORSConfiguration><CORSRule><AllowedOrigin>https://example.com</AllowedOrigin>
<AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>""")
    s3cmd("setcors", tmp_path / "cors.xml", bucket)
    assert "https://example.com" in s3cmd("info", bucket)
    s3cmd("delcors", bucket)
    assert "CORS:      none" in s3cmd("info", bucket)
    assert "BucketOwner" in s3cmd("info", bucket)
    s3cmd("payer", "--requester-pays", bucket)
    assert "Payer:     Requester" in s3cmd("info", bucket)
    s3cmd("payer", bucket)
    assert "Access logging for: " + bucket in s3cmd("accesslog", bucket)
    s3cmd("accesslog", "--no-access-logging", bucket)
    s3cmd("ws-create", "--ws-index=index.html", "--ws-error=oops.html", bucket)
    assert "Index document:   index.html" in s3cmd("ws-info", bucket)
    s3cmd("ws-delete", bucket)


def test_presigned_addresses_and_refusals(s3cmd, bucket, tmp_path):
    (tmp_path / "f").write_text("shared")
    s3cmd("put", tmp_path / "f", f"{bucket}/a b+ü%")
    with urllib.request.urlopen(s3cmd("signurl", f"{bucket}/a b+ü%", "+60").strip()) as answer:
        assert answer.read() == b"shared"
    wrong = s3cmd("ls", bucket, check=False, secret="wrong")
    assert wrong.returncode != 0 and "SignatureDoesNotMatch" in wrong.stderr
    nobody = s3cmd("ls", bucket, check=False, key="AKIANOBODY")
    assert nobody.returncode != 0 and "InvalidAccessKeyId" in nobody.stderr
    missing = s3cmd("get", f"{bucket}/none", tmp_path / "never", check=False)
    assert missing.returncode == 64 and "does not exist" in missing.stderr, missing
    full = s3cmd("rb", bucket, check=False)
    assert full.returncode != 0 and "BucketNotEmpty" in full.stderr
    by_v2 = s3cmd("--signature-v2", "ls", bucket, check=False)  # as the service refuses it
    assert by_v2.returncode != 0 and "InvalidRequest" in by_v2.stderr and "AWS4-HMAC-SHA256" in by_v2.stderr
