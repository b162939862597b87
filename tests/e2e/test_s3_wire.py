"""What the SDKs never send: requests signed by hand, wrong in one thing each, and the service's answer to each."""
import base64
import datetime
import hashlib
import http.client
import re

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from test_s3 import bucket, s3  # noqa: F401

EMPTY = hashlib.sha256(b"").hexdigest()


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.body = response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
        found = re.search(rb"<Code>(\w+)</Code>", self.body)
        self.code = found[1].decode() if found else ""


class Wire:
    """One request at a time on a raw connection, so that nothing is tidied up on the way."""

    def __init__(self, gust):
        self.gust, self.region, self.service = gust, "us-east-1", "s3"

    def raw(self, method, target, body=b"", headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.gust.port, timeout=30)
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        headers = {"Host": f"127.0.0.1:{self.gust.port}", "Content-Length": str(len(body))} | (headers or {})
        for name, value in headers.items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders(body)
        try:
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def sign(self, method, target, body=b"", headers=None, region=None, service=None, keys=None):
        request = AWSRequest(method, f"http://127.0.0.1:{self.gust.port}{target}", data=body, headers=headers or {})
        S3SigV4Auth(Credentials(*(keys or self.gust.keys())), service or "s3", region or "us-east-1").add_auth(request)
        return dict(request.headers.items())

    def __call__(self, method, target, body=b"", headers=None, **how):
        return self.raw(method, target, body, self.sign(method, target, body, headers, **how))


@pytest.fixture
def wire(gust):
    return Wire(gust)


def test_signed_by_hand(wire, bucket):
    assert wire("PUT", f"/{bucket}/k", b"x").status == 200
    assert wire("GET", f"/{bucket}/k").body == b"x"
    assert wire("GET", f"/{bucket}/none").code == "NoSuchKey"


def test_absolute_targets(wire, bucket):
    """RFC 9112 3.2.2: the server takes the form that clients send to proxies."""
    wire("PUT", f"/{bucket}/k", b"x")
    signed = wire.sign("GET", f"/{bucket}/k")
    assert wire.raw("GET", f"http://127.0.0.1:{wire.gust.port}/{bucket}/k", headers=signed).body == b"x"
    assert wire.raw("GET", f"http://127.0.0.1:{wire.gust.port}/{bucket}/k?x=1", headers=signed).code == "SignatureDoesNotMatch"
    assert wire.raw("GET", f"http://127.0.0.1:{wire.gust.port}").status == 403
    for target in ("relative", "ftp://x/y", "http:///x", "http://user@host/x"):
        assert wire.raw("GET", target).status == 400, target


def test_error_bodies(wire, bucket):
    answer = wire("GET", f"/{bucket}/no%20such")
    assert answer.headers["content-type"] == "application/xml" and answer.body.startswith(b"<?xml")
    assert b"<Key>no such</Key>" in answer.body and b"<RequestId>" in answer.body and b"<HostId>" in answer.body
    assert answer.headers["x-amz-request-id"].encode() in answer.body and answer.headers["x-amz-id-2"]
    assert b"<BucketName>" in wire("GET", f"/{bucket}-none?list-type=2").body


def test_anonymous_and_wrong_keys(wire, gust, bucket):
    assert (wire.raw("GET", f"/{bucket}/k").status, wire.raw("GET", f"/{bucket}/k").code) == (403, "AccessDenied")
    assert wire.raw("PUT", f"/{bucket}/k", b"x").code == "AccessDenied"
    assert wire.raw("GET", "/").status in (200, 307, 403)
    key, secret = gust.keys()
    assert wire("GET", f"/{bucket}", keys=("AKIDNONE12345678", "x" * 40)).code == "InvalidAccessKeyId"
    answer = wire("GET", f"/{bucket}", keys=(key, "x" * 40))
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")
    assert wire("GET", f"/{bucket}", service="lambda").code in ("AuthorizationHeaderMalformed", "")


def test_malformed_authorizations(wire, bucket):
    good = wire.sign("GET", f"/{bucket}/k")["Authorization"]
    for bad, code in ((good.replace("/aws4_request", ""), "AuthorizationHeaderMalformed"),
                      (good.replace("Signature=", "Sig="), "AuthorizationHeaderMalformed"),
                      (good.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512"), "InvalidRequest"),
                      ("Bearer abc", "InvalidArgument"), ("AWS key:sig", "InvalidRequest"), ("AWS4-HMAC-SHA256", None)):
        answer = wire.raw("GET", f"/{bucket}/k", headers=wire.sign("GET", f"/{bucket}/k") | {"Authorization": bad})
        assert answer.status == 400 and (code is None or answer.code == code), (bad, answer.code)
    # One that says nothing is none, and asks for nobody.
    answer = wire.raw("GET", f"/{bucket}/k", headers=wire.sign("GET", f"/{bucket}/k") | {"Authorization": ""})
    assert (answer.status, answer.code) == (403, "AccessDenied")


def test_conditions_on_dates_that_are_none(wire, bucket):
    assert wire("PUT", f"/{bucket}/dated", b"x").status == 200
    for name in ("If-Modified-Since", "If-Unmodified-Since"):
        assert wire("GET", f"/{bucket}/dated", b"", {name: "yesterday"}).status == 200


def test_clocks(wire, gust, bucket, monkeypatch):
    import botocore.auth
    for minutes, code in ((-16, "RequestTimeTooSkewed"), (16, "RequestTimeTooSkewed"), (-14, "NoSuchKey"), (14, "NoSuchKey")):
        shifted = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)
        if hasattr(botocore.auth, "get_current_datetime"):
            monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *a, **k: shifted)
        answer = wire("GET", f"/{bucket}/k")
        assert answer.code == code


def test_payload_hashes(wire, bucket):
    signed = wire.sign("PUT", f"/{bucket}/k", b"one")
    answer = wire.raw("PUT", f"/{bucket}/k", b"two", signed)
    assert (answer.status, answer.code) == (400, "XAmzContentSHA256Mismatch")
    assert wire("GET", f"/{bucket}/k").code == "NoSuchKey"
    unsigned_header = wire.sign("GET", f"/{bucket}/k") | {"x-amz-meta-late": "1"}
    assert wire.raw("GET", f"/{bucket}/k", headers=unsigned_header).code == "AccessDenied"


def test_digests_of_bodies_that_do_not_stream(wire, bucket):
    wire("PUT", f"/{bucket}/k", b"x")
    body = b"<Delete><Object><Key>k</Key></Object></Delete>"
    md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
    other = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    assert wire("POST", f"/{bucket}?delete", body).code == "InvalidRequest"  # neither Content-MD5 nor a checksum
    assert wire("POST", f"/{bucket}?delete", body, {"Content-MD5": other}).code == "BadDigest"
    assert wire("POST", f"/{bucket}?delete", body, {"Content-MD5": "x"}).code == "InvalidDigest"
    assert wire("POST", f"/{bucket}?delete", body, {"x-amz-checksum-crc32": "AAAAAA=="}).code == "BadDigest"
    assert wire("GET", f"/{bucket}/k").body == b"x"
    assert wire("POST", f"/{bucket}?delete", body, {"Content-MD5": md5}).status == 200
    assert wire("GET", f"/{bucket}/k").code == "NoSuchKey"
    cors = b"<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>"
    assert wire("PUT", f"/{bucket}?cors", cors, {"Content-MD5": other}).code == "BadDigest"
    assert wire("GET", f"/{bucket}?cors").code == "NoSuchCORSConfiguration"


@pytest.mark.parametrize("body", [b"", b"<", b"<a>", b"not xml", b"<Other/>", b"<Delete><Object></Object></Delete>", b"<Delete></Delete>",
                                  b"<Delete><Object><Key></Key></Object></Delete>", b"<!DOCTYPE x><Delete/>", b"\xff\xfe\x00"])
def test_malformed_xml(wire, bucket, body):
    md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
    answer = wire("POST", f"/{bucket}?delete", body, {"Content-MD5": md5})
    assert (answer.status, answer.code) in ((400, "MalformedXML"), (400, "MissingRequestBodyError"), (400, "UserKeyMustBeSpecified"))


def test_parameters_of_the_wrong_kind(wire, bucket):
    for target in (f"/{bucket}?max-keys=abc", f"/{bucket}?list-type=2&max-keys=99999999999", f"/{bucket}/k?partNumber=x"):
        answer = wire("GET", target)
        assert (answer.status, answer.code) == (400, "InvalidArgument"), target
        assert b"not an integer or within integer range" in answer.body or b"Part number must be" in answer.body
    copied = wire("PUT", f"/{bucket}/c", b"", {"x-amz-copy-source": f"/{bucket}/k?versionId=abc"})
    assert (copied.status, copied.code) == (400, "InvalidArgument")


def test_lengths(wire, bucket):
    target, body = f"/{bucket}/k", b"x"
    signed = wire.sign("PUT", target, body)
    chunked = wire.raw("PUT", target, b"1\r\nx\r\n0\r\n\r\n", signed | {"Content-Length": None, "Transfer-Encoding": "chunked"})
    assert (chunked.status, chunked.code) == (411, "MissingContentLength")
    big = wire.raw("PUT", target, b"", wire.sign("PUT", target) | {"Content-Length": str(6 << 30), "Expect": "100-continue"})
    assert (big.status, big.code) == (400, "EntityTooLarge")


def test_uris_that_are_not_utf8(wire, bucket):
    for path in ("%ff", "a%c3", "%ed%a0%80"):
        answer = wire.raw("PUT", f"/{bucket}/{path}", b"", wire.sign("PUT", f"/{bucket}/{path}"))
        assert answer.status in (400, 403) and answer.code in ("InvalidURI", "SignatureDoesNotMatch"), answer.body
    assert wire.raw("GET", f"/{bucket}/%zz", headers=wire.sign("GET", f"/{bucket}/%zz")).status == 400


def test_methods_and_operations_that_are_not_served(wire, bucket):
    for method, target in (("PATCH", f"/{bucket}/k"), ("POST", f"/{bucket}/k"), ("POST", "/"), ("PUT", "/"), ("DELETE", "/")):
        answer = wire(method, target)
        assert (answer.status, answer.code) == (405, "MethodNotAllowed"), (method, target)
    for query in ("torrent", "select", "session", "metadataTable"):
        answer = wire("GET", f"/{bucket}?{query}")
        assert answer.status == 501 and answer.code == "NotImplemented", query
    assert wire("GET", f"/{bucket}/k?versionId=nope").code == "InvalidArgument"


@pytest.mark.parametrize("change,code", [
    (("X-Amz-Expires=60", "X-Amz-Expires=604801"), "AuthorizationQueryParametersError"),
    (("X-Amz-Expires=60", "X-Amz-Expires=-1"), "AuthorizationQueryParametersError"),
    (("X-Amz-Expires=60", "X-Amz-Expires=x"), "AuthorizationQueryParametersError"),
    (("X-Amz-Expires=60", "X-Amz-Expires=61"), "SignatureDoesNotMatch"),
    (("X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Algorithm=none"), "AuthorizationQueryParametersError"),
    (("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders="), "AuthorizationQueryParametersError")])
def test_presigned_urls_that_were_changed(wire, gust, s3, bucket, change, code):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    request = AWSRequest("GET", f"{gust.endpoint}/{bucket}/k")
    S3SigV4QueryAuth(Credentials(*gust.keys()), "s3", "us-east-1", expires=60).add_auth(request)
    target = request.url.removeprefix(gust.endpoint)
    assert wire.raw("GET", target).body == b"x"
    answer = wire.raw("GET", target.replace(*change))
    assert answer.code == code and answer.status in (400, 403)
    assert wire.raw("PUT", target, b"y").code == "SignatureDoesNotMatch"
    both = wire.raw("GET", target, headers=wire.sign("GET", target))
    assert (both.status, both.code) == (400, "InvalidArgument")


def test_metadata_outside_ascii(wire, bucket):
    """The service answers such values as RFC 2047 writes them."""
    signed = wire.sign("PUT", f"/{bucket}/k", b"x", {"x-amz-meta-name": "Gr\u00fc\u00dfe"})
    raw = signed | {"x-amz-meta-name": "Gr\u00fc\u00dfe".encode()}
    answer = wire.raw("PUT", f"/{bucket}/k", b"x", raw)
    assert answer.status == 200, answer.body
    got = wire("HEAD", f"/{bucket}/k")
    assert got.headers["x-amz-meta-name"] == "=?UTF-8?B?" + base64.b64encode("Gr\u00fc\u00dfe".encode()).decode() + "?="


def test_regions(wire, bucket):
    """One endpoint serves every region, and a bucket is in one."""
    answer = wire("PUT", f"/{bucket}/k", b"x", region="eu-west-1")
    assert (answer.status, answer.code) == (400, "AuthorizationHeaderMalformed")
    assert b"the region 'eu-west-1' is wrong; expecting 'us-east-1'</Message><Region>us-east-1</Region>" in answer.body
    answer = wire("HEAD", f"/{bucket}", region="eu-west-1")
    assert answer.status == 400 and answer.headers["x-amz-bucket-region"] == "us-east-1"
    assert wire("GET", f"/{bucket}?location", region="eu-west-1").status == 200
    keys = b"<Delete><Object><Key>k</Key></Object></Delete>"
    digest = {"Content-MD5": base64.b64encode(hashlib.md5(keys).digest()).decode()}
    assert wire("POST", f"/{bucket}?delete", keys, digest, region="eu-west-1").code == "AuthorizationHeaderMalformed"
    assert b'<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' in wire("GET", f"/{bucket}?location").body
