"""Function URLs: who may use them, CORS, the event, the two ways to answer."""
import json

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from test_lambda import ROLE, zip_of

ECHO = """
import threading
def handler(event, context):
    how = (event.get("queryStringParameters") or {}).get("how")
    if how == "fail": raise ValueError("no")
    if how == "hang": threading.Event().wait()
    if how == "text": return "only text"
    if how == "nonsense": return {"statusCode": "abc"}
    if how == "cookies":
        return {"statusCode": 201, "headers": {"X-Own": "1", "content-type": "text/css"}, "cookies": ["a=1; Path=/", "b=2"], "body": "aGk=",
                "isBase64Encoded": True}
    return event
"""
STREAM = """
export const handler = awslambda.streamifyResponse(async (event, stream) => {
  const how = event.queryStringParameters?.how;
  if (how === "early") throw new Error("early");
  if (how === "head") {
    stream = awslambda.HttpResponseStream.from(stream, { statusCode: 207, headers: { "X-Own": "1" }, cookies: ["a=1"] });
  } else if (how === "badhead") {
    stream.setContentType("application/vnd.awslambda.http-integration-response");
  } else {
    stream.setContentType("text/plain");
  }
  stream.write("one ");
  if (how === "late") throw new Error("late");
  stream.write(event.rawPath);
  stream.end();
});
"""


@pytest.fixture(scope="module")
def functions(gust):
    return gust.client("lambda")


@pytest.fixture
def echo(functions, unique):
    functions.create_function(FunctionName=unique, Runtime="python3.12", Handler="index.handler", Role=ROLE, Timeout=3,
                              Code={"ZipFile": zip_of({"index.py": ECHO})})
    return unique


def open_url(functions, name, auth="NONE", permit=True, **more):
    url = functions.create_function_url_config(FunctionName=name, AuthType=auth, **more)["FunctionUrl"]
    if permit:
        where = {k: v for k, v in more.items() if k == "Qualifier"}
        functions.add_permission(FunctionName=name, StatementId="public", Action="lambda:InvokeFunctionUrl", Principal="*",
                                 FunctionUrlAuthType=auth, **where)
    return url


@pytest.fixture(scope="module")
def send(gust):
    """Requests a URL by its host's name, which not every machine can resolve."""
    def ask(url, method="GET", path="", headers={}, **more):
        host = url.split("/")[2]
        return requests.request(method, f"{gust.endpoint}/{path}", headers={"Host": host} | headers, timeout=60, **more)
    return ask


def test_the_event_of_a_public_url(functions, echo, send):
    url = open_url(functions, echo)
    id = url.split("/")[2].split(".")[0]
    assert len(id) == 32 and url.startswith("http://") and url.endswith("/")
    answer = send(url, "POST", "a%20b/c?x=1&x=2&y", {"Cookie": "k=v; l=w", "Content-Type": "text/plain", "X-Two": "2"}, data="hello")
    event = answer.json()
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/json"
    assert answer.headers["x-amzn-RequestId"] == event["requestContext"]["requestId"]
    assert event["version"] == "2.0" and event["routeKey"] == "$default" and event["rawPath"] == "/a b/c"
    assert event["rawQueryString"] == "x=1&x=2&y" and event["queryStringParameters"] == {"x": "1,2", "y": ""}
    assert event["cookies"] == ["k=v", "l=w"] and event["headers"]["x-two"] == "2"
    assert event["body"] == "hello" and event["isBase64Encoded"] is False
    about = event["requestContext"]
    assert about["accountId"] == "anonymous" and about["apiId"] == id and about["stage"] == "$default"
    assert about["domainPrefix"] == id and about["domainName"].startswith(id + ".lambda-url.") and "authorizer" not in about
    assert about["http"]["method"] == "POST" and about["http"]["path"] == "/a b/c"


def test_the_same_below_a_path_of_the_endpoint(gust, functions, echo):
    id = open_url(functions, echo).split("/")[2].split(".")[0]
    event = requests.get(f"{gust.endpoint}/_gust/url/{id}/p?q=1").json()
    assert event["rawPath"] == "/p" and event["requestContext"]["apiId"] == id


def test_binary_bodies_are_base64(functions, echo, send):
    event = send(open_url(functions, echo), "PUT", data=b"\x00\xff", headers={"Content-Type": "image/png"}).json()
    assert event["isBase64Encoded"] is True and event["body"] == "AP8="


def test_answers(functions, echo, send):
    url = open_url(functions, echo)
    answer = send(url, path="?how=cookies")
    assert (answer.status_code, answer.content, answer.headers["X-Own"], answer.headers["Content-Type"]) == (201, b"hi", "1", "text/css")
    assert answer.raw.headers.getlist("set-cookie") == ["a=1; Path=/", "b=2"]
    assert send(url, path="?how=text").text == "only text"
    for how in "fail", "hang", "nonsense":
        answer = send(url, path="?how=" + how)
        assert answer.status_code == 502 and answer.text == "Internal Server Error", how


def test_without_a_permission_nobody_gets_in(functions, echo, send):
    url = open_url(functions, echo, permit=False)
    answer = send(url)
    assert answer.status_code == 403 and "Forbidden" in answer.json()["Message"]
    assert answer.headers["x-amzn-ErrorType"] == "AccessDeniedException"
    functions.add_permission(FunctionName=echo, StatementId="other-type", Action="lambda:InvokeFunctionUrl", Principal="*",
                             FunctionUrlAuthType="AWS_IAM")
    functions.add_permission(FunctionName=echo, StatementId="other-action", Action="lambda:InvokeFunction", Principal="*",
                             InvokedViaFunctionUrl=True)
    assert send(url).status_code == 403
    conditions = [s["Condition"] for s in json.loads(functions.get_policy(FunctionName=echo)["Policy"])["Statement"]]
    assert {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}} in conditions
    assert {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}} in conditions
    functions.add_permission(FunctionName=echo, StatementId="this", Action="lambda:InvokeFunctionUrl", Principal="*",
                             FunctionUrlAuthType="NONE")
    assert send(url).status_code == 200


def signed(gust, url, keys=None, body=b"", path=""):
    request = AWSRequest("POST", url + path, data=body, headers={"Host": url.split("/")[2]})
    SigV4Auth(Credentials(*(keys or gust.keys())), "lambda", "us-east-1").add_auth(request)
    return dict(request.headers)


def test_a_signed_url(gust, functions, echo, send):
    url = open_url(functions, echo, "AWS_IAM", permit=False)
    answer = send(url, "POST", "p", signed(gust, url, body=b"hello", path="p"), data=b"hello")
    assert answer.status_code == 200
    about = answer.json()["requestContext"]
    assert about["accountId"] == "000000000000" and about["authorizer"]["iam"]["accessKey"] == gust.keys()[0]
    assert about["authorizer"]["iam"]["userArn"] == "arn:aws:iam::000000000000:root"
    for what, headers, body in (("unsigned", {}, b"hello"), ("another body", signed(gust, url, body=b"hello"), b"other"),
                                ("an unknown key", signed(gust, url, ("AKIAUNKNOWN", "x"), b"hello"), b"hello"),
                                ("a wrong secret", signed(gust, url, (gust.keys()[0], "x"), b"hello"), b"hello")):
        answer = send(url, "POST", "", headers, data=body)
        assert answer.status_code == 403 and "Forbidden" in answer.json()["Message"], what


def test_cors(functions, echo, send):
    cors = {"AllowOrigins": ["https://*.example.com"], "AllowMethods": ["GET", "POST"], "AllowHeaders": ["x-a"], "ExposeHeaders": ["x-own"],
            "AllowCredentials": True, "MaxAge": 60}
    url = open_url(functions, echo, Cors=cors)
    origin = {"Origin": "https://a.example.com"}
    answer = send(url, "OPTIONS", headers=origin | {"Access-Control-Request-Method": "POST"})
    assert answer.status_code == 204 and answer.headers["Access-Control-Allow-Origin"] == origin["Origin"]
    assert answer.headers["Access-Control-Allow-Methods"] == "GET,POST" and answer.headers["Access-Control-Max-Age"] == "60"
    answer = send(url, headers=origin)
    assert answer.headers["Access-Control-Allow-Origin"] == origin["Origin"] and answer.headers["Access-Control-Expose-Headers"] == "x-own"
    assert "Access-Control-Allow-Origin" not in send(url, headers={"Origin": "https://example.org"}).headers
    assert functions.get_function_url_config(FunctionName=echo)["Cors"] == cors
    assert "Cors" not in functions.update_function_url_config(FunctionName=echo, Cors={})
    assert "Access-Control-Allow-Origin" not in send(url, headers=origin).headers


def test_configurations(gust, functions, echo, send):
    url = open_url(functions, echo)
    with pytest.raises(functions.exceptions.ResourceConflictException, match="FunctionUrlConfig exists"):
        functions.create_function_url_config(FunctionName=echo, AuthType="NONE")
    functions.publish_version(FunctionName=echo)
    functions.create_alias(FunctionName=echo, Name="live", FunctionVersion="1")
    other = open_url(functions, echo, Qualifier="live")
    assert other != url and send(other).status_code == 200
    listed = functions.list_function_url_configs(FunctionName=echo)["FunctionUrlConfigs"]
    assert [(u["FunctionUrl"], u["FunctionArn"].split(":", 6)[6]) for u in listed] == [(url, echo), (other, echo + ":live")]
    page = functions.list_function_url_configs(FunctionName=echo, MaxItems=1)
    assert [u["FunctionUrl"] for u in page["FunctionUrlConfigs"]] == [url]
    page = functions.list_function_url_configs(FunctionName=echo, MaxItems=1, Marker=page["NextMarker"])
    assert [u["FunctionUrl"] for u in page["FunctionUrlConfigs"]] == [other] and "NextMarker" not in page
    changed = functions.update_function_url_config(FunctionName=echo, AuthType="AWS_IAM", InvokeMode="RESPONSE_STREAM")
    assert (changed["FunctionUrl"], changed["AuthType"], changed["InvokeMode"]) == (url, "AWS_IAM", "RESPONSE_STREAM")
    assert send(url).status_code == 403
    gust.restart()
    assert functions.get_function_url_config(FunctionName=echo)["FunctionUrl"] == url and send(other).status_code == 200
    functions.delete_function_url_config(FunctionName=echo)
    assert send(url).status_code == 404
    functions.delete_alias(FunctionName=echo, Name="live")
    assert send(other).status_code == 404
    third = open_url(functions, echo, permit=False)
    functions.delete_function(FunctionName=echo)
    assert send(third).status_code == 404


@pytest.mark.parametrize("call, arguments, code", [
    ("create", {"AuthType": "NONE", "FunctionName": "no-such"}, "ResourceNotFoundException"),
    ("create", {"AuthType": "NONE", "Qualifier": "nope"}, "ResourceNotFoundException"),
    ("create", {"AuthType": "SOME"}, "ValidationException"),
    ("create", {"AuthType": "NONE", "Qualifier": "1"}, "InvalidParameterValueException"),
    ("create", {"AuthType": "NONE", "Cors": {"MaxAge": 100_000}}, "ValidationException"),
    ("get", {}, "ResourceNotFoundException"), ("update", {"AuthType": "NONE"}, "ResourceNotFoundException"),
    ("delete", {}, "ResourceNotFoundException")])
def test_what_is_refused(functions, echo, call, arguments, code):
    with pytest.raises(ClientError) as error:
        getattr(functions, call + "_function_url_config")(**{"FunctionName": echo} | arguments)
    assert error.value.response["Error"]["Code"] == code


def test_limits(functions, echo, send):
    url = open_url(functions, echo)
    assert send(url, "POST", data=b"x" * (6 << 20 | 1)).status_code == 413
    functions.put_function_concurrency(FunctionName=echo, ReservedConcurrentExecutions=0)
    assert send(url).status_code == 429
    assert send("http://nosuchurl.lambda-url.localhost/").status_code == 404


@pytest.fixture(scope="module")
def stream(functions):
    functions.create_function(FunctionName="url-streams", Runtime="nodejs20.x", Handler="index.handler", Role=ROLE, Timeout=10,
                              MemorySize=256, Code={"ZipFile": zip_of({"index.mjs": STREAM})})
    return open_url(functions, "url-streams", InvokeMode="RESPONSE_STREAM", Cors={"AllowOrigins": ["*"]})


def test_a_streamed_answer(stream, send):
    answer = send(stream, path="p", headers={"Origin": "https://a.example"})
    assert (answer.status_code, answer.text, answer.headers["Content-Type"]) == (200, "one /p", "text/plain")
    assert answer.headers["Transfer-Encoding"] == "chunked" and answer.headers["Access-Control-Allow-Origin"] == "*"
    answer = send(stream, path="?how=head")
    assert (answer.status_code, answer.text, answer.headers["X-Own"]) == (207, "one /", "1")
    assert answer.headers["Set-Cookie"] == "a=1"


def test_streams_that_fail(stream, send):
    assert send(stream, path="?how=early").status_code == 502
    assert send(stream, path="?how=badhead").status_code == 502
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        send(stream, path="?how=late")
    assert send(stream, path="again").text == "one /again"


def test_a_function_that_does_not_stream_behind_a_streaming_url(functions, echo, send):
    answer = send(open_url(functions, echo, InvokeMode="RESPONSE_STREAM"), path="?how=cookies")
    assert answer.status_code == 200 and answer.json()["statusCode"] == 201  # as it is: nothing is made of it
