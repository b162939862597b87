"""The plug is pulled while metric data is put: what was acknowledged is there, and so is each alarm with its history."""
import datetime

from killed import kill_amid

ROUNDS, WRITERS = 3, 4


def minute():
    return datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0)


def put_until_gone(client, name, at, counts, counted):
    try:
        while True:
            counts["tried"] += 1
            client.put_metric_data(Namespace="crash", MetricData=[{"MetricName": name, "Values": [1.0, 3.0], "Timestamp": at}])
            counts["acknowledged"] += 1
            counted.release()
    except Exception:
        pass  # the daemon is gone


def test_what_was_acknowledged_is_there(new_gust):
    gust = new_gust().start()
    at = minute() - datetime.timedelta(minutes=5)
    counts = {f"m{i}": {"tried": 0, "acknowledged": 0} for i in range(WRITERS)}
    for number in range(ROUNDS):
        gust.client("cloudwatch").put_metric_alarm(
            AlarmName=f"a{number}", Namespace="crash", MetricName="none", Statistic="Sum", Period=60, EvaluationPeriods=1,
            Threshold=1.0, ComparisonOperator="GreaterThanThreshold")
        gust.client("cloudwatch").set_alarm_state(AlarmName=f"a{number}", StateValue="OK", StateReason=f"round {number}")
        kill_amid(gust, put_until_gone, [(gust.client("cloudwatch"), name, at, mine) for name, mine in counts.items()])
        cloudwatch = gust.client("cloudwatch")
        for name, mine in counts.items():
            (point,) = cloudwatch.get_metric_statistics(
                Namespace="crash", MetricName=name, StartTime=at, EndTime=at + datetime.timedelta(minutes=1), Period=60,
                Statistics=["SampleCount", "Sum"])["Datapoints"]
            # Two values each; one that was under way may be there, both values or none of it.
            assert mine["acknowledged"] * 2 <= point["SampleCount"] <= mine["tried"] * 2, (name, mine, point)
            assert point["Sum"] == point["SampleCount"] * 2
        listed = {m["MetricName"] for m in cloudwatch.list_metrics(Namespace="crash")["Metrics"]}
        assert listed == set(counts)
        history = cloudwatch.describe_alarm_history(AlarmName=f"a{number}", HistoryItemType="ConfigurationUpdate")
        assert len(history["AlarmHistoryItems"]) == 1
        reasons = {i["HistoryData"] for i in cloudwatch.describe_alarm_history(AlarmName=f"a{number}")["AlarmHistoryItems"]}
        assert any(f"round {number}" in data for data in reasons)
