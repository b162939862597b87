"""Single things of the console that a person would stumble on: what is cut off, counted wrong, or said too late."""
import pytest

playwright_api = pytest.importorskip("playwright.sync_api")
expect = playwright_api.expect


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
