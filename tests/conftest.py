"""Fixtures for the tests that run the product: a daemon of its own data folder, official clients for it."""
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests")]
BINARY = Path(os.environ.get("GUST_BINARY", ROOT / "build/release/gust"))


def wait_until(condition, what, seconds=60):
    """Polls `condition` until it answers something true, which is returned; fails after `seconds`."""
    end = time.monotonic() + seconds
    for pause in itertools.chain([0.01] * 20, [0.05] * 20, itertools.repeat(0.2)):
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(pause)


class Gust:
    """A daemon: start, stop, kill, and clients with its root keys."""

    def __init__(self, data, *flags):
        self.data, self.flags, self.process, self.port = Path(data), list(flags), None, 0
        self.address = "127.0.0.1"  # to listen on
        self.start_seconds = 60  # to wait at most
        self.command = [BINARY]  # may begin with what starts it as another user
        self.log_path = self.data.parent / (self.data.name + ".log")

    def start(self, port=0):
        self.data.mkdir(parents=True, exist_ok=True)
        (self.data / "endpoint").unlink(missing_ok=True)
        log = open(self.log_path, "ab")
        self.process = subprocess.Popen(
            [*self.command, "up", "--data", self.data, "--listen", f"{self.address}:{port or self.port}", *self.flags],
            stdout=log, stderr=log, start_new_session=True)
        log.close()
        wait_until(self._is_up, f"gust up (see {self.log_path}):\n{self.log()[-2000:]}", self.start_seconds)
        return self

    def _is_up(self):
        assert self.process.poll() is None, f"gust ended with {self.process.returncode}:\n{self.log()[-4000:]}"
        try:
            endpoint = (self.data / "endpoint").read_text().strip()
        except FileNotFoundError:
            return False
        self.port = int(endpoint.rsplit(":", 1)[1].strip("/"))
        import requests
        try:
            return requests.get(f"{self.endpoint}/_gust/health", timeout=5).ok
        except requests.ConnectionError:
            return False

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def keys(self):
        import configparser
        parser = configparser.ConfigParser()
        parser.read(self.data / "credentials")
        section = parser["default"]
        return section["aws_access_key_id"], section["aws_secret_access_key"]

    def env(self):
        key, secret = self.keys()
        clean = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        return clean | {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_DEFAULT_REGION": "us-east-1",
                        "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": self.endpoint, "GUST_ENDPOINT": self.endpoint,
                        "GUST_DATA": str(self.data), "AWS_CONFIG_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true"}

    def client(self, service, **more):
        import boto3
        from botocore.config import Config
        key, secret = self.keys()
        config = more.pop("config", Config(retries={"max_attempts": 1}))
        if service == "s3" and "s3" not in (config._user_provided_options or {}):
            config = config.merge(Config(s3={"addressing_style": "path"}))
        values = {"endpoint_url": self.endpoint, "region_name": "us-east-1", "aws_access_key_id": key,
                  "aws_secret_access_key": secret, "config": config} | more
        return boto3.client(service, **values)

    def cli(self, *args, check=True, text=True, **more):
        """Runs the gust command against this daemon."""
        done = subprocess.run([BINARY, *map(str, args)], env=self.env(), capture_output=True, text=text, timeout=300, **more)
        assert not check or done.returncode == 0, f"gust {args}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def cli_json(self, *args):
        return json.loads(self.cli(*args, "--json").stdout)

    def stop(self):
        """SIGTERM; answers the exit code."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=30)
        return self.process.returncode if self.process else None

    def kill9(self):
        self.process.kill()
        self.process.wait()

    def restart(self):
        self.stop()
        return self.start()


@pytest.fixture(scope="session")
def gust(tmp_path_factory):
    """One daemon for the whole session, with pytest's own data folder."""
    daemon = Gust(tmp_path_factory.mktemp("gust") / "data").start()
    yield daemon
    code = daemon.stop()
    assert code == 0, f"gust ended with {code} on SIGTERM:\n{daemon.log()[-4000:]}"


@pytest.fixture
def new_gust(tmp_path):
    """Makes daemons of their own; each is killed at the end."""
    made = []

    def make(*flags, data=None):
        made.append(Gust(data or tmp_path / f"data{len(made)}", *flags))
        return made[-1]

    yield make
    for daemon in made:
        if daemon.process and daemon.process.poll() is None:
            daemon.stop()


@pytest.fixture
def machine(tmp_path):
    from machine import Machine
    it = Machine(tmp_path / "machine")
    yield it
    it.close()


@pytest.fixture
def unique(request):
    """A name that no other test uses, fit for buckets and functions."""
    import re
    import uuid
    return re.sub(r"[^a-z0-9-]", "-", request.node.name.lower())[:40].strip("-") + "-" + uuid.uuid4().hex[:8]


@pytest.fixture(scope="session")
def site_built():
    """examples/thumbnails/site/dist, built where it is not there or older than what it is made of."""
    site = ROOT / "examples/thumbnails/site"
    made = site / "dist/index.html"
    sources = [site / "index.html", site / "package-lock.json", *(site / "src").rglob("*")]
    if not made.exists() or any(source.stat().st_mtime > made.stat().st_mtime for source in sources):
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=site, check=True)
        subprocess.run(["npm", "run", "build", "--silent"], cwd=site, check=True)
    return site / "dist"


@pytest.fixture(scope="session")
def deployed_thumbnails(gust, site_built):
    """The example, deployed once: its outputs as {site_url, api_url, upload_bucket, thumbnail_bucket}."""
    outputs = gust.cli_json("deploy", ROOT / "examples/thumbnails", "--yes")["outputs"]
    return {"site_url": outputs["SiteUrl"], "api_url": outputs["ApiUrl"], "upload_bucket": outputs["UploadBucket"],
            "thumbnail_bucket": outputs["ThumbnailBucket"]}


def has_root():
    return os.geteuid() == 0


requires_root = pytest.mark.skipif(not has_root(), reason="needs root")
