"""The AWS SDK for JavaScript v3, bundled by esbuild, in a page of another origin than the bucket's."""
import hashlib
import shutil
import subprocess

import pytest

from conftest import ROOT

KEYS = ["with space", "a+b", "100%", "a%2Fb", "a//b", "ünï/日本/🎈", "q?x=1", "#h", "<&>'\"", "(a)!*~"]


@pytest.fixture(scope="session")
def bundle(tmp_path_factory):
    folder, out = ROOT / "build/node-tests", tmp_path_factory.mktemp("bundle") / "page.js"
    shutil.copy(ROOT / "tests/browser/storage_page.mjs", folder / "storage_page.mjs")
    subprocess.run([folder / "node_modules/.bin/esbuild", "storage_page.mjs", "--bundle", "--minify", "--platform=browser",
                    "--log-level=warning", f"--outfile={out}"], cwd=folder, check=True, timeout=120)
    return out.read_text()


def test_the_sdk_in_a_page(gust, unique, chromium, page_server, bundle):
    s3 = gust.client("s3")
    s3.create_bucket(Bucket=unique)
    pages, origin = page_server
    pages["html"] = "<title>storage</title>"
    s3.put_bucket_cors(Bucket=unique, CORSConfiguration={"CORSRules": [{
        "AllowedMethods": ["GET", "HEAD", "PUT", "POST", "DELETE"], "AllowedOrigins": [origin], "AllowedHeaders": ["*"],
        "ExposeHeaders": ["ETag", "x-amz-meta-mood", "x-amz-checksum-crc32"]}]})
    key, secret = gust.keys()
    context = chromium.new_context()
    try:
        page = context.new_page()
        page.goto(origin)
        page.add_script_tag(content=bundle)
        given = {"Bucket": unique, "endpoint": gust.endpoint, "accessKeyId": key, "secretAccessKey": secret, "keys": KEYS}
        told = page.evaluate("given => storage(given)", given)
        assert told["read"] == KEYS and told["listed"] == sorted(KEYS, key=str.encode)
        assert (told["metadata"], told["range"]) == ({"mood": "good"}, "ith")
        assert told["etag"].endswith('-5"') and told["told"] and told["same"]
        assert hashlib.sha256(s3.get_object(Bucket=unique, Key="large")["Body"].read()).hexdigest() == told["sha256"]
        assert (told["put"], told["back"], told["form"]) == (200, ["there", 34, None], 204)
        assert told["missing"] == ["NoSuchKey", 404] and told["wrong"] == ["SignatureDoesNotMatch", 403]
        assert told["gone"] == len(KEYS) + 1
        s3.delete_bucket_cors(Bucket=unique)
        assert page.evaluate("given => refused(given)", given) == "TypeError"
    finally:
        context.close()
