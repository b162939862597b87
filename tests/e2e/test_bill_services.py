"""What objects, tables and HTTP APIs used: the ledger, the bill by service, tags and CSV; budgets."""
import csv
import io
import json
from decimal import ROUND_HALF_UP, Decimal

import boto3
import pytest
import requests

from conftest import wait_until
from test_lambda import ROLE, zip_of

SPEAK = """
import boto3, json
def handler(e, c):
    if "bucket" in e:
        return boto3.client("s3").get_object(Bucket=e["bucket"], Key="a")["ContentLength"]
    print("BUDGET " + json.dumps(e))
    return {"ok": True}
"""


@pytest.fixture
def gust(new_gust):
    return new_gust().start()


def make(gust, name, code=SPEAK, **more):
    functions = gust.client("lambda")
    functions.create_function(FunctionName=name, Runtime="python3.12", Handler="index.handler", Role=ROLE, Timeout=20,
                              Code={"ZipFile": zip_of({"index.py": code})}, **more)
    return functions


def table(gust, name="music", **more):
    tables = gust.client("dynamodb")
    tables.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}], **more)
    return tables


def bill(gust, *more):
    return gust.cli_json("bill", *more)


def rows(gust, by, *more):
    return {r["name"]: r for r in bill(gust, "--by", by, *more)["rows"]}


def test_objects_are_counted_as_they_are_priced(gust):
    s3 = gust.client("s3")
    s3.create_bucket(Bucket="photos")
    s3.put_object(Bucket="photos", Key="a", Body=b"x" * 5000)
    s3.copy_object(Bucket="photos", Key="b", CopySource="photos/a")
    for _ in range(3):
        s3.get_object(Bucket="photos", Key="a")["Body"].read()
    s3.head_object(Bucket="photos", Key="a")
    s3.list_objects_v2(Bucket="photos")
    s3.get_bucket_location(Bucket="photos")
    s3.delete_object(Bucket="photos", Key="b")
    s3.delete_objects(Bucket="photos", Delete={"Objects": [{"Key": "c"}]})
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket="photos", Key="nothing")
    for _ in range(3):
        requests.get(f"{gust.endpoint}/no-such-bucket/a")
    used = rows(gust, "resource")["s3:photos"]
    # create, put, copy, list; three gets, a head, the location, and the one that found nothing.
    assert (used["puts"], used["gets"], used["requests"]) == ("4", "6", 12)
    assert int(used["bytes_in"]) >= 5000 and 15000 <= int(used["bytes_out"]) < 25000
    exact = Decimal("0.005") * 4 / 1000 + Decimal("0.0004") * 6 / 1000 + Decimal("0.09") * int(used["bytes_out"]) / 2**30
    assert abs(Decimal(used["cost"]) - exact) <= Decimal("2e-10")
    assert [name for name in rows(gust, "resource") if "no-such" in name] == []
    assert rows(gust, "service")["s3"]["requests"] == 12


def test_tables_are_counted_in_units(gust):
    tables = table(gust)
    tables.put_item(TableName="music", Item={"id": {"S": "a"}, "text": {"S": "x" * 1500}})
    tables.get_item(TableName="music", Key={"id": {"S": "a"}})
    tables.get_item(TableName="music", Key={"id": {"S": "a"}}, ConsistentRead=True)
    tables.transact_write_items(TransactItems=[{"Put": {"TableName": "music", "Item": {"id": {"S": "b"}}}}])
    used = rows(gust, "resource")["dynamodb:music"]
    assert (used["read_units"], used["write_units"], used["requests"]) == ("1.5", "4", 4)
    exact = Decimal("0.125") * Decimal("1.5") / 10**6 + Decimal("0.625") * 4 / 10**6
    assert Decimal(used["cost"]) == exact.quantize(Decimal("1e-10"), ROUND_HALF_UP)


def test_http_apis_and_what_functions_move(gust):
    functions = make(gust, "f")
    s3 = gust.client("s3")
    s3.create_bucket(Bucket="inside")
    s3.put_object(Bucket="inside", Key="a", Body=b"y" * 4000)
    answer = functions.invoke(FunctionName="f", Payload=b'{"bucket": "inside"}')
    assert json.load(answer["Payload"]) == 4000
    api = gust.client("apigatewayv2").create_api(Name="a", ProtocolType="HTTP", Target="arn:aws:lambda:us-east-1:000000000000:function:f")
    functions.add_permission(FunctionName="f", StatementId="a", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com")
    for size in (10, 600_000):
        assert requests.post(f"{gust.endpoint}/_gust/api/{api['ApiId']}/x", data=b"z" * size).ok
    used = rows(gust, "resource")
    assert used[f"apigateway:{api['ApiId']}"]["api_requests"] == "3" and used[f"apigateway:{api['ApiId']}"]["requests"] == 2
    assert int(used["s3:inside"]["bytes_inside"]) >= 4000 and int(used["s3:inside"].get("bytes_out", 0)) < 4000
    services = rows(gust, "service")
    assert set(services) == {"apigateway", "lambda", "s3"} and services["lambda"]["invocations"] == 3
    assert "(other services)" in gust.cli("bill").stdout


def test_tags_days_and_csv(gust):
    s3 = gust.client("s3")
    s3.create_bucket(Bucket="tagged")
    s3.put_bucket_tagging(Bucket="tagged", Tagging={"TagSet": [{"Key": "team", "Value": "red + blue"}]})
    table(gust, Tags=[{"Key": "team", "Value": "green"}]).put_item(TableName="music", Item={"id": {"S": "a"}})
    make(gust, "f", Tags={"team": "green"}).invoke(FunctionName="f", Payload=b"{}")
    wait_until(lambda: bill(gust)["total"]["invocations"] == 1, "the invocation's record")
    teams = rows(gust, "tag:team")
    assert set(teams) >= {"green", "red + blue"} and teams["green"]["write_units"] == "1" and teams["green"]["invocations"] == 1
    assert "(no colour)" in rows(gust, "tag:colour") and "team=green" in rows(gust, "tag")
    (day,) = rows(gust, "day").values()
    assert day["cost"] == bill(gust)["total"]["cost"] and Decimal(day["cost"]) > 0
    out = gust.cli("bill", "--by", "tag:team", "--csv").stdout
    lines = {line["tag:team"]: line for line in csv.DictReader(io.StringIO(out))}
    assert lines["red + blue"]["puts"] == teams["red + blue"]["puts"] and lines["green"]["currency"] == "USD"
    assert sum(Decimal(line["cost"]) for line in lines.values()) > 0
    (line,) = csv.DictReader(io.StringIO(gust.cli("bill", "--by", 'tag:a, "b"', "--csv").stdout))
    assert line['tag:a, "b"'] == '(no a, "b")' and line["currency"] == "USD"  # cells with commas and quotes
    assert bill(gust, "--prices", "none")["total"]["cost"] == "0.0000000000"
    assert Decimal(bill(gust, "--prices", "aws-arm")["total"]["cost"]) < Decimal(day["cost"])


def test_what_is_stored_is_counted_by_the_hour(new_gust, monkeypatch):
    monkeypatch.setenv("GUST_STORAGE_PERIOD_MS", "200")
    monkeypatch.setenv("GUST_TTL_PERIOD_MS", "100")
    gust = new_gust().start()
    s3 = gust.client("s3")
    s3.create_bucket(Bucket="full")
    s3.put_object(Bucket="full", Key="a", Body=b"x" * (40 << 20))
    tables = table(gust)
    for i in range(20):
        tables.put_item(TableName="music", Item={"id": {"S": str(i)}, "text": {"S": "x" * 300_000}})

    def hours(name):
        lines = [json.loads(line[9:]) for f in (gust.data / "meter").glob("*.use") for line in f.read_text().splitlines()]
        return sum(line.get("byte_hours", 0) for line in lines if line["resource"] == name)
    wait_until(lambda: hours("full") > 0 and hours("music") > 0, "both to be counted")


def test_counts_survive_a_kill_but_for_the_last_second(gust):
    s3 = gust.client("s3")
    s3.create_bucket(Bucket="kept")
    before = wait_until(lambda: rows(gust, "resource").get("s3:kept"), "the bucket's row")
    gust.kill9()
    gust.start()
    assert rows(gust, "resource")["s3:kept"] == before


# -- budgets


def test_a_budget_that_is_passed_tells_a_function_once(new_gust, monkeypatch):
    monkeypatch.setenv("GUST_BUDGET_PERIOD_MS", "200")
    gust = new_gust().start()
    functions = make(gust, "alarm")
    assert "no budget" in gust.cli("budget", "show").stdout
    assert gust.cli_json("budget", "set", "0.000001", "--per", "month", "--notify", "alarm")["budget"]["passed"] is False
    for _ in range(12):
        functions.invoke(FunctionName="alarm", Payload=b"{}")

    def told():
        lines = gust.cli("logs", "alarm").stdout.splitlines()
        return [json.loads(line.split("BUDGET ")[1]) for line in lines if 'gust.budget' in line]
    (event,) = wait_until(told, "the alarm")
    assert event["amount"] == "0.000001" and Decimal(event["spent"]) >= Decimal("0.000001") and event["account"] == "000000000000"
    shown = bill(gust)["budget"]
    assert shown["passed"] is True and shown["told_of"] == event["period"] == shown["period"]
    assert gust.cli_json("status")["budget"]["passed"] is True and "it is passed" in gust.cli("bill").stdout
    gust.restart()
    # A smaller one of the same month was passed already: nobody is told again.
    gust.cli("budget", "set", "0.0000001", "--notify", "alarm")
    functions.invoke(FunctionName="alarm", Payload=b"{}")
    wait_until(lambda: bill(gust)["total"]["invocations"] >= 14, "another look")
    assert told() == [event]
    gust.cli("budget", "rm")
    assert "budget" not in bill(gust)


@pytest.mark.parametrize("arguments, code, said", [
    (["set", "-5"], 1, "not an amount"), (["set", "much"], 1, "'much' is not an amount"), (["set", "0"], 1, "not an amount"),
    (["set", "5", "--per", "year"], 2, "--per"), (["set", "5", "--notify", "nobody"], 1, "nobody"),
    (["set", "5", "--prices", "moon"], 2, "aws, aws-arm, none")])
def test_what_a_budget_refuses(gust, arguments, code, said):
    done = gust.cli("budget", *arguments, check=False)
    assert done.returncode == code and said in done.stderr, done
