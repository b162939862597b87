"""gust deploy with templates as people write them: made, called, changed, broken; the old version serves on."""
import json
import os
import re
import subprocess

import pytest
import requests

from conftest import BINARY, wait_until

NOTES = """
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Timeout: 10
    Runtime: python3.12
    Architectures: [x86_64]
    Environment:
      Variables: {BUCKET: !Ref NotesBucket, LEVEL: INFO}
    Tags: {project: notes}
Resources:
  NotesBucket:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Properties:
      PublicAccessBlockConfiguration: {BlockPublicAcls: true}
  NotesApi:
    Type: AWS::Serverless::HttpApi
    Properties: {CorsConfiguration: true}
  CreateNote:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/notes/
      Handler: app.create
      Policies: [S3CrudPolicy: {BucketName: !Ref NotesBucket}]
      Events:
        Create: {Type: HttpApi, Properties: {ApiId: !Ref NotesApi, Path: /notes, Method: post}}
  GetNote:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/notes/
      Handler: app.get
      Events:
        Get: {Type: HttpApi, Properties: {ApiId: !Ref NotesApi, Path: '/notes/{id}', Method: GET}}
Outputs:
  ApiUrl:
    Description: The API
    Value: !Sub "https://${NotesApi}.execute-api.${AWS::Region}.amazonaws.com/"
    Export: {Name: !Sub '${AWS::StackName}-url'}
  Arn: {Value: !GetAtt CreateNote.Arn}
"""
NOTES_CODE = """
import json, os, boto3
from botocore.exceptions import ClientError
s3 = boto3.client("s3")
BUCKET = os.environ["BUCKET"]

def create(event, context):
    note = json.loads(event["body"])
    s3.put_object(Bucket=BUCKET, Key=note["id"], Body=json.dumps(note).encode())
    return {"statusCode": 201, "headers": {"Location": "/notes/" + note["id"]}, "body": json.dumps(note)}

def get(event, context):
    try:
        got = s3.get_object(Bucket=BUCKET, Key=event["pathParameters"]["id"])
    except ClientError as e:
        if e.response["Error"]["Code"] != "NoSuchKey":
            raise
        return {"statusCode": 404, "body": "no such note"}
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": got["Body"].read().decode()}
"""

COUNT = """
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Prefix: {Type: String, AllowedPattern: '^[a-z0-9-]+$'}
  Suffix: {Type: String, Default: .txt}
Conditions:
  HasSuffix: !Not [!Equals [!Ref Suffix, '']]
  Never: !Equals [a, b]
Resources:
  In:
    Type: AWS::S3::Bucket
    DependsOn: Allow
    Properties:
      BucketName: !Sub '${Prefix}-in'
      NotificationConfiguration:
        LambdaConfigurations:
          - Event: 's3:ObjectCreated:*'
            Function: !GetAtt Count.Arn
            Filter: {S3Key: {Rules: [{Name: suffix, Value: !If [HasSuffix, !Ref Suffix, !Ref 'AWS::NoValue']}]}}
  Out:
    Type: AWS::S3::Bucket
    Properties: {BucketName: !Join ['-', [!Ref Prefix, out]]}
  Unmade: {Type: AWS::S3::Bucket, Condition: Never}
  Count:
    Type: AWS::Lambda::Function
    Properties:
      Code: ./count
      Handler: index.handler
      Runtime: nodejs20.x
      Role: !GetAtt Role.Arn
      Timeout: 20
      Environment: {Variables: {OUT: !Ref Out, NUMBER: 3, FLAG: true}}
      EphemeralStorage: {Size: 512}
      ReservedConcurrentExecutions: 5
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}}}
  Allow:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: !Ref Count
      Action: lambda:InvokeFunction
      Principal: s3.amazonaws.com
      SourceAccount: !Ref AWS::AccountId
      SourceArn: !Sub 'arn:aws:s3:::${Prefix}-in'
Outputs:
  In: {Value: !Ref In}
  Out: {Value: !Ref Out}
"""
COUNT_CODE = """
const { S3Client, GetObjectCommand, PutObjectCommand } = require("@aws-sdk/client-s3");
const s3 = new S3Client({});
exports.handler = async (event) => {
  for (const record of event.Records) {
    const Key = decodeURIComponent(record.s3.object.key.replace(/\\+/g, " "));
    const got = await s3.send(new GetObjectCommand({ Bucket: record.s3.bucket.name, Key }));
    const words = (await got.Body.transformToString()).split(/\\s+/).length;
    const Body = JSON.stringify({ words, number: process.env.NUMBER, flag: process.env.FLAG });
    await s3.send(new PutObjectCommand({ Bucket: process.env.OUT, Key, Body }));
  }
};
"""

ROUTES = """
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: nodejs18.x, Handler: index.handler}
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: |
        exports.handler = async (event) => ({
          statusCode: 200, body: JSON.stringify({ says: "old", name: event.pathParameters.name, v: event.version }),
        });
      Events:
        Hi:
          Type: HttpApi
          Properties: {Path: "/hello/{name}", Method: GET, PayloadFormatVersion: "1.0", TimeoutInMillis: 5000}
  Files:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: "exports.handler = async (event) => ({ path: event.pathParameters.proxy })"
      Events:
        Any: {Type: HttpApi, Properties: {Path: "/files/{proxy+}", Method: ANY}}
  Other:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      InlineCode: |
        def handler(event, context):
            return "default " + event["rawPath"]
      Events:
        Default: {Type: HttpApi}
Outputs:
  Url: {Value: !Sub "https://${ServerlessHttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}"}
"""

PLAIN = {
    "Parameters": {"Stage": {"Type": "String", "Default": "dev", "AllowedValues": ["dev", "prod"]},
                   "Word": {"Type": "String"}},
    "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
    "Resources": {
        "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "plain", "ProtocolType": "HTTP"}},
        "ApiStage": {"Type": "AWS::ApiGatewayV2::Stage", "Properties": {
            "ApiId": {"Ref": "Api"}, "StageName": {"Ref": "Stage"}, "AutoDeploy": True, "StageVariables": {"colour": "blue"}}},
        "Call": {"Type": "AWS::ApiGatewayV2::Integration", "Properties": {
            "ApiId": {"Ref": "Api"}, "IntegrationType": "AWS_PROXY", "PayloadFormatVersion": "2.0",
            "IntegrationUri": {"Fn::Sub": "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/"
                                          "functions/${Fn.Arn}/invocations"}}},
        "Route": {"Type": "AWS::ApiGatewayV2::Route", "DependsOn": ["Call"], "Properties": {
            "ApiId": {"Ref": "Api"}, "RouteKey": "GET /say", "AuthorizationType": "NONE",
            "Target": {"Fn::Join": ["/", ["integrations", {"Ref": "Call"}]]}}},
        "Allow": {"Type": "AWS::Lambda::Permission", "Properties": {
            "Action": "lambda:InvokeFunction", "FunctionName": {"Fn::GetAtt": ["Fn", "Arn"]},
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": {"Fn::Sub": "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*"}}},
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}},
        "Fn": {"Type": "AWS::Lambda::Function", "Properties": {
            "Handler": "index.handler", "Runtime": "python3.13", "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Environment": {"Variables": {"WORD": {"Ref": "Word"}, "PROD": {"Fn::If": ["IsProd", "yes", "no"]}}},
            "Code": {"ZipFile": "import os\ndef handler(event, context):\n    return [os.environ['WORD'], "
                                "os.environ['PROD'], event['requestContext']['stage'], event['stageVariables']]\n"}}}},
    "Outputs": {"Url": {"Value": {"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.amazonaws.com/${Stage}/say"}}},
}

DEPENDENCIES = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Py:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: python3.12}
    Properties:
      CodeUri: functions/py
      Handler: pkg.app.lambda_handler
      Runtime: python3.12
      Events: {Py: {Type: HttpApi, Properties: {Path: /py, Method: get, Auth: {Authorizer: NONE}}}}
  Js:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/js
      Handler: src/handlers/main.handler
      Runtime: nodejs22.x
      Events: {Js: {Type: HttpApi, Properties: {Path: /js, Method: get}}}
Outputs:
  Endpoint: {Value: !GetAtt ServerlessHttpApi.ApiEndpoint}
"""


@pytest.fixture
def app(gust, tmp_path, unique):
    """An application's folder; its stack is emptied at the end."""
    class App:
        folder = tmp_path / "app"

        def write(self, name, text):
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            return self

        def replace(self, old, new, name="template.yaml"):
            text = (self.folder / name).read_text()
            assert old in text
            return self.write(name, text.replace(old, new))

        def run(self, *args):
            return gust.cli("deploy", self.folder, "--stack", unique, "--yes", *args, check=False)

        def deploy(self, *args):
            """-> ({logical id: action}, outputs)"""
            done = self.run("--json", *args)
            assert done.returncode == 0, done.stderr
            answer = json.loads(done.stdout)
            return {c["logical_id"]: c["action"] for c in answer["changes"]}, answer["outputs"]

        def refused(self, *args):
            done = self.run(*args)
            assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
            return done.stderr

    yield App()
    App().write("template.yaml", "Resources: {None: {Type: AWS::Logs::LogGroup}}")
    (App.folder / "template.json").unlink(missing_ok=True)
    App().run()


def body(answer):
    assert answer.ok, answer.text
    return answer.json()


def test_notes_with_globals_and_a_bucket(app):
    app.write("template.yaml", NOTES).write("src/notes/app.py", NOTES_CODE)
    changes, outputs = app.deploy()
    assert set(changes.values()) == {"create"} and set(changes) == {"NotesBucket", "NotesApi", "CreateNote", "GetNote"}
    url = outputs["ApiUrl"]
    made = requests.post(url + "notes", json={"id": "a b", "text": "hällo"})
    assert made.status_code == 201 and made.headers["location"] == "/notes/a b"
    assert body(requests.get(url + "notes/a%20b"))["text"] == "hällo"
    assert requests.get(url + "notes/none").status_code == 404
    assert requests.delete(url + "notes/x").json() == {"message": "Not Found"}
    preflight = requests.options(url + "notes", headers={"Origin": "http://x", "Access-Control-Request-Method": "POST"})
    assert preflight.status_code == 204 and preflight.headers["access-control-allow-origin"] == "*"

    changes, again = app.deploy()
    assert set(changes.values()) == {"none"} and again == outputs
    app.replace("no such note", "nothing here", "src/notes/app.py")
    assert re.search(r"update  GetNote .* code\n", app.run("--dry-run").stdout)
    changes, _ = app.deploy("--dry-run")
    assert changes == {"NotesBucket": "none", "NotesApi": "none", "CreateNote": "update", "GetNote": "update"}
    assert requests.get(url + "notes/none").text == "no such note", "a dry run changes nothing"
    app.deploy()
    assert requests.get(url + "notes/none").text == "nothing here"
    assert body(requests.get(url + "notes/a%20b"))["text"] == "hällo"


def test_a_bucket_starts_a_function_by_its_own_configuration(app, gust, unique):
    app.write("template.yaml", COUNT).write("count/index.js", COUNT_CODE)
    assert "parameter Prefix: it has no Default; give it with --parameter Prefix=VALUE" in app.refused()
    assert "'A B' does not match AllowedPattern" in app.refused("--parameter", "Prefix=A B")
    assert "has no parameter 'Pre'" in app.refused("--parameter", "Pre=x")
    changes, outputs = app.deploy("--parameter", f"Prefix={unique}")
    assert set(changes) == {"In", "Out", "Count"} and outputs == {"In": f"{unique}-in", "Out": f"{unique}-out"}
    s3 = gust.client("s3")
    s3.put_object(Bucket=outputs["In"], Key="no.bin", Body=b"x")
    s3.put_object(Bucket=outputs["In"], Key="a b.txt", Body=b"one two three")
    keys = lambda: [o["Key"] for o in s3.list_objects_v2(Bucket=outputs["Out"]).get("Contents", [])]  # noqa: E731
    assert wait_until(keys, "the count") == ["a b.txt"]
    counted = json.loads(s3.get_object(Bucket=outputs["Out"], Key="a b.txt")["Body"].read())
    assert counted == {"words": 3, "number": "3", "flag": "true"}


def test_routes_of_the_implicit_api(app):
    app.write("template.yaml", ROUTES)
    _, outputs = app.deploy()
    url = outputs["Url"]
    assert body(requests.get(url + "/hello/Ann%20B")) == {"says": "old", "name": "Ann B", "v": "1.0"}
    assert body(requests.delete(url + "/files/a/b.txt")) == {"path": "a/b.txt"}
    assert requests.get(url + "/else").text == "default /else"


def test_a_failed_deploy_leaves_everything_as_it_was(app, gust, unique):
    app.write("template.yaml", ROUTES)
    _, outputs = app.deploy()
    url = outputs["Url"]

    def serves_on():
        assert body(requests.get(url + "/hello/x"))["says"] == "old"
        assert body(requests.get(url + "/files/q"))["path"] == "q"
        assert requests.get(url + "/else").text == "default /else"

    functions = gust.client("lambda")
    taken = functions.get_function(FunctionName=gust.cli_json("deploy", app.folder, "--stack", unique, "--dry-run")
                                   ["changes"][1]["name"])["Configuration"]["FunctionName"]
    other = f"{unique}-taken"
    gust.cli("deploy", app.write("other/template.yaml", ROUTES.replace("Hello:", f"Hello:\n    Metadata: {{}}").replace(
        "Properties:\n      InlineCode: |\n        exports", f"Properties:\n      FunctionName: {other}\n      InlineCode: |\n"
        "        exports", 1)).folder / "other", "--stack", f"{unique}-2", "--yes")
    app.replace('"old"', '"new"').replace("/files/{proxy+}", "/moved/{proxy+}")
    app.replace("  Other:\n", f"  Taken:\n    Type: AWS::Serverless::Function\n    Properties:\n      FunctionName: {other}\n"
                "      InlineCode: exports.handler = async () => 1\n  Other:\n")
    said = app.refused()
    assert f"create the function {other}" in said and "Function already exist" in said
    assert "Taken back, so that what was there serves on:" in said and f"restore the code of {taken}: done" in said
    serves_on()

    app.replace(f"FunctionName: {other}", "Timeout: 5").replace("TimeoutInMillis: 5000", "TimeoutInMillis: 50000")
    said = app.refused()
    assert "TimeoutInMillis" in said and "restore the API" in said
    serves_on()
    app.replace("TimeoutInMillis: 50000", "TimeoutInMillis: 5000")
    app.deploy()
    assert body(requests.get(url + "/hello/x"))["says"] == "new"
    assert body(requests.get(url + "/moved/q"))["path"] == "q" and requests.get(url + "/files/q").text == "default /files/q"
    app.write("other/template.yaml", "Resources: {None: {Type: AWS::Logs::LogGroup}}")
    gust.cli("deploy", app.folder / "other", "--stack", f"{unique}-2", "--yes")


def test_what_is_wrong_is_said_before_anything_is_changed(app):
    app.write("template.yaml", NOTES).write("src/notes/app.py", NOTES_CODE)
    _, outputs = app.deploy()
    for old, new, says in [
        ("CodeUri: src/notes/", "CodeUri: src/note/", "the code of CreateNote is not there: src/note/"),
        ("Handler: app.create", "Handler: ap.create", "the Handler 'ap.create' needs ap.py, which is not in its code"),
        ("Handler: app.create", "Handler: app.created", "the Handler 'app.created' needs 'created' in app.py"),
        ("Type: HttpApi, Properties: {ApiId: !Ref NotesApi, Path: /notes,", "Type: Api, Properties: {Path: /notes,",
         "the event Create of CreateNote is of a REST API (Type: Api), which is not served; use Type: HttpApi"),
        ("AWS::Serverless::HttpApi", "AWS::Serverless::Api", "REST APIs are not served"),
        ("AWS::S3::Bucket", "AWS::SQS::Queue", "has the type AWS::SQS::Queue, which is not served"),
        ("!Ref NotesBucket", "!Ref Nobody", "'Nobody' is neither a parameter nor a resource"),
        ("Runtime: python3.12", "Runtimes: python3.12", "Runtimes of CreateNote is not served"),
        ("Resources:", "Resource:", "'Resource' is not a section of a template"),
        ("Transform:", "Transform: [", "this is neither YAML nor JSON"),
    ]:
        app.replace(old, new)
        said = app.refused()
        assert says in said and "template.yaml:" in said, said
        app.write("template.yaml", NOTES)
    assert requests.get(outputs["ApiUrl"] + "notes/none").status_code == 404
    assert set(app.deploy()[0].values()) == {"none"}


def test_a_plain_http_api_in_json(app):
    app.write("template.json", json.dumps(PLAIN, indent=1))
    _, outputs = app.deploy("--parameter", "Word=hi")
    assert body(requests.get(outputs["Url"])) == ["hi", "no", "dev", {"colour": "blue"}]
    assert "'test' is not one of dev, prod" in app.refused("--parameter", "Word=x", "--parameter", "Stage=test")
    changes, outputs = app.deploy("--parameter", "Word=ho", "--parameter", "Stage=prod")
    assert changes == {"Api": "update", "Fn": "update"}
    assert body(requests.get(outputs["Url"])) == ["ho", "yes", "prod", {"colour": "blue"}]
    assert requests.get(outputs["Url"].replace("/prod/", "/dev/")).status_code == 404


def test_dependencies_are_installed(app):
    app.write("template.yaml", DEPENDENCIES)
    app.write("functions/py/requirements.txt", "# nothing but a comment\nidna==3.7\n").write("functions/py/pkg/__init__.py", "")
    app.write("functions/py/pkg/app.py", "import idna\n\ndef lambda_handler(event, context):\n"
              "    return idna.encode('b\\u00fccher.example').decode()\n")
    app.write("functions/js/package.json", json.dumps({"type": "module", "dependencies": {"ms": "2.1.3"}}))
    app.write("functions/js/src/handlers/main.js", "import ms from 'ms';\nexport const handler = async () => String(ms('2h'));\n")
    app.write("samconfig.toml", 'version = 0.1\n[default.deploy.parameters]\nstack_name = "other"\n')
    _, outputs = app.deploy()
    assert requests.get(outputs["Endpoint"] + "/py").text == "xn--bcher-kva.example"
    assert requests.get(outputs["Endpoint"] + "/js").text == "7200000"
    assert not (app.folder / "functions/js/node_modules").exists(), "the source folder is never written to"
    app.write("functions/py/requirements.txt", "idna==0.0.0.0\n")
    assert "pip failed with" in app.refused()
    assert requests.get(outputs["Endpoint"] + "/py").ok


MADE = """
Resources:
  Words:
    Type: AWS::Serverless::LayerVersion
    Metadata: {BuildMethod: makefile}
    Properties: {ContentUri: words}
  Say:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: makefile}
    Properties: {CodeUri: say, Handler: app.handler, Runtime: python3.12, Layers: [!Ref Words]}
Outputs:
  Name: {Value: !Ref Say}
"""
WORDS_MAKEFILE = "build-Words:\n\tmkdir $(ARTIFACTS_DIR)/python\n\techo \"word = 'made'\" > $(ARTIFACTS_DIR)/python/words.py\n"
SAY_MAKEFILE = "build-Say:\n\tsed s/SAID/words.word/ app.py.in > $(ARTIFACTS_DIR)/app.py\n"


def test_a_makefile_builds_a_function_and_a_layer(app, gust):
    app.write("template.yaml", MADE).write("words/Makefile", WORDS_MAKEFILE).write("say/Makefile", SAY_MAKEFILE)
    app.write("say/app.py.in", "import words\ndef handler(event, context):\n    return SAID\n")
    name = app.deploy()[1]["Name"]
    assert json.loads(gust.cli("invoke", name).stdout) == "made"
    assert set(app.deploy()[0].values()) == {"none"}  # what is made again is the same
    app.replace("return SAID", "return [SAID]", "say/app.py.in")
    assert app.deploy()[0] == {"Say": "update", "Words": "none"} and json.loads(gust.cli("invoke", name).stdout) == ["made"]
    assert sorted(p.name for p in (app.folder / "say").iterdir()) == ["Makefile", "app.py.in"]


@pytest.mark.parametrize("makefile, said", [
    (None, "Say is built by a makefile, and "), ("build-Other:\n\ttrue\n", "No rule to make target 'build-Say'"),
    ("build-Say:\n\ttrue\n", "make build-Say put nothing into $(ARTIFACTS_DIR)"),
    ("build-Say:\n\techo so it went; exit 3\n", "so it went")])
def test_a_makefile_that_fails_changes_nothing(app, makefile, said):
    app.write("template.yaml", MADE).write("words/Makefile", WORDS_MAKEFILE).write("say/app.py", "x = 1\n")
    if makefile:
        app.write("say/Makefile", makefile)
    error = app.refused()
    assert said in error, error
    assert (app.folder / ".gust/build/Say.log").exists() == bool(makefile)


def test_two_deploys_of_one_stack(app, gust, unique):
    """One is refused or both went one after the other; a second process never works on a stack beside the first."""
    app.write("template.yaml", ROUTES)
    command = [BINARY, "deploy", app.folder, "--stack", unique, "--yes"]
    racing = [subprocess.Popen(command, env=gust.env(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
              for _ in range(3)]
    ended = [(p.communicate(timeout=120)[1], p.returncode) for p in racing]
    assert 0 in [code for _, code in ended], ended
    for said, code in ended:
        assert code == 0 or "is being deployed by process" in said or "another deploy changed the stack" in said, said
    changes, outputs = app.deploy()
    assert set(changes.values()) == {"none"} and requests.get(outputs["Url"] + "/else").ok


def test_the_lock_of_a_dead_deploy_is_taken_over(app, gust, unique):
    app.write("template.yaml", ROUTES)
    app.deploy()
    s3 = gust.client("s3")
    lock = {"Bucket": "gust-deploy-000000000000", "Key": f"stacks/{unique}.lock"}
    s3.put_object(**lock, Body=json.dumps({"token": "x", "host": "far", "machine": "another", "pid": 7}))
    app.replace('"old"', '"new"')
    assert "is being deployed by process 7 on far right now; nothing was changed" in app.refused()
    ended = subprocess.Popen(["true"])
    ended.wait()
    boot = open("/proc/sys/kernel/random/boot_id").read().strip()
    machine = f"{boot} {os.readlink('/proc/self/ns/pid')}"
    s3.put_object(**lock, Body=json.dumps({"token": "x", "host": "here", "machine": machine, "pid": ended.pid}))
    assert app.deploy()[0]["Hello"] == "update"
    with pytest.raises(s3.exceptions.ClientError):
        s3.head_object(**lock)


def test_a_bucket_that_keeps_something(app, gust, unique):
    app.write("template.yaml", f"Resources:\n  Full: {{Type: AWS::S3::Bucket, Properties: {{BucketName: {unique}-full}}}}\n"
              f"  Kept: {{Type: AWS::S3::Bucket, DeletionPolicy: Retain, Properties: {{BucketName: {unique}-kept}}}}\n"
              f"  Gone: {{Type: AWS::S3::Bucket, Properties: {{BucketName: {unique}-gone}}}}\n")
    app.deploy()
    s3 = gust.client("s3")
    s3.put_object(Bucket=f"{unique}-full", Key="x", Body=b"x")
    app.write("template.yaml", "Resources: {None: {Type: AWS::Logs::LogGroup}}")
    refused = gust.cli("deploy", app.folder, "--stack", unique, check=False)
    assert refused.returncode == 1 and "say --yes to allow it" in refused.stderr
    said = app.run().stdout
    assert f"the bucket {unique}-full is not empty and was left" in said and f"the bucket {unique}-kept is left" in said
    names = [b["Name"] for b in s3.list_buckets()["Buckets"]]
    assert f"{unique}-full" in names and f"{unique}-kept" in names and f"{unique}-gone" not in names
    s3.delete_object(Bucket=f"{unique}-full", Key="x")
