"""Encryption at rest as clients see it: the store's keys for all, keys of one's own, what buckets say of it, and what is
refused; then a key file that is lost, backups, and the command."""
import base64
import hashlib
import os
import shutil

import pytest
import requests
from boto3.s3.transfer import TransferConfig
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from test_s3 import bucket, code_of, s3  # noqa: F401

MB = 1 << 20
KEY, OTHER = b"k" * 32, os.urandom(32)
STORED_ENCRYPTED = "The object was stored using a form of Server Side Encryption. The correct parameters must be provided"


def customer(key=KEY, source=False):
    prefix = "CopySourceSSECustomer" if source else "SSECustomer"
    return {f"{prefix}Algorithm": "AES256", f"{prefix}Key": key}


def md5_of(key):
    return base64.b64encode(hashlib.md5(key).digest()).decode()


def error_of(call, **arguments):
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    response = raised.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Message"]


def body_of(s3, bucket, key, **arguments):
    return s3.get_object(Bucket=bucket, Key=key, **arguments)["Body"].read()


def upload(s3, bucket, key, bodies, more={}, also={}):
    begun = s3.create_multipart_upload(Bucket=bucket, Key=key, **more)
    parts = []
    for number, body in enumerate(bodies, 1):
        part = s3.upload_part(Bucket=bucket, Key=key, UploadId=begun["UploadId"], PartNumber=number, Body=body, **also)
        parts.append({"PartNumber": number, "ETag": part["ETag"]})
    return begun, part, s3.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=begun["UploadId"],
                                                     MultipartUpload={"Parts": parts})


# --- the store's key

def test_every_object_is_encrypted_and_says_so(s3, bucket):
    body = os.urandom(200_000)
    assert s3.put_object(Bucket=bucket, Key="a", Body=body)["ServerSideEncryption"] == "AES256"
    asked = s3.put_object(Bucket=bucket, Key="b", Body=body, ServerSideEncryption="AES256")
    assert asked["ServerSideEncryption"] == "AES256"
    assert asked["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert s3.head_object(Bucket=bucket, Key="a")["ServerSideEncryption"] == "AES256"
    got = s3.get_object(Bucket=bucket, Key="a")
    assert got["ServerSideEncryption"] == "AES256" and got["Body"].read() == body
    copied = s3.copy_object(Bucket=bucket, Key="c", CopySource={"Bucket": bucket, "Key": "a"})
    assert copied["ServerSideEncryption"] == "AES256" and body_of(s3, bucket, "c") == body
    s3.put_object(Bucket=bucket, Key="empty", Body=b"")
    assert s3.get_object(Bucket=bucket, Key="empty")["ServerSideEncryption"] == "AES256"


def test_parts_are_encrypted_and_say_so(s3, bucket):
    bodies = [os.urandom(5 * MB + 17), os.urandom(70_001)]
    answers = upload(s3, bucket, "m", bodies)
    assert [a["ServerSideEncryption"] for a in answers] == ["AES256"] * 3
    whole = b"".join(bodies)
    assert body_of(s3, bucket, "m") == whole
    assert body_of(s3, bucket, "m", PartNumber=2) == bodies[1]
    assert body_of(s3, bucket, "m", Range=f"bytes={5 * MB}-{5 * MB + 99}") == whole[5 * MB:5 * MB + 100]


def test_ranges_of_every_kind(s3, bucket):
    chunk = 65_520
    body = os.urandom(4 * chunk)
    s3.put_object(Bucket=bucket, Key="r", Body=body)
    s3.put_object(Bucket=bucket, Key="r2", Body=body, **customer())
    edges = [0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk, 3 * chunk + 5, 4 * chunk - 1]
    for first in edges:
        for last in edges:
            if first <= last:
                wanted = body[first:last + 1]
                assert body_of(s3, bucket, "r", Range=f"bytes={first}-{last}") == wanted
                assert body_of(s3, bucket, "r2", Range=f"bytes={first}-{last}", **customer()) == wanted
    assert body_of(s3, bucket, "r", Range="bytes=-7") == body[-7:]
    assert body_of(s3, bucket, "r", Range=f"bytes={chunk}-") == body[chunk:]


def test_the_disk_has_nothing_of_it(new_gust):
    gust = new_gust().start()
    s3 = gust.client("s3")
    s3.create_bucket(Bucket="hidden")
    secret = b"nobody is to find this on the disk"
    for key, body in (("small", secret), ("large", secret * 9000)):
        s3.put_object(Bucket="hidden", Key=key, Body=body)
        s3.put_object(Bucket="hidden", Key=key + "-mine", Body=body, **customer())
    assert gust.stop() == 0
    for path in gust.data.rglob("*"):
        if path.is_file():
            there = path.read_bytes()
            assert secret not in there and KEY not in there and base64.b64encode(KEY) not in there, path
    assert oct((gust.data / "objects.key").stat().st_mode & 0o777) == "0o600"
    s3 = gust.start().client("s3")
    assert body_of(s3, "hidden", "large") == secret * 9000
    assert body_of(s3, "hidden", "large-mine", **customer()) == secret * 9000


@pytest.mark.parametrize("asked, code, status", [
    ({"ServerSideEncryption": "aws:kms"}, "NotImplemented", 501),
    ({"ServerSideEncryption": "aws:kms:dsse", "SSEKMSKeyId": "k"}, "NotImplemented", 501),
    ({"ServerSideEncryption": "AES128"}, "InvalidArgument", 400),
    ({"SSEKMSKeyId": "k"}, "InvalidArgument", 400),
    ({"ServerSideEncryption": "AES256", "SSEKMSKeyId": "k"}, "InvalidArgument", 400),
    ({"ServerSideEncryption": "AES256", **customer()}, "InvalidArgument", 400),
])
def test_methods_that_are_refused(s3, bucket, asked, code, status):
    s3.put_object(Bucket=bucket, Key="source", Body=b"x")
    assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"x", **asked) == (code, status)
    assert code_of(s3.create_multipart_upload, Bucket=bucket, Key="k", **asked) == (code, status)
    source = {"Bucket": bucket, "Key": "source"}
    assert code_of(s3.copy_object, Bucket=bucket, Key="k", CopySource=source, **asked) == (code, status)
    assert code_of(s3.head_object, Bucket=bucket, Key="k") == ("404", 404)


# --- keys of one's own

def test_a_key_of_ones_own_is_needed_to_read(s3, bucket):
    body = os.urandom(100_000)
    put = s3.put_object(Bucket=bucket, Key="k", Body=body, ContentMD5=md5_of(body), **customer())
    assert put["SSECustomerAlgorithm"] == "AES256" and put["SSECustomerKeyMD5"] == md5_of(KEY)
    assert "ServerSideEncryption" not in put and put["ETag"] != f'"{hashlib.md5(body).hexdigest()}"'
    got = s3.get_object(Bucket=bucket, Key="k", **customer())
    assert got["Body"].read() == body and got["ETag"] == put["ETag"]
    for answer in (got, s3.head_object(Bucket=bucket, Key="k", **customer())):
        assert answer["SSECustomerAlgorithm"] == "AES256" and answer["SSECustomerKeyMD5"] == md5_of(KEY)
        assert "ServerSideEncryption" not in answer
    code, status, message = error_of(s3.get_object, Bucket=bucket, Key="k")
    assert (code, status) == ("InvalidRequest", 400) and message.startswith(STORED_ENCRYPTED)
    assert code_of(s3.head_object, Bucket=bucket, Key="k") == ("400", 400)
    assert code_of(s3.get_object, Bucket=bucket, Key="k", **customer(OTHER)) == ("AccessDenied", 403)
    assert code_of(s3.head_object, Bucket=bucket, Key="k", **customer(OTHER)) == ("403", 403)
    assert code_of(s3.get_object, Bucket=bucket, Key="k", IfNoneMatch=put["ETag"]) == ("InvalidRequest", 400)
    s3.put_object(Bucket=bucket, Key="plain", Body=b"x")
    assert code_of(s3.get_object, Bucket=bucket, Key="plain", **customer()) == ("InvalidRequest", 400)
    wanted = ["ETag", "ObjectSize", "Checksum"]
    # Of this operation boto3 leaves the key as it is.
    text = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": base64.b64encode(KEY).decode(), "SSECustomerKeyMD5": md5_of(KEY)}
    found = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=wanted, **text)
    assert found["ObjectSize"] == len(body)
    assert code_of(s3.get_object_attributes, Bucket=bucket, Key="k", ObjectAttributes=wanted) == ("InvalidRequest", 400)
    s3.delete_object(Bucket=bucket, Key="k")  # which takes no key
    assert code_of(s3.head_object, Bucket=bucket, Key="k", **customer()) == ("404", 404)


def test_keys_that_are_no_keys(gust, s3, bucket):
    name = "x-amz-server-side-encryption-customer-"
    good = {"algorithm": "AES256", "key": base64.b64encode(KEY).decode(), "key-MD5": md5_of(KEY)}
    short = b"k" * 16
    wrong = [({"algorithm": None}, "InvalidArgument", "valid encryption algorithm"),
             ({"algorithm": "AES128"}, "InvalidEncryptionAlgorithmError", "Supported value: AES256"),
             ({"key": None}, "InvalidArgument", "appropriate secret key"),
             ({"key-MD5": None}, "InvalidArgument", "client calculated MD5"),
             ({"key": "no base64!"}, "InvalidArgument", "secret key was invalid"),
             ({"key": base64.b64encode(short).decode(), "key-MD5": md5_of(short)}, "InvalidArgument",
              "secret key was invalid"),
             ({"key-MD5": md5_of(OTHER)}, "InvalidArgument", "did not match the hash")]
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", **customer())

    def raw(method, headers):
        request = AWSRequest(method, f"{gust.endpoint}/{bucket}/k", data=b"x" if method == "PUT" else b"",
                             headers=headers | {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"})
        S3SigV4Auth(Credentials(*gust.keys()), "s3", "us-east-1").add_auth(request)
        return requests.request(method, request.url, headers=dict(request.headers), data=request.data, timeout=20)

    for change, code, message in wrong:
        headers = {name + k: v for k, v in (good | change).items() if v is not None}
        for answer in (raw("PUT", headers), raw("GET", headers)):
            assert answer.status_code == 400 and f"<Code>{code}</Code>" in answer.text and message in answer.text, change
    with_key = {name + k: v for k, v in good.items()}
    assert raw("GET", with_key).content == b"x"
    refused = raw("GET", with_key | {"x-amz-server-side-encryption": "AES256"})
    assert refused.status_code == 400 and "not supported for this operation" in refused.text


def test_presigned_addresses_with_a_key(s3, bucket):
    headers = {"x-amz-server-side-encryption-customer-algorithm": "AES256",
               "x-amz-server-side-encryption-customer-key": base64.b64encode(KEY).decode(),
               "x-amz-server-side-encryption-customer-key-MD5": md5_of(KEY)}
    url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "p", **customer()})
    assert requests.put(url, data=b"presigned", headers=headers, timeout=20).status_code == 200
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "p", **customer()})
    assert requests.get(url, headers=headers, timeout=20).content == b"presigned"
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "p"})
    assert requests.get(url, timeout=20).status_code == 400


def test_parts_with_a_key_of_ones_own(s3, bucket):
    bodies = [os.urandom(5 * MB), os.urandom(70_001)]
    begun, part, done = upload(s3, bucket, "m", bodies, customer(), customer())
    for answer in (begun, part):
        assert answer["SSECustomerKeyMD5"] == md5_of(KEY) and "ServerSideEncryption" not in answer
    assert done["ETag"].endswith('-2"') and "ServerSideEncryption" not in done
    assert body_of(s3, bucket, "m", **customer()) == b"".join(bodies)
    assert body_of(s3, bucket, "m", PartNumber=2, **customer()) == bodies[1]
    assert code_of(s3.get_object, Bucket=bucket, Key="m", PartNumber=2) == ("InvalidRequest", 400)

    mine = s3.create_multipart_upload(Bucket=bucket, Key="n", **customer())["UploadId"]
    one = {"Bucket": bucket, "Key": "n", "PartNumber": 1, "Body": b"x"}
    assert "initiate requested encryption" in error_of(s3.upload_part, UploadId=mine, **one)[2]
    assert "did not match the ones used" in error_of(s3.upload_part, UploadId=mine, **one, **customer(OTHER))[2]
    plain = s3.create_multipart_upload(Bucket=bucket, Key="n")["UploadId"]
    assert "did not request encryption" in error_of(s3.upload_part, UploadId=plain, **one, **customer())[2]
    etag = s3.upload_part(UploadId=mine, **one, **customer())["ETag"]
    parts = {"Bucket": bucket, "Key": "n", "UploadId": mine, "MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": etag}]}}
    assert code_of(s3.complete_multipart_upload, **parts, **customer(OTHER)) == ("InvalidRequest", 400)
    s3.complete_multipart_upload(**parts, **customer())
    assert body_of(s3, bucket, "n", **customer()) == b"x"


def test_large_files_by_the_transfer_manager(s3, bucket, tmp_path):
    body = os.urandom(11 * MB)
    (tmp_path / "large").write_bytes(body)
    config = TransferConfig(multipart_threshold=5 * MB, multipart_chunksize=5 * MB)
    s3.upload_file(str(tmp_path / "large"), bucket, "large", ExtraArgs=customer(), Config=config)
    s3.download_file(bucket, "large", str(tmp_path / "back"), ExtraArgs=customer(), Config=config)
    assert (tmp_path / "back").read_bytes() == body


def test_copies_from_key_to_key(s3, bucket):
    body = os.urandom(100_000)
    s3.put_object(Bucket=bucket, Key="mine", Body=body, **customer())
    source = {"Bucket": bucket, "Key": "mine"}
    copy = dict(Bucket=bucket, CopySource=source)
    assert code_of(s3.copy_object, Key="c", **copy) == ("InvalidRequest", 400)
    assert code_of(s3.copy_object, Key="c", **copy, **customer(OTHER, source=True)) == ("AccessDenied", 403)
    assert s3.copy_object(Key="c", **copy, **customer(source=True))["ServerSideEncryption"] == "AES256"
    assert body_of(s3, bucket, "c") == body
    other = s3.copy_object(Key="d", **copy, **customer(source=True), **customer(OTHER))
    assert other["SSECustomerKeyMD5"] == md5_of(OTHER) and "ServerSideEncryption" not in other
    assert body_of(s3, bucket, "d", **customer(OTHER)) == body
    # Onto itself, with another key.
    s3.copy_object(Key="mine", **copy, **customer(source=True), **customer(OTHER))
    assert body_of(s3, bucket, "mine", **customer(OTHER)) == body
    begun = s3.create_multipart_upload(Bucket=bucket, Key="m", **customer())["UploadId"]
    part = s3.upload_part_copy(**copy, Key="m", UploadId=begun, PartNumber=1, CopySourceRange="bytes=10-70009",
                               **customer(OTHER, source=True), **customer())
    assert part["SSECustomerKeyMD5"] == md5_of(KEY)
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["CopyPartResult"]["ETag"]}]}
    s3.complete_multipart_upload(Bucket=bucket, Key="m", UploadId=begun, MultipartUpload=parts)
    assert body_of(s3, bucket, "m", **customer()) == body[10:70_010]


def test_versions_have_keys_of_their_own(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    one = s3.put_object(Bucket=bucket, Key="v", Body=b"one", **customer())["VersionId"]
    two = s3.put_object(Bucket=bucket, Key="v", Body=b"two", **customer(OTHER))["VersionId"]
    s3.put_object(Bucket=bucket, Key="v", Body=b"three")
    assert body_of(s3, bucket, "v", VersionId=one, **customer()) == b"one"
    assert body_of(s3, bucket, "v", VersionId=two, **customer(OTHER)) == b"two"
    assert code_of(s3.get_object, Bucket=bucket, Key="v", VersionId=two, **customer()) == ("AccessDenied", 403)
    assert body_of(s3, bucket, "v") == b"three"
    assert len(s3.list_object_versions(Bucket=bucket)["Versions"]) == 3


def test_forms(s3, bucket):
    form = s3.generate_presigned_post(bucket, "form", Conditions=[["starts-with", "$x-amz-server-side-encryption", ""]])

    def post(fields):
        return requests.post(form["url"], data=form["fields"] | fields, files={"file": ("f", b"by a form")}, timeout=20)

    answer = post({"x-amz-server-side-encryption": "AES256"})
    assert answer.status_code == 204 and answer.headers["x-amz-server-side-encryption"] == "AES256"
    assert post({"x-amz-server-side-encryption": "aws:kms"}).status_code == 501
    name = "x-amz-server-side-encryption-customer-"
    mine = {name + "algorithm": "AES256", name + "key": base64.b64encode(KEY).decode(), name + "key-MD5": md5_of(KEY)}
    form = s3.generate_presigned_post(bucket, "form", Fields=mine, Conditions=[{k: v} for k, v in mine.items()])
    answer = post({})
    assert answer.status_code == 204 and answer.headers[name + "key-MD5"] == md5_of(KEY), answer.text
    assert body_of(s3, bucket, "form", **customer()) == b"by a form"


# --- buckets

def rules(algorithm, **more):
    return {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm}, **more}]}


def test_a_buckets_default(s3, bucket):
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}

    def found():
        return s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]

    assert found() == [default]
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rules("AES256", BucketKeyEnabled=True))
    assert found() == [default | {"BucketKeyEnabled": True}]
    assert s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ServerSideEncryption"] == "AES256"
    s3.delete_bucket_encryption(Bucket=bucket)
    assert found() == [default]
    for algorithm, code in (("aws:kms", "NotImplemented"), ("aws:kms:dsse", "NotImplemented"), ("DES", "MalformedXML")):
        got = error_of(s3.put_bucket_encryption, Bucket=bucket, ServerSideEncryptionConfiguration=rules(algorithm))
        assert got[0] == code
        assert code != "NotImplemented" or "there is no key service" in got[2]
    named = rules("AES256")
    named["Rules"][0]["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] = "k"
    assert code_of(s3.put_bucket_encryption, Bucket=bucket, ServerSideEncryptionConfiguration=named)[0] == "InvalidArgument"


def test_a_bucket_may_refuse_keys_of_ones_own(s3, bucket):
    s3.put_object(Bucket=bucket, Key="before", Body=b"x", **customer())
    blocked = rules("AES256", BlockedEncryptionTypes={"EncryptionType": ["SSE-C"]})
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=blocked)
    assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"x", **customer()) == ("AccessDenied", 403)
    assert code_of(s3.create_multipart_upload, Bucket=bucket, Key="k", **customer()) == ("AccessDenied", 403)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert body_of(s3, bucket, "before", **customer()) == b"x"


def test_policies_ask_for_encryption(s3, bucket):
    s3.put_bucket_policy(Bucket=bucket, Policy=f'''{{"Version": "2012-10-17", "Statement": [{{"Effect": "Deny",
        "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::{bucket}/*",
        "Condition": {{"Null": {{"s3:x-amz-server-side-encryption-customer-algorithm": "true"}},
                       "StringNotEquals": {{"s3:x-amz-server-side-encryption": "AES256"}}}}}}]}}''')
    assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"x") == ("AccessDenied", 403)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="AES256")
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", **customer())


# --- sites, the key file, backups

def test_a_site_shows_what_is_the_stores_and_no_more(gust, s3, bucket):
    s3.put_object(Bucket=bucket, Key="index.html", Body=b"<p>hello</p>", ContentType="text/html")
    s3.put_object(Bucket=bucket, Key="mine.html", Body=b"<p>secret</p>", ContentType="text/html", **customer())
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    host = {"Host": f"{bucket}.site.localhost"}
    assert requests.get(gust.endpoint, headers=host, timeout=20).content == b"<p>hello</p>"
    assert requests.get(gust.endpoint + "/mine.html", headers=host, timeout=20).status_code == 403


def fill(gust):
    s3 = gust.client("s3")
    s3.create_bucket(Bucket="keep")
    bodies = {"small": b"small", "large": os.urandom(300_000)}
    for key, body in bodies.items():
        s3.put_object(Bucket="keep", Key=key, Body=body)
        s3.put_object(Bucket="keep", Key=key + "-mine", Body=body, **customer())
    return bodies


def all_there(gust, bodies):
    s3 = gust.client("s3")
    return all(body_of(s3, "keep", k) == b and body_of(s3, "keep", k + "-mine", **customer()) == b
               for k, b in bodies.items())


def test_gust_does_not_start_without_the_key(new_gust):
    gust = new_gust().start()
    bodies = fill(gust)
    assert gust.stop() == 0
    key = gust.data / "objects.key"
    kept = key.read_bytes()
    for there, message in ((None, "missing"), (b"ab\n", "is not a key"), (b"0" * 64 + b"\n", "another key")):
        key.unlink()
        if there is not None:
            key.write_bytes(there)
        gust.log_path.unlink()
        with pytest.raises(AssertionError):
            gust.start()
        assert message in gust.log() and "objects.key" in gust.log()
        key.write_bytes(there or b"")
    key.write_bytes(kept)
    assert all_there(gust.start(), bodies)


def test_a_backup_has_the_key_and_a_check_works_without(new_gust, tmp_path):
    gust = new_gust().start()
    bodies = fill(gust)
    report = gust.cli_json("fsck")
    assert report["problems"] == [] and report["objects"] == 4
    gust.cli("backup", str(tmp_path / "backup"))
    assert oct((tmp_path / "backup" / "objects.key").stat().st_mode & 0o777) == "0o600"
    gust.cli("restore", str(tmp_path / "backup"), "--data", str(tmp_path / "restored"))
    assert all_there(new_gust(data=tmp_path / "restored").start(), bodies)
    shutil.copytree(tmp_path / "backup", tmp_path / "without")
    (tmp_path / "without" / "objects.key").unlink()
    done = gust.cli("restore", str(tmp_path / "without"), "--data", str(tmp_path / "locked"), check=False)
    assert done.returncode != 0 and "objects.key" in done.stdout and "missing" in done.stdout
