"""JSON logging controls of functions by the official SDK: what is checked, what is kept, what the runtimes write."""
import base64
import json

import pytest
from botocore.exceptions import ClientError

from conftest import wait_until
from test_deploy import app  # noqa: F401 (fixture)
from test_lambda import PYTHON, ROLE, call, functions, make, zip_of  # noqa: F401 (fixtures)
from test_lambda_settings import loose

SAYS = """
import json, logging, os, sys
log = logging.getLogger("shop")
def handler(event, context):
    log.debug("looked")
    log.info("sold %d apples", 3, extra={"till": 7})
    log.warning("few left")
    print("plain text")
    print(json.dumps({"level": "debug", "msg": "own debug", "timestamp": "2026-11-28T01:00:00Z"}))
    print(json.dumps({"msg": "own, of no level"}))
    if event:
        try:
            raise KeyError("apples")
        except KeyError:
            log.exception("no apples")
        raise ValueError("nothing to sell")
    return {name: os.environ.get(name) for name in ("AWS_LAMBDA_LOG_FORMAT", "AWS_LAMBDA_LOG_LEVEL", "AWS_LAMBDA_LOG_GROUP_NAME")}
"""
NODE_SAYS = """
exports.handler = async (event) => {
  console.debug("looked");
  console.log("sold %d apples", 3);
  console.info({sold: 3});
  console.warn("few", "left");
  console.error("failed:", new TypeError("no apples"));
  console.error(new RangeError("too many"));
  process.stdout.write("plain text\\n");
  if (event) throw new Error("nothing to sell");
  return [process.env.AWS_LAMBDA_LOG_FORMAT, process.env.AWS_LAMBDA_LOG_LEVEL];
};
"""


@pytest.fixture
def logs(gust):
    return gust.client("logs")


@pytest.fixture
def lines(logs):
    def read(group, reports=1):
        """The messages of a group when so many invocations have reported; JSON objects parsed."""
        def look():
            try:
                pages = list(logs.get_paginator("filter_log_events").paginate(logGroupName=group))
            except logs.exceptions.ResourceNotFoundException:
                return None
            found = [event["message"] for page in pages for event in page["events"]]
            ended = [m for m in found if m.startswith("REPORT ") or '"platform.report"' in m]
            return found if len(ended) >= reports else None
        return [json.loads(m) if m.startswith("{") else m for m in wait_until(look, "the reports")]
    return read


def logging_of(functions, name):
    return functions.get_function_configuration(FunctionName=name)["LoggingConfig"]


def types(found):
    return [line["type"] for line in found if isinstance(line, dict) and "type" in line]


def records(found):
    return [line for line in found if isinstance(line, dict) and "level" in line]


def test_what_is_kept_and_told(functions, make):
    name = make(PYTHON, LoggingConfig={"LogFormat": "JSON"}, Publish=True)
    group = f"/aws/lambda/{name}"
    told = {"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO", "LogGroup": group}
    assert logging_of(functions, name) == told
    assert functions.get_function(FunctionName=name)["Configuration"]["LoggingConfig"] == told

    changed = functions.update_function_configuration(FunctionName=name, LoggingConfig={"ApplicationLogLevel": "WARN"})["LoggingConfig"]
    assert changed == told | {"ApplicationLogLevel": "WARN"}
    changed = functions.update_function_configuration(FunctionName=name, LoggingConfig={"LogGroup": "/shop"})["LoggingConfig"]
    assert changed == told | {"ApplicationLogLevel": "WARN", "LogGroup": "/shop"}
    assert functions.update_function_configuration(FunctionName=name, Timeout=9)["LoggingConfig"] == changed
    listed = {f["FunctionName"]: f["LoggingConfig"] for page in functions.get_paginator("list_functions").paginate() for f in page["Functions"]}
    assert listed[name] == changed
    # A version keeps what the function had.
    versions = functions.list_versions_by_function(FunctionName=name)["Versions"]
    assert [v["LoggingConfig"] for v in versions] == [changed, told]

    text = functions.update_function_configuration(FunctionName=name, LoggingConfig={"LogFormat": "Text", "LogGroup": group})["LoggingConfig"]
    assert text == {"LogFormat": "Text", "LogGroup": group}
    again = functions.update_function_configuration(FunctionName=name, LoggingConfig={"LogFormat": "JSON"})["LoggingConfig"]
    assert again == told  # the levels of before are gone with the format


@pytest.mark.parametrize("wrong, says", [
    ({"ApplicationLogLevel": "DEBUG"}, 'LogLevel is not supported when LogFormat is set to "Text"'),
    ({"LogFormat": "Text", "SystemLogLevel": "WARN"}, 'LogLevel is not supported when LogFormat is set to "Text"'),
    ({"LogFormat": "XML"}, "enum"),
    ({"LogFormat": "JSON", "ApplicationLogLevel": "LOUD"}, "enum"),
    ({"LogFormat": "JSON", "SystemLogLevel": "ERROR"}, "enum"),
    ({"LogGroup": "aws/mine"}, "does not begin with aws/"),
    ({"LogGroup": "a group"}, "regular expression"),
    ({"LogGroup": "x" * 513}, "512"),
], ids=str)
def test_what_is_refused_changes_nothing(functions, make, unique, wrong, says):
    name = make(PYTHON)
    before = functions.get_function(FunctionName=name)["Configuration"]
    client = loose(functions)
    for operation, more in ((client.update_function_configuration, {"FunctionName": name}),
                            (client.create_function, {"FunctionName": unique + "x", "Runtime": "python3.12", "Role": ROLE,
                                                      "Handler": "index.handler", "Code": {"ZipFile": zip_of({"index.py": PYTHON})}})):
        with pytest.raises(ClientError) as refused:
            operation(**more, LoggingConfig=wrong)
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        assert says in str(refused.value), str(refused.value)
    assert functions.get_function(FunctionName=name)["Configuration"] == before
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.get_function(FunctionName=unique + "x")


def test_a_version_in_text_says_what_it_always_said(functions, make, lines):
    name = make(SAYS)
    told = call(functions, name, {})[1]
    assert told == {"AWS_LAMBDA_LOG_FORMAT": "Text", "AWS_LAMBDA_LOG_LEVEL": None, "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}"}
    found = lines(f"/aws/lambda/{name}")
    assert types(found) == [] and found[0].startswith("START ") and found[-1].startswith("REPORT ")
    assert any(isinstance(line, str) and line.startswith("[WARNING]\t") for line in found)


def test_python_in_json(functions, make, lines):
    name = make(SAYS, LoggingConfig={"LogFormat": "JSON"})
    answer, told = call(functions, name, {}, LogType="Tail")
    assert told == {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO", "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}"}
    request = answer["ResponseMetadata"]["RequestId"]
    found = lines(f"/aws/lambda/{name}")
    assert types(found) == ["platform.initStart", "platform.start", "platform.report"]
    sold, few = records(found)
    assert sold.pop("timestamp").endswith("Z")
    assert sold == {"level": "INFO", "message": "sold 3 apples", "logger": "shop", "requestId": request, "till": 7}
    assert (few["level"], few["message"]) == ("WARNING", "few left")
    assert "plain text" in found and {"msg": "own, of no level"} in found  # text has no level; without one it is INFO
    assert not any("debug" in str(line).lower() or "looked" in str(line) for line in found)

    start, report = (next(line for line in found if isinstance(line, dict) and line.get("type") == kind) for kind in ("platform.start", "platform.report"))
    assert start["record"]["requestId"] == report["record"]["requestId"] == request
    assert start["record"]["version"] == "$LATEST" and start["record"]["tracing"]["value"].startswith("Root=1-")
    assert report["record"]["status"] == "success"
    metrics = report["record"]["metrics"]
    assert metrics["durationMs"] > 0 and metrics["billedDurationMs"] >= metrics["durationMs"] and metrics["memorySizeMB"] == 128
    assert metrics["initDurationMs"] > 0 and metrics["maxMemoryUsedMB"] > 0
    tail = [json.loads(line) for line in base64.b64decode(answer["LogResult"]).decode().splitlines() if line.startswith("{")]
    assert types(tail) == ["platform.start", "platform.report"] and sold["message"] in [line.get("message") for line in tail]


def test_what_python_raises_in_json(functions, make, lines):
    name = make(SAYS, LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "ERROR"})
    answer = call(functions, name, {"fail": True})
    assert answer[1]["errorType"] == "ValueError"
    found = lines(f"/aws/lambda/{name}")
    caught, uncaught = records(found)
    assert (caught["level"], caught["message"], caught["errorType"], caught["errorMessage"]) == ("ERROR", "no apples", "KeyError", "'apples'")
    assert any("index.py" in frame for frame in caught["stackTrace"]) and caught["location"].startswith("/var/task/index.py:handler:")
    assert (uncaught["level"], uncaught["errorType"], uncaught["errorMessage"]) == ("ERROR", "ValueError", "nothing to sell")
    assert uncaught["requestId"] == answer[0]["ResponseMetadata"]["RequestId"] and any("raise ValueError" in frame for frame in uncaught["stackTrace"])
    report = [line for line in found if isinstance(line, dict) and line.get("type") == "platform.report"][0]["record"]
    assert (report["status"], report["errorType"]) == ("error", "ValueError")


def test_levels(functions, make, lines):
    name = make(SAYS, LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "TRACE", "SystemLogLevel": "DEBUG"})
    call(functions, name, {})
    found = lines(f"/aws/lambda/{name}")
    assert types(found) == ["platform.initStart", "platform.initRuntimeDone", "platform.initReport", "platform.start", "platform.runtimeDone",
                            "platform.report"]
    assert [r.get("message") or r["msg"] for r in records(found)] == ["looked", "sold 3 apples", "few left", "own debug"]

    quiet = make(SAYS, LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "FATAL", "SystemLogLevel": "WARN"})
    call(functions, quiet, {})
    assert "errorType" in call(functions, quiet, {"fail": True})[1]
    found = lines(f"/aws/lambda/{quiet}")  # of the one that failed: good ones are not worth a warning
    assert types(found) == ["platform.runtimeDone", "platform.report"] and records(found) == []
    assert found.count("plain text") == 2


def test_node_in_json(functions, make, lines):
    name = make(NODE_SAYS, runtime="nodejs20.x", LoggingConfig={"LogFormat": "JSON"})
    answer, told = call(functions, name)
    assert told == ["JSON", "INFO"]
    found = records(lines(f"/aws/lambda/{name}"))
    assert all(r.pop("timestamp").endswith("Z") and r.pop("requestId") == answer["ResponseMetadata"]["RequestId"] for r in found)
    assert found[0] == {"level": "INFO", "message": "sold 3 apples"}
    assert found[1] == {"level": "INFO", "message": {"sold": 3}}
    assert found[2] == {"level": "WARN", "message": "few left"}
    assert (found[3]["level"], found[3]["errorType"], found[3]["errorMessage"]) == ("ERROR", "TypeError", "no apples")
    assert found[3]["message"].startswith("failed: TypeError: no apples") and found[3]["stackTrace"][0] == "TypeError: no apples"
    assert found[4]["message"]["errorType"] == "RangeError" and len(found) == 5
    assert "plain text" in lines(f"/aws/lambda/{name}")

    assert call(functions, name, {"fail": True})[1]["errorMessage"] == "nothing to sell"
    last = records(lines(f"/aws/lambda/{name}", reports=2))[-1]
    assert last["level"] == "ERROR" and last["message"]["errorMessage"] == "nothing to sell" and last["message"]["stackTrace"]

    functions.update_function_configuration(FunctionName=name, LoggingConfig={"ApplicationLogLevel": "ERROR"})
    assert call(functions, name)[1] == ["JSON", "ERROR"]
    assert [r["level"] for r in records(lines(f"/aws/lambda/{name}", reports=3))[-2:]] == ["ERROR", "ERROR"]


def test_a_time_out_and_an_exit_in_json(functions, make, lines):
    name = make("import threading\ndef handler(e, c): threading.Event().wait()", Timeout=1, LoggingConfig={"LogFormat": "JSON"})
    assert "timed out" in call(functions, name)[1]["errorMessage"]
    found = lines(f"/aws/lambda/{name}")
    assert not any(isinstance(line, str) for line in found)  # no line of text among them
    assert found[-1]["record"]["status"] == "timeout"

    name = make("import os\ndef handler(e, c): os._exit(3)", LoggingConfig={"LogFormat": "JSON"})
    assert "exit status 3" in call(functions, name)[1]["errorMessage"]
    report = lines(f"/aws/lambda/{name}")[-1]["record"]
    assert (report["status"], report["errorType"]) == ("failure", "Runtime.ExitError")

    name = make("import nothing_like_this", LoggingConfig={"LogFormat": "JSON"})
    call(functions, name)
    found = lines(f"/aws/lambda/{name}")
    assert "platform.initReport" in types(found) and not any(isinstance(line, str) for line in found)
    assert records(found)[0]["errorType"] == "Runtime.ImportModuleError"


def test_functions_that_share_a_group(gust, functions, make, logs, lines, unique):
    group = f"shared/{unique}"
    first, second = make(SAYS, LoggingConfig={"LogGroup": group}), make(SAYS, LoggingConfig={"LogFormat": "JSON", "LogGroup": group})
    assert call(functions, first, {})[1]["AWS_LAMBDA_LOG_GROUP_NAME"] == group
    call(functions, second, {})
    lines(group, reports=2)
    streams = [s["logStreamName"] for s in logs.describe_log_streams(logGroupName=group)["logStreams"]]
    assert sorted(s.split("/")[3].split("[")[0] for s in streams) == sorted([first, second])
    for name in (first, second):
        assert logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"] == []
    told = gust.cli("logs", first).stdout  # its own lines only
    assert "REPORT RequestId" in told and "platform.report" not in told
    told = gust.cli("logs", second).stdout
    assert "INFO sold 3 apples" in told and "platform.report" in told and "REPORT RequestId" not in told
    # The trace of a request finds its lines there, too.
    trace = wait_until(lambda: gust.cli_json("traces", "--function", second)["traces"], "the trace")[0]
    assert any("sold 3 apples" in line["text"] for line in gust.cli_json("trace", trace["id"])["logs"])


def test_patterns_and_queries_find_their_fields(functions, make, logs, lines):
    name = make(SAYS, LoggingConfig={"LogFormat": "JSON"})
    call(functions, name, {})
    group = f"/aws/lambda/{name}"
    lines(group)

    def matching(pattern):
        return [json.loads(e["message"]) for e in logs.filter_log_events(logGroupName=group, filterPattern=pattern)["events"]]
    assert [m["message"] for m in matching('{ $.level = "WARNING" }')] == ["few left"]
    assert [m["till"] for m in matching("{ $.till = 7 }")] == [7]
    assert [m["record"]["status"] for m in matching("{ $.record.metrics.durationMs > 0 }")] == ["success"]
    query = logs.start_query(logGroupName=group, startTime=0, endTime=2_000_000_000,
                             queryString='filter type = "platform.report" | stats max(record.metrics.memorySizeMB) as mb by record.status')["queryId"]
    done = wait_until(lambda: (r := logs.get_query_results(queryId=query))["status"] == "Complete" and r, "the query")
    assert {f["field"]: f["value"] for f in done["results"][0]} == {"record.status": "success", "mb": "128"}


TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Runtime: python3.12
    Handler: app.handler
    CodeUri: src
    LoggingConfig: {LogFormat: JSON, SystemLogLevel: WARN}
Resources:
  Ours:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: !Sub "/${AWS::StackName}/all"}
  Quiet:
    Type: AWS::Serverless::Function
    Properties:
      LoggingConfig: {ApplicationLogLevel: ERROR, LogGroup: !Ref Ours}
  Plain:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: app.handler
      Code: src
Outputs:
  Quiet: {Value: !Ref Quiet}
  Plain: {Value: !Ref Plain}
"""


def test_a_template_says_how_functions_log(functions, app, unique):
    app.write("template.yaml", TEMPLATE).write("src/app.py", PYTHON)
    outputs = app.deploy()[1]
    quiet, plain = logging_of(functions, outputs["Quiet"]), logging_of(functions, outputs["Plain"])
    assert quiet == {"LogFormat": "JSON", "ApplicationLogLevel": "ERROR", "SystemLogLevel": "WARN", "LogGroup": f"/{unique}/all"}
    assert plain == {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{outputs['Plain']}"}
    assert set(app.deploy()[0].values()) == {"none"}
    # What the template does not say any more is as it was at first.
    app.replace("      LoggingConfig: {ApplicationLogLevel: ERROR, LogGroup: !Ref Ours}", "      Timeout: 9")
    app.replace(", SystemLogLevel: WARN", "")
    assert app.deploy()[0] == {"Quiet": "update", "Plain": "none"}
    assert logging_of(functions, outputs["Quiet"]) == {"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO",
                                                       "LogGroup": f"/aws/lambda/{outputs['Quiet']}"}
    app.replace("LoggingConfig: {LogFormat: JSON}", "LoggingConfig: {LogFormat: Text, SystemLogLevel: WARN}")
    assert 'LogLevel is not supported when LogFormat is set to "Text"' in app.refused()
    app.replace("{LogFormat: Text, SystemLogLevel: WARN}", "{LogLevel: WARN}")
    assert "LogLevel of" in app.refused()


def test_a_function_may_not_feed_on_its_own_group(functions, make, logs, unique):
    logs.create_log_group(logGroupName=f"/own/{unique}")
    name = make(PYTHON, LoggingConfig={"LogGroup": f"/own/{unique}"})
    arn = functions.get_function_configuration(FunctionName=name)["FunctionArn"]
    functions.add_permission(FunctionName=name, StatementId="logs", Action="lambda:InvokeFunction", Principal="logs.amazonaws.com")
    with pytest.raises(ClientError, match="its own log group"):
        logs.put_subscription_filter(logGroupName=f"/own/{unique}", filterName="x", filterPattern="", destinationArn=arn)


def test_it_survives_a_kill(new_gust):
    gust = new_gust("--dev").start()
    functions = gust.client("lambda")
    functions.create_function(FunctionName="f", Runtime="python3.12", Handler="index.handler", Role=ROLE, Code={"ZipFile": zip_of({"index.py": PYTHON})},
                              LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "WARN", "LogGroup": "/kept"})
    before = logging_of(functions, "f")
    gust.kill9()
    gust.start()
    assert logging_of(gust.client("lambda"), "f") == before == {"LogFormat": "JSON", "ApplicationLogLevel": "WARN", "SystemLogLevel": "INFO",
                                                                "LogGroup": "/kept"}
