"""The console's first paint: the page from nothing, without a cache, in headless Chromium on this machine."""
import os
import shutil
import statistics

from playwright.sync_api import sync_playwright

from harness.daemon import running

ROUNDS = 15
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def measure():
    paints, ready = [], []
    with running() as gust, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"), args=FLAGS)
        for _ in range(ROUNDS + 1):
            context = browser.new_context(viewport={"width": 1280, "height": 860})
            page = context.new_page()
            page.goto(gust.cli_json("console")["url"])
            page.get_by_role("heading", name="Overview").wait_for()
            paints.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
            ready.append(page.evaluate("performance.now()"))
            context.close()
        browser.close()
    paints, ready = paints[1:], ready[1:]  # the first starts the browser's own processes
    print("\n## The console\n\n| | median | lowest | highest |\n|---|---|---|---|")
    for name, values in (("first contentful paint, ms", paints), ("signed in and Overview there, ms", ready)):
        print(f"| {name} | {statistics.median(values):.0f} | {min(values):.0f} | {max(values):.0f} |")
