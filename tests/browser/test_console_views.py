"""Every view of the console in a real browser, with real traffic: what it shows, in both themes, on a phone, for axe."""
import pytest

playwright_api = pytest.importorskip("playwright.sync_api")
expect = playwright_api.expect

PHONE = {"width": 390, "height": 780}
# (name of the picture, address, heading, text that must be there)
VIEWS = [
    ("overview", "overview", "Overview", "price-orders"),
    ("map-real", "map", "Map", "price-orders"),
    ("traces-real", "traces", "Traces", "album/2026"),
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
    expect(page.get_by_text(text).first).to_be_attached()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_view(gust, console, console_world, screenshots, theme):
    it = console(color_scheme=theme)
    ask_for_a_picture(gust)
    findings = {}
    for name, route, heading, text in VIEWS:
        page = it.show(route, heading)
        shown(page, text)
        if name == "overview":
            it.until("document.querySelectorAll('.chart canvas').length === 2 && /\\/s/.test(document.querySelector('.tiles').innerText)")
        page.screenshot(path=screenshots / f"console-{name}-{theme}.png")
        if found := it.axe():
            findings[name] = found
    assert findings == {}


def test_every_view_on_a_phone(gust, console, console_world, screenshots):
    it = console(viewport=PHONE, color_scheme="light", has_touch=True)
    ask_for_a_picture(gust)
    wide = {}
    for name, route, heading, text in VIEWS:
        page = it.show(route, heading)
        shown(page, text)
        page.screenshot(path=screenshots / f"console-{name}-phone.png")
        if found := it.too_wide():
            wide[name] = found
    assert wide == {}


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
