"""A headless Chromium for the browser tests, and the folder that their screenshots go to."""

import http.server
import os
import pathlib
import shutil
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHROMIUM_FLAGS = [
    "--no-sandbox",  # the tests run as root, where Chromium's own sandbox cannot
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api")
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not executable:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, deployed_thumbnails):
    """Opens the site in a fresh browser profile; options as of Playwright's new_context."""
    contexts = []

    def open_(**options):
        context = chromium.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.goto(deployed_thumbnails["site_url"])
        return page

    yield open_
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def screenshots():
    folder = pathlib.Path(os.environ.get("GUST_SCREENSHOTS", ROOT / "build" / "screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def page_server():
    """Serves one page, the same for every path."""
    pages = {"html": ""}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(pages["html"].encode())

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield pages, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def console(chromium, gust):
    """Opens the console, signed in; options as of Playwright's new_context."""
    from console_page import ConsolePage
    opened = []

    def open_(**options):
        opened.append(ConsolePage(chromium, gust, **options))
        return opened[-1].sign_in()

    yield open_
    for page in opened:
        page.close()


@pytest.fixture(scope="session")
def console_world(gust, deployed_thumbnails):
    """Something in every view: functions that ran, printed and failed, objects, items, routes, a site."""
    from console_world import fill
    return fill(gust, deployed_thumbnails)
