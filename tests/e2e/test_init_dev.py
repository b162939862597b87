"""gust init makes applications that run; gust dev deploys what changes and keeps what is stored."""
import io
import json
import os
import re
import signal
import subprocess
import threading

import pytest
import requests
from PIL import Image, ImageOps, ImageStat

from conftest import BINARY, wait_until

RED, GREEN, BLUE = (220, 30, 30), (30, 200, 30), (30, 30, 220)


@pytest.fixture
def gust(new_gust):
    return new_gust().start()


def run(gust, *args, cwd):
    return subprocess.run([BINARY, *args], env=gust.env(), cwd=cwd, capture_output=True, text=True, timeout=300)


def init(gust, folder, *args):
    done = run(gust, "init", *args, cwd=folder)
    assert done.returncode == 0, done
    return done.stdout


def deploy(gust, folder):
    done = run(gust, "deploy", "--json", cwd=folder)
    assert done.returncode == 0, done
    return json.loads(done.stdout)["outputs"]


def mean(image):
    return ImageStat.Stat(image.convert("RGB")).mean


def notes_work(at):
    made = requests.post(f"{at}/notes", json={"text": "hello"})
    assert made.status_code == 201, made.text
    assert requests.get(f"{at}/notes").json() == [made.json()]
    assert requests.get(f"{at}/notes/{made.json()['id']}").json()["text"] == "hello"
    assert requests.get(f"{at}/notes/none").status_code == 404 and requests.post(f"{at}/notes", data="x").status_code == 400


LANGUAGES = pytest.mark.parametrize("language", ["python", "node", "cpp"])


@LANGUAGES
def test_api(gust, tmp_path, language):
    out = init(gust, tmp_path, "api", "notes", "--language", language)
    assert "cd notes" in out and "template.yaml" in out
    notes_work(deploy(gust, tmp_path / "notes")["ApiUrl"])


@LANGUAGES
def test_worker(gust, tmp_path, language):
    init(gust, tmp_path, "worker", "--language", language)
    table = deploy(gust, tmp_path / "worker")["Table"]
    gust.cli("table", "put", table, '{"id": "42", "what": "tea"}')
    wait_until(lambda: "INSERT 42" in gust.cli("logs", "WorkerFunction").stdout, "the worker")


@LANGUAGES
def test_thumbnails(gust, tmp_path, language):
    init(gust, tmp_path, "thumbnails", "pictures", "--language", language)
    outputs = deploy(gust, tmp_path / "pictures")
    from conftest import ROOT
    picture = ROOT / "examples/thumbnails/pictures/lake-0.3mp.jpg"
    gust.cli("bucket", "cp", picture, f"s3://{outputs['Pictures']}/some picture+é.jpg")
    s3 = gust.client("s3")
    wait_until(lambda: s3.list_objects_v2(Bucket=outputs["Thumbnails"]).get("KeyCount"), "the thumbnail")
    small = s3.get_object(Bucket=outputs["Thumbnails"], Key="some picture+é.jpg")["Body"].read()
    with Image.open(io.BytesIO(small)) as image, Image.open(picture) as before:
        assert image.format == "JPEG" and max(image.size) == 200
        assert abs(image.width / image.height - before.width / before.height) < 0.02
        assert all(abs(a - b) < 12 for a, b in zip(mean(image), mean(before)))
    # As cameras write them that were held otherwise: a corner keeps its colour.
    for way in range(1, 9):
        quarters = Image.new("RGB", (400, 300), "black")
        for colour, corner in ((RED, (0, 0)), (GREEN, (200, 0)), (BLUE, (0, 150))):
            quarters.paste(colour, (*corner, corner[0] + 200, corner[1] + 150))
        exif = quarters.getexif()
        exif[0x0112] = way
        quarters.save(tmp_path / f"{way}.jpg", quality=95, exif=exif)
        gust.cli("bucket", "cp", tmp_path / f"{way}.jpg", f"s3://{outputs['Pictures']}/")
    wait_until(lambda: s3.list_objects_v2(Bucket=outputs["Thumbnails"])["KeyCount"] == 9, "the thumbnails")
    for way in range(1, 9):
        small = s3.get_object(Bucket=outputs["Thumbnails"], Key=f"{way}.jpg")["Body"].read()
        with Image.open(io.BytesIO(small)) as image, Image.open(tmp_path / f"{way}.jpg") as before:
            upright = ImageOps.exif_transpose(before)
            assert image.size == tuple(n // 2 for n in upright.size) and not image.getexif(), way
            for x, y in ((50, 50), (upright.width - 50, 50), (50, upright.height - 50)):
                assert all(abs(a - b) < 12 for a, b in zip(image.getpixel((x // 2, y // 2)), upright.getpixel((x, y)))), way


@pytest.mark.parametrize("arguments, said", [
    (["api", "full"], "full is there already"), (["moon"], "api: an HTTP API that keeps notes in a table (python, node, cpp)"),
    (["chat"], "needs a service that Gust does not have"), (["api", "x", "--language", "cobol"], "python, node, cpp, not in cobol")])
def test_what_init_refuses(gust, tmp_path, arguments, said):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").write_text("mine")
    done = run(gust, "init", *arguments, cwd=tmp_path)
    assert done.returncode in (1, 2) and said in done.stderr, done
    assert [p.name for p in tmp_path.iterdir() if not p.name.startswith("data")] == ["full"]


class Dev:
    """gust dev, with its lines as they come."""

    def __init__(self, gust, folder):
        self.process = subprocess.Popen([BINARY, "dev"], env=gust.env(), cwd=folder, stdout=subprocess.PIPE, text=True)
        self.lines = []
        self.thread = threading.Thread(target=lambda: [self.lines.append(line) for line in self.process.stdout])
        self.thread.start()

    def saw(self, what, start=0):
        return wait_until(lambda: [line for line in self.lines[start:] if re.search(what, line)], f"{what} in {self.lines}")

    def end(self):
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(timeout=30)
        self.thread.join()
        return code


def test_dev_deploys_what_changes_and_keeps_what_is_stored(gust, tmp_path):
    init(gust, tmp_path, "api", "notes")
    dev = Dev(gust, tmp_path / "notes")
    try:
        at = dev.saw("ApiUrl")[0].split()[-1]
        dev.saw("waiting for changes")
        note = requests.post(f"{at}/notes", json={"text": "kept"}).json()
        source = tmp_path / "notes/src/app.py"
        source.write_text(source.read_text().replace("def handler(event, context):", 'def handler(event, context):\n    print("second edition")'))
        dev.saw("changed: src/app.py")
        dev.saw("update ApiFunction")
        took = int(re.search(r"deployed in (\d+) ms", dev.saw("deployed in", dev.lines.index(dev.saw("changed: src")[0]))[0])[1])
        print("redeployed in", took, "ms")
        assert requests.get(f"{at}/notes").json() == [note]
        dev.saw("second edition")  # the log, inline
        # What is wrong is told, and the next change goes on.
        before = len(dev.lines)
        template = tmp_path / "notes/template.yaml"
        good = template.read_text()
        template.write_text(good.replace("Handler: app.handler", "Handler: nothing.handler"))
        dev.saw("not deployed: ", before)
        assert requests.get(f"{at}/notes").json() == [note]
        template.write_text(good.replace("Timeout: 10", "Timeout: 11"))
        dev.saw("update ApiFunction.*Timeout", before)
    finally:
        assert dev.end() == 0


def test_dev_follows_a_gust_that_is_started_again(gust, tmp_path):
    init(gust, tmp_path, "worker")
    dev = Dev(gust, tmp_path / "worker")
    try:
        dev.saw("deployed in")
        table = next(line.split()[1] for line in dev.saw("Table"))
        gust.cli("table", "put", table, '{"id": "41"}')
        dev.saw("INSERT 41")
        gust.stop()
        gust.start()
        gust.cli("table", "put", table, '{"id": "42"}')
        dev.saw("INSERT 42")
        assert len(dev.saw("INSERT")) == 2
    finally:
        assert dev.end() == 0


def test_dev_says_where_there_is_no_template(gust, tmp_path):
    done = run(gust, "dev", cwd=tmp_path)
    assert done.returncode == 2 and "template" in done.stderr
