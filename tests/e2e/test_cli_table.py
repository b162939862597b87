"""gust table ls|describe|get|put|query|scan|export|import against a daemon."""
import csv
import json
import subprocess
from decimal import Decimal

import pytest

from conftest import BINARY
from test_dynamodb_tables import ON_DEMAND, attributes, index

TRICKY = ["plain", "", "true", "null", "5", "-1.5e3", "007", '"quoted"', "{brace", "[1]", 'a,b "c"\r\nd', " spaced ", "é☃"]


def run(gust, *args, stdin=None, cwd=None):
    return subprocess.run([BINARY, "table", *map(str, args)], input=stdin, env=gust.env(), capture_output=True, timeout=240,
                          text=True, cwd=cwd)


def ok(gust, *args, **more):
    done = run(gust, *args, **more)
    assert done.returncode == 0 and not done.stderr, (args, done.returncode, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout


def refused(gust, code, says, *args, **more):
    done = run(gust, *args, **more)
    assert done.returncode == code and says in done.stderr, (args, done.returncode, done.stdout, done.stderr)
    return done


def lines(text):
    return [json.loads(line, parse_float=Decimal) for line in text.splitlines()]


@pytest.fixture
def dynamodb(gust):
    return gust.client("dynamodb")


@pytest.fixture
def make(dynamodb, unique):
    """Tables with the string id and, unless it is left out, a second attribute of the key."""
    made = []

    def table(range="s", type="S", **more):
        name = f"{unique}-{len(made)}"
        keys = [{"AttributeName": "id", "KeyType": "HASH"}] + ([{"AttributeName": range, "KeyType": "RANGE"}] if range else [])
        types = attributes(id="S", **({range: type} if range else {}), kind="S") if more else attributes(
            id="S", **({range: type} if range else {}))
        dynamodb.create_table(TableName=name, KeySchema=keys, AttributeDefinitions=types, **ON_DEMAND, **more)
        made.append(name)
        return name
    yield table
    for name in made:
        dynamodb.delete_table(TableName=name)


def test_put_get_and_numbers_keep_their_digits(gust, make):
    table = make("n", "N")
    item = '{"id":"a","n":12345678901234567890123456789012345678,"deep":{"list":[1,"x",null,true,0.1]},"empty":""}'
    assert ok(gust, "put", table, item) == ""
    assert lines(ok(gust, "get", table, "id=a", "n=12345678901234567890123456789012345678")) == lines(item)
    assert "12345678901234567890123456789012345678" in ok(gust, "get", table, '{"id":"a","n":12345678901234567890123456789012345678}')
    ok(gust, "put", table, "-", stdin='{"id":"b","n":-5}')
    raw = json.loads(ok(gust, "get", table, "id=b", "n=-5", "--raw"))
    assert raw == {"id": {"S": "b"}, "n": {"N": "-5"}}
    ok(gust, "put", table, '{"id":{"S":"c"},"n":{"N":"1"},"set":{"NS":["1","2"]},"bytes":{"B":"AAE="}}', "--raw")
    assert ok(gust, "get", table, "id=c", "n=1") == '{"id":"c","n":1,"bytes":"AAE=","set":[1,2]}\n'
    refused(gust, 1, "no item", "get", table, "id=nobody", "n=1")
    refused(gust, 2, "id=VALUE n=VALUE", "get", table, "id=a")
    refused(gust, 2, "no number", "get", table, "id=a", "n=x")
    refused(gust, 1, "no JSON", "put", table, "{id:1}")
    refused(gust, 1, "an item is a JSON object", "put", table, "[1]")
    refused(gust, 1, "ValidationException", "put", table, '{"id":"a"}')


def test_ls_and_describe(gust, make, unique):
    table = make("n", "N", GlobalSecondaryIndexes=[index("by-kind", "kind", "n", projection="KEYS_ONLY")])
    assert table in ok(gust, "ls").splitlines() and table in json.loads(ok(gust, "ls", "--json"))
    told = ok(gust, "describe", table)
    assert "id (S), n (N)" in told and "by-kind: kind (S), n (N); global KEYS_ONLY" in told and "PAY_PER_REQUEST" in told
    assert json.loads(ok(gust, "describe", table, "--json"))["TableName"] == table
    refused(gust, 1, f"there is no table '{unique}'; see gust table ls", "describe", unique)


def test_rm(gust, make, dynamodb, unique):
    table, other = make("s"), unique + "-rm"
    for s in ("one", "two"):
        ok(gust, "put", table, json.dumps({"id": "a", "s": s}))
    assert ok(gust, "rm", table, "id=a", "s=one") == ""
    assert [i["s"] for i in lines(ok(gust, "scan", table))] == ["two"]
    refused(gust, 1, "no item", "rm", table, "id=a", "s=one")
    refused(gust, 2, "id=VALUE s=VALUE", "rm", table, "id=a")
    # The table itself only when it is said: there is nobody to ask here.
    refused(gust, 1, "--yes", "rm", table)
    assert len(lines(ok(gust, "scan", table))) == 1
    dynamodb.create_table(TableName=other, KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], AttributeDefinitions=attributes(id="S"),
                          DeletionProtectionEnabled=True, **ON_DEMAND)
    refused(gust, 1, "ValidationException", "rm", other, "--yes")
    dynamodb.update_table(TableName=other, DeletionProtectionEnabled=False)
    assert json.loads(ok(gust, "rm", other, "--yes", "--json")) == {"removed": other}
    refused(gust, 1, f"there is no table '{other}'", "rm", other, "--yes")


def test_query(gust, make, dynamodb):
    table = make("s", "S", GlobalSecondaryIndexes=[index("by-kind", "kind", "s")])
    for i, s in enumerate(["a1", "a2", "b1", "b2", "c*"]):
        dynamodb.put_item(TableName=table, Item={"id": {"S": "x"}, "s": {"S": s}, "n": {"N": str(i)}, "kind": {"S": "k"}})

    def found(*words):
        return [i["s"] for i in lines(ok(gust, "query", table, *words))]
    assert found("id=x") == ["a1", "a2", "b1", "b2", "c*"]
    assert found("id=x", "s=a*") == ["a1", "a2"]
    assert found("id=x", "s=a2..b1", "--desc") == ["b1", "a2"]
    assert found("id=x", "s>a2", "--limit", 2) == ["b1", "b2"]
    assert found("id=x", "s<=a2") == ["a1", "a2"]
    assert found("id=x", "s==c*") == ["c*"]
    assert found("id=x", "--filter", "n > 1 OR s = 'a1'", "--limit", 3) == ["a1", "b1", "b2"]
    assert found("kind=k", "s=b*", "--index", "by-kind") == ["b1", "b2"]
    assert found("id=nobody") == []
    assert json.loads(ok(gust, "query", table, "id=nobody", "--json")) == []
    assert len(json.loads(ok(gust, "query", table, "id=x", "--json"))) == 5
    refused(gust, 2, "id=VALUE", "query", table, "s=a")
    refused(gust, 2, "only = can be asked", "query", table, "id<x")
    refused(gust, 2, "--filter", "query", table, "id=x", "n=1")
    refused(gust, 1, "it has by-kind", "query", table, "id=x", "--index", "nope")
    refused(gust, 1, "ValidationException", "query", table, "id=x", "--filter", "n >")


def test_scan_and_pages(gust, make, tmp_path):
    table = make("n", "N")
    source = tmp_path / "many.jsonl"
    source.write_text("".join(json.dumps({"id": f"i{n % 7}", "n": n, "pad": "x" * 9000}) + "\n" for n in range(400)))
    assert ok(gust, "import", table, source) == f"400 items into {table}\n"
    assert sorted(i["n"] for i in lines(ok(gust, "scan", table))) == list(range(400))  # 3.6 MB: several pages
    assert len(lines(ok(gust, "scan", table, "--limit", 300))) == 300
    assert sorted(i["n"] for i in lines(ok(gust, "scan", table, "--filter", "n >= 395"))) == [395, 396, 397, 398, 399]
    assert len(lines(ok(gust, "scan", table, "--filter", "n >= 300", "--limit", 7))) == 7


@pytest.mark.parametrize("end, raw", [("jsonl", False), ("jsonl", True), ("csv", False), ("csv", True)])
def test_export_and_import_round_trip(gust, make, dynamodb, tmp_path, end, raw):
    first, second = make("s", "S"), make("s", "S")
    for i, text in enumerate(TRICKY):
        dynamodb.put_item(TableName=first, Item={
            "id": {"S": f"i,{i}"}, "s": {"S": "007"}, "text": {"S": text}, f"only-{i % 3}": {"N": "1.50"}, "yes": {"BOOL": True},
            "none": {"NULL": True}, "deep": {"M": {"t": {"S": text}, "l": {"L": [{"N": "1"}]}}},
            **({"set": {"SS": ["a", "b"]}, "bytes": {"B": b"\x00\xff"}} if raw else {})})
    flags, file = ["--raw"] if raw else [], tmp_path / f"all.{end}"
    assert ok(gust, "export", first, file, *flags) == f"{len(TRICKY)} items into {file}\n"
    assert [p.name for p in tmp_path.iterdir()] == [file.name]
    assert ok(gust, "import", second, file, *flags) == f"{len(TRICKY)} items into {second}\n"
    assert all_items(dynamodb, second) == all_items(dynamodb, first)


def all_items(dynamodb, table):
    return sorted(dynamodb.scan(TableName=table)["Items"], key=lambda i: i["id"]["S"])


def test_csv_by_others_and_for_others(gust, make, dynamodb, tmp_path):
    table, source, back = make(None), tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text('\ufeffid,name,age,zip,tags\r\n1,"Ann, ""A""",42,00501,"[1,""x""]"\r\n\r\n2,"two\nlines",,x,\r\n', newline="")
    assert ok(gust, "import", table, source) == f"2 items into {table}\n"
    assert lines(ok(gust, "get", table, "id=1")) == [
        {"id": "1", "name": 'Ann, "A"', "age": 42, "zip": "00501", "tags": [1, "x"]}]
    assert lines(ok(gust, "get", table, "id=2")) == [{"id": "2", "name": "two\nlines", "zip": "x"}]
    ok(gust, "export", table, back)
    rows = sorted(csv.reader(back.open(newline="")))
    assert rows[2] == ["id", "age", "name", "tags", "zip"] and rows[0] == ["1", "42", 'Ann, "A"', '[1,"x"]', "00501"]
    assert len(lines(ok(gust, "export", table, "-"))) == 2


def test_import_goes_on_behind_what_is_wrong(gust, make, tmp_path):
    table, source = make("n", "N"), tmp_path / "mixed.jsonl"
    good = [json.dumps({"id": "a", "n": n}) for n in range(60)]
    text = [*good[:30], "{no json", "", '{"n": 1}', '{"id": "a", "n": "text"}', '{"id": "", "n": 1}', *good[30:], good[0]]
    source.write_text("\n".join(text))
    done = refused(gust, 1, f"{source}:31: this is no JSON", "import", table, source)
    assert f"{source}:33: the attribute 'id' of the key is missing" in done.stderr
    assert f"{source}:34: " in done.stderr and f"{source}:35: " in done.stderr
    assert done.stdout == f"61 items into {table}, 4 lines failed\n"
    told = json.loads(run(gust, "import", table, source, "--json").stdout)
    assert told["items"] == 61 and [f["line"] for f in told["failed"]] == [31, 33, 34, 35]
    assert len(lines(ok(gust, "scan", table))) == 60
    refused(gust, 1, "cannot be read", "import", table, tmp_path / "none.csv")
    refused(gust, 2, ".jsonl", "import", table, tmp_path / "x.xml")
    refused(gust, 1, "cannot be written", "export", table, tmp_path / "no" / "x.csv")
    (tmp_path / "short.csv").write_text("id,n,v\na,1,x\na,2\n")
    refused(gust, 1, "short.csv:3: 2 cells, where the first line has 3", "import", table, tmp_path / "short.csv")
    (tmp_path / "keyless.csv").write_text("id,v\na,1\n")
    refused(gust, 1, "there is no 'n'", "import", table, tmp_path / "keyless.csv")


def test_no_daemon_is_said(gust, unique):
    done = subprocess.run([BINARY, "table", "ls", "--endpoint", "http://127.0.0.1:9"], env=gust.env(), capture_output=True, text=True)
    assert done.returncode == 3 and "gust up" in done.stderr
