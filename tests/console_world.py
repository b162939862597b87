"""Fills a daemon with what the console's views show: real traffic of a small application."""
import json
from pathlib import Path

from conftest import ROOT, wait_until

ROLE = "arn:aws:iam::000000000000:role/console"
PICTURES = ROOT / "examples/thumbnails/pictures"
ORDERS = '''import json


def handler(event, context):
    """Prices an order; one without lines is an error."""
    print(f"order {event['id']} with {len(event['lines'])} lines")
    if not event["lines"]:
        print("ERROR order has no lines")
        raise ValueError("an order needs lines")
    total = sum(line["price"] * line["count"] for line in event["lines"])
    return {"id": event["id"], "total": total, "currency": "EUR"}
'''
GREETING = """def handler(event, context):
    if not event["name"]:
        raise ValueError("nobody is there")
    return "Hello, " + event["name"]
"""
SONGS = [("Nina Simone", "Sinnerman", 1965, 10), ("Nina Simone", "Feeling Good", 1965, 3), ("Miles Davis", "So What", 1959, 9),
         ("Billie Holiday", "Strange Fruit", 1939, 3), ("Ella Fitzgerald", "Misty", 1960, 3), ("Nina Simone", "Baltimore", 1978, 5)]


def zip_of(files):
    import io
    import zipfile
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return out.getvalue()


def _functions(gust):
    functions = gust.client("lambda")
    functions.create_function(FunctionName="price-orders", Runtime="python3.12", Handler="orders.handler", Role=ROLE, Timeout=20,
                              MemorySize=256, Description="Prices the orders of the shop.", Tags={"team": "shop"},
                              Environment={"Variables": {"CURRENCY": "EUR"}}, Code={"ZipFile": zip_of({"orders.py": ORDERS, "prices.json": json.dumps({"lake": 3}, indent=2)})})
    functions.create_function(FunctionName="greet-visitors", Runtime="python3.12", Handler="greet.handler", Role=ROLE, Timeout=20,
                              Description="Says hello.", Tags={"team": "shop"}, Code={"ZipFile": zip_of({"greet.py": GREETING})})
    functions.put_function_event_invoke_config(FunctionName="price-orders", MaximumRetryAttempts=0)
    for number in range(12):
        event = {"id": number, "lines": [{"price": 3, "count": number}] if number % 6 else []}
        functions.invoke(FunctionName="price-orders", Payload=json.dumps(event))
    functions.publish_version(FunctionName="price-orders", Description="before the sale")
    functions.create_alias(FunctionName="price-orders", Name="live", FunctionVersion="1")
    for number in range(3):
        functions.invoke(FunctionName="price-orders", InvocationType="Event", Payload=json.dumps({"id": f"late-{number}", "lines": []}))
    wait_until(lambda: sum(event["function"] == "price-orders" for event in gust.cli_json("failed", "list")) >= 3, "the failed events")


def _table(gust):
    tables = gust.client("dynamodb")
    tables.create_table(
        TableName="songs", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in (("artist", "S"), ("song", "S"), ("year", "N"))],
        KeySchema=[{"AttributeName": "artist", "KeyType": "HASH"}, {"AttributeName": "song", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[{"IndexName": "by-year", "KeySchema": [{"AttributeName": "year", "KeyType": "HASH"}],
                                 "Projection": {"ProjectionType": "ALL"}}])
    for artist, song, year, minutes in SONGS:
        tables.put_item(TableName="songs", Item={"artist": {"S": artist}, "song": {"S": song}, "year": {"N": str(year)}, "minutes": {"N": str(minutes)},
                                                 "tags": {"SS": ["jazz", "live"]}, "exact": {"N": "12345678901234567890.123456789"}})


def _bucket(gust):
    s3 = gust.client("s3")
    s3.create_bucket(Bucket="album")
    s3.create_bucket(Bucket="album-west", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for path in ("lake-0.3mp.jpg", "badge-transparent.png", "valley.webp"):
        kind = {".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}[Path(path).suffix]
        s3.put_object(Bucket="album", Key=f"2026/{path}", Body=(PICTURES / path).read_bytes(), ContentType=kind, Metadata={"camera": "none"})
    s3.put_object(Bucket="album", Key="notes.json", Body=b'{"title":"Summer","big":12345678901234567890}', ContentType="application/json")
    s3.put_object(Bucket="album", Key="evil.html", Body=b"<script>parent.document.title='stolen'</script>", ContentType="text/html")


def _thumbnails(gust, outputs):
    """Pictures through the example, so that its functions have run."""
    s3 = gust.client("s3")
    for path in sorted(PICTURES.glob("*.jpg"))[:4]:
        s3.put_object(Bucket=outputs["upload_bucket"], Key=f"console/{path.name}", Body=path.read_bytes(), ContentType="image/jpeg")
    wait_until(lambda: s3.list_objects_v2(Bucket=outputs["thumbnail_bucket"], Prefix="console/").get("KeyCount", 0) >= 4, "the thumbnails")


def fill(gust, outputs):
    _functions(gust)
    _table(gust)
    _bucket(gust)
    _thumbnails(gust, outputs)
    return outputs
