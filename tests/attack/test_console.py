"""Attacks on the console's sessions: forged and stolen requests, other origins, guessed keys, users' pages, framing."""
import json
import re
import uuid

import pytest
import requests

OTHER = "http://127.0.0.1:1"  # of the same site, for cookies know no ports


class Browser:
    """The console's page as the daemon sees it: an origin, a cookie, the session's token."""

    def __init__(self, gust, origin=None):
        self.gust, self.http = gust, requests.Session()
        self.origin = origin or gust.endpoint
        self.csrf = None

    def send(self, method, path, origin="own", csrf="own", **more):
        headers = more.pop("headers", {})
        if origin is not None:
            headers = {"Origin": self.origin if origin == "own" else origin} | headers
        if csrf is not None and self.csrf:
            headers = {"X-Gust-Csrf": self.csrf if csrf == "own" else csrf} | headers
        return self.http.request(method, f"{self.gust.endpoint}/_gust/console/{path}", headers=headers, timeout=30, allow_redirects=False, **more)

    def sign_in(self, key=None, secret=None, **more):
        keys = self.gust.keys() if key is None else (key, secret)
        answer = self.send("POST", "session", json={"access_key_id": keys[0], "secret_access_key": keys[1]}, **more)
        if answer.status_code == 201:
            self.csrf = answer.json()["csrf"]
        return answer


@pytest.fixture
def browser(gust):
    it = Browser(gust)
    assert it.sign_in().status_code == 201
    return it


def test_the_session_is_a_cookie_that_no_script_reads(gust):
    answer = Browser(gust).sign_in()
    cookie = answer.headers["Set-Cookie"]
    name, token = re.match(r"(\w+)=([0-9a-f]{64}); ", cookie).groups()
    assert name == f"gust_session_{gust.port}"
    assert {"HttpOnly", "SameSite=Strict", "Path=/_gust/console"} <= set(cookie.split("; ")) and "Secure" not in cookie
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json()
    assert token not in answer.text and gust.keys()[1] not in answer.text and body["csrf"] != token


def test_behind_tls_the_cookie_stays_there(gust):
    it = Browser(gust, origin=gust.endpoint.replace("http:", "https:"))
    assert "; Secure" in it.sign_in().headers["Set-Cookie"]


def test_nothing_without_a_session(gust):
    it = Browser(gust)
    for method, path in [("GET", "session"), ("GET", "admin/status"), ("GET", "admin/accounts"), ("GET", "aws/s3/"), ("DELETE", "session"),
                         ("POST", "aws/lambda/2015-03-31/functions"), ("GET", "admin/metrics"), ("GET", "admin/traces/stream")]:
        assert it.send(method, path).status_code == 401, path
    it.http.cookies.set(f"gust_session_{gust.port}", "0" * 64, path="/_gust/console")
    assert it.send("GET", "session").status_code == 401
    it.http.cookies.set(f"gust_session_{gust.port}", "a\x01;;=" * 500, path="/_gust/console")
    assert it.send("GET", "session").status_code in (400, 401, 431)


def test_a_session_is_not_for_the_rest_of_gust(gust, browser):
    cookie = {"Cookie": "; ".join(f"{c.name}={c.value}" for c in browser.http.cookies), "X-Gust-Csrf": browser.csrf, "Origin": gust.endpoint}
    for path in ("/_gust/status", "/_gust/accounts", "/"):
        assert requests.get(gust.endpoint + path, headers=cookie, timeout=30).status_code == 403
    assert requests.get(f"{gust.endpoint}/_gust/console/aws/s3/", headers=cookie, timeout=30).status_code == 200


@pytest.mark.parametrize("origin,csrf", [(OTHER, "own"), ("null", "own"), (None, "own"), ("own", None), ("own", "f" * 64), ("own", ""),
                                         ("http://evil.example", "own")])
def test_a_forged_change_is_refused(gust, browser, unique, origin, csrf):
    assert browser.send("PUT", f"aws/s3/{unique}", origin=origin, csrf=csrf).status_code == 403
    assert unique not in [b["Name"] for b in gust.client("s3").list_buckets()["Buckets"]]
    assert browser.send("PUT", f"aws/s3/{unique}").status_code == 200
    assert browser.send("DELETE", "session", origin=origin, csrf=csrf).status_code == 403
    assert browser.send("GET", "session").status_code == 200  # still signed in
    gust.client("s3").delete_bucket(Bucket=unique)


def test_other_origins_read_nothing(browser):
    assert browser.send("GET", "session", origin=OTHER).status_code == 403
    for site in ("same-site", "cross-site", "none"):
        assert browser.send("GET", "session", origin=None, headers={"Sec-Fetch-Site": site}).status_code == 403
        assert browser.send("GET", "aws/s3/", origin=None, headers={"Sec-Fetch-Site": site}).status_code == 403
    answer = browser.send("GET", "session", headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_signing_in_from_another_page_is_refused(gust):
    for origin in (OTHER, "null", None):
        assert Browser(gust).sign_in(origin=origin).status_code == 403
    it = Browser(gust)
    key, secret = gust.keys()
    body = json.dumps({"access_key_id": key, "secret_access_key": secret})
    assert it.send("POST", "session", data=body, headers={"Content-Type": "text/plain"}).status_code == 415  # a form's
    for body in ("", "[]", "{", '{"access_key_id": 1}', json.dumps({"access_key_id": key}), json.dumps({"token": ["x"]})):
        assert it.send("POST", "session", data=body, headers={"Content-Type": "application/json"}).status_code == 400
    assert it.send("POST", "session", data="x" * 100_000, headers={"Content-Type": "application/json"}).status_code == 413


def test_guessing_is_slowed_down(new_gust):
    gust = new_gust().start()
    key, secret = gust.keys()
    it = Browser(gust)
    told = {it.sign_in(key, "wrong").text, it.sign_in("AKIANOBODY0000000000", secret).text}
    assert len(told) == 1  # which of the two is wrong is not told
    for _ in range(3):
        assert it.sign_in(key, "wrong").status_code == 403
    answer = it.sign_in(key, secret)
    assert answer.status_code == 429 and 1 <= int(answer.headers["Retry-After"]) <= 60
    token = json.loads(gust.cli("console", "--json").stdout)["url"].split("token=")[1]
    assert it.send("POST", "session", json={"token": token}).status_code == 201  # who has the keys is not locked out


def test_links_sign_in_once(gust):
    url = gust.cli("console", "--print").stdout.strip()
    token = url.split("#token=")[1]
    assert Browser(gust).send("POST", "session", json={"token": token}).status_code == 201
    assert Browser(gust).send("POST", "session", json={"token": token}).status_code == 403
    assert Browser(gust).send("POST", "link").status_code == 403  # not signed


def test_sign_out_and_restart_end_sessions(new_gust):
    gust = new_gust().start()
    first, second = Browser(gust), Browser(gust)
    first.sign_in(), second.sign_in()
    stolen = dict(first.http.cookies)
    assert first.send("DELETE", "session").status_code == 204
    first.http.cookies.update(stolen)
    assert first.send("GET", "session").status_code == 401
    assert second.send("GET", "session").status_code == 200
    gust.restart()
    assert second.send("GET", "session").status_code == 401


def test_accounts_see_their_own(gust, unique):
    made = gust.cli_json("account", "create", "--name", unique)
    it = Browser(gust)
    assert it.sign_in(made["access_key_id"], made["secret_access_key"]).json()["root"] is False
    gust.client("s3").create_bucket(Bucket=unique)
    assert unique not in it.send("GET", "aws/s3/").text
    assert it.send("GET", f"aws/s3/{unique}?list-type=2").status_code == 403
    assert it.send("GET", "admin/status").json()["account"] == made["id"]
    for path in ("admin/metrics", "admin/accounts", "admin/fsck"):
        assert it.send("GET", path).status_code == 403, path
    gust.client("s3").delete_bucket(Bucket=unique)


def test_only_services_are_behind_aws(browser):
    for path in ("aws/gust/_gust/accounts", "aws/s3/_gust/accounts", "aws/s3/_gust/console/session", "aws/sqs/", "aws/", "aws/lambda/_gust/health",
                 "aws/execute-api/x", "admin/console/session", "aws/sandwich/"):
        answer = browser.send("GET", path)
        assert answer.status_code in (403, 404), (path, answer.status_code, answer.text[:200])


def test_what_users_stored_is_never_a_page_of_the_console(gust, browser, unique):
    s3 = gust.client("s3")
    s3.create_bucket(Bucket=unique)
    for name, kind in (("x.html", "text/html"), ("x.svg", "image/svg+xml"), ("x.js", "text/javascript")):
        s3.put_object(Bucket=unique, Key=name, Body=b"<script>alert(1)</script>", ContentType=kind)
        answer = browser.send("GET", f"aws/s3/{unique}/{name}", headers={"Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == 200
        assert "sandbox" in answer.headers["Content-Security-Policy"] and "script-src" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["Content-Disposition"] == "attachment"
    # By its own address it shares the console's host; a browser is told to give it an origin of its own.
    url = s3.generate_presigned_url("get_object", {"Bucket": unique, "Key": "x.html"})
    for browsing in ({"Sec-Fetch-Dest": "document"}, {"Sec-Fetch-Dest": "iframe"}, {"Accept": "text/html,*/*;q=0.8"}):
        assert requests.get(url, headers=browsing, timeout=30).headers["Content-Security-Policy"].startswith("sandbox ")
    assert "Content-Security-Policy" not in requests.get(url, timeout=30).headers  # of an SDK: as it was stored


def test_the_page_is_strict(gust):
    page = requests.get(f"{gust.endpoint}/_gust/", timeout=30)
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'self';" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy and page.headers["X-Frame-Options"] == "DENY" and page.headers["X-Content-Type-Options"] == "nosniff"
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|style=", page.text)
    for path in ("assets/../index.html", "assets/%2e%2e/index.html", "assets/", "assets/none.js", "assets/" + "a" * 5000):
        assert requests.get(f"{gust.endpoint}/_gust/console/{path}", timeout=30).status_code in (404, 403, 200, 431)
    assert requests.post(f"{gust.endpoint}/_gust/", timeout=30).status_code == 405


def test_hosts_of_users_pages_have_no_console(gust):
    for host in ("evil.localhost", "evil.site.localhost", "abc.execute-api.localhost", "abc.lambda-url.localhost"):
        for path in ("/_gust/", "/_gust/console/session"):
            assert requests.get(gust.endpoint + path, headers={"Host": f"{host}:{gust.port}"}, timeout=30).status_code == 403


def test_large_bodies_go_through(gust, browser, unique):
    size = 300 << 20  # more than any buffer of the way

    def pieces():
        for _ in range(size >> 20):
            yield bytes(1 << 20)

    assert browser.send("PUT", f"aws/s3/{unique}").status_code == 200
    assert browser.send("PUT", f"aws/s3/{unique}/big", data=_Sized(pieces(), size)).status_code == 200
    answer = browser.send("GET", f"aws/s3/{unique}/big", stream=True)
    assert sum(len(piece) for piece in answer.iter_content(1 << 20)) == size
    gust.client("s3").delete_object(Bucket=unique, Key="big")
    gust.client("s3").delete_bucket(Bucket=unique)


class _Sized:
    """A body that is made as it is sent, with its length in the head."""

    def __init__(self, pieces, size):
        self.pieces, self.size = pieces, size

    def __len__(self):
        return self.size

    def __iter__(self):
        return self.pieces


def test_functions_cannot_reach_the_console(gust):
    from test_lambda import ROLE, zip_of
    code = """
import os, urllib.request, urllib.error
def handler(event, context):
    out = []
    for path in ("/_gust/", "/_gust/console/session"):
        try:
            out.append(urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + path).status)
        except urllib.error.HTTPError as e:
            out.append(e.code)
    return out
"""
    name = f"console-{uuid.uuid4().hex[:8]}"
    functions = gust.client("lambda")
    functions.create_function(FunctionName=name, Runtime="python3.12", Handler="index.handler", Role=ROLE, Timeout=20,
                              Code={"ZipFile": zip_of({"index.py": code})})
    assert json.loads(functions.invoke(FunctionName=name)["Payload"].read()) == [403, 403]
    functions.delete_function(FunctionName=name)
