"""The views of traces and the map: with what the contract of /_gust/traces and /_gust/map says, and where a Gust has none."""
import json
import re
import time

import pytest

playwright_api = pytest.importorskip("playwright.sync_api")
expect = playwright_api.expect

NOW = int(time.time() * 1e6)
ID = "1-5759e988-bd862e3fe1be46a994272793"


def span(number, parent, name, kind, service, start, duration, status="ok", **more):
    return {"id": f"{number:016x}", "parent": parent and f"{parent:016x}", "name": name, "kind": kind, "service": service, "resource": "",
            "start": NOW + start, "duration_us": duration, "status": status, "error": "", "attributes": {}, "request_id": ""} | more


TRACE = {
    "id": ID,
    "spans": [
        span(1, None, "PUT photos/lake.jpg", "request", "s3", 0, 9_400),
        span(2, 1, "authorize", "authorize", "s3", 120, 300),
        span(3, 1, "ObjectCreated:Put", "outbox", "s3", 9_400, 21_000),
        span(4, 3, "thumb", "delivery", "lambda", 30_500, 480_000, "fault", resource="thumb"),
        span(5, 4, "snapshot", "start", "lambda", 31_000, 46_000),
        span(6, 4, "thumb.handler", "handler", "lambda", 78_000, 402_000, "fault", request_id="r-1", error="KeyError: 'width'"),
        span(7, 6, "GET photos/lake.jpg", "call", "s3", 90_000, 12_000),
        span(8, 6, "PutItem pictures", "call", "dynamodb", 470_000, 6_000, "error", error="ConditionalCheckFailedException",
             attributes={"table": "pictures", "capacity": 1}),
        span(9, 3, "thumb (2nd attempt)", "retry", "lambda", 1_500_000, 210_000, resource="thumb"),
    ],
    "logs": [{"at": NOW // 1000 + 100, "function": "thumb", "request_id": "r-1", "text": "START RequestId: r-1 Version: $LATEST"},
             {"at": NOW // 1000 + 471, "function": "thumb", "request_id": "r-1", "text": "[ERROR] KeyError: 'width'"}],
}
NODES = [("client:web", "client", "web", 0), ("api:photos", "api", "photos", 0), ("lambda:sign", "function", "sign", 0), ("s3:photos", "bucket", "photos", 0),
         ("lambda:thumb", "function", "thumb", 9), ("s3:thumbs", "bucket", "thumbs", 0), ("dynamodb:pictures", "table", "pictures", 0)]
EDGES = [("client:web", "api:photos", 0), ("api:photos", "lambda:sign", 0), ("lambda:sign", "s3:photos", 0), ("s3:photos", "lambda:thumb", 9),
         ("lambda:thumb", "s3:thumbs", 0), ("lambda:thumb", "dynamodb:pictures", 4)]
MAP = {"nodes": [{"id": i, "kind": k, "name": n, "count": 1200, "errors": e, "p50_us": 18_000} for i, k, n, e in NODES],
       "edges": [{"from": a, "to": b, "count": 1200, "errors": e, "p50_us": 9_000} for a, b, e in EDGES]}


def summary(number):
    failed = number % 7 == 0
    return {"id": f"{ID[:-4]}{number:04d}" if number else ID, "start": NOW - number * 750_000, "duration_us": 1_710_000 if not number else 900 + 37 * number,
            "name": "PUT photos/lake.jpg" if not number else f"GET photos/{number}.jpg", "service": "s3", "status": "fault" if failed else "ok",
            "spans": 9, "functions": ["thumb"] if failed else [], "cold_starts": int(not number)}


def serve(page, asked):
    """Answers as the contract says; `asked` gets the query of each search."""
    def answer(route):
        url = route.request.url
        path = url.split("/admin/")[1]
        if path.startswith("traces/stream"):
            return route.fulfill(content_type="text/event-stream", body=f"retry: 60000\n\nevent: trace\ndata: {json.dumps(summary(3))}\n\n")
        if path.startswith("traces/"):
            return route.fulfill(json=TRACE)
        if path.startswith("map"):
            return route.fulfill(json=MAP)
        query = dict(pair.split("=") for pair in url.split("?")[1].split("&"))
        asked.append(query)
        rows = [s for s in map(summary, range(200)) if not query.get("failed") or s["status"] != "ok"]
        return route.fulfill(json={"traces": rows} | ({"next": "more"} if not query.get("next") and not query.get("failed") else {}))

    page.route(re.compile(r"/admin/(traces|map)"), answer)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_trace_is_found_and_read(console, theme):
    it, asked = console(color_scheme=theme), []
    serve(it.page, asked)
    page = it.show("traces", "Traces")
    rows = page.get_by_role("table", name="Traces").get_by_role("row")
    expect(rows.filter(has_text="PUT photos/lake.jpg")).to_be_visible()
    assert it.axe() == []
    page.get_by_label("Show").select_option("failed")
    expect(page.locator(".table-foot")).to_have_text("29")
    assert asked[-1]["failed"] == "1" and "since" in asked[-1]
    page.get_by_role("link", name="PUT photos/lake.jpg").click()
    # The step that failed first is open by itself, with what it said and printed.
    expect(page.get_by_role("heading", name="PutItem pictures")).to_be_visible()
    expect(page.get_by_text("ConditionalCheckFailedException")).to_be_visible()
    page.get_by_role("button", name=re.compile("thumb.handler, handler")).click()
    expect(page.get_by_label("Lines that were printed")).to_contain_text("KeyError: 'width'")
    assert it.axe() == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_map(console, theme):
    it = console(color_scheme=theme)
    serve(it.page, [])
    page = it.show("map", "Map")
    expect(page.locator(".map-card")).to_have_count(7)
    expect(page.get_by_role("table", name="Flows").get_by_role("row")).to_have_count(7)
    it.until("document.querySelectorAll('.react-flow__edge').length === 6")
    assert it.axe() == []
    page.locator(".map-card").filter(has_text="thumb").filter(has_text="9 failed").click()
    expect(page).to_have_url(re.compile(r"#/functions/thumb"))


def test_on_a_phone(console):
    it = console(viewport={"width": 390, "height": 780})
    serve(it.page, [])
    for route, heading in (("traces", "Traces"), (f"traces/{ID}", "PUT photos"), ("map", "Map")):
        it.show(route, heading)
        assert it.too_wide() == [], route


def test_a_gust_without_traces_says_so(console):
    it = console()
    it.page.route(re.compile(r"/admin/(traces|map)"), lambda route: route.fulfill(status=404, json={"error": "GET /_gust/traces is not served"}))
    for route, heading in (("traces", "Traces"), ("map", "Map")):
        expect(it.show(route, heading).get_by_role("heading", name="Traces are off")).to_be_visible()
        assert it.axe() == []
