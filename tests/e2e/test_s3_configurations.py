"""CORS, website and notification configurations of buckets: what is kept, refused, and answered to browsers."""
import pytest
import requests
from conftest import wait_until
from test_lambda import zip_of
from test_s3 import bucket, code_of, s3  # noqa: F401


def cors(**rule):
    return {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]} | rule]}


def test_cors_configurations_are_checked(s3, bucket):
    def put(configuration):
        return code_of(s3.put_bucket_cors, Bucket=bucket, CORSConfiguration=configuration)
    assert put(cors(AllowedMethods=["PATCH"])) == ("InvalidRequest", 400)
    assert put(cors(AllowedMethods=["get"])) == ("InvalidRequest", 400)
    assert put(cors(AllowedOrigins=["http://*.a.*"])) == ("InvalidRequest", 400)
    assert put(cors(AllowedHeaders=["x-*-*"])) == ("InvalidRequest", 400)
    assert put(cors(ExposeHeaders=["x-*"])) == ("InvalidRequest", 400)
    assert put({"CORSRules": []}) == ("MalformedXML", 400)
    assert put({"CORSRules": cors()["CORSRules"] * 101}) == ("InvalidRequest", 400)
    assert code_of(s3.get_bucket_cors, Bucket=bucket) == ("NoSuchCORSConfiguration", 404)


def test_preflights(s3, bucket, gust):
    def ask(origin="http://a.example", method="PUT", headers=None, path="/k"):
        asked = {"Origin": origin, "Access-Control-Request-Method": method}
        if headers:
            asked["Access-Control-Request-Headers"] = headers
        return requests.options(f"{gust.endpoint}/{bucket}{path}", headers={k: v for k, v in asked.items() if v})
    assert ask().status_code == 403 and "CORS is not enabled" in ask().text
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [
        {"AllowedMethods": ["PUT", "POST"], "AllowedOrigins": ["http://*.example"], "AllowedHeaders": ["x-amz-*", "Content-Type"],
         "ExposeHeaders": ["ETag", "x-amz-request-id"], "MaxAgeSeconds": 3000, "ID": "first"},
        {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]})
    allowed = ask(headers="X-Amz-Date, content-type")
    assert allowed.status_code == 200
    assert allowed.headers["Access-Control-Allow-Origin"] == "http://a.example"
    assert allowed.headers["Access-Control-Allow-Methods"] == "PUT, POST"
    assert allowed.headers["Access-Control-Allow-Headers"] == "x-amz-date, content-type"
    assert allowed.headers["Access-Control-Expose-Headers"] == "ETag, x-amz-request-id"
    assert allowed.headers["Access-Control-Max-Age"] == "3000"
    assert allowed.headers["Access-Control-Allow-Credentials"] == "true"
    assert "Origin" in allowed.headers["Vary"]
    assert ask(headers="authorization").status_code == 403
    assert ask(origin="http://a.other").status_code == 403
    assert ask(origin="https://a.example").status_code == 403
    anyone = ask(origin="https://x.y", method="GET")
    assert anyone.headers["Access-Control-Allow-Origin"] == "*" and "Access-Control-Allow-Credentials" not in anyone.headers
    assert ask(method="DELETE").status_code == 403
    refused = ask(method="DELETE", path="/").text
    assert "<Code>AccessForbidden</Code>" in refused and "evalution of Origin" in refused
    assert "<Method>DELETE</Method>" in refused and "<ResourceType>BUCKET</ResourceType>" in refused
    assert "<ResourceType>OBJECT</ResourceType>" in ask(method="DELETE").text
    assert "Origin request header needed" in ask(origin=None).text and ask(origin=None).status_code == 400
    assert "Invalid Access-Control-Request-Method: null" in ask(method=None).text and ask(method=None).status_code == 400
    elsewhere = requests.options(f"{gust.endpoint}/{bucket}-none/k", headers={
        "Origin": "http://a.example", "Access-Control-Request-Method": "PUT"})
    assert elsewhere.status_code == 403 and "CORSResponse: Bucket not found" in elsewhere.text
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    assert requests.get(url, headers={"Origin": "http://b"}).headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Origin" not in requests.get(url).headers
    # The service takes a method that is announced for the request's, and the rule that fits all of it.
    announced = {"Origin": "http://b", "Access-Control-Request-Method": "GET"}
    assert requests.put(f"{gust.endpoint}/{bucket}/k", headers=announced).headers["Access-Control-Allow-Origin"] == "*"
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [
        {"AllowedMethods": ["PUT"], "AllowedOrigins": ["*"]}, {"AllowedMethods": ["PUT"], "AllowedOrigins": ["*"], "AllowedHeaders": ["*"]}]})
    assert ask(headers="x-any").headers["Access-Control-Allow-Headers"] == "x-any"


@pytest.fixture
def function(gust, unique):
    client = gust.client("lambda")
    made = client.create_function(FunctionName=unique, Runtime="python3.12", Handler="index.handler",
                                  Role="arn:aws:iam::000000000000:role/any",
                                  Code={"ZipFile": zip_of({"index.py": "def handler(e, c): print('called with', e['Records'][0]['s3']['object']['key'])"})})
    yield made["FunctionArn"]
    client.delete_function(FunctionName=unique)


def allow(gust, function, bucket):
    gust.client("lambda").add_permission(FunctionName=function, StatementId="s3", Action="lambda:InvokeFunction",
                                         Principal="s3.amazonaws.com", SourceArn=f"arn:aws:s3:::{bucket}")


def one(function, prefix=None, suffix=None, events=("s3:ObjectCreated:*",), **more):
    rules = [{"Name": n, "Value": v} for n, v in (("prefix", prefix), ("suffix", suffix)) if v is not None]
    made = {"LambdaFunctionArn": function, "Events": list(events)} | more
    return made | ({"Filter": {"Key": {"FilterRules": rules}}} if rules else {})


def test_notifications_are_validated(s3, bucket, gust, function):
    def put(*configurations, **more):
        return s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"LambdaFunctionConfigurations": list(configurations)}, **more)
    assert code_of(put, one(function)) == ("InvalidArgument", 400)  # no permission yet
    put(one(function), SkipDestinationValidation=True)
    allow(gust, function, bucket)
    put(one(function, "in/", ".jpg", Id="mine"))
    kept = s3.get_bucket_notification_configuration(Bucket=bucket)["LambdaFunctionConfigurations"]
    assert kept[0]["Id"] == "mine" and kept[0]["LambdaFunctionArn"] == function
    assert kept[0]["Filter"]["Key"]["FilterRules"] == [{"Name": "Prefix", "Value": "in/"}, {"Name": "Suffix", "Value": ".jpg"}]
    put(one(function, "a/"), one(function, "b/"), one(function, "c/", ".x"), one(function, "c/", ".y"),
        one(function, "a/", events=["s3:ObjectRemoved:*"]))
    for overlapping in ([one(function), one(function)], [one(function, "a/"), one(function, "a/b/")],
                        [one(function, suffix=".jpg"), one(function, "x/")],
                        [one(function, "a/", ".jpg"), one(function, "a/", "g")],
                        [one(function, "a/"), one(function, "a/", events=["s3:ObjectCreated:Put"])]):
        assert code_of(put, *overlapping) == ("InvalidArgument", 400), overlapping
    for wrong in (one(function, events=["s3:ObjectCreated:Nope"]), one(function + "-none"), one("arn:aws:lambda"), one(function, ""),
                  one("arn:aws:sqs:us-east-1:000000000000:q")):
        assert code_of(put, wrong) == ("InvalidArgument", 400), wrong
    bad_rule = one(function) | {"Filter": {"Key": {"FilterRules": [{"Name": "infix", "Value": "x"}]}}}
    assert code_of(put, bad_rule) == ("InvalidArgument", 400)
    twice = one(function) | {"Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "x"}] * 2}}}
    assert code_of(put, twice) == ("InvalidArgument", 400)
    assert code_of(put, one(function, "a/", Id="same"), one(function, "b/", Id="same")) == ("InvalidArgument", 400)
    assert len(s3.get_bucket_notification_configuration(Bucket=bucket)["LambdaFunctionConfigurations"]) == 5
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    assert "LambdaFunctionConfigurations" not in s3.get_bucket_notification_configuration(Bucket=bucket)


def test_websites_are_checked(s3, bucket):
    def put(website):
        return code_of(s3.put_bucket_website, Bucket=bucket, WebsiteConfiguration=website)
    assert code_of(s3.get_bucket_website, Bucket=bucket) == ("NoSuchWebsiteConfiguration", 404)
    assert put({}) == ("InvalidArgument", 400)
    assert put({"IndexDocument": {"Suffix": "a/b"}}) == ("InvalidArgument", 400)
    assert put({"IndexDocument": {"Suffix": ""}}) == ("InvalidArgument", 400)
    index, elsewhere = {"IndexDocument": {"Suffix": "i"}}, {"RedirectAllRequestsTo": {"HostName": "h"}}
    assert put(index | elsewhere) == ("InvalidArgument", 400)
    assert put({"RedirectAllRequestsTo": {"HostName": "h", "Protocol": "ftp"}}) == ("InvalidRequest", 400)
    for rule in ({"Redirect": {"ReplaceKeyWith": "a", "ReplaceKeyPrefixWith": "b"}}, {"Condition": {}, "Redirect": {"HostName": "h"}},
                 {"Redirect": {"HostName": "h", "Protocol": "ftp"}}):
        assert put(index | {"RoutingRules": [rule]}) == ("InvalidRequest", 400)
    website = {"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "oops.html"}}
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=website)
    got = s3.get_bucket_website(Bucket=bucket)
    assert {k: got[k] for k in website} == website
    s3.delete_bucket_website(Bucket=bucket)
    assert code_of(s3.get_bucket_website, Bucket=bucket) == ("NoSuchWebsiteConfiguration", 404)


def test_an_objects_redirect_is_followed_by_its_site(s3, bucket, gust):
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    s3.put_object(Bucket=bucket, Key="old", Body=b"", WebsiteRedirectLocation="/new page")
    s3.put_object(Bucket=bucket, Key="away", Body=b"", WebsiteRedirectLocation="https://example.com/x")
    site = {"Host": f"{bucket}.site.localhost:{gust.port}"}
    for key, location in (("old", "/new page"), ("away", "https://example.com/x")):
        answer = requests.get(f"{gust.endpoint}/{key}", headers=site, allow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (301, location)


def test_filters_are_matched_as_encoded(s3, bucket, gust, function):
    """A space in a filter is written as + and other characters percent-encoded, as the service documents."""
    allow(gust, function, bucket)
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={
        "LambdaFunctionConfigurations": [one(function, "in+box/", "%C3%BC.txt")]})
    s3.put_object(Bucket=bucket, Key="in box/ü.txt", Body=b"x")
    name = function.rsplit(":", 1)[1]
    wait_until(lambda: "called with in+box/%C3%BC.txt" in gust.cli("logs", name, check=False).stdout, "the function's line")
