"""One trace from a request to the last thing that it sets off, seen by the command line and the administration."""
import json
import os
import re
import threading
import time
from urllib.parse import parse_qsl, quote, urlencode

import boto3
import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from conftest import wait_until
from test_lambda import ROLE, zip_of

THUMBS = """
import boto3, os, urllib.parse
s3, tables = boto3.client("s3"), boto3.client("dynamodb")
def handler(event, context):
    for record in event["Records"]:
        bucket, key = record["s3"]["bucket"]["name"], urllib.parse.unquote_plus(record["s3"]["object"]["key"])
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        s3.put_object(Bucket=bucket + "-out", Key=key, Body=body[:3])
        tables.put_item(TableName=os.environ["TABLE"], Item={"id": {"S": key}})
        print("made a thumbnail of", key)
"""


def admin(gust, path, stream=False):
    path, _, query = path.partition("?")
    query = urlencode(parse_qsl(query, keep_blank_values=True), quote_via=quote)  # as it is signed
    request = AWSRequest("GET", f"{gust.endpoint}/_gust/{path}{'?' if query else ''}{query}")
    SigV4Auth(Credentials(*gust.keys()), "gust", "us-east-1").add_auth(request)
    return requests.get(request.url, headers=dict(request.headers), stream=stream, timeout=60)


def make_function(gust, name, code, files=None, **more):
    return gust.client("lambda").create_function(
        FunctionName=name, Runtime="python3.12", Handler="index.handler", Role=ROLE, Timeout=30, MemorySize=256,
        Code={"ZipFile": zip_of(files or {"index.py": code})}, **more)["FunctionArn"]


def trace_of(gust, **find):
    """The newest trace that fits, whole."""
    query = "&".join(f"{k}={v}" for k, v in find.items())
    found = admin(gust, f"traces?{query}").json()["traces"]
    return admin(gust, f"traces/{found[0]['id']}").json() if found else None


def kinds(trace):
    return [span["kind"] for span in trace["spans"]]


def one(trace, **members):
    found = [s for s in trace["spans"] if all(s[k] == v for k, v in members.items())]
    assert len(found) == 1, f"{members}: {found} of {json.dumps(trace, indent=1)}"
    return found[0]


@pytest.fixture
def uploads(gust, unique):
    """A bucket whose uploads a function makes thumbnails of, and notes them in a table."""
    name = unique[-40:].strip("-")
    s3 = gust.client("s3")
    for bucket in (name, name + "-out"):
        s3.create_bucket(Bucket=bucket)
    gust.client("dynamodb").create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    arn = make_function(gust, name, THUMBS, Environment={"Variables": {"TABLE": name}})
    gust.client("lambda").add_permission(FunctionName=name, StatementId="s3", Action="lambda:InvokeFunction",
                                         Principal="s3.amazonaws.com", SourceArn=f"arn:aws:s3:::{name}")
    s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration={"LambdaFunctionConfigurations": [
        {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]})
    return s3, name


def whole(gust, name):
    """The trace of an upload, once the function's last call is in it."""
    def look():
        trace = trace_of(gust, function=name)
        ended = trace and "handler" in kinds(trace) and "delivery" in kinds(trace)
        return trace if ended and any("made a thumbnail" in line["text"] for line in trace["logs"]) else None
    return wait_until(look, "the trace")


def test_an_upload_and_all_that_it_sets_off_are_one_trace(gust, uploads):
    s3, name = uploads
    answer = s3.put_object(Bucket=name, Key="a.jpg", Body=b"12345")
    header = answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-trace-id"]
    trace = whole(gust, name)
    assert header == f"Root={trace['id']}"
    put = one(trace, kind="request")
    assert (put["name"], put["service"], put["resource"], put["parent"]) == (f"PUT {name}/a.jpg", "s3", name, None)
    assert put["attributes"]["operation"] == "PutObject" and put["request_id"]
    outbox = one(trace, kind="outbox")
    assert outbox["parent"] == put["id"] and outbox["name"] == "ObjectCreated:Put"
    delivery = one(trace, kind="delivery")
    assert (delivery["name"], delivery["resource"], delivery["parent"]) == ("attempt 1", name, outbox["id"])
    handler = one(trace, kind="handler")
    assert (handler["resource"], handler["parent"], handler["status"]) == (name, delivery["id"], "ok")
    waits = [s["name"] for s in trace["spans"] if s["kind"] == "queue"]
    assert waits == ["wait in the queue", "wait for an instance"]
    start, init = one(trace, kind="start"), one(trace, kind="init")
    assert start["name"] in ("launched", "pooled") and start["name"] == handler["attributes"]["start"]
    assert start["start"] + start["duration_us"] <= init["start"] + 1 and init["duration_us"] > 0
    calls = [(s["service"], s["name"], s["resource"], s["parent"]) for s in trace["spans"] if s["kind"] == "call"]
    assert calls == [("s3", f"GET {name}/a.jpg", name, handler["id"]),
                     ("s3", f"PUT {name}-out/a.jpg", name + "-out", handler["id"]),
                     ("dynamodb", f"PutItem {name}", name, handler["id"])]
    texts = [line["text"] for line in trace["logs"]]
    assert texts[0].startswith("START ") and "made a thumbnail of a.jpg" in texts
    assert {line["function"] for line in trace["logs"]} == {name}
    assert {line["request_id"] for line in trace["logs"]} == {handler["request_id"]}


def test_the_command_line_shows_it(gust, uploads):
    s3, name = uploads
    s3.put_object(Bucket=name, Key="b.jpg", Body=b"12345")
    trace = whole(gust, name)
    listed = gust.cli("traces", "--function", name).stdout.splitlines()
    assert listed[0].split() == ["TIME", "(UTC)", "STATUS", "TOOK", "STEPS", "TRACE", "WHAT"]
    assert re.fullmatch(rf"[\d:.]{{12}}  ok  .* {len(trace['spans'])}  {trace['id']}  .*PUT {name}/b.jpg > {name} \(1 cold\)",
                        listed[1]), listed[1]
    shown = gust.cli("trace", trace["id"]).stdout
    lines = shown.splitlines()
    assert lines[0].startswith(f"PUT {name}/b.jpg"[:40]) and "request" in lines[0] and "█" in lines[0]
    assert "\x1b" not in shown  # nobody looks
    for part in ("outbox", "attempt 1", "handler", f"PutItem {name}"[:20], "made a thumbnail of b.jpg"):
        assert part in shown, shown
    assert len({line.index("█") for line in lines if "█" in line}) > 1  # a waterfall
    assert gust.cli_json("trace", trace["id"])["spans"] == trace["spans"]
    assert [t["id"] for t in gust.cli_json("traces", "--function", name)["traces"]] == [trace["id"]]
    assert gust.cli("traces", "--text", f"{name}/b.jpg", "--since", "1h", "--service", "dynamodb").stdout.count(name)
    assert gust.cli("traces", "--function", "none").stdout.startswith("No trace fits")


def test_a_failing_event_shows_its_attempts_the_pause_and_its_end(gust, unique):
    functions = gust.client("lambda")
    make_function(gust, unique, "def handler(e, c):\n  print('trying')\n  raise ValueError('no picture')")
    functions.invoke(FunctionName=unique, InvocationType="Event", Payload=b"{}")

    def paused():
        trace = trace_of(gust, function=unique)
        return trace if trace and "retry" in kinds(trace) else None
    trace = wait_until(paused, "the pause")
    request = one(trace, kind="request")
    assert (request["service"], request["resource"], request["status"]) == ("lambda", unique, "ok")
    attempt, retry = one(trace, kind="delivery"), one(trace, kind="retry")
    assert attempt["parent"] == retry["parent"] == request["id"] and attempt["status"] == "fault"
    assert attempt["error"] == "ValueError: no picture" and retry["name"] == "again in 60.0 s"
    handler = one(trace, kind="handler")
    assert handler["status"] == "fault" and handler["error"] == "ValueError: no picture"

    functions.put_function_event_invoke_config(FunctionName=unique, MaximumRetryAttempts=0)
    functions.invoke(FunctionName=unique, InvocationType="Event", Payload=b"{}")

    def buried():
        for found in admin(gust, f"traces?function={unique}&failed=1").json()["traces"]:
            trace = admin(gust, f"traces/{found['id']}").json()
            if "dead_letter" in kinds(trace):
                return found, trace
    summary, trace = wait_until(buried, "the dead letter")
    assert summary["status"] == "fault" and summary["functions"] == [unique]
    letter = one(trace, kind="dead_letter")
    assert letter["parent"] == one(trace, kind="request")["id"] and "no picture" in letter["error"]
    assert letter["attributes"] == {"condition": "RetriesExhausted"} and letter["request_id"]
    shown = gust.cli("trace", trace["id"]).stdout
    assert "fault: ValueError: no picture" in shown and "trying" in shown and "dead letter" in shown
    assert unique in gust.cli("traces", "--failed", "--function", unique).stdout


def test_traces_of_others_go_on(gust, unique):
    """W3C's and X-Ray's headers are taken in, given to functions, and given out."""
    make_function(gust, unique, "import os\ndef handler(e, c): return os.environ['_X_AMZN_TRACE_ID']")
    functions = gust.client("lambda")
    trace_id, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"

    def give(name, value):
        def add(request, **_):
            request.headers[name] = value
        functions.meta.events.register_first("before-send.lambda.Invoke", add)
        answer = functions.invoke(FunctionName=unique, Payload=b"{}")
        functions.meta.events.unregister("before-send.lambda.Invoke", add)
        return answer["ResponseMetadata"]["HTTPHeaders"], json.loads(answer["Payload"].read())

    headers, seen = give("traceparent", f"00-{trace_id}-{parent}-01")
    assert headers["x-amzn-trace-id"] == "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736"
    assert headers["traceparent"].split("-")[1] == trace_id
    trace = admin(gust, f"traces/{trace_id}").json()
    request, handler = one(trace, kind="request"), one(trace, kind="handler")
    assert request["parent"] == parent and handler["parent"] == request["id"]
    assert headers["traceparent"].split("-")[2] == request["id"]
    assert seen.startswith(f"Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent={handler['id']};Sampled=1;Lineage=")

    _, seen = give("X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1")
    trace = admin(gust, "traces/1-5759e988-bd862e3fe1be46a994272793").json()
    assert one(trace, kind="request")["parent"] == "53995c3f42cd8ad8"
    assert seen.startswith("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=" + one(trace, kind="handler")["id"])


def test_a_call_without_headers_is_of_the_invocation(gust, unique):
    gust.client("s3").create_bucket(Bucket=unique)
    make_function(gust, unique, f"""
import os, urllib.error, urllib.request
def handler(e, c):
    try: urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + "/{unique}/none")
    except urllib.error.HTTPError as error: return error.code
""")
    answer = gust.client("lambda").invoke(FunctionName=unique, Payload=b"{}")
    assert json.loads(answer["Payload"].read()) == 403
    trace = trace_of(gust, function=unique)
    call = one(trace, kind="call")
    assert call["parent"] == one(trace, kind="handler")["id"] and (call["status"], call["error"]) == ("error", "AccessDenied")
    # What a function asks for in vain is not a failure of the whole.
    assert admin(gust, f"traces?function={unique}").json()["traces"][0]["status"] == "ok"


def test_the_lines_of_a_trace_are_chosen_as_a_functions(gust, unique):
    make_function(gust, unique, "def handler(e, c):\n    for n in range(5): print('line', n)")
    gust.client("lambda").invoke(FunctionName=unique, Payload=b"{}")
    wait_until(lambda: "line 4" in gust.cli("logs", unique).stdout, "the lines")
    id = trace_of(gust, function=unique)["id"]

    def lines(*more):
        return [line.split(unique, 1)[1].strip() for line in gust.cli("logs", id, *more).stdout.splitlines()]
    assert [line for line in lines() if line.startswith("line")] == [f"line {n}" for n in range(5)]
    assert lines("--filter", "line -3 -4") == ["line 0", "line 1", "line 2"]
    assert lines("--filter", "line", "--limit", "2") == ["line 3", "line 4"]
    assert lines("--since", "1h", "--limit", "1") == lines()[-1:]
    refused = gust.cli("logs", id, "--filter", "{ $.n = }", check=False)
    assert refused.returncode == 1 and "Invalid filter pattern" in refused.stderr


def test_an_http_api(gust, unique):
    arn = make_function(gust, unique, "def handler(e, c): return {'statusCode': 200, 'body': e['headers']['x-amzn-trace-id']}")
    apis = gust.client("apigatewayv2")
    api = apis.create_api(Name=unique, ProtocolType="HTTP", Target=arn)["ApiId"]
    gust.client("lambda").add_permission(FunctionName=unique, StatementId="api", Action="lambda:InvokeFunction",
                                         Principal="apigateway.amazonaws.com",
                                         SourceArn=f"arn:aws:execute-api:us-east-1:000000000000:{api}/*")
    answer = requests.get(f"{gust.endpoint}/_gust/api/{api}/photos?x=1", timeout=60)
    assert answer.ok and answer.text.startswith(answer.headers["X-Amzn-Trace-Id"] + ";Parent=")
    trace = trace_of(gust, function=unique)
    request, route = one(trace, kind="request"), one(trace, kind="route")
    assert (request["service"], request["name"], request["resource"]) == ("apigateway", "GET /photos", api)
    assert (route["name"], route["parent"]) == ("$default", request["id"])
    assert one(trace, kind="handler")["parent"] == request["id"]
    flow = admin(gust, "map").json()
    nodes, edges = {n["id"]: n for n in flow["nodes"]}, {(e["from"], e["to"]): e for e in flow["edges"]}
    assert nodes[f"apigateway:{api}"]["kind"] == "api" and nodes[f"lambda:{unique}"]["kind"] == "function"
    assert edges["client", f"apigateway:{api}"]["count"] == 1
    assert edges[f"apigateway:{api}", f"lambda:{unique}"]["errors"] == 0


def test_names_are_those_that_were_given(gust, unique):
    s3 = gust.client("s3")
    s3.create_bucket(Bucket=unique)
    key = "fold/we ird ü €.txt"
    s3.put_object(Bucket=unique, Key=key, Body=b"x")
    s3.put_object(Bucket=unique, Key="two\nlines %41", Body=b"x")
    (found,) = gust.cli_json("traces", "--text", f"{unique}/{key}")["traces"]
    assert found["name"] == f"PUT {unique}/{key}"
    assert f"PUT {unique}/{key}" in gust.cli("traces", "--text", "we ird").stdout
    assert one(trace_of(gust, text=f"{unique}/two"), kind="request")["name"] == f"PUT {unique}/two%0Alines %41"


def test_failed_requests_and_slow_ones(gust, unique):
    s3 = gust.client("s3")
    s3.create_bucket(Bucket=unique)
    with pytest.raises(ClientError):
        s3.get_object(Bucket=unique, Key="missing")
    found = admin(gust, f"traces?failed=1&text={unique}/missing").json()["traces"]
    assert [(t["status"], t["name"]) for t in found] == [("error", f"GET {unique}/missing")]
    assert trace_of(gust, text=f"{unique}/missing")["spans"][0]["error"] == "NoSuchKey"
    make_function(gust, unique, "import threading\ndef handler(e, c): threading.Event().wait(e['hold'])")
    for hold in (0, 1.2):
        gust.client("lambda").invoke(FunctionName=unique, Payload=json.dumps({"hold": hold}))
    slow = gust.cli_json("traces", "--slow", "1100", "--function", unique)["traces"]
    assert len(slow) >= 1 and all(t["duration_us"] >= 1_100_000 for t in slow)


def test_pages_and_bad_queries(gust, unique):
    s3 = gust.client("s3")
    s3.create_bucket(Bucket=unique)
    for i in range(7):
        s3.put_object(Bucket=unique, Key=f"k{i}", Body=b"x")
    seen, more = [], ""
    while True:
        page = admin(gust, f"traces?text={unique}/k&limit=3{more}").json()
        seen += [t["name"].rsplit("/", 1)[1] for t in page["traces"]]
        if "next" not in page:
            break
        more = "&next=" + page["next"]
    assert seen == [f"k{i}" for i in reversed(range(7))]
    for query in ("limit=x", "slow_ms=-1", "since=99999999999999999999", "next=%20"):
        answer = admin(gust, f"traces?{query}")
        assert answer.status_code == 400 and "expected" in answer.json()["error"], query
    assert admin(gust, "traces/none").status_code == 400
    assert admin(gust, "traces/1-00000000-000000000000000000000001").status_code == 404
    assert requests.get(f"{gust.endpoint}/_gust/traces", timeout=10).status_code == 403
    assert gust.cli("trace", "none", check=False).returncode == 1
    assert gust.cli("traces", "--slow", "x", check=False).returncode == 2


def test_the_stream_tells_each_as_it_begins(gust, unique):
    s3 = gust.client("s3")
    with admin(gust, "traces/stream", stream=True) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        stop = threading.Event()

        def load():
            while not stop.wait(0.2):
                try:
                    s3.head_bucket(Bucket=unique)
                except ClientError:
                    pass
        thread = threading.Thread(target=load)
        thread.start()
        try:
            lines = answer.iter_lines(decode_unicode=True)
            for line in lines:
                if line == "event: trace":
                    told = json.loads(next(lines).removeprefix("data: "))
                    if told["name"] == f"HEAD {unique}":
                        break
        finally:
            stop.set()
            thread.join()
    assert told["status"] == "error" and told["spans"] == 1 and re.fullmatch(r"1-[0-9a-f]{8}-[0-9a-f]{24}", told["id"])


def test_what_no_request_began_is_listed_once(gust, unique):
    """A segment that was put, a failing invocation by a subscription filter, and one that is replayed."""
    functions, logs, xray = gust.client("lambda"), gust.client("logs"), gust.client("xray")
    arn = make_function(gust, unique, "def handler(e, c): return 1 if 'n' in e else 1 / 0")
    functions.put_function_event_invoke_config(FunctionName=unique, MaximumRetryAttempts=1)
    functions.add_permission(FunctionName=unique, StatementId="logs", Action="lambda:InvokeFunction",
                             Principal="logs.amazonaws.com")
    logs.create_log_group(logGroupName=unique)
    logs.create_log_stream(logGroupName=unique, logStreamName="one")
    logs.put_subscription_filter(logGroupName=unique, filterName="all", filterPattern="", destinationArn=arn)
    before, ids = time.time(), {}
    answer = functions.invoke(FunctionName=unique, Payload=b'{"n": 1}')["ResponseMetadata"]
    ids["request"] = answer["HTTPHeaders"]["x-amzn-trace-id"].removeprefix("Root=")
    logs.put_log_events(logGroupName=unique, logStreamName="one",
                        logEvents=[{"timestamp": int(before * 1000), "message": "look"}])

    def delivered():
        trace = trace_of(gust, function=unique, failed=1)
        return trace if trace and "retry" in kinds(trace) else None
    subscription = wait_until(delivered, "the subscription's attempt")
    ids["subscription"] = subscription["id"]
    assert {s["name"] for s in subscription["spans"] if s["parent"] is None} >= {"wait in the queue", "attempt 1"}
    replayed = gust.cli_json("replay", answer["RequestId"])["id"]
    ids["replay"] = trace_of(gust, text=replayed)["id"]
    for name, more in (("segment", {}), ("orphan", {"parent_id": "53995c3f42cd8ad8"})):
        ids[name] = f"1-{int(before):08x}-{os.urandom(12).hex()}"
        segment = {"name": unique, "id": os.urandom(8).hex(), "trace_id": ids[name], "start_time": time.time() - 1,
                   "end_time": time.time()} | more
        xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(segment)])
    listed = [t["id"] for t in gust.cli_json("traces", "--since", "10m", "--limit", "500")["traces"]]
    told = [t["Id"] for page in xray.get_paginator("get_trace_summaries").paginate(StartTime=before - 5, EndTime=before + 600)
            for t in page["TraceSummaries"]]
    for name, id in ids.items():
        assert (listed.count(id), told.count(id)) == (1, 1), name
    assert len(listed) == len(set(listed)) and len(told) == len(set(told))


def test_accounts_see_their_own(gust, unique):
    made = gust.cli_json("account", "create", "--name", unique)
    other = boto3.client("s3", endpoint_url=gust.endpoint, region_name="us-east-1",
                         aws_access_key_id=made["access_key_id"], aws_secret_access_key=made["secret_access_key"])
    other.create_bucket(Bucket=unique)
    assert admin(gust, f"traces?text={unique}").json()["traces"] == []


def test_they_outlive_a_start_and_can_be_turned_off(new_gust, monkeypatch):
    gust = new_gust().start()
    gust.client("s3").create_bucket(Bucket="kept")
    before = trace_of(gust, text="kept")
    assert before["spans"]
    gust.restart()
    assert trace_of(gust, text="kept") == before
    monkeypatch.setenv("GUST_TRACES", "off")
    gust.restart()
    answer = admin(gust, "traces")
    assert answer.status_code == 404 and "GUST_TRACES" in answer.json()["error"]
