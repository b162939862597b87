"""Gust's own TLS, with the official SDK: a certificate of an authority of its own, its renewal, and what policies, traces and the console know of it."""
import json
import os
import re
import subprocess

import pytest
import requests
from botocore.exceptions import ClientError, SSLError

from conftest import BINARY, wait_until
from test_traces import trace_of


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)


def make_certificate(folder, serial=1):
    """cert.pem, key.pem, and authority.pem that signed it."""
    if not (folder / "authority.pem").exists():
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Test authority", "-keyout", folder / "authority.key",
                "-out", folder / "authority.pem", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    (folder / "names").write_text("subjectAltName=DNS:localhost,DNS:*.localhost,IP:127.0.0.1")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", folder / "key.new", "-out", folder / "request.pem")
    openssl("x509", "-req", "-in", folder / "request.pem", "-CA", folder / "authority.pem", "-CAkey", folder / "authority.key",
            "-set_serial", serial, "-days", "2", "-extfile", folder / "names", "-out", folder / "cert.new")
    (folder / "key.new").rename(folder / "key.pem")
    (folder / "cert.new").rename(folder / "cert.pem")


@pytest.fixture
def tls(new_gust, tmp_path):
    """A daemon that speaks TLS, too; `secure` is its address."""
    make_certificate(tmp_path)
    gust = new_gust("--tls-cert", tmp_path / "cert.pem", "--tls-key", tmp_path / "key.pem", "--tls-listen", "127.0.0.1:0").start()
    wait_until(lambda: "serves at" in gust.log(), "the addresses")
    gust.secure = re.search(r"and (https://\S+)", gust.log())[1]
    gust.authority = tmp_path / "authority.pem"
    return gust


def secure_client(gust, service):
    return gust.client(service, endpoint_url=gust.secure, verify=str(gust.authority))


def test_the_sdk_by_tls(tls):
    s3, tables = secure_client(tls, "s3"), secure_client(tls, "dynamodb")
    s3.create_bucket(Bucket="bkt")
    body = b"a picture" * 500_000
    s3.put_object(Bucket="bkt", Key="k", Body=body)
    assert s3.get_object(Bucket="bkt", Key="k")["Body"].read() == body
    upload = s3.create_multipart_upload(Bucket="bkt", Key="m")["UploadId"]
    part = s3.upload_part(Bucket="bkt", Key="m", UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
    done = s3.complete_multipart_upload(Bucket="bkt", Key="m", UploadId=upload, MultipartUpload={"Parts": [{"ETag": part, "PartNumber": 1}]})
    assert done["Location"].startswith("https://127.0.0.1:")
    assert tables.list_tables()["TableNames"] == []
    assert tls.client("s3").list_objects_v2(Bucket="bkt")["KeyCount"] == 2  # and by HTTP, as before
    with pytest.raises(SSLError):  # of no authority that others know
        tls.client("s3", endpoint_url=tls.secure).list_buckets()


def test_policies_know_how_a_request_came(tls):
    secure, plain = secure_client(tls, "s3"), tls.client("s3")
    plain.create_bucket(Bucket="bkt")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::bkt", "arn:aws:s3:::bkt/*"]}
    plain.put_bucket_policy(Bucket="bkt", Policy=json.dumps({"Version": "2012-10-17", "Statement": [
        deny | {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        deny | {"Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}}]}))
    secure.put_object(Bucket="bkt", Key="k", Body=b"x")
    with pytest.raises(ClientError, match="AccessDenied"):
        plain.get_object(Bucket="bkt", Key="k")
    secure.put_bucket_policy(Bucket="bkt", Policy=json.dumps({"Version": "2012-10-17", "Statement": [
        deny | {"Condition": {"NumericLessThan": {"s3:TlsVersion": "1.4"}}}]}))
    with pytest.raises(ClientError, match="AccessDenied"):
        secure.get_object(Bucket="bkt", Key="k")


def test_the_handshake_is_a_step_of_the_first_requests_trace(tls):
    secure_client(tls, "s3").create_bucket(Bucket="bkt")
    requests_of = wait_until(lambda: trace_of(tls), "the trace")
    spans = {s["kind"]: s for s in requests_of["spans"]}
    assert set(spans) == {"request", "tls"}
    assert spans["tls"]["name"] == "TLSv1.3 handshake" and spans["tls"]["parent"] == spans["request"]["id"]
    assert spans["tls"]["attributes"]["cipher"].startswith("TLS_") and 0 < spans["tls"]["duration_us"] < 10_000_000
    session = requests.Session()
    for key in ("one", "two"):
        session.get(f"{tls.secure}/bkt/{key}", verify=str(tls.authority))
    two = wait_until(lambda: trace_of(tls, text="two"), "the second trace")
    assert [s["kind"] for s in two["spans"]] == ["request"]  # its connection was there


def test_a_renewed_certificate_is_shown_without_a_restart(tls, tmp_path):
    def serial():
        shown = subprocess.run(["openssl", "s_client", "-connect", tls.secure.removeprefix("https://"), "-CAfile", tls.authority],
                               input=b"", capture_output=True).stdout
        return subprocess.run(["openssl", "x509", "-noout", "-serial"], input=shown, capture_output=True, check=True).stdout.strip()

    assert serial() == b"serial=01"
    make_certificate(tmp_path, serial=2)
    assert serial() == b"serial=02"


def test_the_consoles_cookie_is_for_tls_only(tls):
    key, secret = tls.keys()
    done = requests.post(f"{tls.secure}/_gust/console/session", json={"access_key_id": key, "secret_access_key": secret},
                         headers={"Origin": tls.secure, "Sec-Fetch-Site": "same-origin"}, verify=str(tls.authority))
    assert done.ok, done.text
    assert "; Secure" in done.headers["Set-Cookie"]


def test_the_command_line_by_tls(tls, tmp_path):
    def cli(*args, bundle=tls.authority, **options):
        environment = {k: v for k, v in tls.env().items() if k != "GUST_ENDPOINT"} | ({"AWS_CA_BUNDLE": str(bundle)} if bundle else {})
        return subprocess.run([BINARY, "bucket", *map(str, args), "--endpoint", options.get("endpoint", tls.secure)], env=environment,
                              capture_output=True, text=True, timeout=120)

    (tmp_path / "there").write_bytes(os.urandom(20_000_000))  # in parts, side by side
    for args in (("mb", "s3://bkt"), ("cp", tmp_path / "there", "s3://bkt/k"), ("cp", "s3://bkt/k", tmp_path / "back")):
        done = cli(*args)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "back").read_bytes() == (tmp_path / "there").read_bytes()
    link = cli("presign", "s3://bkt/k").stdout.strip()
    assert link.startswith(tls.secure) and len(requests.get(link, verify=str(tls.authority)).content) == 20_000_000
    refused = cli("ls", bundle=None)
    assert refused.returncode == 1 and "its certificate is not trusted: unable to get local issuer certificate" in refused.stderr
    assert "AWS_CA_BUNDLE" in refused.stderr
    other = cli("ls", endpoint=tls.endpoint.replace("http:", "https:"))
    assert other.returncode == 1 and "does not speak TLS" in other.stderr
    unread = cli("ls", bundle="/nowhere.pem")
    assert unread.returncode == 1 and "the certificates '/nowhere.pem' cannot be used" in unread.stderr


def test_a_stacks_addresses_are_those_of_the_endpoint(tls, tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app/template.yaml").write_text("""
Resources:
  Api: {Type: 'AWS::ApiGatewayV2::Api', Properties: {Name: tried, ProtocolType: HTTP}}
  Site: {Type: 'AWS::S3::Bucket', Properties: {BucketName: a-site, WebsiteConfiguration: {IndexDocument: index.html}}}
Outputs:
  Api: {Value: !GetAtt Api.ApiEndpoint}
  Site: {Value: !GetAtt Site.WebsiteURL}
""")
    done = subprocess.run([BINARY, "deploy", "--stack", "tried", "--endpoint", tls.secure, "--json"], cwd=tmp_path / "app",
                          env=tls.env() | {"AWS_CA_BUNDLE": str(tls.authority)}, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    outputs = json.loads(done.stdout)["outputs"]
    assert outputs["Api"].startswith(tls.secure + "/_gust/api/")
    assert outputs["Site"] == f"https://a-site.site.localhost:{tls.secure.rsplit(':', 1)[1]}"


@pytest.mark.parametrize("flags, said", [
    (["--tls-cert", "{cert}"], "TLS needs both a certificate and its key"),
    (["--tls-listen", "127.0.0.1:0"], "TLS needs both a certificate and its key"),
    (["--tls-cert", "{cert}", "--tls-key", "/nowhere"], "the key '/nowhere' cannot be used"),
    (["--tls-cert", "{cert}", "--tls-key", "{key}", "--tls-listen", "443"], "expected ADDR:PORT, as in 127.0.0.1:8443"),
    (["--tls-cert", "{cert}", "--tls-key", "{key}", "--tls-listen", "0.0.0.0:0", "--dev"], "listens on loopback only")])
def test_what_up_refuses(tmp_path, flags, said):
    make_certificate(tmp_path)
    flags = [f.format(cert=tmp_path / "cert.pem", key=tmp_path / "key.pem") for f in flags]
    done = subprocess.run([BINARY, "up", "--data", tmp_path / "data", "--listen", "127.0.0.1:0", *flags], capture_output=True, text=True, timeout=60)
    assert done.returncode in (1, 2) and said in done.stderr, done
