"""Gust's own TLS beside a proxy that ends it and beside nginx serving a file by TLS: kept connections, and one for each request."""
import contextlib
import os
import re
import subprocess
import tempfile
from pathlib import Path

from harness import SCRATCH, cores, peers
from harness.daemon import running
from harness.load import wrk
from harness.presigned import S3
from harness.report import table

SIZE, KEPT, ROUNDS, SECONDS = 16 << 10, 64, 5, 3
NGINX = """worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log; user root;
events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; keepalive_requests 1000000000; open_file_cache max=100;
  ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem; ssl_session_cache off; ssl_session_tickets off;
  upstream gust {{ server {gust}; keepalive 64; }}
  server {{ listen 127.0.0.1:{port} ssl; root {folder}/www; location /bench/ {{
    proxy_pass http://gust; proxy_set_header Host $http_host; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }} }} }}
"""
AGAIN = 'wrk.headers["Connection"] = "close"\n'


def make_certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)


def measure():
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=SCRATCH)))
        folder.chmod(0o755)
        make_certificate(folder)
        gust = stack.enter_context(running("--tls-cert", folder / "cert.pem", "--tls-key", folder / "key.pem", "--tls-listen", "127.0.0.1:0",
                                           start=cores.on(cores.SERVER)))
        s3 = gust.client("s3")
        s3.create_bucket(Bucket="bench")
        body = os.urandom(SIZE)
        s3.put_object(Bucket="bench", Key="small", Body=body)
        (folder / "www").mkdir()
        (folder / "www/small").write_bytes(body)

        def command(port):
            (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port, gust=f"127.0.0.1:{gust.port}"))
            return [*cores.on(cores.SERVER), "/usr/sbin/nginx", "-c", folder / "nginx.conf", "-p", folder]

        proxy = stack.enter_context(peers.server("nginx", command)).removeprefix("http://")
        secure = re.search(r"and https://(\S+)", gust.log())[1]

        def signed(scheme, host):
            return f"{scheme}://{host}{S3(host, *gust.keys()).path('GET', '/bench/small')}"

        urls = {"HTTP": signed("http", f"127.0.0.1:{gust.port}"), "HTTPS, Gust's own": signed("https", secure),
                "HTTPS by nginx before Gust": signed("https", proxy), "nginx alone, a file by HTTPS": f"https://{proxy}/small"}
        (folder / "again.lua").write_text(AGAIN)
        for title, connections, script in ((f"GET of 16 KiB, {KEPT} kept connections", KEPT, None),
                                           ("GET of 16 KiB, a connection for each", 16, folder / "again.lua")):
            found = cores.medians_by_turns({name: lambda url=url: wrk(url, connections, SECONDS, script, cores.LOAD)[0]
                                            for name, url in urls.items()}, ROUNDS)
            own = found["HTTPS, Gust's own"][0]
            table(title, ["what", "requests/s", "lowest to highest", "of Gust's own TLS"],
                  [(name, middle, f"{low:,.0f} to {high:,.0f}", f"{middle / own:.2f}") for name, (middle, low, high) in found.items()])
