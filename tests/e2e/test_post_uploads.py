"""Uploads by an HTML form, as browsers send them: signed by the official Python SDK, and by hand where it cannot be wrong."""
import base64
import datetime
import hashlib
import hmac
import json
import re

import pytest
import requests
from botocore.config import Config
from test_s3 import bucket, code_of, s3  # noqa: F401

LATER = "2099-01-01T00:00:00Z"


def encoded(policy):
    return base64.b64encode((policy if isinstance(policy, str) else json.dumps(policy)).encode()).decode()


@pytest.fixture
def post(gust, bucket):
    """Posts a form with version 2's signature, which is easy by hand: fields, the file, and the policy's conditions."""
    key, secret = gust.keys()

    def send(fields, conditions=None, body=b"hello", policy=None, filename="photo.txt", sign=True, **more):
        fields = {"key": "k"} | fields
        if conditions is None:
            conditions = [{"bucket": bucket}, *({name: value} for name, value in fields.items() if name != "key"),
                          ["starts-with", "$key", ""]]
        if sign:
            packed = encoded({"expiration": LATER, "conditions": conditions} if policy is None else policy)
            signature = base64.b64encode(hmac.digest(secret.encode(), packed.encode(), hashlib.sha1)).decode()
            fields |= {"AWSAccessKeyId": key, "policy": packed, "signature": signature}
        fields = {name: value for name, value in (fields | more.pop("change", {})).items() if value is not None}
        return requests.post(f"{gust.endpoint}/{bucket}", data=fields, files={"file": (filename, body)}, allow_redirects=False,
                             **more)
    return send


def error(answer):
    assert answer.headers["x-amz-request-id"]
    return re.search("<Code>(.*)</Code>", answer.text)[1], answer.status_code


def message(answer):
    return error(answer) + (re.search("<Message>(.*)</Message>", answer.text, re.S)[1].replace("&quot;", '"'),)


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_form_of_the_sdk(gust, s3, bucket, version):
    client = gust.client("s3", config=Config(signature_version=version, s3={"addressing_style": "path"}))
    form = client.generate_presigned_post(
        bucket, "in/${filename}", Fields={"Content-Type": "text/plain", "x-amz-meta-who": "me", "acl": "private"},
        Conditions=[["starts-with", "$Content-Type", "text/"], {"x-amz-meta-who": "me"}, {"acl": "private"},
                    ["content-length-range", 1, 100]])
    answer = requests.post(form["url"], data=form["fields"], files={"file": ("C:\\dir\\note.txt", b"hello")})
    assert (answer.status_code, answer.text) == (204, "")
    assert answer.headers["ETag"] == f'"{hashlib.md5(b"hello").hexdigest()}"' and "x-amz-version-id" not in answer.headers
    assert answer.headers["Location"] == f"{gust.endpoint}/{bucket}/in/note.txt"
    got = s3.get_object(Bucket=bucket, Key="in/note.txt")
    assert (got["Body"].read(), got["ContentType"], got["Metadata"]) == (b"hello", "text/plain", {"who": "me"})
    for size, code in [(0, "EntityTooSmall"), (101, "EntityTooLarge"), (5 << 20, "EntityTooLarge")]:
        answer = requests.post(form["url"], data=form["fields"], files={"file": ("big.txt", b"x" * size)})
        assert error(answer) == (code, 400)
    wrong = requests.post(form["url"], data=form["fields"] | {"Content-Type": "image/png"}, files={"file": ("x.txt", b"1")})
    assert message(wrong) == ("AccessDenied", 403, 'Invalid according to Policy: Policy Condition failed: '
                                                   '["starts-with", "$Content-Type", "text/"]')
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["in/note.txt"]


def test_virtual_host_and_order_of_parts(gust, s3, bucket):
    form = gust.client("s3", config=Config(signature_version="s3v4")).generate_presigned_post(bucket, "k")
    fields = [(name, (None, value)) for name, value in form["fields"].items()]
    files = [*fields, ("File", ("f", b"\r\n--x\r\n")), ("submit", (None, "Upload")), ("more", (None, "x" * 50_000))]
    answer = requests.post(f"{gust.endpoint}/", files=files, headers={"Host": f"{bucket}.s3.localhost:{gust.port}"})
    assert answer.status_code == 204
    assert answer.headers["Location"] == f"http://{bucket}.s3.localhost:{gust.port}/k"
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"\r\n--x\r\n"
    two = requests.post(form["url"], files=[*fields, ("file", ("f", b"1")), ("file", ("g", b"2"))])
    assert message(two)[::2] == ("InvalidArgument", "POST requires exactly one file upload per request.")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"\r\n--x\r\n"


def test_a_large_file_in_little_memory(gust, s3, bucket):
    peak = re.compile(r"VmHWM:\s+(\d+) kB")
    status = f"/proc/{gust.process.pid}/status"
    form = gust.client("s3", config=Config(signature_version="s3v4")).generate_presigned_post(bucket, "large")
    head, tail = b"", b"\r\n--b--\r\n"
    for name, value in form["fields"].items():
        head += f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    head += b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
    size, md5 = 100 << 20, hashlib.md5()
    before = int(peak.search(open(status).read())[1])

    def body():
        yield head
        for _ in range(100):
            piece = b"\r\n--" * ((1 << 20) // 4)
            md5.update(piece)
            yield piece
        yield tail
    answer = requests.post(form["url"], data=body(), headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert answer.status_code == 204
    assert s3.head_object(Bucket=bucket, Key="large")["ContentLength"] == size
    assert answer.headers["ETag"] == f'"{md5.hexdigest()}"'
    assert int(peak.search(open(status).read())[1]) - before < 60_000
    cut = requests.post(form["url"], data=head + b"x" * 100_000, headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert message(cut) == ("MalformedPOSTRequest", 400, "The body of your POST request is not well-formed multipart/form-data.")
    assert s3.head_object(Bucket=bucket, Key="large")["ContentLength"] == size


def test_answers(s3, bucket, post):
    etag = hashlib.md5(b"hello").hexdigest()
    assert post({"success_action_status": "200"}).status_code == 200
    assert post({"success_action_status": "404"}).status_code == 204
    made = post({"key": "a b/<${filename}>", "success_action_status": "201"}, filename="&.txt")
    assert made.status_code == 201 and made.headers["Content-Type"] == "application/xml"
    assert re.search("<Bucket>(.*)</Bucket><Key>(.*)</Key><ETag>(.*)</ETag>", made.text).groups() == (
        bucket, "a b/&lt;&amp;.txt&gt;", f"&quot;{etag}&quot;")
    assert f"<Location>{made.headers['Location']}</Location>" in made.text
    for field in ("success_action_redirect", "redirect"):
        there = post({"key": "a/b c", field: "http://127.0.0.1:1/done?x=1#top", "success_action_status": "201"})
        assert there.status_code == 303 and there.headers["Location"] == (
            f"http://127.0.0.1:1/done?x=1&bucket={bucket}&key=a%2Fb%20c&etag=%22{etag}%22#top")
    assert post({"success_action_redirect": "nonsense"}).status_code == 204
    assert post({"success_action_redirect": "http://x/\r\nSet-Cookie: a=b"}).status_code == 204
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = post({}).headers["x-amz-version-id"]
    assert s3.get_object(Bucket=bucket, Key="k", VersionId=version)["Body"].read() == b"hello"


def test_what_a_form_gives_its_object(s3, bucket, post):
    tags = "<Tagging><TagSet><Tag><Key>a+b</Key><Value>1 2</Value></Tag></TagSet></Tagging>"
    sha = base64.b64encode(hashlib.sha256(b"hello").digest()).decode()
    assert post({"Cache-Control": "no-cache", "Content-Disposition": "inline", "Content-Encoding": "br", "Content-Type": "a/b",
                 "Expires": "Mon, 01 Jan 2035 00:00:00 GMT", "x-amz-meta-A": "ü", "x-amz-storage-class": "STANDARD_IA",
                 "x-amz-website-redirect-location": "/there", "tagging": tags, "x-amz-checksum-sha256": sha,
                 "Content-MD5": base64.b64encode(hashlib.md5(b"hello").digest()).decode(), "x-ignore-this": "1"}).status_code == 204
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert [head[name] for name in ("CacheControl", "ContentDisposition", "ContentEncoding", "ContentType", "StorageClass",
                                    "WebsiteRedirectLocation")] == ["no-cache", "inline", "br", "a/b", "STANDARD_IA", "/there"]
    assert head["ChecksumSHA256"] == sha and head["Expires"].year == 2035
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "a+b", "Value": "1 2"}]
    for fields, code in [({"x-amz-checksum-sha256": sha[::-1]}, "InvalidRequest"), ({"Content-MD5": "x"}, "InvalidDigest"),
                         ({"x-amz-checksum-crc32": "AAAAAA=="}, "BadDigest"), ({"x-amz-storage-class": "NO"}, "InvalidStorageClass"),
                         ({"Content-MD5": base64.b64encode(b"0" * 16).decode()}, "BadDigest"), ({"tagging": "<a"}, "MalformedXML"),
                         ({"x-amz-meta-a": "x\r\ny: z"}, "InvalidArgument"), ({"key": "k" * 1025}, "KeyTooLongError"),
                         ({"x-amz-meta-a": "x" * 2049}, "MetadataTooLarge"), ({"acl": "nonsense"}, "InvalidArgument")]:
        assert error(post({"key": "refused"} | fields)) == (code, 400), fields
    assert post({}).status_code == 204
    assert s3.head_object(Bucket=bucket, Key="k")["ContentType"] == "binary/octet-stream"
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["k"]


def test_what_the_policy_says(s3, bucket, post):
    any_key, here = ["starts-with", "$key", ""], {"bucket": bucket}
    odd = {"expiration": LATER, "conditions": [{"BuCkEt": bucket}, ["StArTs-WiTh", "$KeY", "k"], ["EQ", "$Content-TYPE", "a/b"]]}
    assert post({"content-type": "a/b"}, policy=odd).status_code == 204
    commas = '{"expiration": "%s", "conditions": [{"bucket": "%s"}, ["eq", "$key", "\\$k"],],}' % (LATER, bucket)
    assert post({"key": "$k"}, policy=commas).status_code == 204
    types = [here, any_key, ["starts-with", "$Content-Type", "image/"]]
    assert post({"Content-Type": "image/png, image/gif"}, types).status_code == 204
    invalid = "Invalid according to Policy: "
    for fields, conditions, why in [
            ({"Content-Type": "image/png,text/plain"}, types, 'Policy Condition failed: ["starts-with", "$Content-Type", "image/"]'),
            ({"x-amz-meta-a": "1", "acl": "private"}, [here, any_key], "Extra input fields: acl, x-amz-meta-a"),
            ({}, [any_key], "Extra input fields: bucket"), ({}, [here], "Extra input fields: key"),
            ({}, [{"bucket": "other"}, any_key], 'Policy Condition failed: ["eq", "$bucket", "other"]'),
            ({"bucket": "other"}, [{"bucket": "other"}, any_key], 'Policy Condition failed: ["eq", "$bucket", "other"]'),
            ({}, [here, any_key, {"x-amz-meta-a": "1"}], 'Policy Condition failed: ["eq", "$x-amz-meta-a", "1"]'),
            ({"key": "up/${filename}"}, [here, ["eq", "$key", "up/${filename}"]],
             'Policy Condition failed: ["eq", "$key", "up/${filename}"]')]:
        assert message(post(fields, conditions)) == ("AccessDenied", 403, invalid + why)
    old = {"expiration": "2020-01-01T00:00:00.000Z", "conditions": [here, any_key]}
    assert message(post({}, policy=old)) == ("AccessDenied", 403, invalid + "Policy expired.")
    for policy in ("{", "[]", "{}", {"expiration": LATER}, {"conditions": []}, {"EXPIRATION": LATER, "conditions": [here, any_key]},
                   {"expiration": "2099-01-01 00:00:00", "conditions": []}, {"expiration": 1, "conditions": []},
                   {"expiration": LATER, "conditions": {}},
                   *({"expiration": LATER, "conditions": [here, any_key, one]} for one in (
                       1, {}, [], {"a": 1}, {"a": "1", "b": "2"}, ["eq", "key", "k"], ["eq", "$key"], ["like", "$key", "k"],
                       ["content-length-range", 0], ["content-length-range", -1, 5], ["content-length-range", "a", 5]))):
        assert error(post({}, policy=policy)) == ("InvalidPolicyDocument", 400), policy
    assert code_of(s3.head_object, Bucket=bucket, Key="k/none") == ("404", 404)


def test_signatures_that_are_wrong(gust, bucket, post):
    assert error(post({}, change={"AWSAccessKeyId": "AKIANOBODY"})) == ("InvalidAccessKeyId", 403)
    assert error(post({}, change={"signature": "AAAA"})) == ("SignatureDoesNotMatch", 403)
    for name in ("AWSAccessKeyId", "signature", "policy"):
        answer = message(post({}, change={name: None}))
        assert answer[:2] == ("InvalidArgument", 400) and f"must contain a field named '{name}'" in answer[2].replace("Sig", "sig")
    form = gust.client("s3", config=Config(signature_version="s3v4")).generate_presigned_post(bucket, "k")

    def code(**change):
        fields = {k: v for k, v in (form["fields"] | change).items() if v is not None}
        return error(requests.post(form["url"], data=fields, files={"file": b"1"}))
    assert code(**{"x-amz-signature": "0" * 64}) == ("SignatureDoesNotMatch", 403)
    assert code(policy=encoded({"expiration": LATER, "conditions": []})) == ("SignatureDoesNotMatch", 403)
    credential = form["fields"]["x-amz-credential"]
    assert code(**{"x-amz-credential": "AKIANOBODY" + credential[credential.index("/"):]}) == ("InvalidAccessKeyId", 403)
    for change in ({"x-amz-credential": "x"}, {"x-amz-credential": credential.replace("s3", "sqs")}, {"x-amz-date": "yesterday"},
                   {"x-amz-date": "20200101T000000Z"}, {"x-amz-algorithm": "HMAC"}, {"x-amz-date": None}, {"x-amz-signature": None}):
        assert code(**change) == ("InvalidArgument", 400), change
    assert code(**{"x-amz-security-token": "nonsense"}) == ("InvalidToken", 400)


def test_bodies_that_are_no_form(gust, bucket, post):
    def send(body, content_type="multipart/form-data; boundary=b", query=""):
        return requests.post(f"{gust.endpoint}/{bucket}{query}", data=body, headers={"Content-Type": content_type})
    malformed = ("MalformedPOSTRequest", 400)
    assert error(send(b"")) == error(send(b"nonsense")) == error(send(b"--b--", "multipart/form-data")) == malformed
    assert message(send(b"--b--"))[::2] == ("InvalidArgument", "POST requires exactly one file upload per request.")
    file = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n1\r\n--b--'
    assert "a field named 'key'" in message(send(file))[2] and error(send(file))[0] == "InvalidArgument"
    assert error(send(file, query="?x=1")) == ("InvalidArgument", 400)
    field = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    assert error(send(field % (b"key", b"") + file)) == ("InvalidArgument", 400)
    assert error(send(field % (b"key", b"1") + field % (b"KEY", b"2") + file)) == ("InvalidArgument", 400)
    assert error(send(field % (b"key", b"1") + field % (b"x", b"x" * 20_500) + file)) == ("MaxPostPreDataLengthExceeded", 400)
    assert error(send(field % (b"key", b"k") + file)) == ("AccessDenied", 403)
    nowhere = requests.post(f"{gust.endpoint}/{bucket}-none", data={"key": "k"}, files={"file": b"1"})
    assert error(nowhere) == ("NoSuchBucket", 404)


def test_without_a_signature(gust, s3, bucket, post):
    assert error(post({}, sign=False)) == ("AccessDenied", 403)
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/in/*"}]}))
    assert post({"key": "in/${filename}"}, sign=False).status_code == 204
    assert s3.get_object(Bucket=bucket, Key="in/photo.txt")["Body"].read() == b"hello"
    assert error(post({"key": "out"}, sign=False)) == ("AccessDenied", 403)
    tags = "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>"
    assert error(post({"key": "in/tagged", "tagging": tags}, sign=False)) == ("AccessDenied", 403)
    assert code_of(s3.head_object, Bucket=bucket, Key="in/tagged") == ("404", 404)


def test_the_signers_rights(gust, s3, bucket):
    made = gust.cli_json("account", "create", "--name", "poster-" + bucket[-8:])
    keys = {"aws_access_key_id": made["access_key_id"], "aws_secret_access_key": made["secret_access_key"]}
    form = gust.client("s3", config=Config(signature_version="s3v4"), **keys).generate_presigned_post(bucket, "k")
    assert error(requests.post(form["url"], data=form["fields"], files={"file": b"1"})) == ("AccessDenied", 403)


def test_a_page_of_another_origin(s3, bucket, post):
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [
        {"AllowedMethods": ["POST"], "AllowedOrigins": ["http://app.example"], "ExposeHeaders": ["ETag"]}]})
    for fields, status in [({}, 204), ({"acl": "nonsense"}, 400)]:
        answer = post(fields, headers={"Origin": "http://app.example"})
        assert answer.status_code == status and answer.headers["Access-Control-Allow-Origin"] == "http://app.example"
        assert answer.headers["Access-Control-Expose-Headers"] == "ETag"
    assert "Access-Control-Allow-Origin" not in post({}, headers={"Origin": "http://other.example"}).headers
