"""The view of logs: groups, search, queries, the live tail, and the way from a line to its function and its trace."""
import json
import re
import time

import pytest

from conftest import wait_until
from console_world import ROLE

playwright_api = pytest.importorskip("playwright.sync_api")
expect = playwright_api.expect

GROUP = "/aws/lambda/price-orders"
AT = "logs/%2Faws%2Flambda%2Fprice-orders"
SAYS = """
import logging
def handler(event, context):
    logging.getLogger("shop").warning("few left", extra={"till": 7})
"""


def ask(page, pattern):
    page.get_by_label("Filter pattern").fill(pattern)
    page.get_by_role("button", name="Search", exact=True).click()


def test_a_line_leads_to_its_function_and_its_trace(console, console_world):
    it = console()
    page = it.show("logs", "Logs")
    page.get_by_label("Filter by name").fill("price-orders")
    row = page.get_by_role("table", name="Log groups").get_by_role("row").filter(has_text=GROUP)
    expect(row).to_contain_text("for ever")
    row.get_by_role("link").click()
    lines = page.get_by_role("table", name=f"Lines of {GROUP}").get_by_role("row")
    ask(page, '"ERROR order has no lines"')
    expect(lines.nth(1)).to_contain_text("ERROR order has no lines")
    expect(lines.filter(has_text="START")).to_have_count(0)
    lines.nth(1).focus()  # into it without a mouse
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Line of a log")
    expect(dialog.get_by_label("Message")).to_contain_text("ERROR order has no lines")
    expect(dialog.get_by_role("link", name="price-orders", exact=True)).to_have_attribute("href", "#/functions/price-orders")
    assert it.axe() == []
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    lines.nth(1).click()
    dialog.locator("div", has=page.get_by_text("Trace", exact=True)).last.get_by_role("link").click()
    expect(page.get_by_role("button", name=re.compile("handler, ")).first).to_be_visible()


def test_what_is_not_found_and_what_is_wrong(console, console_world):
    it = console()
    page = it.show(AT, GROUP)
    ask(page, "nothing-has-this-text")
    expect(page.locator(".empty")).to_contain_text("gust invoke price-orders")
    assert it.axe() == []
    ask(page, "{ $.level = ")
    expect(page.get_by_role("alert")).to_be_visible()
    it.show("logs/%2Fnot-there", "/not-there")
    expect(page.get_by_role("heading", name="There is no such log group")).to_be_visible()
    assert it.axe() == []


def test_a_query(console, console_world):
    it = console()
    page = it.show(f"{AT}?tab=query", GROUP)
    results = page.get_by_role("table", name="Results")
    expect(results.get_by_role("columnheader", name="@message")).to_be_visible()
    page.get_by_label("Insights query").fill("filter @type = \"REPORT\" | stats count(*) as calls by @type")
    page.keyboard.press("Control+Enter")
    expect(results.get_by_role("columnheader", name="calls")).to_be_visible()
    expect(results.get_by_role("row").nth(1)).to_contain_text("REPORT")
    results.get_by_role("row").nth(1).click()
    expect(page.get_by_role("dialog")).to_contain_text("calls")
    page.keyboard.press("Escape")
    page.get_by_label("Samples").select_option(label="errors by time")
    page.get_by_role("button", name="Run").click()
    expect(results.get_by_role("columnheader", name="errors")).to_be_visible()
    page.get_by_label("Insights query").fill("stats nonsense(")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Insights query").fill("filter @message like /never printed/")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("heading", name="The query found nothing")).to_be_visible()
    assert it.axe() == []


def test_lines_come_as_they_are_written(gust, console, unique):
    logs, group = gust.client("logs"), f"shop/{unique}"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="till-1")
    it = console()
    page = it.show(f"logs/shop%2F{unique}?tab=live", group)
    expect(page.locator(".empty .command")).to_contain_text("put-log-events")
    assert it.axe() == []
    for number in range(2):
        logs.put_log_events(logGroupName=group, logStreamName="till-1", logEvents=[{"timestamp": int(time.time() * 1000), "message": f"sold {number}"}])
        expect(page.get_by_role("log")).to_contain_text(f"sold {number}")


def test_json_of_functions_that_share_a_group(gust, console, unique):
    from console_world import zip_of
    functions, group = gust.client("lambda"), f"/shared/{unique}"
    functions.create_function(FunctionName=unique, Runtime="python3.12", Handler="orders.handler", Role=ROLE, Code={"ZipFile": zip_of({"orders.py": SAYS})},
                              LoggingConfig={"LogFormat": "JSON", "LogGroup": group})
    functions.invoke(FunctionName=unique)
    wait_until(lambda: "platform.report" in gust.cli("logs", group).stdout, "the report")
    it = console()
    page = it.show(f"logs/{group.replace('/', '%2F')}", group)
    lines = page.get_by_role("table", name=f"Lines of {group}").get_by_role("row")
    expect(lines.filter(has_text='WARNING few left {"till":7}')).to_be_visible()
    expect(lines.filter(has_text="platform.report")).to_be_visible()
    ask(page, "{ $.till = 7 }")
    expect(lines).to_have_count(2)  # and the head
    lines.nth(1).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Message")).to_contain_text('"level": "WARNING"')
    assert json.loads(dialog.get_by_label("Message").inner_text())["till"] == 7
    dialog.get_by_role("link", name=unique, exact=True).click()
    expect(page.get_by_role("heading", name=unique, level=1)).to_be_visible()
    it.show(f"functions/{unique}?tab=settings", unique)
    expect(page.get_by_text("JSON, of the code from INFO, of the platform from INFO")).to_be_visible()
    page.get_by_role("tab", name="Logs").click()
    page.get_by_role("link", name="Search", exact=True).click()
    expect(page.get_by_role("heading", name=group, level=1)).to_be_visible()


def test_by_keys(console, console_world):
    page = console().page
    page.keyboard.press("g")
    page.keyboard.press("l")
    expect(page.get_by_role("heading", name="Logs", level=1)).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("lambda/price-orders")
    expect(page.get_by_role("option", name=GROUP)).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=GROUP, level=1)).to_be_visible()
