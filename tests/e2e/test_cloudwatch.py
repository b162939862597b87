"""CloudWatch's metrics and alarms as boto3 sees them, in every protocol that its clients speak."""
import datetime
import gzip
import json
import random
import subprocess
import time

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from conftest import wait_until
from test_lambda import ROLE, zip_of
from test_s3 import OLD

UTC = datetime.timezone.utc
MINUTE = datetime.timedelta(minutes=1)
# What an alarm tells a function is in its log.
PAGER = """
import json
def handler(event, context):
    print("TOLD " + json.dumps(event))
"""
EMBEDDED = """
import json, time
def handler(event, context):
    print(json.dumps({"_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [
        {"Namespace": "shop", "Dimensions": [["service"]], "Metrics": [{"Name": "price", "Unit": "Count"}]}]},
        "service": "checkout", "price": event["prices"]}))
"""


@pytest.fixture
def cloudwatch(gust):
    return gust.client("cloudwatch")


@pytest.fixture
def quick(new_gust, monkeypatch):
    """A daemon that looks at its alarms, and writes its own metrics, all the time."""
    monkeypatch.setenv("GUST_ALARM_PERIOD_MS", "50")
    monkeypatch.setenv("GUST_METRICS_PERIOD_MS", "100")
    return new_gust().start()


def refused(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def minute(ago=0):
    now = datetime.datetime.now(UTC).replace(second=0, microsecond=0)
    return now - datetime.timedelta(minutes=ago)


def put(client, namespace, *data):
    client.put_metric_data(Namespace=namespace, MetricData=list(data))


def statistics(client, namespace, name, dimensions=(), ago=10, period=60, **more):
    found = client.get_metric_statistics(
        Namespace=namespace, MetricName=name, Dimensions=[{"Name": k, "Value": v} for k, v in dimensions], Period=period,
        StartTime=minute(ago), EndTime=minute(-2), **more)
    return sorted(found["Datapoints"], key=lambda point: point["Timestamp"])


def log_lines(gust, function, word):
    """None also before the function's first run, which makes the group."""
    logs = gust.client("logs")
    try:
        events = logs.filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [e["message"] for e in events if e["message"].startswith(word)]


def make_function(gust, name, code):
    functions = gust.client("lambda")
    return functions.create_function(FunctionName=name, Runtime="python3.12", Handler="index.handler", Role=ROLE,
                                     Code={"ZipFile": zip_of({"index.py": code})})["FunctionArn"]


def make_pager(gust, name="pager"):
    arn = make_function(gust, name, PAGER)
    gust.client("lambda").add_permission(FunctionName=name, StatementId="alarms", Action="lambda:InvokeFunction",
                                         Principal="lambda.alarms.cloudwatch.amazonaws.com")
    return arn


ALARM = {"AlarmName": "high", "Namespace": "app", "MetricName": "load", "Statistic": "Maximum", "Period": 60,
         "EvaluationPeriods": 1, "Threshold": 10.0, "ComparisonOperator": "GreaterThanThreshold"}


def test_values_are_summed_up_by_period(cloudwatch, unique):
    at = minute(3)
    put(cloudwatch, unique, *({"MetricName": "time", "Value": v, "Unit": "Milliseconds", "Timestamp": at,
                               "Dimensions": [{"Name": "stage", "Value": "prod"}]} for v in (1.0, 2.0, 6.0)),
        {"MetricName": "time", "Value": 10.5, "Unit": "Milliseconds", "Timestamp": at + MINUTE,
         "Dimensions": [{"Name": "stage", "Value": "prod"}]})
    first, second = statistics(cloudwatch, unique, "time", [("stage", "prod")],
                               Statistics=["SampleCount", "Average", "Sum", "Minimum", "Maximum"])
    assert (first["SampleCount"], first["Average"], first["Sum"], first["Minimum"], first["Maximum"]) == (3, 3, 9, 1, 6)
    assert first["Timestamp"] == at and first["Unit"] == "Milliseconds"
    assert second["Sum"] == 10.5 and second["Timestamp"] == at + MINUTE
    assert statistics(cloudwatch, unique, "time", Statistics=["Sum"]) == []  # other dimensions: another metric
    assert statistics(cloudwatch, unique, "time", [("stage", "prod")], Statistics=["Sum"], Unit="Seconds") == []


def test_percentiles_of_values_and_counts(cloudwatch, unique):
    values = [random.lognormvariate(3, 0.5) for _ in range(3000)]
    for i in range(0, len(values), 150):
        put(cloudwatch, unique, {"MetricName": "time", "Values": values[i:i + 150], "Timestamp": minute(3)})
    put(cloudwatch, unique, {"MetricName": "few", "Values": [1.0, 2.0, 3.0], "Counts": [90.0, 9.0, 1.0], "Timestamp": minute(3)})
    (point,) = statistics(cloudwatch, unique, "time", ExtendedStatistics=["p50", "p99", "p99.9"])
    values.sort()
    for name, share in (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)):
        assert point["ExtendedStatistics"][name] == pytest.approx(values[int(len(values) * share) - 1], rel=0.012)
    (point,) = statistics(cloudwatch, unique, "few", ExtendedStatistics=["p90", "p91", "p99", "p100"])
    assert point["ExtendedStatistics"] == {"p90": 1, "p91": 2, "p99": 2, "p100": 3}


def test_sets_have_no_percentiles(cloudwatch, unique):
    put(cloudwatch, unique, {"MetricName": "n", "Timestamp": minute(3),
                             "StatisticValues": {"SampleCount": 4, "Sum": 10, "Minimum": 1, "Maximum": 4}})
    (point,) = statistics(cloudwatch, unique, "n", Statistics=["Average", "Maximum"])
    assert (point["Average"], point["Maximum"]) == (2.5, 4)
    (point,) = statistics(cloudwatch, unique, "n", ExtendedStatistics=["p50"])
    assert "ExtendedStatistics" not in point or not point["ExtendedStatistics"]


def test_seconds_where_they_are_asked_for(cloudwatch, unique):
    at = minute(2)
    for second, value in ((1, 1.0), (12, 5.0)):
        put(cloudwatch, unique, {"MetricName": "fast", "Value": value, "StorageResolution": 1,
                                 "Timestamp": at + datetime.timedelta(seconds=second)})
    points = statistics(cloudwatch, unique, "fast", period=10, ago=5, Statistics=["Sum"])
    assert [(p["Timestamp"] - at).seconds for p in points] == [0, 10]


def test_what_cannot_be_put(cloudwatch, unique):
    def refusal(**datum):
        return refused(cloudwatch.put_metric_data, Namespace=unique, MetricData=[{"MetricName": "n", **datum}])
    old, ahead = minute(15 * 24 * 60), minute(-3 * 60)
    assert refusal()[0] == "MissingParameter"
    assert refusal(Value=1.0, Values=[1.0])[0] == "InvalidParameterCombination"
    assert refusal(Values=[1.0, 2.0], Counts=[1.0])[0] == "InvalidParameterCombination"
    assert refusal(Values=[1.0] * 151)[0] == "InvalidParameterValue"
    assert refusal(Value=2.0 ** 361)[0] == "InvalidParameterValue"
    assert refusal(Value=1.0, Timestamp=old) == ("InvalidParameterValue", refusal(Value=1.0, Timestamp=ahead)[1])
    assert refusal(Value=1.0, StorageResolution=5)[0] == "InvalidParameterValue"
    assert refusal(Value=1.0, Unit="Parsecs")[0] == "InvalidParameterValue"
    assert refusal(Value=1.0, Dimensions=[{"Name": f"d{i}", "Value": "x"} for i in range(31)])[0] == "InvalidParameterValue"
    assert refusal(StatisticValues={"SampleCount": 1, "Sum": 1, "Minimum": 2, "Maximum": 1})[0] == "InvalidParameterCombination"
    code, message = refused(cloudwatch.put_metric_data, Namespace="AWS/Lambda", MetricData=[{"MetricName": "n", "Value": 1.0}])
    assert code == "InvalidParameterValue" and "AWS/" in message
    many = [{"MetricName": "n", "Value": 1.0}] * 1001
    assert refused(cloudwatch.put_metric_data, Namespace=unique, MetricData=many)[0] == "InvalidParameterValue"
    assert cloudwatch.list_metrics(Namespace=unique)["Metrics"] == []


def test_what_cannot_be_asked_for(cloudwatch, unique):
    def refusal(**more):
        given = {"Namespace": unique, "MetricName": "n", "StartTime": minute(10), "EndTime": minute(), "Period": 60,
                 "Statistics": ["Sum"]} | more
        return refused(cloudwatch.get_metric_statistics, **{k: v for k, v in given.items() if v is not None})
    assert refusal(Period=7)[0] == "InvalidParameterValue"
    assert refusal(EndTime=minute(20))[0] == "InvalidParameterValue"
    assert refusal(Statistics=None)[0] == "InvalidParameterCombination"
    assert refusal(StartTime=minute(1441))[0] == "InvalidParameterCombination"
    assert refusal(Statistics=None, ExtendedStatistics=["p101"])[0] == "InvalidParameterValue"
    code, message = refusal(Statistics=None, ExtendedStatistics=["IQM"])
    assert code == "InvalidParameterValue" and "not served" in message


def test_many_data_in_one_request(cloudwatch, unique):
    data = [{"MetricName": "n", "Value": float(i), "Timestamp": minute(3), "Dimensions": [{"Name": "i", "Value": str(i)}]}
            for i in range(1000)]
    put(cloudwatch, unique, *data)  # newer clients compress it
    found = [m for page in cloudwatch.get_paginator("list_metrics").paginate(Namespace=unique) for m in page["Metrics"]]
    assert len(found) == 1000 and len({m["Dimensions"][0]["Value"] for m in found}) == 1000
    one = cloudwatch.list_metrics(Namespace=unique, MetricName="n", Dimensions=[{"Name": "i", "Value": "77"}])["Metrics"]
    assert one == [{"Namespace": unique, "MetricName": "n", "Dimensions": [{"Name": "i", "Value": "77"}]}]
    assert cloudwatch.list_metrics(Namespace=unique, Dimensions=[{"Name": "j"}])["Metrics"] == []


def test_metric_data_and_math(cloudwatch, unique):
    now = minute()
    for ago, (good, bad) in {4: (9.0, 1.0), 3: (6.0, 2.0), 2: (5.0, None)}.items():
        put(cloudwatch, unique, {"MetricName": "good", "Value": good, "Timestamp": now - ago * MINUTE})
        if bad is not None:
            put(cloudwatch, unique, {"MetricName": "bad", "Value": bad, "Timestamp": now - ago * MINUTE})

    def metric(id_, name, **more):
        return {"Id": id_, "MetricStat": {"Metric": {"Namespace": unique, "MetricName": name}, "Period": 60, "Stat": "Sum"}} | more
    queries = [metric("good", "good"), metric("bad", "bad", ReturnData=False),
               {"Id": "share", "Expression": "100 * bad / (good + bad)", "Label": "share of bad"},
               {"Id": "total", "Expression": "SUM([good, FILL(bad, 0)])"}]
    span = {"StartTime": now - 5 * MINUTE, "EndTime": now - MINUTE}
    found = cloudwatch.get_metric_data(MetricDataQueries=queries, ScanBy="TimestampAscending", **span)
    good, share, total = found["MetricDataResults"]
    assert (good["Id"], good["Label"], good["Values"], good["StatusCode"]) == ("good", "good", [9, 6, 5], "Complete")
    assert (share["Label"], share["Values"]) == ("share of bad", [10, 25])
    assert total["Values"] == [0, 10, 8, 5]  # filled where nothing was put
    newest = cloudwatch.get_metric_data(MetricDataQueries=queries[:1], **span)["MetricDataResults"][0]
    assert newest["Values"] == [5, 6, 9] and newest["Timestamps"][0] == now - 2 * MINUTE
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=[metric("a", "good"), metric("b", "bad")], PaginationConfig={"PageSize": 2}, **span)
    together = {}
    for page in pages:
        for result in page["MetricDataResults"]:
            together.setdefault(result["Id"], []).extend(result["Values"])
    assert together == {"a": [5, 6, 9], "b": [2, 1]}

    def refusal(*wrong):
        return refused(cloudwatch.get_metric_data, MetricDataQueries=list(wrong), **span)
    assert refusal(metric("A", "good"))[0] == "ValidationError"
    assert refusal(metric("a", "good", ReturnData=False))[0] == "ValidationError"
    assert refusal(metric("a", "good"), metric("a", "bad"))[0] == "ValidationError"
    assert refusal({"Id": "e", "Expression": "e + 1"})[0] == "ValidationError"
    for expression in ("ANOMALY_DETECTION_BAND(good)", "SELECT AVG(x) FROM y"):
        code, message = refusal(queries[0], {"Id": "e", "Expression": expression})
        assert code == "InvalidParameterValue" and "not served" in message


def test_an_alarm_tells_its_function(quick):
    cloudwatch = quick.client("cloudwatch")
    arn = make_pager(quick)
    cloudwatch.put_metric_alarm(**ALARM, AlarmActions=[arn], OKActions=[arn], AlarmDescription="too much")
    (alarm,) = cloudwatch.describe_alarms()["MetricAlarms"]
    assert alarm["StateValue"] == "INSUFFICIENT_DATA" and alarm["AlarmDescription"] == "too much"
    put(cloudwatch, "app", {"MetricName": "load", "Value": 50.0, "Timestamp": minute(1)})

    def state(wanted):
        (now,) = cloudwatch.describe_alarms(AlarmNames=["high"])["MetricAlarms"]
        return now["StateValue"] == wanted and now
    alarm = wait_until(lambda: state("ALARM"), "the alarm")
    assert alarm["StateReason"].startswith("Threshold Crossed: 1 out of the last 1 datapoints [50.0 (")
    assert json.loads(alarm["StateReasonData"])["recentDatapoints"] == [50.0]
    (line,) = wait_until(lambda: log_lines(quick, "pager", "TOLD"), "the function")
    event = json.loads(line[5:])
    assert event["source"] == "aws.cloudwatch" and event["alarmArn"] == alarm["AlarmArn"]
    assert event["alarmData"]["state"]["value"] == "ALARM"
    assert event["alarmData"]["previousState"]["value"] == "INSUFFICIENT_DATA"
    assert event["alarmData"]["configuration"]["metrics"][0]["metricStat"]["metric"]["name"] == "load"
    cloudwatch.put_metric_alarm(**ALARM | {"Threshold": 60.0}, OKActions=[arn])
    wait_until(lambda: state("OK"), "the end of the alarm")
    wait_until(lambda: len(log_lines(quick, "pager", "TOLD")) == 2, "the function")
    kinds = [i["HistoryItemType"] for i in cloudwatch.describe_alarm_history(AlarmName="high")["AlarmHistoryItems"]]
    assert sorted(kinds) == ["Action", "Action", "ConfigurationUpdate", "ConfigurationUpdate", "StateUpdate", "StateUpdate"]
    cloudwatch.delete_alarms(AlarmNames=["high"])
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


def test_an_alarm_by_a_clock_that_moves(new_gust, tmp_path, monkeypatch):
    ahead = tmp_path / "ahead"
    monkeypatch.setenv("GUST_METRICS_CLOCK_FILE", str(ahead))
    monkeypatch.setenv("GUST_ALARM_PERIOD_MS", "50")
    gust = new_gust().start()
    cloudwatch = gust.client("cloudwatch")
    hours = ALARM | {"Period": 3600, "ExtendedStatistic": "p90", "TreatMissingData": "breaching", "EvaluationPeriods": 2}
    del hours["Statistic"]
    cloudwatch.put_metric_alarm(**hours)

    def state():
        return cloudwatch.describe_alarms()["MetricAlarms"][0]["StateValue"]
    wait_until(lambda: state() == "ALARM", "the alarm of no data")
    put(cloudwatch, "app", {"MetricName": "load", "Values": [1.0, 99.0], "Counts": [95.0, 5.0]})
    ahead.write_text(str(3_600_000))
    wait_until(lambda: state() == "OK", "the hour's value")
    ahead.write_text(str(6 * 3_600_000))
    wait_until(lambda: state() == "ALARM", "hours without data")
    gust.kill9()
    gust.start()
    assert cloudwatch.describe_alarms()["MetricAlarms"][0]["StateValue"] == "ALARM"
    updates = cloudwatch.describe_alarm_history(HistoryItemType="StateUpdate", ScanBy="TimestampAscending")
    assert [i["HistorySummary"].split(" to ")[1] for i in updates["AlarmHistoryItems"]] == ["ALARM", "OK", "ALARM"]


def test_alarms_by_hand(gust, cloudwatch, unique):
    mine = ALARM | {"AlarmName": unique, "Namespace": unique}
    cloudwatch.put_metric_alarm(**mine, Tags=[{"Key": "team", "Value": "a"}], TreatMissingData="ignore")
    cloudwatch.put_metric_alarm(**mine | {"AlarmName": unique + "-2", "MetricName": "other", "TreatMissingData": "ignore"})
    names = [a["AlarmName"] for a in cloudwatch.describe_alarms(AlarmNamePrefix=unique)["MetricAlarms"]]
    assert names == [unique, unique + "-2"]
    pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=unique, PaginationConfig={"PageSize": 1})
    assert [a["AlarmName"] for page in pages for a in page["MetricAlarms"]] == names
    cloudwatch.set_alarm_state(AlarmName=unique, StateValue="ALARM", StateReason="by hand", StateReasonData='{"by": "hand"}')
    (alarm,) = cloudwatch.describe_alarms(AlarmNamePrefix=unique, StateValue="ALARM")["MetricAlarms"]
    assert alarm["StateReason"] == "by hand" and json.loads(alarm["StateReasonData"]) == {"by": "hand"}
    (alarm,) = cloudwatch.describe_alarms_for_metric(Namespace=unique, MetricName="load")["MetricAlarms"]
    assert alarm["AlarmName"] == unique
    cloudwatch.disable_alarm_actions(AlarmNames=[unique])
    assert cloudwatch.describe_alarms(AlarmNames=[unique])["MetricAlarms"][0]["ActionsEnabled"] is False
    cloudwatch.enable_alarm_actions(AlarmNames=[unique])
    assert cloudwatch.describe_alarms(AlarmNames=[unique])["MetricAlarms"][0]["ActionsEnabled"] is True
    arn = alarm["AlarmArn"]
    cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "tier", "Value": "1"}])
    cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["team"])
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "tier", "Value": "1"}]
    assert refused(cloudwatch.list_tags_for_resource, ResourceARN=arn + "-none")[0] == "ResourceNotFoundException"
    code, _ = refused(cloudwatch.delete_alarms, AlarmNames=[unique, "none"])
    assert code in ("ResourceNotFound", "ResourceNotFoundException")
    assert len(cloudwatch.describe_alarms(AlarmNamePrefix=unique)["MetricAlarms"]) == 2  # nothing of it was done
    cloudwatch.delete_alarms(AlarmNames=names)


def test_alarms_that_cannot_be(cloudwatch, unique):
    def refusal(**more):
        given = ALARM | {"AlarmName": unique} | more
        return refused(cloudwatch.put_metric_alarm, **{k: v for k, v in given.items() if v is not None})
    code, message = refusal(AlarmActions=["arn:aws:sns:us-east-1:000000000000:topic"])
    assert code == "ValidationError" and "topics (SNS) are not served" in message
    assert "not served" in refusal(AlarmActions=["arn:aws:automate:us-east-1:ec2:stop"])[1]
    assert "another account" in refusal(AlarmActions=["arn:aws:lambda:us-east-1:111122223333:function:f"])[1]
    assert refusal(Period=45)[0] == "ValidationError"
    assert refusal(EvaluationPeriods=2000)[0] == "ValidationError"
    assert refusal(DatapointsToAlarm=2)[0] == "ValidationError"
    assert refusal(TreatMissingData="never")[0] == "InvalidParameterValue"
    assert refusal(Statistic=None)[0] == "InvalidParameterCombination"
    assert refusal(Threshold=None)[0] == "MissingParameter"
    assert "anomaly" in refusal(ComparisonOperator="GreaterThanUpperThreshold")[1]
    math = [{"Id": "e", "Expression": "1"}]
    assert "not served" in refusal(Metrics=math)[1]
    code, message = refused(cloudwatch.put_composite_alarm, AlarmName=unique, AlarmRule="ALARM(x)")
    assert code in ("InvalidAction", "UnknownOperationException") and "PutCompositeAlarm" in message
    assert cloudwatch.describe_alarms(AlarmNames=[unique])["MetricAlarms"] == []


def test_embedded_metrics_of_functions_and_of_log_events(quick):
    cloudwatch = quick.client("cloudwatch")
    make_function(quick, "shop", EMBEDDED)
    quick.client("lambda").invoke(FunctionName="shop", Payload=json.dumps({"prices": [3, 4.5]}))
    (point,) = wait_until(lambda: statistics(cloudwatch, "shop", "price", [("service", "checkout")], Statistics=["Sum", "SampleCount"]),
                          "the function's metric")
    assert (point["Sum"], point["SampleCount"], point["Unit"]) == (7.5, 2, "Count")
    logs = quick.client("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    event = {"_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [
        {"Namespace": "put", "Metrics": [{"Name": "n", "StorageResolution": 1}]}]}, "n": 8}
    logs.put_log_events(logGroupName="g", logStreamName="s",
                        logEvents=[{"timestamp": int(time.time() * 1000), "message": m} for m in
                                   ("plain", json.dumps(event), '{"_aws": {"CloudWatchMetrics": 1}}')])
    (point,) = wait_until(lambda: statistics(cloudwatch, "put", "n", Statistics=["Sum"]), "the event's metric")
    assert point["Sum"] == 8


def test_the_functions_own_metrics(quick):
    cloudwatch = quick.client("cloudwatch")
    functions = quick.client("lambda")
    make_function(quick, "some", "def handler(event, context):\n    return 1 / event['by']\n")
    for by in (1, 2, 0):
        functions.invoke(FunctionName="some", Payload=json.dumps({"by": by}))
    functions.put_function_concurrency(FunctionName="some", ReservedConcurrentExecutions=0)
    once = quick.client("lambda", config=Config(retries={"max_attempts": 0}))
    assert refused(once.invoke, FunctionName="some", Payload="{}")[0] == "TooManyRequestsException"
    by_name = [("FunctionName", "some")]

    def total(name, dimensions=by_name):
        return sum(p["Sum"] for p in statistics(cloudwatch, "AWS/Lambda", name, dimensions, Statistics=["Sum"]))
    wait_until(lambda: total("Invocations") == 3 and total("Throttles") == 1, "what was counted")
    assert total("Errors") == 1 and total("Invocations", []) == 3
    assert total("Invocations", [*by_name, ("Resource", "some")]) == 3
    points = statistics(cloudwatch, "AWS/Lambda", "Duration", by_name, ExtendedStatistics=["p50"])
    assert points[0]["Unit"] == "Milliseconds" and points[0]["ExtendedStatistics"]["p50"] > 0
    running = statistics(cloudwatch, "AWS/Lambda", "ConcurrentExecutions", by_name, Statistics=["Maximum"])
    assert {p["Maximum"] for p in running} == {1}
    names = {m["MetricName"] for m in cloudwatch.list_metrics(Namespace="AWS/Lambda", RecentlyActive="PT3H")["Metrics"]}
    assert names == {"Invocations", "Errors", "Duration", "Throttles", "ConcurrentExecutions"}
    assert quick.stop() == 0  # what came last is written then
    quick.start()
    assert total("Invocations") == 3


def test_in_every_protocol(gust, unique):
    """What other clients speak: the same answers and errors in JSON, CBOR and forms."""
    if OLD:
        pytest.skip("the older SDK speaks forms only, as all other tests with it do")
    from botocore import model as models
    answers, refusals, at = [], set(), minute(3)
    for protocol in ("json", "smithy-rpc-v2-cbor", "query"):
        client = client_speaking(gust, models, protocol)
        put(client, unique, {"MetricName": protocol, "Values": [1.0, 2.5], "Counts": [1.0, 3.0], "Timestamp": at})
        (point,) = statistics(client, unique, protocol, ExtendedStatistics=["p50", "p10"])
        (total,) = statistics(client, unique, protocol, Statistics=["Sum", "Average"])
        alarm = ALARM | {"AlarmName": f"{unique}-{protocol}", "TreatMissingData": "ignore"}
        client.put_metric_alarm(**alarm)
        (kept,) = client.describe_alarms(AlarmNames=[alarm["AlarmName"]])["MetricAlarms"]
        client.delete_alarms(AlarmNames=[alarm["AlarmName"]])
        missing = refused(client.put_metric_data, Namespace=unique, MetricData=[{"MetricName": "n"}])
        refusals.add(refused(client_speaking(gust, models, protocol, aws_secret_access_key="x").list_metrics)[0])
        answers.append((point, total, kept["Threshold"], kept["Dimensions"], missing,
                        refused(client.delete_alarms, AlarmNames=["none"])[0]))
    assert answers[0][0]["ExtendedStatistics"] == {"p50": 2.5, "p10": 1}
    assert answers[0][1]["Sum"] == 8.5 and answers[0][4][0] == "MissingParameter"
    assert answers[0] == answers[1] == answers[2]
    assert refusals == {"InvalidSignatureException", "SignatureDoesNotMatch"}  # in JSON and CBOR, in forms


def client_speaking(gust, models, protocol, **more):
    from unittest import mock
    with mock.patch.object(models, "PRIORITY_ORDERED_SUPPORTED_PROTOCOLS", (protocol,)):
        client = gust.client("cloudwatch", **more)
    assert client.meta.service_model.resolved_protocol == protocol
    return client


def test_with_the_command_line(gust, unique):
    def aws(*args):
        done = subprocess.run(["aws", "cloudwatch", *args, "--output", "json"], env=gust.env() | {"AWS_PAGER": ""},
                              capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None
    aws("put-metric-data", "--namespace", unique, "--metric-name", "n", "--value", "4", "--unit", "Bytes",
        "--dimensions", "stage=prod")
    found = aws("get-metric-statistics", "--namespace", unique, "--metric-name", "n", "--dimensions", "Name=stage,Value=prod",
                "--start-time", minute(5).isoformat(), "--end-time", minute(-2).isoformat(), "--period", "60",
                "--statistics", "Sum")
    assert [p["Sum"] for p in found["Datapoints"]] == [4]
    assert aws("list-metrics", "--namespace", unique)["Metrics"][0]["Dimensions"] == [{"Name": "stage", "Value": "prod"}]


def test_a_body_that_is_no_gzip(gust, unique):
    if OLD:
        pytest.skip("the older SDK does not compress")
    from botocore.awsrequest import AWSRequest
    from botocore.auth import SigV4Auth
    from botocore.credentials import Credentials
    import requests

    def post(body):
        request = AWSRequest("POST", gust.endpoint + "/", data=body, headers={
            "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "GraniteServiceVersion20100801.ListMetrics",
            "Content-Encoding": "gzip"})
        SigV4Auth(Credentials(*gust.keys()), "monitoring", "us-east-1").add_auth(request)
        return requests.post(request.url, data=body, headers=dict(request.headers), timeout=30)
    assert post(gzip.compress(json.dumps({"Namespace": unique}).encode())).json()["Metrics"] == []
    assert post(b"plain").status_code == 400
    bomb = post(gzip.compress(b"0" * (64 << 20)))
    assert bomb.status_code == 413, bomb.text
