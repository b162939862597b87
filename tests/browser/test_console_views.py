"""Every view of the console in a real browser, with real traffic: what it shows, in both themes, on a phone, for axe."""
import json
import os

import pytest

from conftest import wait_until

playwright_api = pytest.importorskip("playwright.sync_api")
expect = playwright_api.expect

PHONE = {"width": 390, "height": 780}
# (name of the picture, address, heading, text that must be there)
VIEWS = [
    ("overview", "overview", "Overview", "price-orders"),
    ("map", "map", "Map", "price-orders"),
    ("traces", "traces", "Traces", "album/2026"),
    ("logs", "logs", "Logs", "/aws/lambda/price-orders"),
    ("log-search", "logs/%2Faws%2Flambda%2Fprice-orders", "/aws/lambda/price-orders", "order has no lines"),
    ("log-query", "logs/%2Faws%2Flambda%2Fprice-orders?tab=query", "/aws/lambda/price-orders", "matching lines"),
    ("log-live", "logs/%2Faws%2Flambda%2Fprice-orders?tab=live", "/aws/lambda/price-orders", "order has no lines"),
    ("log-streams", "logs/%2Faws%2Flambda%2Fprice-orders?tab=streams", "/aws/lambda/price-orders", "[$LATEST]"),
    ("functions", "functions", "Functions", "price-orders"),
    ("function-test", "functions/price-orders", "price-orders", "Saved events and samples"),
    ("function-code", "functions/price-orders?tab=code", "price-orders", "prices.json"),
    ("function-events", "functions/price-orders?tab=events", "price-orders", "given up"),
    ("function-logs", "functions/price-orders?tab=logs", "price-orders", "order has no lines"),
    ("function-versions", "functions/price-orders?tab=versions", "price-orders", "before the sale"),
    ("function-instances", "functions/price-orders?tab=instances", "price-orders", "Instances"),
    ("function-settings", "functions/price-orders?tab=settings", "price-orders", "Environment"),
    ("buckets", "buckets", "Buckets", "album"),
    ("bucket", "buckets/album/2026%2F", "2026", "valley.webp"),
    ("tables", "tables", "Tables", "songs"),
    ("table", "tables/songs", "songs", "Sinnerman"),
    ("failed", "failed", "Failed events", "an order needs lines"),
    ("apis", "apis", "APIs", "execute-api"),
    ("sites", "sites", "Sites", "site.localhost"),
    ("bill", "bill", "Bill", "price-orders"),
    ("settings", "settings", "Settings and keys", "AWS_ENDPOINT_URL"),
]


def ask_for_a_picture(gust):
    """A request that is among the newest traces."""
    gust.client("s3").head_object(Bucket="album", Key="2026/valley.webp")


def shown(page, text):
    """As a person finds it: by looking or, in a list that is long since other tests ran before, with its filter."""
    wanted = page.get_by_text(text).first
    field = page.get_by_role("main").get_by_role("searchbox")
    expect(wanted.or_(field).first).to_be_attached()
    if not wanted.count():
        field.fill(text)
    expect(wanted).to_be_attached()


def too_tall(page):
    """Fields for one line of text that have room for more."""
    return page.evaluate("() => [...document.querySelectorAll('main input, main select')]"
                         ".filter(field => field.getBoundingClientRect().height > 60).map(field => field.outerHTML)")


def call_while_it_looks(it, gust):
    """Until the charts have something to draw: for the guide's pictures (scripts/screenshots) more than for a test."""
    looks, functions = [], gust.client("lambda")
    it.page.on("response", lambda response: looks.append(response) if response.url.endswith("/admin/metrics") else None)
    number = 0
    while len(looks) < (24 if "GUST_SCREENSHOTS" in os.environ else 2):
        for _ in range(1 + len(looks) * 5 % 4):
            number += 1
            functions.invoke(FunctionName="greet-visitors", Payload=json.dumps({"name": "Ada" if number % 29 else ""}))
        it.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_view(gust, console, console_world, screenshots, theme):
    it = console(color_scheme=theme)
    findings = {}
    for name, route, heading, text in VIEWS:
        if name == "traces":
            ask_for_a_picture(gust)
        page = it.show(route, heading)
        shown(page, text)
        if name == "overview":
            call_while_it_looks(it, gust)
            it.until("document.querySelectorAll('.chart canvas').length === 2 && /\\/s/.test(document.querySelector('.tiles').innerText)")
        page.screenshot(path=screenshots / f"console-{name}-{theme}.png")
        if found := it.axe() or too_tall(page):
            findings[name] = found
    assert findings == {}


def test_every_view_on_a_phone(gust, console, console_world, screenshots):
    it = console(viewport=PHONE, color_scheme="light", has_touch=True)
    wide = {}
    for name, route, heading, text in VIEWS:
        if name == "traces":
            ask_for_a_picture(gust)
        page = it.show(route, heading)
        shown(page, text)
        page.screenshot(path=screenshots / f"console-{name}-phone.png")
        if found := it.too_wide() or too_tall(page):
            wide[name] = found
    assert wide == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_trace_through_the_application(gust, console, console_world, screenshots, theme):
    """The upload of a picture: the bucket, its event, the function, and what that did."""
    bucket = console_world["upload_bucket"]

    def whole():
        return [trace for trace in gust.cli_json("traces", "--text", f"{bucket}/console/", "--limit", "200")["traces"] if trace["spans"] > 6 and trace["functions"]]

    trace = max(wait_until(whole, "a trace of an upload"), key=lambda trace: trace["spans"])
    it = console(color_scheme=theme)
    page = it.show(f"traces/{trace['id']}", trace["name"])
    for kind in ("outbox", "delivery", "handler", "call"):
        shown(page, kind)
    page.screenshot(path=screenshots / f"console-trace-{theme}.png")
    assert it.axe() == []


def test_the_drawer_of_a_phone(console, console_world, screenshots):
    it = console(viewport=PHONE)
    page = it.page
    link = page.get_by_role("navigation", name="Views").get_by_role("link", name="Tables")
    expect(link).to_be_hidden()
    page.get_by_role("button", name="Views").click()
    expect(link).to_be_visible()
    assert it.axe() == []
    link.click()
    expect(page.get_by_role("heading", name="Tables", level=1)).to_be_visible()
    expect(link).to_be_hidden()


def test_the_sign_in_page(chromium, gust, screenshots):
    from console_page import ConsolePage
    for theme in ("light", "dark"):
        it = ConsolePage(chromium, gust, color_scheme=theme)
        it.page.goto(f"{gust.endpoint}/_gust/")
        expect(it.page.get_by_role("button", name="Sign in")).to_be_visible()
        it.page.screenshot(path=screenshots / f"console-sign-in-{theme}.png")
        assert it.axe() == []
        it.close()


def test_empty_views_teach_a_command(chromium, new_gust):
    from console_page import ConsolePage
    it = ConsolePage(chromium, new_gust().start()).sign_in()
    for route, heading, command in [("overview", "Overview", "gust deploy"), ("functions", "Functions", "gust deploy"), ("buckets", "Buckets", "gust bucket mb"),
                                    ("tables", "Tables", "create-table"), ("failed", "Failed events", "gust failed"), ("logs", "Logs", "create-log-group"), ("apis", "APIs", "create-api"),
                                    ("sites", "Sites", "s3 website"), ("bill", "Bill", "gust bill")]:
        page = it.show(route, heading)
        expect(page.locator(".empty .command")).to_contain_text(command)
        assert it.axe() == [], route
    it.close()
