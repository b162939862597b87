"""The AWS SDK for JavaScript v3 and the aws command line (version 1 from PyPI, version 2 from Debian)."""
import base64
import json
import os
import random
import shutil
import subprocess

import pytest
import requests
from botocore.exceptions import ClientError

from conftest import ROOT
from test_lambda import zip_of

MIB = 1 << 20


@pytest.mark.parametrize("service, operation", [("kinesis", "list_streams"), ("sqs", "list_queues"), ("sns", "list_topics"),
                                                ("scheduler", "list_schedules")])
def test_a_service_that_is_not_served_says_so(gust, service, operation):
    with pytest.raises(ClientError) as refused:
        getattr(gust.client(service), operation)()
    error = refused.value.response["Error"]
    assert error["Code"] in ("UnknownOperationException", "InvalidAction")
    assert f"does not serve '{service}'" in error["Message"]


def test_javascript_sdk(gust, unique):
    folder = ROOT / "build/node-tests"
    shutil.copy(ROOT / "tests/e2e/node/all.mjs", folder / "all.mjs")
    code = base64.b64encode(zip_of({"index.js": "exports.handler = async (e) => ({got: e})"})).decode()
    done = subprocess.run(["node", "all.mjs", unique, code], cwd=folder, env=gust.env(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"payload": {"got": {"n": 1}}, "account": "000000000000"}


@pytest.mark.parametrize("script", ["s3.mjs", "storage.mjs"])
def test_javascript_sdk_objects(gust, unique, script):
    folder = ROOT / "build/node-tests"
    shutil.copy(ROOT / "tests/e2e/node" / script, folder / script)
    done = subprocess.run(["node", script, unique], cwd=folder, env=gust.env(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stdout == "done\n", done.stderr


@pytest.fixture(params=["build/venv-new/bin/aws", "/usr/bin/aws"])
def aws(request, gust):
    binary = ROOT / request.param

    def run(*args, check=True, env=None):
        done = subprocess.run([binary, *args, "--endpoint-url", gust.endpoint], env=gust.env() | {"AWS_PAGER": ""} | (env or {}),
                              capture_output=True, text=True, timeout=120)
        assert not check or done.returncode == 0, done.stderr
        return done
    run.is_new = "venv-new" in request.param
    return run


def test_aws_command_line(aws, unique, tmp_path):
    aws("s3", "mb", f"s3://{unique}")
    folder = tmp_path / "tree"
    (folder / "sub").mkdir(parents=True)
    (folder / "one.txt").write_text("one")
    (folder / "sub/two.bin").write_bytes(os.urandom(9 << 20))  # past the command line's multipart threshold
    aws("s3", "sync", str(folder), f"s3://{unique}/tree")
    assert "sub/" in aws("s3", "ls", f"s3://{unique}/tree/").stdout
    aws("s3", "cp", "--recursive", f"s3://{unique}/tree", str(tmp_path / "back"))
    assert (tmp_path / "back/sub/two.bin").read_bytes() == (folder / "sub/two.bin").read_bytes()
    aws("s3", "mv", f"s3://{unique}/tree/one.txt", f"s3://{unique}/moved.txt")
    got = json.loads(aws("s3api", "head-object", "--bucket", unique, "--key", "moved.txt", "--output", "json").stdout)
    assert got["ContentLength"] == 3
    missing = aws("s3api", "get-object", "--bucket", unique, "--key", "none", str(tmp_path / "x"), check=False)
    assert missing.returncode != 0 and "NoSuchKey" in missing.stderr
    aws("s3", "rb", "--force", f"s3://{unique}")


def test_aws_command_line_objects(aws, unique, tmp_path):
    """Each operation of s3api, and what the high-level commands do with odd names."""
    def api(operation, *args, check=True):
        done = aws("s3api", operation, "--bucket", unique, "--output", "json", *args, check=check)
        return json.loads(done.stdout) if check and done.stdout.strip() else done.stderr
    api("create-bucket")
    api("head-bucket")
    api("get-bucket-location")
    (tmp_path / "in").write_bytes(b"0123456789")
    etag = api("put-object", "--key", "a b/ü+%", "--body", str(tmp_path / "in"), "--metadata", "m=1")["ETag"]
    assert api("head-object", "--key", "a b/ü+%")["Metadata"] == {"m": "1"}
    api("get-object", "--key", "a b/ü+%", "--range", "bytes=2-4", str(tmp_path / "out"))
    assert (tmp_path / "out").read_bytes() == b"234"
    assert "PreconditionFailed" in api("get-object", "--key", "a b/ü+%", "--if-match", "x", str(tmp_path / "no"), check=False)
    api("copy-object", "--key", "copy", "--copy-source", f"{unique}/a b/ü+%")
    assert api("head-object", "--key", "copy")["ETag"] == etag
    assert [o["Key"] for o in api("list-objects", "--prefix", "a")["Contents"]] == ["a b/ü+%"]
    page = api("list-objects-v2", "--max-items", "1", "--page-size", "1")
    assert api("list-objects-v2", "--starting-token", page["NextToken"])["Contents"][0]["Key"] == "copy"
    upload = api("create-multipart-upload", "--key", "m")["UploadId"]
    api("list-multipart-uploads")
    part = api("upload-part", "--key", "m", "--upload-id", upload, "--part-number", "1", "--body", str(tmp_path / "in"))
    api("upload-part-copy", "--key", "m", "--upload-id", upload, "--part-number", "2", "--copy-source", f"{unique}/copy")
    assert len(api("list-parts", "--key", "m", "--upload-id", upload)["Parts"]) == 2
    named = {"Parts": [{"PartNumber": 1} | {k: v for k, v in part.items() if k == "ETag" or k.startswith("Checksum")}]}
    api("complete-multipart-upload", "--key", "m", "--upload-id", upload, "--multipart-upload", json.dumps(named))
    upload = api("create-multipart-upload", "--key", "m")["UploadId"]
    api("abort-multipart-upload", "--key", "m", "--upload-id", upload)
    rules = {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}
    api("put-bucket-cors", "--cors-configuration", json.dumps(rules))
    assert api("get-bucket-cors") == rules
    api("delete-bucket-cors")
    api("put-bucket-notification-configuration", "--notification-configuration", "{}")
    api("get-bucket-notification-configuration")
    aws("s3", "website", f"s3://{unique}", "--index-document", "index.html")
    assert api("get-bucket-website")["IndexDocument"] == {"Suffix": "index.html"}
    url = aws("s3", "presign", f"s3://{unique}/copy").stdout.strip()
    assert requests.get(url).content == b"0123456789"
    aws("s3", "cp", f"s3://{unique}/a b/ü+%", f"s3://{unique}/second copy")
    assert aws("s3", "cp", f"s3://{unique}/second copy", "-").stdout == "0123456789"
    folder = tmp_path / "tree"
    folder.mkdir()
    for name in ("a b", "ü", "100%", "x+y"):
        (folder / name).write_text(name)
    aws("s3", "sync", str(folder), f"s3://{unique}/sync/")
    (folder / "ü").unlink()
    assert "delete" in aws("s3", "sync", str(folder), f"s3://{unique}/sync/", "--delete").stdout
    assert aws("s3", "sync", str(folder), f"s3://{unique}/sync/").stdout == ""
    assert len(aws("s3", "ls", "--recursive", f"s3://{unique}/sync/").stdout.splitlines()) == 3
    aws("s3", "rm", "--recursive", "--exclude", "*%", f"s3://{unique}/sync/")
    assert len(aws("s3", "ls", "--recursive", f"s3://{unique}/sync/").stdout.splitlines()) == 1
    assert "BucketNotEmpty" in api("delete-bucket", check=False)
    api("delete-objects", "--delete", json.dumps({"Objects": [{"Key": "copy"}, {"Key": "m"}]}))
    api("delete-object", "--key", "second copy")
    aws("s3", "rb", "--force", f"s3://{unique}")


def test_aws_command_line_large_files(aws, unique, tmp_path, gust):
    """Parts, more than a page of keys, odd names in a sync of each direction, deletions, checksums."""
    s3 = gust.client("s3")
    aws("s3", "mb", f"s3://{unique}")
    large = tmp_path / "large"
    large.write_bytes(random.Random(7).randbytes(40 * MIB + 7))
    with_checksum = ["--checksum-algorithm", "SHA256"] if aws.is_new else []
    aws("s3", "cp", "--only-show-errors", "--metadata", "mood=good", *with_checksum, str(large), f"s3://{unique}/large")
    told = s3.head_object(Bucket=unique, Key="large", ChecksumMode="ENABLED")
    assert told["ETag"].endswith('-6"') and told["Metadata"] == {"mood": "good"}
    assert not aws.is_new or told["ChecksumSHA256"].endswith("-6")
    aws("s3", "cp", "--only-show-errors", f"s3://{unique}/large", f"s3://{unique}/copy")  # part by part
    aws("s3", "cp", "--only-show-errors", f"s3://{unique}/copy", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == large.read_bytes()
    folder = tmp_path / "tree"
    for name in ("a b", "a+b", "100%", "a%2Fb", "ünï/日本/🎈", "#h", "q?x=1", "..x", "sub/~t*"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    aws("s3", "sync", "--only-show-errors", str(folder), f"s3://{unique}/tree")
    aws("s3", "sync", "--only-show-errors", f"s3://{unique}/tree", str(tmp_path / "out"))
    read = lambda root: {str(p.relative_to(root)): p.read_text() for p in root.rglob("*") if p.is_file()}
    assert read(tmp_path / "out") == read(folder)
    (folder / "100%").unlink()
    said = aws("s3", "sync", "--delete", str(folder), f"s3://{unique}/tree").stdout
    assert f"delete: s3://{unique}/tree/100%" in said and "upload:" not in said
    said = aws("s3", "sync", "--delete", f"s3://{unique}/tree", str(tmp_path / "out")).stdout
    assert said.count("delete:") == 1 and "download:" not in said and not (tmp_path / "out/100%").exists()
    pages = [{"Key": f"page/{i:04d}"} for i in range(1001)]
    for one in pages:
        s3.put_object(Bucket=unique, **one)
    assert len(aws("s3", "ls", f"s3://{unique}/page/").stdout.splitlines()) == 1001
    s3.delete_objects(Bucket=unique, Delete={"Objects": pages[1:]})
    wrong = aws("s3", "ls", f"s3://{unique}", check=False, env={"AWS_SECRET_ACCESS_KEY": "wrong"})
    assert wrong.returncode != 0 and "SignatureDoesNotMatch" in wrong.stderr
    aws("s3", "rb", "--force", f"s3://{unique}")
    assert unique not in aws("s3", "ls").stdout


def test_aws_command_line_versions(aws, unique, tmp_path):
    """Versions, tags, object lock and the bucket's configurations, by s3api."""
    def api(operation, *args, check=True):
        done = aws("s3api", operation, "--bucket", unique, "--output", "json", *args, check=check)
        return json.loads(done.stdout) if check and done.stdout.strip() else done.stderr
    api("create-bucket", "--object-lock-enabled-for-bucket")
    assert api("get-bucket-versioning")["Status"] == "Enabled"
    (tmp_path / "in").write_text("one")
    first = api("put-object", "--key", "ü k", "--body", str(tmp_path / "in"), "--tagging", "a=1")["VersionId"]
    api("put-object-retention", "--key", "ü k", "--version-id", first, "--retention",
        "Mode=GOVERNANCE,RetainUntilDate=2099-01-01T00:00:00Z")
    assert api("get-object-retention", "--key", "ü k")["Retention"]["Mode"] == "GOVERNANCE"
    api("put-object-legal-hold", "--key", "ü k", "--legal-hold", "Status=ON")
    assert api("get-object-legal-hold", "--key", "ü k")["LegalHold"] == {"Status": "ON"}
    assert api("get-object-tagging", "--key", "ü k")["TagSet"] == [{"Key": "a", "Value": "1"}]
    marker = api("delete-object", "--key", "ü k")["VersionId"]
    listed = api("list-object-versions")
    assert [v["VersionId"] for v in listed["Versions"]] == [first]
    assert [v["VersionId"] for v in listed["DeleteMarkers"]] == [marker]
    api("delete-object", "--key", "ü k", "--version-id", marker)
    assert "AccessDenied" in api("delete-object", "--key", "ü k", "--version-id", first, check=False)
    told = api("get-object-attributes", "--key", "ü k", "--object-attributes", "ETag", "ObjectSize", "Checksum")
    assert told["ObjectSize"] == 3 and "Checksum" in told
    assert api("get-object-lock-configuration")["ObjectLockConfiguration"] == {"ObjectLockEnabled": "Enabled"}
    assert api("get-bucket-request-payment")["Payer"] == "BucketOwner"
    api("get-bucket-logging")
    api("put-bucket-logging", "--bucket-logging-status", "{}")
    api("get-bucket-accelerate-configuration")
    assert "ReplicationConfigurationNotFoundError" in api("get-bucket-replication", check=False)
    api("put-bucket-tagging", "--tagging", "TagSet=[{Key=of,Value=tests}]")
    assert api("get-bucket-tagging")["TagSet"] == [{"Key": "of", "Value": "tests"}]
    api("put-object-legal-hold", "--key", "ü k", "--version-id", first, "--legal-hold", "Status=OFF")
    api("delete-object", "--key", "ü k", "--version-id", first, "--bypass-governance-retention")
    api("delete-bucket")


def test_aws_command_line_functions(aws, unique, tmp_path):
    (tmp_path / "f.zip").write_bytes(zip_of({"index.py": "def handler(e, c): return {'n': e['n'] + 1}"}))
    aws("lambda", "create-function", "--function-name", unique, "--runtime", "python3.12", "--handler", "index.handler",
        "--role", "arn:aws:iam::000000000000:role/any", "--zip-file", f"fileb://{tmp_path}/f.zip")
    (tmp_path / "in.json").write_text('{"n": 1}')
    aws("lambda", "invoke", "--function-name", unique, "--payload", f"fileb://{tmp_path}/in.json", str(tmp_path / "out.json"))
    assert json.loads((tmp_path / "out.json").read_text()) == {"n": 2}
    aws("lambda", "delete-function", "--function-name", unique)
