"""HTTP APIs made with the official SDK: routes, proxy events, CORS, binary bodies, limits."""
import base64
import hashlib
import json

import pytest
import requests

from test_lambda import ROLE, zip_of

ECHO = """
import json
def handler(event, context):
    return {"statusCode": 207, "headers": {"x-mine": "1", "content-type": "application/json"},
            "cookies": ["a=1; Secure", "b=2"], "body": json.dumps(event)}
"""


@pytest.fixture(scope="module")
def echo(gust):
    functions = gust.client("lambda")
    arn = functions.create_function(FunctionName="http-echo", Runtime="python3.12", Handler="index.handler", Role=ROLE,
                                    Code={"ZipFile": zip_of({"index.py": ECHO})}, Timeout=20)["FunctionArn"]
    functions.add_permission(FunctionName="http-echo", StatementId="api", Action="lambda:InvokeFunction",
                             Principal="apigateway.amazonaws.com")
    yield arn
    functions.delete_function(FunctionName="http-echo")


@pytest.fixture
def api(gust, echo, unique):
    """make(routes, version) -> base address of an API whose routes all go to the echo function."""
    client = gust.client("apigatewayv2")
    made = []

    def make(routes, version="2.0", **more):
        made.append(client.create_api(Name=unique, ProtocolType="HTTP", **more)["ApiId"])
        integration = client.create_integration(ApiId=made[-1], IntegrationType="AWS_PROXY", IntegrationUri=echo,
                                                PayloadFormatVersion=version)["IntegrationId"]
        for route in routes:
            client.create_route(ApiId=made[-1], RouteKey=route, Target=f"integrations/{integration}")
        client.create_stage(ApiId=made[-1], StageName="$default", AutoDeploy=True, StageVariables={"v": "1"})
        return f"{gust.endpoint}/_gust/api/{made[-1]}"
    yield make
    for api_id in made:
        client.delete_api(ApiId=api_id)


def test_payload_2(api, gust):
    base = api(["POST /photos/{id}/{rest+}"])
    answer = requests.post(f"{base}/photos/a%20b/c/d?q=1&q=2&empty=", data=b"\x00\xff", headers={
        "Content-Type": "image/png", "X-Two": "1", "Cookie": "one=1; two=2", "User-Agent": "tester"})
    assert answer.status_code == 207 and answer.headers["x-mine"] == "1"
    assert answer.raw.headers.getlist("set-cookie") == ["a=1; Secure", "b=2"]
    event = answer.json()
    assert event["version"] == "2.0" and event["routeKey"] == "POST /photos/{id}/{rest+}"
    assert event["rawPath"] in ("/photos/a b/c/d", "/photos/a%20b/c/d") and event["rawQueryString"] == "q=1&q=2&empty="
    assert event["queryStringParameters"] == {"q": "1,2", "empty": ""}
    assert event["pathParameters"] == {"id": "a b", "rest": "c/d"}
    assert event["cookies"] == ["one=1", "two=2"] and "cookie" not in event["headers"]
    assert event["headers"]["x-two"] == "1" and event["stageVariables"] == {"v": "1"}
    assert event["isBase64Encoded"] is True and base64.b64decode(event["body"]) == b"\x00\xff"
    context = event["requestContext"]
    assert context["http"]["method"] == "POST" and context["http"]["userAgent"] == "tester"
    assert context["http"]["sourceIp"] == "127.0.0.1" and context["http"]["protocol"] == "HTTP/1.1"
    assert context["stage"] == "$default" and context["accountId"] == "000000000000" and context["timeEpoch"] > 0
    assert context["routeKey"] == event["routeKey"] and context["requestId"] and context["time"]


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("content_type, is_text", [
    ("text/plain", True), ("text/csv; charset=utf-8", True), ("application/json", True), ("application/xml", True),
    ("application/javascript", True), ("application/x-www-form-urlencoded", False), ("application/problem+json", False),
    ("application/octet-stream", False), ("multipart/form-data; boundary=x", False), (None, False)])
def test_which_bodies_are_text(api, version, content_type, is_text):
    base = api(["POST /x"], version)
    event = requests.post(base + "/x", data="a=ä".encode(), headers={"Content-Type": content_type}).json()
    assert event["isBase64Encoded"] is not is_text
    assert event["body"] == ("a=ä" if is_text else base64.b64encode("a=ä".encode()).decode())


def test_head_options_and_encoded_paths(api):
    base = api(["ANY /a/{x}/{rest+}", "HEAD /h", "OPTIONS /o"])
    event = requests.get(base + "/a/1%2B%C3%A4%20b/c%20d/e?x=%26&y=a+b&x=2").json()
    assert event["pathParameters"] == {"x": "1+ä b", "rest": "c d/e"}
    assert event["rawQueryString"] == "x=%26&y=a+b&x=2" and event["queryStringParameters"] == {"x": "&,2", "y": "a b"}
    head = requests.head(base + "/h")
    assert head.status_code == 207 and head.content == b"" and int(head.headers["content-length"]) > 100
    assert requests.options(base + "/o").json()["requestContext"]["http"]["method"] == "OPTIONS"
    assert requests.head(base + "/o").status_code == 404


def test_payload_1(api):
    base = api(["ANY /{proxy+}"], "1.0")
    event = requests.get(f"{base}/x/y?q=1&q=2", headers={"X-Two": "1"}).json()
    assert event["version"] == "1.0" and event["resource"] == "/{proxy+}" and event["httpMethod"] == "GET"
    assert event["queryStringParameters"] == {"q": "2"} and event["multiValueQueryStringParameters"] == {"q": ["1", "2"]}
    assert event["pathParameters"] == {"proxy": "x/y"} and event["body"] is None and event["isBase64Encoded"] is False
    assert event["requestContext"]["identity"]["sourceIp"] == "127.0.0.1"


def test_precedence_and_not_found(api):
    base = api(["GET /a/b", "GET /a/{x}", "ANY /a/{proxy+}", "GET /only"])
    route = lambda method, path: requests.request(method, base + path).json().get("routeKey")  # noqa: E731
    assert route("GET", "/a/b") == "GET /a/b"
    assert route("GET", "/a/c") == "GET /a/{x}"
    assert route("POST", "/a/c") == "ANY /a/{proxy+}"
    assert route("GET", "/a/c/d") == "ANY /a/{proxy+}"
    missing = requests.get(base + "/none")
    assert missing.status_code == 404 and missing.json() == {"message": "Not Found"}
    assert requests.post(base + "/only").status_code == 404


def test_default_route_and_host_address(api, gust):
    base = api(["$default"])
    api_id = base.rsplit("/", 1)[1]
    event = requests.get(f"{gust.endpoint}/any/thing", headers={"Host": f"{api_id}.execute-api.localhost:{gust.port}"}).json()
    assert event["routeKey"] == "$default" and event["rawPath"] == "/any/thing"
    assert event["requestContext"]["domainPrefix"] == api_id


def test_cors(api):
    base = api(["GET /x"], CorsConfiguration={"AllowOrigins": ["http://app.example"], "AllowMethods": ["GET", "POST"],
                                              "AllowHeaders": ["content-type"], "MaxAge": 60})
    headers = {"Origin": "http://app.example", "Access-Control-Request-Method": "POST"}
    answer = requests.options(base + "/x", headers=headers)
    assert answer.status_code == 204 and answer.headers["access-control-allow-origin"] == "http://app.example"
    assert answer.headers["access-control-max-age"] == "60"
    assert requests.get(base + "/x", headers={"Origin": "http://app.example"}).headers["access-control-allow-origin"] == \
        "http://app.example"
    other = requests.options(base + "/x", headers=headers | {"Origin": "http://evil.example"})
    assert "access-control-allow-origin" not in other.headers


def test_ten_mebibytes(api):
    base = api(["POST /x"])
    over = requests.post(base + "/x", data=b"x" * ((10 << 20) + 1), headers={"Content-Type": "image/png"})
    assert over.status_code == 413
    chunks = (b"x" * (1 << 20) for _ in range(11))
    assert requests.post(base + "/x", data=chunks, headers={"Content-Type": "image/png"}).status_code == 413


def test_ten_mebibytes_exactly_and_binary_answers(gust, unique):
    functions, client = gust.client("lambda"), gust.client("apigatewayv2")
    code = """
import base64, hashlib
def handler(event, context):
    digest = hashlib.sha256(base64.b64decode(event["body"])).digest()
    return {"statusCode": 200, "isBase64Encoded": True, "body": base64.b64encode(digest).decode(),
            "headers": {"Content-Type": "application/octet-stream"}}
"""
    arn = functions.create_function(FunctionName=unique, Runtime="python3.12", Handler="index.handler", Role=ROLE, Timeout=20,
                                    MemorySize=512, Code={"ZipFile": zip_of({"index.py": code})})["FunctionArn"]
    functions.add_permission(FunctionName=unique, StatementId="api", Action="lambda:InvokeFunction",
                             Principal="apigateway.amazonaws.com")
    api_id = client.create_api(Name=unique, ProtocolType="HTTP", Target=arn)["ApiId"]
    body = bytes(range(256)) * (40 << 10)
    assert len(body) == 10 << 20
    answer = requests.post(f"{gust.endpoint}/_gust/api/{api_id}/", data=body, headers={"Content-Type": "image/png"})
    assert answer.status_code == 200 and answer.content == hashlib.sha256(body).digest()


def test_an_answer_that_is_late_is_a_503(gust, unique):
    functions, client = gust.client("lambda"), gust.client("apigatewayv2")
    code = "import threading\ndef handler(event, context):\n    threading.Event().wait()\n"
    arn = functions.create_function(FunctionName=unique, Runtime="python3.12", Handler="index.handler", Role=ROLE, Timeout=25,
                                    Code={"ZipFile": zip_of({"index.py": code})})["FunctionArn"]
    functions.add_permission(FunctionName=unique, StatementId="api", Action="lambda:InvokeFunction",
                             Principal="apigateway.amazonaws.com")
    api_id = client.create_api(Name=unique, ProtocolType="HTTP")["ApiId"]
    integration = client.create_integration(ApiId=api_id, IntegrationType="AWS_PROXY", IntegrationUri=arn,
                                            PayloadFormatVersion="2.0", TimeoutInMillis=500)["IntegrationId"]
    client.create_route(ApiId=api_id, RouteKey="GET /", Target=f"integrations/{integration}")
    client.create_stage(ApiId=api_id, StageName="$default", AutoDeploy=True)
    answer = requests.get(f"{gust.endpoint}/_gust/api/{api_id}/")
    assert (answer.status_code, answer.json()) == (503, {"message": "Service Unavailable"})
    functions.delete_function(FunctionName=unique)


def test_redirects_of_a_site(gust, unique):
    s3 = gust.client("s3")
    s3.create_bucket(Bucket=unique)
    s3.put_object(Bucket=unique, Key="index.html", Body=b"hello", ContentType="text/html")
    s3.put_object(Bucket=unique, Key="moved", Body=b"", WebsiteRedirectLocation="https://elsewhere.example/")
    s3.put_bucket_website(Bucket=unique, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}, "RoutingRules": [
        {"Condition": {"KeyPrefixEquals": "old/"}, "Redirect": {"ReplaceKeyPrefixWith": "new/"}},
        {"Condition": {"HttpErrorCodeReturnedEquals": "404"}, "Redirect": {"HostName": "lost.example",
                                                                           "HttpRedirectCode": "302"}}]})
    host = f"{unique}.site.localhost:{gust.port}"

    def ask(path):
        answer = requests.get(gust.endpoint + path, headers={"Host": host}, allow_redirects=False)
        return answer.status_code, answer.headers.get("location", answer.text)
    assert ask("/") == (200, "hello")
    assert ask("/old/a%20b") == (301, f"http://{host}/new/a%20b")
    assert ask("/moved") == (301, "https://elsewhere.example/")
    assert ask("/none") == (302, "http://lost.example/none")
    s3.put_bucket_website(Bucket=unique, WebsiteConfiguration={
        "RedirectAllRequestsTo": {"HostName": "www.example", "Protocol": "https"}})
    assert ask("/any?q=1") == (301, "https://www.example/any?q=1")


def test_a_function_without_permission_is_not_invoked(gust, unique):
    functions, client = gust.client("lambda"), gust.client("apigatewayv2")
    arn = functions.create_function(FunctionName=unique, Runtime="python3.12", Handler="index.handler", Role=ROLE,
                                    Code={"ZipFile": zip_of({"index.py": "def handler(e, c): return 'plain'"})})["FunctionArn"]
    api_id = client.create_api(Name=unique, ProtocolType="HTTP", RouteKey="GET /x", Target=arn)["ApiId"]
    address = f"{gust.endpoint}/_gust/api/{api_id}/x"
    assert requests.get(address).status_code == 500
    functions.add_permission(FunctionName=unique, StatementId="api", Action="lambda:InvokeFunction",
                             Principal="apigateway.amazonaws.com",
                             SourceArn=f"arn:aws:execute-api:us-east-1:000000000000:{api_id}/*/*/x")
    answer = requests.get(address)
    assert (answer.status_code, answer.text) == (200, "plain")
    functions.update_function_code(FunctionName=unique, ZipFile=zip_of({"index.py": "def handler(e, c): raise ValueError('x')"}))
    answer = requests.get(address)
    assert answer.status_code == 500 and answer.json() == {"message": "Internal Server Error"}
    assert json.loads(functions.get_policy(FunctionName=unique)["Policy"])["Statement"]
