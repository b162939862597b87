"""CloudWatch Logs as boto3 sees it: groups, streams, events, patterns, retention, and what functions print."""
import json
import time

import pytest
from botocore.exceptions import ClientError

from conftest import wait_until
from test_lambda import ROLE, zip_of
from test_s3 import OLD

CODE = """
def handler(event, context):
    print("hello", event.get("name"), context.log_stream_name)
    return context.log_group_name
"""


@pytest.fixture
def logs(gust):
    return gust.client("logs")


@pytest.fixture
def group(logs, unique):
    name = f"/app/{unique}"
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="one")
    return name


def refused(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def now():
    return int(time.time() * 1000)


def put(logs, group, *messages, stream="one", at=None):
    at = at or now()
    events = [{"timestamp": at + i, "message": m} for i, m in enumerate(messages)]
    return logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def found(logs, group, **more):
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, **more)
    return [event["message"] for page in pages for event in page["events"]]


def test_what_a_function_prints(gust, logs, unique):
    functions = gust.client("lambda")
    functions.create_function(FunctionName=unique, Runtime="python3.12", Handler="index.handler", Role=ROLE,
                              Code={"ZipFile": zip_of({"index.py": CODE})})
    group = functions.invoke(FunctionName=unique, Payload='{"name": "Ada"}')["Payload"].read().decode().strip('"')
    assert group == f"/aws/lambda/{unique}"
    lines = wait_until(lambda: (found_ := found(logs, group)) and found_[-1].startswith("REPORT") and found_, "the report")
    stream = logs.describe_log_streams(logGroupName=group)["logStreams"][0]["logStreamName"]
    assert any(line == f"hello Ada {stream}" for line in lines)
    assert "[$LATEST]" in stream and stream[:10] == time.strftime("%Y/%m/%d", time.gmtime())
    assert [line.split()[0] for line in lines if line.split()[0] in ("START", "END", "REPORT")] == ["START", "END", "REPORT"]
    events = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)["events"]
    assert [event["message"] for event in events] == lines
    told = gust.cli("logs", unique).stdout
    assert "hello Ada" in told and told == gust.cli("logs", group).stdout
    assert "hello" in gust.cli("logs", unique, "--filter", "Ada").stdout
    assert gust.cli("logs", unique, "--filter", "Grace").stdout == ""


def test_groups(logs, unique):
    names = [f"{unique}/{n}" for n in range(5)]
    for name in names:
        logs.create_log_group(logGroupName=name, tags={"n": name[-1]})
    assert refused(logs.create_log_group, logGroupName=names[0]) == (
        "ResourceAlreadyExistsException", "The specified log group already exists")
    listed = [g for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=unique, PaginationConfig={
        "PageSize": 2}) for g in page["logGroups"]]
    assert [g["logGroupName"] for g in listed] == names
    assert listed[0]["arn"] == f"arn:aws:logs:us-east-1:000000000000:log-group:{names[0]}:*"
    assert listed[0]["storedBytes"] == 0 and (OLD or listed[0]["logGroupArn"] + ":*" == listed[0]["arn"])
    assert [g["logGroupName"] for g in logs.describe_log_groups(logGroupNamePattern=f"{unique}/3")["logGroups"]] == names[3:4]
    arn = listed[1]["arn"].removesuffix(":*")
    logs.tag_resource(resourceArn=arn, tags={"a": "b"})
    logs.untag_resource(resourceArn=arn, tagKeys=["n"])
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "b"}
    assert logs.list_tags_log_group(logGroupName=names[2])["tags"] == {"n": "2"}
    logs.delete_log_group(logGroupName=names[0])
    assert refused(logs.delete_log_group, logGroupName=names[0]) == (
        "ResourceNotFoundException", "The specified log group does not exist.")
    code, message = refused(logs.create_log_group, logGroupName="a b")
    assert code == "InvalidParameterException" and "logGroupName" in message
    logs.create_log_group(logGroupName=names[0])  # of the same name again


def test_streams(logs, group):
    for name in ("b", "a", "c"):
        logs.create_log_stream(logGroupName=group, logStreamName=name)
    assert refused(logs.create_log_stream, logGroupName=group, logStreamName="a")[0] == "ResourceAlreadyExistsException"
    put(logs, group, "x", stream="b", at=now() - 5000)
    put(logs, group, "x", stream="a")
    pages = logs.get_paginator("describe_log_streams").paginate(logGroupName=group, PaginationConfig={"PageSize": 2})
    assert [s["logStreamName"] for page in pages for s in page["logStreams"]] == ["a", "b", "c", "one"]
    by_time = logs.describe_log_streams(logGroupName=group, orderBy="LastEventTime", descending=True, limit=2)
    assert [s["logStreamName"] for s in by_time["logStreams"]] == ["a", "b"]
    assert by_time["logStreams"][0]["firstEventTimestamp"] == by_time["logStreams"][0]["lastEventTimestamp"]
    assert refused(logs.describe_log_streams, logGroupName=group, orderBy="LastEventTime", logStreamNamePrefix="a")[0] == (
        "InvalidParameterException")
    logs.delete_log_stream(logGroupName=group, logStreamName="a")
    assert found(logs, group) == ["x"]
    assert refused(logs.get_log_events, logGroupName=group, logStreamName="a") == (
        "ResourceNotFoundException", "The specified log stream does not exist.")


def test_limits_of_a_batch(logs, group):
    at = now()
    events = lambda *pairs: {"logGroupName": group, "logStreamName": "one",
                             "logEvents": [{"timestamp": t, "message": m} for t, m in pairs]}
    assert refused(logs.put_log_events, **events((at, "b"), (at - 1, "a"))) == (
        "InvalidParameterException", "Log events in a single PutLogEvents request must be in chronological order.")
    assert refused(logs.put_log_events, **events((at - 86_400_001, "a"), (at, "b"))) == (
        "InvalidParameterException",
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
    big = "x" * 600_000
    assert refused(logs.put_log_events, **events((at, big), (at, big))) == (
        "InvalidParameterException", "Upload too large: 1200052 bytes exceeds limit of 1048576")
    assert refused(logs.put_log_events, **events((at, "x" * 1_048_551)))[1] == (
        "Log event too large: 1048577 bytes exceeds limit of 1048576")
    assert refused(logs.put_log_events, **events(*[(at, "x")] * 10_001))[0] == "InvalidParameterException"
    assert refused(logs.put_log_events, **(events((at, "x")) | {"logStreamName": "none"})) == (
        "ResourceNotFoundException", "The specified log stream does not exist.")
    assert refused(logs.put_log_events, **(events((at, "x")) | {"logGroupName": "none"})) == (
        "ResourceNotFoundException", "The specified log group does not exist.")
    logs.put_log_events(**events((at, "x" * 1_048_550)))
    logs.put_log_events(**events(*[(at, "y")] * 10_000))
    old = logs.put_log_events(**events((at - 14 * 86_400_000 - 60_000, "old"), (at - 14 * 86_400_000 + 60_000, "in time")))
    assert old["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1}
    new = logs.put_log_events(**events((at, "now"), (at + 7_300_000, "new")))
    assert new["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 1}
    messages = found(logs, group)
    assert messages.count("y") == 10_000 and "in time" in messages and "old" not in messages and "new" not in messages


def test_reading_a_stream_in_both_directions(logs, group):
    at = now() - 1000
    put(logs, group, *[f"m{i}" for i in range(25)], at=at)
    read = lambda **more: logs.get_log_events(logGroupName=group, logStreamName="one", limit=10, **more)
    texts = lambda page: [event["message"] for event in page["events"]]
    last = read()
    assert texts(last) == [f"m{i}" for i in range(15, 25)]
    before = read(nextToken=last["nextBackwardToken"])
    assert texts(before) == [f"m{i}" for i in range(5, 15)]
    assert texts(read(nextToken=before["nextForwardToken"])) == texts(last)
    first = read(startFromHead=True)
    assert texts(first) == [f"m{i}" for i in range(10)]
    end = read(nextToken=read(nextToken=read(nextToken=first["nextForwardToken"])["nextForwardToken"])["nextForwardToken"])
    assert end["events"] == [] and read(nextToken=end["nextForwardToken"])["nextForwardToken"] == end["nextForwardToken"]
    put(logs, group, "more")
    assert texts(read(nextToken=end["nextForwardToken"])) == ["more"]
    assert texts(read(startTime=at + 3, endTime=at + 5)) == ["m3", "m4"]
    assert refused(read, nextToken="f/12/s") == ("InvalidParameterException", "The specified nextToken is invalid.")
    empty = logs.get_log_events(logGroupName=group, logStreamName="one", startTime=at + 900_000)
    assert empty["events"] == [] and empty["nextForwardToken"].startswith("f/")


def test_patterns(logs, group):
    at = now()
    put(logs, group, "[ERROR 400] BAD REQUEST", "[INFO] fine", '{"level": "WARN", "ms": 120, "tags": ["a"]}',
        '10.0.0.1 - bob [10/Oct/2000:13:25:15 -0700] "GET /x HTTP/1.0" 404 1534', at=at)
    for pattern, count in {"ERROR": 1, "?ERROR ?fine": 2, "-ERROR": 3, '"BAD REQUEST"': 1, "%4[0-9]+%": 2, "": 4,
                           '{ $.level = "WARN" && $.ms > 100 }': 1, "{ $.ms < 100 }": 0, '{ $.tags[0] = "a" }': 1,
                           "[ip, id, user, time, request, status = 4*, bytes > 1000]": 1}.items():
        assert len(found(logs, group, filterPattern=pattern)) == count, pattern
    assert refused(logs.filter_log_events, logGroupName=group, filterPattern="a:") == (
        "InvalidParameterException", "Invalid character(s) in term 'a:'")
    assert refused(logs.filter_log_events, logGroupName=group, nextToken="nonsense")[0] == "InvalidParameterException"
    page = logs.filter_log_events(logGroupName=group, limit=3, startTime=at, endTime=at + 3)
    assert len(page["events"]) == 3 and page["searchedLogStreams"] == []
    assert set(page["events"][0]) == {"eventId", "logStreamName", "timestamp", "message", "ingestionTime"}
    assert found(logs, group, logStreamNames=["one"], endTime=at) == ["[ERROR 400] BAD REQUEST"]
    assert found(logs, group, logStreamNamePrefix="two") == []
    matched = logs.test_metric_filter(filterPattern="ERROR", logEventMessages=["ERROR 1", "fine"])["matches"]
    assert [m["eventNumber"] for m in matched] == [1]
    if not OLD:  # which knows groups by name only
        arn = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["logGroupArn"]
        assert len(logs.filter_log_events(logGroupIdentifier=arn)["events"]) == 4


def test_retention_by_a_clock_that_moves(new_gust, tmp_path, monkeypatch):
    ahead = tmp_path / "ahead"
    monkeypatch.setenv("GUST_LOGS_CLOCK_FILE", str(ahead))
    monkeypatch.setenv("GUST_LOGS_TIDY_PERIOD_MS", "50")
    gust = new_gust().start()
    logs = gust.client("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="one")
    put(logs, "g", "old")
    code, message = refused(logs.put_retention_policy, logGroupName="g", retentionInDays=2)
    assert code == "InvalidParameterException" and "retentionInDays" in message
    logs.put_retention_policy(logGroupName="g", retentionInDays=3)
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 3
    assert found(logs, "g") == ["old"]
    ahead.write_text(str(3 * 86_400_000 + 1000))
    assert found(logs, "g") == []
    logs.delete_retention_policy(logGroupName="g")
    assert "retentionInDays" not in logs.describe_log_groups()["logGroups"][0]


def test_logs_of_an_earlier_version_are_carried_over(new_gust):
    gust = new_gust().start()
    gust.stop()
    old = gust.data / "logs/000000000000/greet"
    old.mkdir(parents=True)
    (old / "0.ndjson").write_text('[1700000000000,"","first"]\n[1700000000001,"r1","second"]\n')
    (old / "1.ndjson").write_text('[1700000000002,"r1","third"]\n[1700000000003,"r1","cut o')
    gust.start()
    assert found(gust.client("logs"), "/aws/lambda/greet") == ["first", "second", "third"]
    assert not old.exists()
    gust.restart()
    assert found(gust.client("logs"), "/aws/lambda/greet") == ["first", "second", "third"]


def answer_of(logs, query, **more):
    at = int(time.time())
    query_id = logs.start_query(startTime=at - 3600, endTime=at + 3600, queryString=query, **more)["queryId"]
    result = wait_until(lambda: (r := logs.get_query_results(queryId=query_id))["status"] == "Complete" and r, "the query")
    return [{f["field"]: f["value"] for f in row} for row in result["results"]], result


def test_insights(logs, group):
    put(logs, group, *['{"level": "%s", "ms": %d}' % ("ERROR" if i % 3 == 0 else "INFO", i) for i in range(30)])
    rows, result = answer_of(logs, "stats count(*) as n, avg(ms) as a by level | sort level", logGroupName=group)
    assert rows == [{"level": "ERROR", "n": "10", "a": "13.5"}, {"level": "INFO", "n": "20", "a": "15"}]
    assert result["statistics"]["recordsScanned"] == 30 and (OLD or result["queryLanguage"] == "CWLI")
    rows, _ = answer_of(logs, "fields @timestamp, ms | filter ms > 27 | sort @timestamp desc", logGroupNames=[group])
    assert [row["ms"] for row in rows] == ["29", "28"] and "@ptr" in rows[0] and len(rows[0]["@timestamp"]) == 23
    rows, _ = answer_of(logs, "fields ms", logGroupName=group, limit=5)
    assert len(rows) == 5
    code, message = refused(logs.start_query, logGroupName=group, startTime=0, endTime=1, queryString="nonsense")
    assert code == "MalformedQueryException" and "nonsense" in message
    assert refused(logs.start_query, logGroupName="none", startTime=0, endTime=1, queryString="limit 1")[0] == (
        "ResourceNotFoundException")
    assert refused(logs.start_query, startTime=0, endTime=1, queryString="limit 1")[0] == "InvalidParameterException"
    assert refused(logs.get_query_results, queryId="none")[0] == "ResourceNotFoundException"
    assert logs.describe_queries(logGroupName=group)["queries"][0]["status"] == "Complete"


KEEP = """
import base64, gzip, json, os, urllib.request
import boto3
def handler(event, context):
    message = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    boto3.client("s3").put_object(Bucket=os.environ["BUCKET"], Key=context.aws_request_id, Body=json.dumps(message))
"""


def test_a_subscription_filter_invokes_its_function(gust, logs, group, unique):
    s3, functions = gust.client("s3"), gust.client("lambda")
    s3.create_bucket(Bucket=unique)
    arn = functions.create_function(FunctionName=unique, Runtime="python3.12", Handler="index.handler", Role=ROLE,
                                    Timeout=30, Environment={"Variables": {"BUCKET": unique}},
                                    Code={"ZipFile": zip_of({"index.py": KEEP})})["FunctionArn"]
    wanted = {"logGroupName": group, "filterName": "errors", "filterPattern": "ERROR", "destinationArn": arn}
    code, message = refused(logs.put_subscription_filter, **wanted)
    assert code == "InvalidParameterException" and message.startswith("Could not execute the lambda function.")
    functions.add_permission(FunctionName=unique, StatementId="logs", Action="lambda:InvokeFunction",
                             Principal="logs.amazonaws.com")
    put(logs, group, "ERROR before there was a filter")
    logs.put_subscription_filter(**wanted)
    assert refused(logs.put_subscription_filter, **(wanted | {"filterPattern": "a:"}))[0] == "InvalidParameterException"
    told = logs.describe_subscription_filters(logGroupName=group)["subscriptionFilters"]
    assert [(f["filterName"], f["filterPattern"], f["destinationArn"]) for f in told] == [("errors", "ERROR", arn)]
    put(logs, group, "ERROR one", "fine", "ERROR two")
    gust.restart()

    def messages():
        return [json.loads(s3.get_object(Bucket=unique, Key=o["Key"])["Body"].read())
                for o in s3.list_objects_v2(Bucket=unique).get("Contents", [])]

    found_ = wait_until(lambda: (m := messages()) and sum(len(x["logEvents"]) for x in m) >= 2 and m, "the events")
    assert [e["message"] for m in found_ for e in m["logEvents"]] == ["ERROR one", "ERROR two"]
    assert found_[0]["messageType"] == "DATA_MESSAGE" and found_[0]["owner"] == "000000000000"
    assert (found_[0]["logGroup"], found_[0]["logStream"], found_[0]["subscriptionFilters"]) == (group, "one", ["errors"])
    logs.put_subscription_filter(**(wanted | {"filterName": "second"}))
    assert refused(logs.put_subscription_filter, **(wanted | {"filterName": "third"})) == (
        "LimitExceededException", "Resource limit exceeded.")
    logs.delete_subscription_filter(logGroupName=group, filterName="errors")
    assert refused(logs.delete_subscription_filter, logGroupName=group, filterName="errors")[0] == "ResourceNotFoundException"


def test_live_tail(gust, group):
    from botocore.config import Config
    logs = gust.client("logs", config=Config(inject_host_prefix=False, retries={"max_attempts": 1}))
    if not hasattr(logs, "start_live_tail"):
        pytest.skip("this boto3 has no live tail")
    arn = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["logGroupArn"]
    stream = logs.start_live_tail(logGroupIdentifiers=[arn], logEventFilterPattern="ERROR")["responseStream"]
    seen = []
    for event in stream:
        if "sessionStart" in event:
            assert event["sessionStart"]["logEventFilterPattern"] == "ERROR"
            put(logs, group, "ERROR one", "fine", "ERROR two")
        else:
            seen += event["sessionUpdate"]["sessionResults"]
        if len(seen) >= 2:
            break
    stream.close()
    assert [e["message"] for e in seen] == ["ERROR one", "ERROR two"]
    assert seen[0]["logGroupIdentifier"] == f"000000000000:{group}" and seen[0]["logStreamName"] == "one"
