"""What the console is made of: its size, its caching, its own tests and types, and a lock without host names."""
import gzip
import json
import re
import subprocess

import requests

from conftest import ROOT

CONSOLE = ROOT / "console"
BUDGET = 500_000  # bytes, gzipped, of everything


def test_it_keeps_its_size():
    sizes = json.loads((ROOT / "build/console/packed/sizes.json").read_text())
    assert sum(f["gzip"] for f in sizes) <= BUDGET, sorted(((f["gzip"], f["name"]) for f in sizes), reverse=True)[:10]


def test_files_are_as_they_were_built(gust):
    page = requests.get(f"{gust.endpoint}/_gust/", timeout=30)
    assert page.headers["Cache-Control"] == "no-cache"
    names = re.findall(r'(?:src|href)="(/_gust/console/assets/[^"]+)"', page.text)
    assert len(names) >= 3
    for name in names:
        built = (ROOT / "build/console/dist" / name.removeprefix("/_gust/console/")).read_bytes()
        for coding in ("br", "gzip", "identity", "gzip;q=0, br;q=0"):
            answer = requests.get(gust.endpoint + name, headers={"Accept-Encoding": coding}, timeout=30, stream=True)
            raw = answer.raw.read(decode_content=False)
            assert answer.headers.get("Content-Encoding") == (coding if coding in ("br", "gzip") else None)
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable" and answer.headers["Vary"] == "Accept-Encoding"
            if coding == "gzip":
                raw = gzip.decompress(raw)
            if coding != "br":
                assert raw == built, name
        again = requests.get(gust.endpoint + name, headers={"If-None-Match": answer.headers["ETag"]}, timeout=30)
        assert again.status_code == 304 and again.content == b""
        head = requests.head(gust.endpoint + name, headers={"Accept-Encoding": "identity"}, timeout=30)
        assert int(head.headers["Content-Length"]) == len(built)


def test_nothing_is_asked_of_other_hosts():
    """It works offline: no address of elsewhere in what is built, but names of XML's and links that a person may follow."""
    allowed = r"https?://(www\.w3\.org/|react\.dev/|reactflow\.dev|127\.0\.0\.1|radix-ui\.com/|\$\{|github\.com/|fb\.me/|tanstack\.com/|pro\.reactflow\.dev)"
    for path in (ROOT / "build/console/dist").rglob("*"):
        if path.suffix in {".js", ".css", ".html"}:
            others = [url for url in re.findall(r"https?://[\w.${-]+[^\s\"'`)]{0,40}", path.read_text()) if not re.match(allowed, url)]
            assert others == [], path.name


def test_the_lock_names_no_host():
    lock = (CONSOLE / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    versions = json.loads((CONSOLE / "package.json").read_text())
    pinned = versions["dependencies"] | versions["devDependencies"]
    assert [v for v in pinned.values() if not re.fullmatch(r"\d+\.\d+\.\d+", v)] == []


def test_its_types_and_its_own_tests():
    for script in ("check", "test"):
        done = subprocess.run(["npm", "run", "--silent", script], cwd=CONSOLE, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
