"""The console from nothing, without a cache, in headless Chromium on this machine: its first paint, its frame, its view."""
import os
import shutil
import statistics

from playwright.sync_api import sync_playwright

from harness.daemon import running

ROUNDS = 15
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
# Milliseconds since the navigation began, as the browser has them.
READ = """() => [performance.getEntriesByName('first-contentful-paint')[0].startTime,
               performance.getEntriesByName('gust-frame')[0].startTime, performance.now()]"""
NAMES = ("first contentful paint, ms", "signed in, the frame with its views drawn, ms", "Overview with its numbers, ms")


def measure():
    rounds = []
    with running() as gust, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"), args=FLAGS)
        for _ in range(ROUNDS + 1):
            context = browser.new_context(viewport={"width": 1280, "height": 860})
            page = context.new_page()
            page.goto(gust.cli_json("console")["url"])
            page.locator(".tiles").wait_for()
            page.get_by_role("button", name="Account").wait_for()
            rounds.append(page.evaluate(READ))
            context.close()
        browser.close()
    print("\n## The console\n\n| | median | lowest | highest |\n|---|---|---|---|")
    for name, values in zip(NAMES, zip(*rounds[1:])):  # the first starts the browser's own processes
        print(f"| {name} | {statistics.median(values):.0f} | {min(values):.0f} | {max(values):.0f} |")
