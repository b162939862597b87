"""What a person does in the console: signs in, tests a function, reads its log, uploads, edits, redrives, by mouse and keys."""
import json
import re

import pytest

playwright_api = pytest.importorskip("playwright.sync_api")
expect = playwright_api.expect


@pytest.fixture
def fresh(chromium, gust):
    from console_page import ConsolePage
    it = ConsolePage(chromium, gust)
    yield it
    it.close()


def test_signing_in_and_out(fresh, gust):
    page, (key, secret) = fresh.page, gust.keys()
    page.goto(f"{gust.endpoint}/")  # a browser at the endpoint comes to the console
    expect(page).to_have_url(f"{gust.endpoint}/_gust/")
    page.get_by_label("Access key id").fill(key)
    page.get_by_label("Secret access key").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    page.get_by_label("Secret access key").fill(secret)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()
    assert page.evaluate("document.cookie") == ""  # no script sees the session
    page.get_by_role("button", name="Account").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_link_signs_in_once(fresh, gust):
    url = json.loads(gust.cli("console", "--json").stdout)["url"]
    fresh.page.goto(url)
    expect(fresh.page.get_by_role("heading", name="Overview", level=1)).to_be_visible()
    assert "token" not in fresh.page.url
    fresh.context.clear_cookies()
    fresh.page.goto("about:blank")
    fresh.page.goto(url)
    expect(fresh.page.get_by_text("used already")).to_be_visible()


def test_a_function_is_tested(console, console_world):
    page = console().show("functions/price-orders", "price-orders")
    page.get_by_label("JSON", exact=False).first.fill('{"id": 7, "lines": [{"price": 2, "count": 21}]}')
    page.get_by_role("button", name="Invoke", exact=True).click()
    expect(page.get_by_text("Succeeded")).to_be_visible()
    expect(page.get_by_label("Answer")).to_contain_text('"total": 42')
    expect(page.get_by_label("The end of the log")).to_contain_text("order 7 with 1 lines")
    page.get_by_role("link", name="Its trace").click()
    expect(page.get_by_role("button", name=re.compile("handler, "))).to_be_visible()
    page.go_back()
    page.get_by_label("JSON", exact=False).first.fill('{"id": 7, "lines": [{"price": 2, "count": 21}]}')
    page.get_by_label("Save as").fill("Seven")
    page.get_by_role("button", name="Save", exact=True).click()
    page.reload()
    expect(page.get_by_label("Saved events and samples")).to_have_value("Seven")
    page.get_by_label("JSON", exact=False).first.fill('{"id": 8, "lines": []}')
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Unhandled error")).to_be_visible()
    page.get_by_label("JSON", exact=False).first.fill("{no json")
    expect(page.get_by_role("alert")).to_contain_text("no JSON")
    expect(page.get_by_role("button", name="Invoke", exact=True)).to_be_disabled()


def test_an_event_is_sent_again(console, console_world, gust, screenshots):
    gust.client("lambda").invoke(FunctionName="price-orders", Payload=json.dumps({"id": "again", "lines": [{"price": 4, "count": 2}]}))
    it = console()
    page = it.show("functions/price-orders?tab=events", "price-orders")
    page.locator("[role=row][data-index='0']").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Event", exact=True)).to_contain_text('"again"')
    dialog.get_by_label(re.compile("^To version")).select_option("1")
    dialog.get_by_role("button", name="Send it again").click()
    expect(dialog.get_by_label("Answer")).to_contain_text('"total": 8')
    expect(dialog.get_by_role("status")).to_contain_text("version 1")
    page.screenshot(path=screenshots / "console-replay-light.png")
    assert it.axe() == []


def test_logs_come_while_one_looks(console, console_world, gust):
    page = console().show("functions/price-orders?tab=logs", "price-orders")
    log = page.get_by_role("log")
    expect(log).to_be_visible()
    gust.client("lambda").invoke(FunctionName="price-orders", Payload=json.dumps({"id": "just-now", "lines": [{"price": 1, "count": 1}]}))
    expect(log).to_contain_text("order just-now with 1 lines")
    page.get_by_label("Filter lines").fill("just-now")
    expect(log.locator(".log-line")).to_have_count(1)


def test_code_and_settings(console, console_world, gust):
    it = console()
    page = it.show("functions/price-orders?tab=code", "price-orders")
    expect(page.get_by_role("region", name="orders.py")).to_contain_text("an order needs lines")
    page.get_by_role("button", name="prices.json").click()
    expect(page.get_by_role("region", name="prices.json")).to_contain_text('"lake"')
    it.show("functions/price-orders?tab=settings", "price-orders")
    page.get_by_label("Memory, MB").fill("320")
    page.get_by_role("button", name="Add a variable").click()
    page.get_by_label("Name of variable 2").fill("SALE")
    page.get_by_label("Value of SALE").fill("yes")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The settings are saved")).to_be_visible()
    found = gust.client("lambda").get_function_configuration(FunctionName="price-orders")
    assert (found["MemorySize"], found["Environment"]["Variables"]) == (320, {"CURRENCY": "EUR", "SALE": "yes"})
    page.get_by_label("Memory, MB").fill("1")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("memorySize")


def test_objects(console, console_world, gust, unique, screenshots):
    it = console()
    s3 = gust.client("s3")
    page = it.show("buckets", "Buckets")
    page.get_by_role("button", name="New bucket").click()
    page.get_by_label("Name", exact=False).last.fill(unique)
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", name=unique, level=1)).to_be_visible()
    large = bytes(range(256)) * 4096 * 40  # 40 MB: in parts
    page.set_input_files("input[type=file]", [{"name": "größe & mehr.txt", "mimeType": "text/plain", "buffer": b"hello"},
                                              {"name": "large.bin", "mimeType": "application/octet-stream", "buffer": large}])
    for name in ("größe & mehr.txt", "large.bin"):
        expect(page.get_by_role("row").filter(has_text=name)).to_be_visible(timeout=60_000)
    expect(page.locator(".uploads li[data-state=done]")).to_have_count(2)
    got = s3.get_object(Bucket=unique, Key="large.bin")
    assert got["Body"].read() == large and got["ETag"].endswith('-3"')
    page.get_by_role("link", name="größe & mehr.txt").click()
    expect(page.get_by_role("dialog")).to_contain_text("hello")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.path().read_bytes() == b"hello"
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_label("Choose large.bin").check()
    page.get_by_role("button", name="Delete 1").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("row").filter(has_text="large.bin")).to_have_count(0)
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=unique)["Contents"]] == ["größe & mehr.txt"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_picture_is_previewed(console, console_world, screenshots, theme):
    it = console(color_scheme=theme)
    page = it.show("buckets/album/2026%2F", "2026")
    page.get_by_role("link", name="lake-0.3mp.jpg").click()
    image = page.get_by_role("img", name="2026/lake-0.3mp.jpg")
    it.until("image => image.complete && image.naturalWidth > 0", image.element_handle())
    expect(page.get_by_role("dialog")).to_contain_text("camera")
    assert it.axe() == []
    page.screenshot(path=screenshots / f"console-object-{theme}.png")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_items(console, console_world, gust, screenshots, theme):
    it = console(color_scheme=theme)
    page = it.show("tables/songs", "songs")
    rows = page.get_by_role("table", name="Items of songs").get_by_role("row")
    expect(rows.filter(has_text="Misty")).to_be_visible()
    page.get_by_label("artist is").fill("Nina Simone")
    page.get_by_label(re.compile("^song")).select_option("begins_with")
    page.get_by_label("this", exact=True).fill("B")
    page.get_by_role("button", name="Query").click()
    expect(rows.filter(has_text="Baltimore")).to_be_visible()
    expect(rows.filter(has_text="Sinnerman")).to_have_count(0)
    rows.filter(has_text="Baltimore").click()
    editor = page.get_by_label("Typed JSON")
    item = json.loads(editor.input_value())
    assert item["exact"] == {"N": "12345678901234567890.123456789"}
    assert it.axe() == []
    page.screenshot(path=screenshots / f"console-item-{theme}.png")
    editor.fill(json.dumps(item | {"song": {"S": f"Be My Husband {theme}"}}))
    page.get_by_role("button", name="Save").click()
    expect(rows.filter(has_text=f"Be My Husband {theme}")).to_be_visible()
    key = {"artist": {"S": "Nina Simone"}, "song": {"S": f"Be My Husband {theme}"}}
    assert gust.client("dynamodb").get_item(TableName="songs", Key=key)["Item"]["exact"] == item["exact"]
    rows.filter(has_text=f"Be My Husband {theme}").click()
    page.get_by_role("button", name="Delete").click()
    expect(rows.filter(has_text=f"Be My Husband {theme}")).to_have_count(0)
    page.get_by_role("button", name="New item").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("ValidationException")
    page.keyboard.press("Escape")


def test_failed_events_are_sent_again(console, console_world, gust):
    page = console().show("failed", "Failed events")
    page.get_by_label("Filter by function or why").fill("price-orders")
    rows = page.get_by_role("table", name="Failed events").get_by_role("row")

    def failed():
        return sum(event["function"] == "price-orders" for event in gust.cli_json("failed", "list"))

    before = failed()
    rows.filter(has_text="price-orders").first.get_by_role("cell").nth(2).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("an order needs lines")
    expect(dialog.get_by_label("Event")).to_contain_text("late-")
    dialog.get_by_role("button", name="Send it again").click()
    expect(page.get_by_text("1 sent again")).to_be_visible()
    from conftest import wait_until
    wait_until(lambda: failed() == before, "the event to fail again")


def test_a_list_of_many_is_filtered(console, gust, unique):
    apis = gust.client("apigatewayv2")
    ids = {n: apis.create_api(Name=f"{unique}-{n}", ProtocolType="HTTP")["ApiId"] for n in range(100, 160)}
    it = console()
    page = it.show("apis", "APIs")
    field, links = page.get_by_label("Filter by name or id"), page.get_by_role("table").get_by_role("link")
    field.press_sequentially(f" {unique}-14")
    expect(links).to_have_text([f"{unique}-{n}" for n in range(140, 150)])
    expect(page.locator(".table-foot")).to_contain_text("10 of ")
    field.fill(ids[123])
    links.click()
    expect(page.get_by_role("heading", name=f"{unique}-123", level=1)).to_be_visible()
    page.go_back()
    expect(field).to_have_value(ids[123])
    expect(links).to_have_count(1)
    field.fill("no API has this name")
    expect(links).to_have_count(0)
    assert it.axe() == []


def test_a_route_is_tried(console, console_world):
    it = console()
    page = it.show("apis", "APIs")
    api_id = re.search(r"//(\w+)\.execute-api|/api/(\w+)", console_world["api_url"])  # by its host, or by its path
    page.get_by_label("Filter by name or id").fill(api_id[1] or api_id[2])
    page.get_by_role("table").get_by_role("link").click()
    page.get_by_role("table", name="Routes").get_by_role("row").nth(1).wait_for()
    page.get_by_role("table", name="Routes").get_by_role("button", name=re.compile("Try GET")).first.click()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_label("Body of the answer")).to_be_visible()
    assert it.axe() == []


def test_a_session_that_ended(console, gust):
    it = console()
    it.context.clear_cookies()
    it.page.evaluate("location.hash = '#/buckets'")
    expect(it.page.get_by_text("The session has ended")).to_be_visible()


def test_by_keyboard_only(console, console_world, screenshots):
    it = console(color_scheme="dark")
    page = it.page
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.keyboard.press("/")
    search = page.get_by_role("combobox", name="Search or go to")
    expect(search).to_be_focused()
    page.keyboard.type("price")
    expect(page.get_by_role("option", name="price-orders Function")).to_be_visible()
    assert it.axe() == []
    page.screenshot(path=screenshots / "console-palette-dark.png")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="price-orders", level=1)).to_be_visible()
    page.get_by_role("tab", name="Test").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Code")).to_have_attribute("aria-selected", "true")
    page.get_by_role("main").focus()
    page.keyboard.press("g")
    page.keyboard.press("f")
    expect(page.get_by_role("heading", name="Functions", level=1)).to_be_visible()
    page.locator("[role=row][data-index='0']").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("[role=row][data-index='1']")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"#/functions/.+"))
    page.get_by_role("main").focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    assert it.axe() == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Control+k")
    page.keyboard.type("light theme")
    page.keyboard.press("Enter")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"


def test_ten_thousand_rows(console, gust, unique):
    tables = gust.client("dynamodb")
    tables.create_table(TableName=unique, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    for start in range(0, 10_000, 25):
        puts = [{"PutRequest": {"Item": {"id": {"S": f"item {n}"}}}} for n in range(start, start + 25)]
        assert tables.batch_write_item(RequestItems={unique: puts})["UnprocessedItems"] == {}
    page = console().show(f"tables/{unique}", unique)
    rows = page.get_by_role("table").locator(".table-rows")
    foot = page.locator(".table-foot")
    for _ in range(400):
        if "10,000 items" in foot.inner_text():
            break
        page.evaluate("e => { e.scrollTop = e.scrollHeight; }", rows.element_handle())
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")
    expect(foot).to_contain_text("10,000 items, 10,000 looked at")
    assert page.locator("[role=row]").count() < 120  # only what is seen is in the page
    page.locator("[role=row][data-index]").last.focus()
    page.keyboard.press("Home")
    expect(page.locator("[role=row][data-index='0']")).to_be_focused()
    page.keyboard.press("End")
    expect(page.locator("[role=row][data-index='9999']")).to_be_focused()
