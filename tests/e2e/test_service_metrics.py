"""What the platform says of its own services in CloudWatch's metrics, as boto3 reads it."""
import json

import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

from conftest import wait_until
from test_bill_services import make, table
from test_cloudwatch import quick, statistics  # noqa: F401


@pytest.fixture
def sums(quick):  # noqa: F811
    """Reads the sum of a metric by its namespace, name and dimensions."""
    cloudwatch = quick.client("cloudwatch")

    def read(namespace, name, statistic="Sum", **dimensions):
        points = statistics(cloudwatch, namespace, name, list(dimensions.items()), Statistics=["Sum", "SampleCount"])
        return sum(p[statistic] for p in points)
    return read


def test_of_tables(quick, sums):  # noqa: F811
    tables = table(quick)
    tables.put_item(TableName="music", Item={"id": {"S": "a"}, "text": {"S": "x" * 1500}})
    for name in ("music", "music", "arn:aws:dynamodb:us-east-1:000000000000:table/music"):
        tables.get_item(TableName=name, Key={"id": {"S": "a"}}, ConsistentRead=True)
    with pytest.raises(tables.exceptions.ConditionalCheckFailedException):
        tables.put_item(TableName="music", Item={"id": {"S": "a"}}, ConditionExpression="attribute_not_exists(id)")
    with pytest.raises(ClientError):
        tables.get_item(TableName="music", Key={"none": {"S": "a"}})
    with pytest.raises(tables.exceptions.ResourceNotFoundException):
        tables.get_item(TableName="films", Key={"id": {"S": "a"}})

    def total(name, **dimensions):
        return sums("AWS/DynamoDB", name, **dimensions)
    wait_until(lambda: total("UserErrors") == 2, "the refused requests")
    assert total("ConsumedReadCapacityUnits", TableName="music") == 3
    assert total("ConsumedWriteCapacityUnits", TableName="music") == 2 + 2  # a condition that fails costs what the item takes
    assert total("ConditionalCheckFailedRequests", TableName="music") == 1
    latency = {"TableName": "music", "Operation": "GetItem"}
    assert sums("AWS/DynamoDB", "SuccessfulRequestLatency", "SampleCount", **latency) == 3
    assert total("SuccessfulRequestLatency", **latency) > 0
    named = quick.client("cloudwatch").list_metrics(Namespace="AWS/DynamoDB", Dimensions=[{"Name": "TableName"}])["Metrics"]
    assert {d["Value"] for m in named for d in m["Dimensions"] if d["Name"] == "TableName"} == {"music"}


def test_requests_over_the_capacity_are_counted(quick, sums):  # noqa: F811
    tables = quick.client("dynamodb", config=Config(retries={"max_attempts": 0}))
    tables.create_table(TableName="slow", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1})
    refused = 0
    for _ in range(40):
        try:
            tables.put_item(TableName="slow", Item={"id": {"S": "a"}, "text": {"S": "x" * 20_000}})
        except tables.exceptions.ProvisionedThroughputExceededException:
            refused += 1
    assert refused > 0
    wait_until(lambda: sums("AWS/DynamoDB", "ThrottledRequests", TableName="slow", Operation="PutItem") == refused, "those refused")
    assert sums("AWS/DynamoDB", "UserErrors") == 0


def test_of_buckets(new_gust, monkeypatch):
    monkeypatch.setenv("GUST_METRICS_PERIOD_MS", "100")
    monkeypatch.setenv("GUST_STORAGE_PERIOD_MS", "200")
    gust = new_gust().start()
    s3, cloudwatch = gust.client("s3"), gust.client("cloudwatch")

    def read(name, statistic="Sum", **more):
        points = statistics(cloudwatch, "AWS/S3", name, [("BucketName", "photos"), *(more or {"FilterId": "EntireBucket"}).items()],
                            Statistics=["Sum", "SampleCount", "Maximum"])
        return sum(p[statistic] for p in points) if statistic != "Maximum" else max((p[statistic] for p in points), default=0)
    s3.create_bucket(Bucket="photos")
    s3.put_object(Bucket="photos", Key="a", Body=b"x" * 5000)
    s3.put_object(Bucket="photos", Key="b", Body=b"x" * 3000)
    s3.get_object(Bucket="photos", Key="a")["Body"].read()
    s3.head_object(Bucket="photos", Key="a")
    s3.list_objects_v2(Bucket="photos")
    s3.delete_objects(Bucket="photos", Delete={"Objects": [{"Key": "none"}]})
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket="photos", Key="none")
    assert requests.get(f"{gust.endpoint}/photos/a").status_code == 403  # the owner hears of strangers, too
    with pytest.raises(ClientError):
        s3.get_object(Bucket="never-made", Key="none")
    wait_until(lambda: read("AllRequests") == 9, "all requests")
    assert {name: read(name) for name in ("GetRequests", "PutRequests", "HeadRequests", "ListRequests", "DeleteRequests")} == {
        "GetRequests": 3, "PutRequests": 3, "HeadRequests": 1, "ListRequests": 1, "DeleteRequests": 1}
    assert (read("4xxErrors"), read("4xxErrors", "SampleCount")) == (2, 9)
    assert read("BytesUploaded") >= 8000 and read("BytesDownloaded") >= 5000
    assert read("FirstByteLatency", "SampleCount") == 9
    wait_until(lambda: read("BucketSizeBytes", "Maximum", StorageType="StandardStorage") == 8000, "what is stored")
    assert read("NumberOfObjects", "Maximum", StorageType="AllStorageTypes") == 2
    names = {d["Value"] for m in cloudwatch.list_metrics(Namespace="AWS/S3")["Metrics"] for d in m["Dimensions"] if d["Name"] == "BucketName"}
    assert names == {"photos"}


def test_of_http_apis(quick, sums):  # noqa: F811
    code = "import json\ndef handler(event, context):\n    return {'statusCode': int(event['rawPath'][-3:]), 'body': 'x' * 100}\n"
    functions = make(quick, "f", code)
    apis = quick.client("apigatewayv2")
    api = apis.create_api(Name="a", ProtocolType="HTTP", Target="arn:aws:lambda:us-east-1:000000000000:function:f")["ApiId"]
    functions.add_permission(FunctionName="f", StatementId="a", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com")
    for status in (200, 200, 404, 500):
        assert requests.post(f"{quick.endpoint}/_gust/api/{api}/{status}", data=json.dumps({"a": 1})).status_code == status

    def total(name, statistic="Sum", **more):
        return sums("AWS/ApiGateway", name, statistic, ApiId=api, **more)
    wait_until(lambda: total("Count") == 4, "the requests")
    assert (total("4xx"), total("5xx"), total("4xx", "SampleCount")) == (1, 1, 4)
    assert total("Count", Stage="$default") == 4
    assert total("DataProcessed") == 4 * (100 + 8)
    assert total("Latency") >= total("IntegrationLatency") > 0


def test_an_alarm_of_an_api(quick, sums):  # noqa: F811
    cloudwatch = quick.client("cloudwatch")
    api = quick.client("apigatewayv2").create_api(Name="a", ProtocolType="HTTP")["ApiId"]
    cloudwatch.put_metric_alarm(AlarmName="errors", Namespace="AWS/ApiGateway", MetricName="4xx", Statistic="Sum", Period=60,
                                Dimensions=[{"Name": "ApiId", "Value": api}], EvaluationPeriods=1, Threshold=3,
                                ComparisonOperator="GreaterThanOrEqualToThreshold", TreatMissingData="notBreaching")

    def state():
        return cloudwatch.describe_alarms(AlarmNames=["errors"])["MetricAlarms"][0]["StateValue"]
    wait_until(lambda: state() == "OK", "the quiet alarm")
    for _ in range(6):
        assert requests.get(f"{quick.endpoint}/_gust/api/{api}/nothing").status_code == 404
    wait_until(lambda: state() == "ALARM", "the alarm")


def test_what_came_last_is_written_at_the_end(new_gust):
    gust = new_gust().start()  # that writes once a minute
    table(gust).put_item(TableName="music", Item={"id": {"S": "a"}})
    assert gust.stop() == 0
    gust.start()
    points = statistics(gust.client("cloudwatch"), "AWS/DynamoDB", "ConsumedWriteCapacityUnits", [("TableName", "music")], Statistics=["Sum"])
    assert sum(p["Sum"] for p in points) == 1
