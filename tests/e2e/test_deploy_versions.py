"""gust deploy with function URLs, aliases that follow each deploy, concurrency, snapshots and layers."""
import json

import pytest
import requests

from conftest import wait_until
from test_deploy import app  # noqa: F401 (fixture)

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.12, Handler: index.handler, AutoPublishAlias: live}
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      EphemeralStorage: {Size: 600}
      ReservedConcurrentExecutions: 7
      ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 1}
      EventInvokeConfig: {MaximumRetryAttempts: 1}
      FunctionUrlConfig:
        AuthType: NONE
        InvokeMode: BUFFERED
        Cors: {AllowOrigins: ['https://example.org'], AllowCredentials: true, MaxAge: 60}
      Events:
        Get: {Type: HttpApi, Properties: {Path: /hello, Method: get}}
        New: {Type: S3, Properties: {Bucket: !Ref In, Events: 's3:ObjectCreated:*'}}
  In: {Type: AWS::S3::Bucket}
  Caller:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      AutoPublishAlias: now
      Environment: {Variables: {URL: !GetAtt HelloUrl.FunctionUrl, ALIAS: !Ref Hello.Alias}}
Outputs:
  Name: {Value: !Ref Hello}
  Caller: {Value: !Ref Caller}
  In: {Value: !Ref In}
  Url: {Value: !GetAtt HelloUrl.FunctionUrl}
  Alias: {Value: !Ref Hello.Alias}
  Api: {Value: !GetAtt ServerlessHttpApi.ApiEndpoint}
"""
CODE = """
import os
def handler(event, context):
    if "requestContext" not in event: print("event for", context.invoked_function_arn)
    return {"statusCode": 200, "body": "one " + context.function_version + " " + os.environ.get("URL", "") + " " + os.environ.get("ALIAS", "")}
"""


@pytest.fixture
def functions(gust):
    return gust.client("lambda")


def get(gust, url):
    """A function's URL, by the address that needs no name."""
    identifier = url.split("//")[1].split(".")[0]
    return requests.get(f"{gust.endpoint}/_gust/url/{identifier}/", timeout=30)


def test_an_alias_a_url_and_concurrency(gust, functions, app):  # noqa: F811
    app.write("template.yaml", TEMPLATE).write("src/index.py", CODE)
    changes, outputs = app.deploy()
    name = outputs["Name"]
    assert outputs["Alias"].endswith(f":function:{name}:live")
    assert get(gust, outputs["Url"]).text.startswith("one 1 ")
    url = functions.get_function_url_config(FunctionName=name, Qualifier="live")
    assert url["Cors"] == {"AllowOrigins": ["https://example.org"], "AllowCredentials": True, "MaxAge": 60}
    assert functions.get_function_configuration(FunctionName=name)["EphemeralStorage"] == {"Size": 600}
    assert functions.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"] == 7
    assert functions.get_provisioned_concurrency_config(FunctionName=name, Qualifier="live")["RequestedProvisionedConcurrentExecutions"] == 1
    assert functions.get_function_event_invoke_config(FunctionName=name, Qualifier="live")["MaximumRetryAttempts"] == 1
    # Events reach the alias.
    assert requests.get(outputs["Api"] + "/hello", timeout=30).text.startswith("one 1 ")
    gust.client("s3").put_object(Bucket=outputs["In"], Key="k")
    wait_until(lambda: f"event for {outputs['Alias']}" in gust.cli("logs", name).stdout, "the event")
    # Another function knows the URL.
    told = json.loads(functions.invoke(FunctionName=outputs["Caller"], Qualifier="now")["Payload"].read())["body"]
    assert told.split() == ["one", told.split()[1], outputs["Url"], outputs["Alias"]]
    assert set(app.deploy()[0].values()) == {"none"}

    # Another version: the alias goes along, the URL stays.
    app.write("src/index.py", CODE.replace('"one "', '"two "'))
    _, again = app.deploy()
    assert again["Url"] == outputs["Url"] and get(gust, again["Url"]).text.startswith("two 2 ")
    assert functions.get_alias(FunctionName=name, Name="live")["FunctionVersion"] == "2"

    # What the template no longer has goes.
    app.replace("      ReservedConcurrentExecutions: 7\n      ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 1}\n", "")
    app.replace("MaximumRetryAttempts: 1", "MaximumRetryAttempts: 0").replace("EphemeralStorage: {Size: 600}", "SnapStart: {ApplyOn: PublishedVersions}")
    app.deploy()
    assert "ReservedConcurrentExecutions" not in functions.get_function_concurrency(FunctionName=name)
    with pytest.raises(functions.exceptions.ProvisionedConcurrencyConfigNotFoundException):
        functions.get_provisioned_concurrency_config(FunctionName=name, Qualifier="live")
    assert get(gust, again["Url"]).text.startswith("two 3 ")
    assert functions.get_function_configuration(FunctionName=name, Qualifier="3")["SnapStart"]["OptimizationStatus"] == "On"
    assert functions.get_function_configuration(FunctionName=name)["EphemeralStorage"] == {"Size": 512}

    # Another alias, and no URL for everybody.
    app.replace("AutoPublishAlias: live}", "AutoPublishAlias: main}").replace("AuthType: NONE", "AuthType: AWS_IAM")
    _, moved = app.deploy()
    assert moved["Alias"].endswith(":main") and get(gust, moved["Url"]).status_code == 403
    assert [a["Name"] for a in functions.list_aliases(FunctionName=name)["Aliases"]] == ["main"]
    assert requests.get(moved["Api"] + "/hello", timeout=30).text.startswith("two ")


def test_a_deploy_that_fails_puts_the_alias_back(gust, functions, app):  # noqa: F811
    app.write("template.yaml", TEMPLATE).write("src/index.py", CODE)
    _, outputs = app.deploy()
    name = outputs["Name"]
    app.write("src/index.py", CODE.replace('"one "', '"two "')).replace("ReservedConcurrentExecutions: 7", "ReservedConcurrentExecutions: 100000")
    told = app.refused()
    assert "ReservedConcurrentExecutions" in told or "concurrency" in told
    assert f"restore the alias live of {name}: done" in told
    assert get(gust, outputs["Url"]).text.startswith("one 1 ")
    assert functions.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"] == 7


def test_a_version_whose_init_fails_is_not_deployed(gust, functions, app):  # noqa: F811
    app.write("template.yaml", TEMPLATE.replace("EphemeralStorage: {Size: 600}", "SnapStart: {ApplyOn: PublishedVersions}")
              .replace("      ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 1}\n", ""))
    app.write("src/index.py", CODE)
    _, outputs = app.deploy()
    app.write("src/index.py", "raise RuntimeError('no table')\n" + CODE)
    told = app.refused()
    assert "version 2 of" in told and "no table" in told
    assert get(gust, outputs["Url"]).text.startswith("one 1 ")


@pytest.mark.parametrize("old, new, told", [
    ("        AuthType: NONE\n", "", "FunctionUrlConfig of Hello needs AuthType NONE or AWS_IAM"),
    ("AuthType: NONE", "AuthType: COGNITO", "not 'COGNITO'"),
    ("InvokeMode: BUFFERED", "Mode: BUFFERED", "Mode of Hello is not served"),
    ("ReservedConcurrentExecutions: 7", "ReservedConcurrentExecutions: seven", "must be a whole number, not 'seven'"),
    ("AutoPublishAlias: live}", "Timeout: 3}", "ProvisionedConcurrencyConfig of Hello needs an AutoPublishAlias"),
    ("{ProvisionedConcurrentExecutions: 1}", "{}", "needs ProvisionedConcurrentExecutions"),
])
def test_what_is_wrong_is_said_with_its_line(app, old, new, told):  # noqa: F811
    app.write("template.yaml", TEMPLATE).write("src/index.py", CODE).replace(old, new)
    message = app.refused()
    assert told in message, message


LAYERS = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Words:
    Type: AWS::Serverless::LayerVersion
    Properties: {LayerName: NAME, ContentUri: words, CompatibleRuntimes: [python3.12], RetentionPolicy: Delete}
  Says:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      InlineCode: "def handler(e, c):\\n  import words\\n  return words.WORD"
      Layers: [!Ref Words]
Outputs:
  Name: {Value: !Ref Says}
  Layer: {Value: !Ref Words}
"""


def test_layers_of_a_template(gust, functions, app, unique):  # noqa: F811
    app.write("template.yaml", LAYERS.replace("NAME", unique)).write("words/python/words.py", "WORD = 'hello'")
    _, outputs = app.deploy()
    says = lambda: json.loads(functions.invoke(FunctionName=outputs["Name"])["Payload"].read())  # noqa: E731
    assert says() == "hello" and outputs["Layer"].endswith(f":layer:{unique}:1")
    assert set(app.deploy()[0].values()) == {"none"}
    app.write("words/python/words.py", "WORD = 'goodbye'")
    changes, outputs = app.deploy()
    assert changes == {"Words": "update", "Says": "update"}
    assert says() == "goodbye" and outputs["Layer"].endswith(f":layer:{unique}:2")
    versions = functions.list_layer_versions(LayerName=unique)["LayerVersions"]
    assert [v["Version"] for v in versions] == [2] and versions[0]["CompatibleRuntimes"] == ["python3.12"]
    # Its own history: a function that fails leaves the old layer where it was.
    app.write("words/python/words.py", "WORD = 'third'").replace("Handler: index.handler", "Handler: index.handler\n      MemorySize: 5")
    assert f"delete the layer {outputs['Layer'][:-1]}3: done" in app.refused()
    assert says() == "goodbye" and [v["Version"] for v in functions.list_layer_versions(LayerName=unique)["LayerVersions"]] == [2]
    app.write("template.yaml", "Resources: {None: {Type: AWS::Logs::LogGroup}}")
    app.deploy()
    assert functions.list_layer_versions(LayerName=unique)["LayerVersions"] == []
