"""Single things of the console that a person would stumble on: what is cut off, counted wrong, or said too late."""
import json
import re

import pytest

playwright_api = pytest.importorskip("playwright.sync_api")
expect = playwright_api.expect

PHONE = {"width": 390, "height": 780}


def table_of(gust, name, items):
    tables = gust.client("dynamodb")
    tables.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    for item in items:
        tables.put_item(TableName=name, Item=item)


def test_a_condition_of_items(gust, console, unique):
    table_of(gust, unique, [{"id": {"S": "big"}, "n": {"N": "1.2e29"}, "text": {"S": "hello"}, "raw": {"B": b"four"}}])
    it = console()
    page = it.show(f"tables/{unique}", unique)
    row = page.get_by_role("row").filter(has_text="big")
    field = page.get_by_label("Only items where")
    asked = []
    page.on("request", lambda request: asked.append(request) if (request.post_data or "").startswith(f'{{"TableName":"{unique}","Limit"') else None)
    expect(row).to_contain_text("4 bytes")
    expect(page.locator(".table-foot")).to_have_text("1 item, 1 looked at")
    for condition in ("n < 5", "text > zzz", "text != hello"):
        field.fill(condition)
        field.press("Enter")
        expect(page.get_by_role("heading", name="No items")).to_be_visible()
    for condition in ("n >= 5", "text < zzz", "text ~ ell", "n > 5 AND begins_with(text, 'he')"):
        field.fill(condition)
        field.press("Enter")
        expect(row).to_be_visible()
    asked.clear()
    for condition in ("text =", "= a", "foo ??? bar"):
        field.fill(condition)
        field.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("expected")
        expect(row).to_have_count(0)
    assert asked == []
    assert it.axe() == []


def cut_off(page, within="main"):
    """Elements whose text goes on behind their edge, or that stick out of what they are in."""
    return page.evaluate("""within => [...document.querySelectorAll(`${within} .td.end, ${within} .tile strong, ${within} .td time, ${within} .table`)]
        .filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0).map(e => e.textContent)""", within)


def tell_small_sums(page):
    """The bill of one who used little, whatever other tests did."""
    functions = [{"day": "", "function": f"small-{n}", "tags": {"team": "shop"} if n else {}, "invocations": 1, "errors": 0, "billed_ms": 3, "mb_ms": 400, "tmp_mb_ms": 0,
                  "duration_us": 2500, "cpu_us": 900, "bytes_in": 2, "bytes_out": 30} for n in range(2)]
    uses = [{"day": "", "service": service, "resource": f"small-{service}", "tags": {"team": "shop"}, "requests": 1, "puts": puts, "gets": 0, "api_requests": 0, "bytes_in": 3, "bytes_out": 0,
             "read_milliunits": 500, "write_milliunits": 0, "byte_hours": 10} for service, puts in (("s3", 132), ("dynamodb", 0))]

    def answer(route):
        day = re.search(r"to=([\d-]+)", route.request.url)[1]
        route.fulfill(json={"usage": [row | {"day": day} for row in functions], "uses": [row | {"day": day} for row in uses]})

    page.route(re.compile("/admin/usage"), answer)


@pytest.mark.parametrize("size", [{"width": 1280, "height": 860}, PHONE], ids=["wide", "phone"])
def test_small_sums_are_whole_and_add_up(gust, console, console_world, screenshots, size):
    it = console(viewport=size)
    page = it.page
    tell_small_sums(page)
    page.reload()
    it.show("overview", "Overview")
    whole = "$0.00066"
    expect(page.locator(".tile").filter(has_text="Cost today")).to_contain_text(whole)
    assert cut_off(page) == []
    it.show("bill", "Bill")
    expect(page.get_by_text(f"{whole} by a public cloud's prices")).to_be_visible()
    expect(page.get_by_role("table", name="Usage by function")).to_contain_text("$0.00000021")
    expect(page.get_by_role("table", name="Usage of other services")).to_contain_text(whole)
    assert cut_off(page) == []
    page.screenshot(path=screenshots / f"console-small-sums-{size['width']}.png", full_page=True)
    for by, names in (("day", 1), ("tag", 2)):
        page.get_by_label(re.compile("^By")).select_option(by)
        rows = page.get_by_role("table", name=f"Usage by {by}")
        expect(rows.locator(".table-rows [role=row]")).to_have_count(names)
        expect(rows).to_contain_text(whole)
        expect(page.get_by_role("table", name="Usage of other services")).to_have_count(0)
        assert cut_off(page) == []
    page.get_by_label(re.compile("^By")).select_option("function")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    lines = download.value.path().read_text().splitlines()
    assert sorted(line.split(",")[0] for line in lines[1:]) == ["dynamodb:small-dynamodb", "s3:small-s3", "small-0", "small-1"]
    assert f"{sum(float(line.split(',')[-1]) for line in lines[1:]):.5f}" == "0.00066"


def sticks_out(page, within):
    """Elements that end right of what they are in, where that does not scroll."""
    return page.evaluate("""within => [...document.querySelectorAll(`${within} *`)].filter(e => {
        const edge = e.parentElement.closest(within).getBoundingClientRect().right;
        for (let p = e.parentElement; p && !p.matches(within); p = p.parentElement) if (getComputedStyle(p).overflowX !== 'visible') return false;
        return e.getBoundingClientRect().right > edge + 1;
    }).slice(0, 5).map(e => e.outerHTML.slice(0, 120))""", within)


@pytest.mark.parametrize("size", [{"width": 1280, "height": 860}, PHONE], ids=["wide", "phone"])
def test_a_new_account(gust, console, unique, screenshots, size):
    it = console(viewport=size)
    page = it.show("settings", "Settings")
    before = len(gust.cli_json("account", "ls"))
    field = page.get_by_label("Name of a new account")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("alert")).to_have_text("An account needs a name.")
    expect(field).to_be_focused()
    assert it.axe() == [] and len(gust.cli_json("account", "ls")) == before
    field.fill(f" {unique} ")
    page.get_by_role("button", name="Make it").click()
    made = page.get_by_role("status").filter(has_text="only now")
    expect(made).to_contain_text("AWS_SECRET_ACCESS_KEY=")
    page.screenshot(path=screenshots / f"console-new-account-{size['width']}.png", full_page=True)
    assert it.too_wide() == [] and sticks_out(page, ".panel") == []
    copy = made.get_by_role("button", name="Copy")
    assert copy.bounding_box()["x"] + copy.bounding_box()["width"] <= size["width"]
    assert [account["name"] for account in gust.cli_json("account", "ls")].count(unique) == 1


@pytest.mark.parametrize("size", [{"width": 1280, "height": 860}, PHONE], ids=["wide", "phone"])
def test_long_text_stays_in_its_dialog(gust, console, console_world, screenshots, size):
    name = "greet-visitors"
    gust.client("lambda").invoke(FunctionName=name, Payload=json.dumps({"name": "x" * 400}))
    it = console(viewport=size)
    page = it.show(f"functions/{name}?tab=events", name)
    page.locator("[role=row][data-index='0']").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Send it again").click()
    expect(dialog.get_by_label("Answer")).to_contain_text("xxx")
    page.screenshot(path=screenshots / f"console-long-answer-{size['width']}.png")
    assert sticks_out(page, ".dialog-body") == []
    assert page.evaluate("() => { const d = document.querySelector('dialog'); return d.scrollWidth <= d.clientWidth; }")
    # The copy button is beside the text, not on it.
    boxes = page.evaluate("""() => [...document.querySelectorAll('.code')].map(c => [c.querySelector('pre').getBoundingClientRect().right, c.querySelector('button').getBoundingClientRect().left])""")
    assert len(boxes) == 2 and all(text <= button for text, button in boxes)


def test_rows_of_a_phone_are_as_their_head(gust, console, console_world, screenshots):
    it = console(viewport=PHONE, has_touch=True)
    for name, route, heading in (("traces", "traces", "Traces"), ("log-search", "logs/%2Faws%2Flambda%2Fprice-orders", "price-orders"), ("failed", "failed", "Failed events"),
                                 ("bucket", "buckets/album/2026%2F", "2026")):
        gust.client("s3").head_object(Bucket="album", Key="2026/valley.webp")  # a trace of now
        page = it.show(route, heading)
        page.locator("[role=row][data-index='0']").wait_for()
        page.screenshot(path=screenshots / f"console-{name}-columns-phone.png")
        columns = page.evaluate("""() => [...document.querySelectorAll('[role=row]')].map(row => [...row.children].filter(c => c.offsetParent)
            .map(c => Math.round(c.getBoundingClientRect().left)).join())""")
        assert len(columns) > 1 and len(set(columns)) == 1, (name, set(columns))
        cut = page.evaluate("""() => [...document.querySelectorAll('.td')].filter(c => c.offsetParent && c.querySelector('time, .badge, input') && c.scrollWidth > c.clientWidth)
            .map(c => c.outerHTML.slice(0, 200))""")
        assert cut == [], name


def test_what_is_not_there(console, console_world, screenshots):
    it = console()
    page = it.show("nosuchview", "There is no such view")
    expect(page.get_by_role("main")).to_contain_text("nosuchview")
    expect(page.locator(".navigation [aria-current]")).to_have_count(0)
    assert it.axe() == []
    page = it.show("functions?q=nothing-has-this-name", "Functions")
    expect(page.get_by_role("table")).to_contain_text("Nothing matches the filter.")
    assert it.axe() == []


def test_gust_goes_and_comes_back(chromium, new_gust, screenshots):
    from console_page import ConsolePage
    daemon = new_gust().start()
    it = ConsolePage(chromium, daemon).sign_in()
    page = it.page
    expect(page.locator(".tile").filter(has_text="Functions")).to_contain_text("0 instances")
    expect(page.locator(".tile").filter(has_text="Now")).to_contain_text("/s")
    daemon.stop()
    expect(page.get_by_role("alert")).to_contain_text("Gust does not answer")
    expect(page.locator(".tile").filter(has_text="Now")).not_to_contain_text("/s")
    expect(page.locator(".tile").filter(has_text="Functions")).not_to_contain_text("instance")
    page.screenshot(path=screenshots / "console-gone.png")
    daemon.start()
    expect(page.get_by_role("alert")).to_have_count(0)
    it.close()


def test_columns_of_a_query_fit_what_is_in_them(console, console_world, screenshots):
    it = console()
    page = it.show("logs/%2Faws%2Flambda%2Fprice-orders?tab=query", "price-orders")
    page.get_by_label("Insights query").fill("fields @timestamp, @duration, @maxMemoryUsed, @requestId, @message | limit 50")
    page.keyboard.press("Control+Enter")
    results = page.get_by_role("table", name="Results")
    expect(results.get_by_role("columnheader", name="@duration")).to_be_visible()
    page.screenshot(path=screenshots / "console-query-columns.png")
    cut = page.evaluate("() => [...document.querySelectorAll('[role=row] > :first-child')].filter(c => c.scrollWidth > c.clientWidth).map(c => c.textContent)")
    assert cut == []
    empty, time = (results.get_by_role("columnheader", name=name).bounding_box()["width"] for name in ("@duration", "@timestamp"))
    assert empty < time


def test_a_placeholder_is_whole(console, console_world, screenshots):
    it = console(viewport={"width": 1024, "height": 860})
    page = it.show("failed", "Failed events")
    page.screenshot(path=screenshots / "console-failed-filter.png")
    room = page.evaluate("""() => { const field = document.querySelector('main input[type=search]'), style = getComputedStyle(field), pen = document.createElement('canvas').getContext('2d');
        pen.font = style.font;
        return field.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - pen.measureText(field.placeholder).width; }""")
    assert room >= 0


def many_nodes(route):
    functions = [f"function-{n}" for n in range(21)]
    one = {"count": 30, "errors": 0, "p50_us": 900}
    nodes = [("client", "client"), ("api", "api"), *((name, "function") for name in functions), ("songs", "table"), ("album", "bucket")]
    edges = [("client", "api"), *(("api", name) for name in functions), *((name, store) for name in functions[:8] for store in ("songs", "album"))]
    route.fulfill(json={"nodes": [{"id": name, "kind": kind, "name": name} | one for name, kind in nodes], "edges": [{"from": a, "to": b} | one for a, b in edges]})


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_large_map_is_seen_whole(console, screenshots, theme):
    it = console(color_scheme=theme)
    page = it.page
    page.route(re.compile("/admin/map"), many_nodes)
    it.show("map", "Map")
    expect(page.locator(".map-card")).to_have_count(25)
    it.until("document.querySelectorAll('.react-flow__edge').length > 30")
    page.screenshot(path=screenshots / f"console-large-map-{theme}.png")
    out = page.evaluate("""() => { const frame = document.querySelector('.flow').getBoundingClientRect();
        return [...document.querySelectorAll('.map-card')].filter(c => { const b = c.getBoundingClientRect(); return b.top < frame.top || b.bottom > frame.bottom || b.left < frame.left || b.right > frame.right; })
            .map(c => c.textContent); }""")
    assert out == []
    labels = page.evaluate("() => [...document.querySelectorAll('.react-flow__edge-text')].map(e => e.getBoundingClientRect()).map(b => [b.left, b.top, b.right, b.bottom])")
    assert len(labels) > 10
    over = [(a, b) for i, a in enumerate(labels) for b in labels[i + 1:] if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]]
    assert over == []


def test_the_axis_of_time(chromium, gust):
    """The words of the canvas, as they are drawn: times that differ, none behind the edge, from the first look on."""
    from console_page import ConsolePage
    it = ConsolePage(chromium, gust)
    it.context.add_init_script("""window.drawn = [];
        const fill = CanvasRenderingContext2D.prototype.fillText;
        CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
            if (/^\\d\\d:\\d\\d:\\d\\d$/.test(text)) window.drawn.push([text, x + this.measureText(text).width / 2 <= this.canvas.width + 1]);
            return fill.apply(this, arguments);
        };""")
    looks = []

    def two_looks(route):
        looks.append(route)
        route.continue_() if len(looks) < 3 else route.fulfill(status=503)

    it.page.route(re.compile("/admin/metrics"), two_looks)
    page = it.sign_in().page
    it.until("document.querySelectorAll('.chart canvas').length === 2 && window.drawn.length > 4")
    expect(page.locator(".tile").filter(has_text="Now")).to_contain_text("/s")
    drawn = page.evaluate("window.drawn")
    assert "00:00:00" not in {text for text, _ in drawn} and len({text for text, _ in drawn}) > 1
    assert all(inside for _, inside in drawn), drawn
    it.close()


def test_the_sign_in_page_names_the_folder(chromium, gust):
    from console_page import ConsolePage
    it = ConsolePage(chromium, gust)
    it.page.goto(f"{gust.endpoint}/_gust/")
    expect(it.page.locator(".sign-in-hint")).to_contain_text("GUST_DATA")
    assert str(gust.data) not in it.page.content()
    it.close()
