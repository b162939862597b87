"""The servers that are measured, each on the server's core and serving one bucket, and how each is asked for a key of it.

nginx serves files and takes them without a sync (its DAV module), s3rver and azurite keep files without a sync."""
import contextlib
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

import requests

from harness import SCRATCH, cores, daemon, peers
from harness.presigned import AZURE_ACCOUNT, S3, azure_query

BUCKET = "bench"
NGINX = """worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log; user root;
events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; keepalive_requests 1000000000; client_max_body_size 0; client_body_buffer_size 64k;
  client_body_temp_path {folder}/www/tmp; open_file_cache max=10000;
  server {{ listen 127.0.0.1:{port}; root {folder}/www; dav_methods PUT; }} }}
"""


@dataclass
class Server:
    endpoint: str
    path: Callable  # (method, key, headers that are sent) -> what to ask for
    put_headers: dict = field(default_factory=dict)

    @property
    def host(self):
        return self.endpoint.removeprefix("http://")

    def put_all(self, keys, body):
        with requests.Session() as session:
            for key in keys:
                url = self.endpoint + self.path("PUT", key, {})
                session.put(url, data=body, headers=self.put_headers).raise_for_status()


def s3(endpoint, key, secret):
    sign = S3(endpoint.removeprefix("http://"), key, secret)
    return Server(endpoint, lambda method, name, headers: sign.path(method, f"/{BUCKET}/{name}", headers=headers))


@contextlib.contextmanager
def gust_daemon(*flags):
    """A daemon on the server's core, with the bucket."""
    with daemon.running(*flags, start=cores.on(cores.SERVER)) as gust:
        gust.client("s3").create_bucket(Bucket=BUCKET)
        yield gust


@contextlib.contextmanager
def gust():
    with gust_daemon() as running:
        yield s3(running.endpoint, *running.keys())


@contextlib.contextmanager
def nginx():
    with tempfile.TemporaryDirectory(dir=SCRATCH) as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "www" / BUCKET).mkdir(parents=True)
        (folder / "www" / "tmp").mkdir()

        def command(port):
            (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
            return [*cores.on(cores.SERVER), "/usr/sbin/nginx", "-c", folder / "nginx.conf", "-p", folder]
        with peers.server("nginx", command) as endpoint:
            yield Server(endpoint, lambda method, key, headers: f"/{BUCKET}/{key}")


@contextlib.contextmanager
def s3rver():
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        with peers.server("s3rver", lambda port: [*cores.on(cores.SERVER), "node", peers.NODE_MODULES / ".bin/s3rver", "--silent", "--directory",
                                                  folder, "--address", "127.0.0.1", "--port", port, "--no-vhost-buckets",
                                                  "--configure-bucket", BUCKET]) as endpoint:
            yield s3(endpoint, "S3RVER", "S3RVER")


@contextlib.contextmanager
def azurite():
    query = azure_query()
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        with peers.server("azurite", lambda port: [*cores.on(cores.SERVER), "node", peers.NODE_MODULES / ".bin/azurite-blob", "--silent", "--location",
                                                   folder, "--blobHost", "127.0.0.1", "--blobPort", port,
                                                   "--disableTelemetry"]) as endpoint:
            requests.put(f"{endpoint}/{AZURE_ACCOUNT}/{BUCKET}?restype=container&{query}").raise_for_status()
            yield Server(endpoint, lambda method, key, headers: f"/{AZURE_ACCOUNT}/{BUCKET}/{key}?{query}",
                         {"x-ms-blob-type": "BlockBlob"})


ALL = {"Gust": gust, "nginx": nginx, "s3rver": s3rver, "azurite": azurite}


@contextlib.contextmanager
def running():
    """{name: Server}, all at once: each waits while another is measured."""
    with contextlib.ExitStack() as stack:
        yield {name: stack.enter_context(start()) for name, start in ALL.items()}
