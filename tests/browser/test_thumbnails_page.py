"""The example's page in a real browser: drop pictures, see thumbnails; drop rubbish, see why not."""

import base64
import json
import pathlib
import re
import uuid

import pytest

playwright_api = pytest.importorskip("playwright.sync_api")
expect = playwright_api.expect

EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / "examples" / "thumbnails"
PICTURES = EXAMPLE / "pictures"
EXPECTED = json.loads((EXAMPLE / "expected.json").read_text())["thumbnails"]
TYPES = {".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}
THUMBNAIL_MS = 60_000  # the longest wait for a condition, cold start of both functions included
DROPPED = ["lake-0.3mp.jpg", "badge-transparent.png", "valley.webp", "orientation-6.jpg", "pixel.png", "portrait.jpg"]


def named(path):
    """A file of this test run only: the name that its tile will have, and its contents."""
    name = f"{uuid.uuid4().hex[:8]}-{path.name}"
    return {"name": name, "mimeType": TYPES[path.suffix], "buffer": path.read_bytes()}


def drop(page, files):
    """Drops files on the page as a person does with the mouse: one DataTransfer, the real events."""
    described = [[f["name"], f["mimeType"], base64.b64encode(f["buffer"]).decode()] for f in files]
    transfer = page.evaluate_handle(
        """files => {
            const transfer = new DataTransfer();
            for (const [name, type, data] of files) {
                const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
                transfer.items.add(new File([bytes], name, {type}));
            }
            return transfer;
        }""",
        described,
    )
    for event in ("dragenter", "dragover", "drop"):
        page.dispatch_event(".drop", event, {"dataTransfer": transfer})


def tile(page, file):
    return page.locator(f'.tile[data-name="{file["name"]}"]')


def expect_ready(page, file):
    expect(tile(page, file)).to_have_attribute("data-state", "ready", timeout=THUMBNAIL_MS)
    image = tile(page, file).locator("img")
    image.scroll_into_view_if_needed()
    page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=image.element_handle())
    return image.evaluate("image => [image.naturalWidth, image.naturalHeight]")


def test_dropped_pictures_become_thumbnails(open_page, screenshots):
    page = open_page()
    files = {name: named(PICTURES / name) for name in DROPPED}
    drop(page, files.values())
    for name, file in files.items():
        assert expect_ready(page, file) == EXPECTED[name], name
    page.screenshot(path=screenshots / "thumbnails-light.png", full_page=True)


def test_chosen_pictures_are_still_there_after_a_reload(open_page):
    page = open_page()
    file = named(PICTURES / "grey.jpg")
    page.set_input_files("input[type=file]", [file])
    expect_ready(page, file)
    page.reload()
    assert expect_ready(page, file) == EXPECTED["grey.jpg"]


def test_a_bad_picture_says_why_and_delays_no_other(open_page, screenshots):
    page = open_page(color_scheme="dark")
    bad, good = named(PICTURES / "bad" / "not-an-image.jpg"), named(PICTURES / "lake-0.3mp.jpg")
    cut, bomb = named(PICTURES / "bad" / "truncated.jpg"), named(PICTURES / "bad" / "bomb.png")
    drop(page, [bad, good, cut, bomb])
    expect_ready(page, good)
    for file, reason in ((bad, "not a picture"), (cut, "damaged or incomplete"), (bomb, "1600.0 megapixels")):
        expect(tile(page, file)).to_have_attribute("data-state", "failed", timeout=THUMBNAIL_MS)
        expect(tile(page, file).get_by_role("alert")).to_contain_text(reason)
    page.screenshot(path=screenshots / "thumbnails-errors-dark.png", full_page=True)
    tile(page, bomb).get_by_role("button", name=re.compile("Dismiss")).click()
    expect(tile(page, bomb)).to_have_count(0)


def test_a_thumbnail_that_does_not_load_is_asked_for_again(open_page):
    page = open_page()
    file, refused, most = named(PICTURES / "lake-0.3mp.jpg"), [], [1]

    def handle(route):
        if len(refused) < most[0]:
            refused.append(route.request.url)
            route.abort()
        else:
            route.continue_()
    page.route(f"**/*{file['name']}/thumbnail*", handle)
    page.set_input_files("input[type=file]", [file])
    assert expect_ready(page, file) == EXPECTED["lake-0.3mp.jpg"] and len(refused) == 1, refused
    most[0] = 1000
    page.reload()
    again = tile(page, file).get_by_role("button", name="Load again")
    expect(again).to_be_visible(timeout=THUMBNAIL_MS)
    assert len(refused) == 4, refused
    most[0] = 0
    again.click()
    assert expect_ready(page, file) == EXPECTED["lake-0.3mp.jpg"]


def test_what_is_no_picture_or_too_large_is_not_sent(open_page):
    page = open_page()
    sent = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    letter = {"name": "letter.txt", "mimeType": "text/plain", "buffer": b"hello"}
    huge = {"name": "huge.png", "mimeType": "image/png", "buffer": bytes(11 * 1024 * 1024)}
    page.set_input_files("input[type=file]", [letter, huge])
    expect(tile(page, letter).get_by_role("alert")).to_contain_text("not a picture")
    expect(tile(page, huge).get_by_role("alert")).to_contain_text("Too large")
    assert sent == []


def test_a_failed_connection_is_shown_and_the_upload_can_be_tried_again(open_page):
    page = open_page()
    file = named(PICTURES / "portrait.jpg")
    page.route("**/photos", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    page.set_input_files("input[type=file]", [file])
    expect(tile(page, file).get_by_role("alert")).to_contain_text("cannot be reached")
    page.unroute("**/photos")
    tile(page, file).get_by_role("button", name=re.compile("again")).click()
    assert expect_ready(page, file) == EXPECTED["portrait.jpg"]


def test_the_page_works_by_keyboard_and_on_a_narrow_screen(open_page, screenshots):
    page = open_page(viewport={"width": 360, "height": 740}, color_scheme="light")
    expect(page.get_by_role("heading", name="Thumbnails")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name=re.compile("Switch to dark"))).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    page.keyboard.press("Tab")
    picker = page.locator("input[type=file]")
    expect(picker).to_be_focused()
    # The dialog itself belongs to the browser; that Space asks for it is what the page has to see to.
    picker.evaluate(
        """picker => { window.asked = new Promise(done => picker.addEventListener("click", event => {
            event.preventDefault();
            done(true);
        }, {once: true})); }"""
    )
    page.keyboard.press("Space")
    assert page.evaluate("window.asked")
    file = named(PICTURES / "palette.png")
    picker.set_input_files([file])
    expect_ready(page, file)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.screenshot(path=screenshots / "thumbnails-narrow.png")
