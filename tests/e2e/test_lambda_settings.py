"""The settings of functions by the official SDK: what is kept, what is refused, and revisions."""
import base64
import hashlib
import json

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from test_lambda import PYTHON, ROLE, call, code_of, functions, make, zip_of  # noqa: F401 (fixtures)

STALE = ("PreconditionFailedException", 412)


def revision_of(functions, name):
    return functions.get_function_configuration(FunctionName=name)["RevisionId"]


@pytest.mark.parametrize("change", [
    lambda c, name, revision: c.update_function_code(FunctionName=name, RevisionId=revision, ZipFile=zip_of({"index.py": PYTHON})),
    lambda c, name, revision: c.update_function_configuration(FunctionName=name, RevisionId=revision, Timeout=9),
    lambda c, name, revision: c.add_permission(FunctionName=name, RevisionId=revision, StatementId="new", Principal="s3.amazonaws.com",
                                               Action="lambda:InvokeFunction"),
    lambda c, name, revision: c.remove_permission(FunctionName=name, RevisionId=revision, StatementId="old"),
], ids=["code", "configuration", "add permission", "remove permission"])
def test_a_change_can_ask_for_a_revision(functions, make, change):
    name = make(PYTHON)
    stale = revision_of(functions, name)
    functions.add_permission(FunctionName=name, StatementId="old", Principal="s3.amazonaws.com", Action="lambda:InvokeFunction")
    latest = functions.get_policy(FunctionName=name)["RevisionId"]
    assert latest == revision_of(functions, name) != stale
    before = functions.get_function(FunctionName=name)["Configuration"], functions.get_policy(FunctionName=name)
    assert code_of(change, functions, name, stale) == STALE
    after = functions.get_function(FunctionName=name)["Configuration"], functions.get_policy(FunctionName=name)
    assert (before[0], before[1]["Policy"]) == (after[0], after[1]["Policy"])
    change(functions, name, latest)
    assert revision_of(functions, name) != latest


def test_a_permission_ends_no_instance(functions, make):
    name = make("import uuid\nme = str(uuid.uuid4())\ndef handler(e, c): return me")
    first = call(functions, name)[1]
    functions.add_permission(FunctionName=name, StatementId="s", Principal="s3.amazonaws.com", Action="lambda:InvokeFunction")
    assert call(functions, name)[1] == first


def test_code_can_be_tried(functions, make):
    name = make("def handler(e, c): return 'old'")
    before = functions.get_function(FunctionName=name)["Configuration"]
    package = zip_of({"index.py": "def handler(e, c): return 'new'"})
    tried = functions.update_function_code(FunctionName=name, ZipFile=package, DryRun=True)
    assert tried["CodeSha256"] == base64.b64encode(hashlib.sha256(package).digest()).decode()
    assert tried["CodeSize"] == len(package)
    assert functions.get_function(FunctionName=name)["Configuration"] == before
    assert call(functions, name)[1] == "old"
    assert code_of(functions.update_function_code, FunctionName=name, ZipFile=b"no zip", DryRun=True) == \
        ("InvalidParameterValueException", 400)
    assert code_of(functions.update_function_code, FunctionName=name, ZipFile=package, DryRun=True, RevisionId="x") == STALE
    assert code_of(functions.update_function_code, FunctionName=name) == ("InvalidParameterValueException", 400)
    assert code_of(functions.update_function_code, FunctionName=name, ZipFile=package, S3Bucket="bucket", S3Key="k") == \
        ("InvalidParameterValueException", 400)


def test_architectures_tags_and_what_only_watches(functions, make):
    name = make(PYTHON, Architectures=["arm64"], Tags={"team": "photos", "ü": "ä"}, TracingConfig={"Mode": "Active"},
                LoggingConfig={"LogFormat": "Text"}, SnapStart={"ApplyOn": "None"}, VpcConfig={"SubnetIds": [], "SecurityGroupIds": []},
                Layers=[], Publish=False, EphemeralStorage={"Size": 1024})
    got = functions.get_function(FunctionName=name)
    assert got["Configuration"]["Architectures"] == ["arm64"] and got["Tags"] == {"team": "photos", "ü": "ä"}
    assert got["Configuration"]["EphemeralStorage"] == {"Size": 1024}
    assert got["Configuration"]["TracingConfig"] == {"Mode": "Active"}
    assert functions.update_function_configuration(FunctionName=name, TracingConfig={"Mode": "PassThrough"})["TracingConfig"] == {
        "Mode": "PassThrough"}
    updated = functions.update_function_code(FunctionName=name, ZipFile=zip_of({"index.py": PYTHON}), Architectures=["x86_64"])
    assert updated["Architectures"] == ["x86_64"]
    assert functions.get_function(FunctionName=name)["Configuration"]["Architectures"] == ["x86_64"]
    assert functions.get_function(FunctionName=name)["Tags"] == {"team": "photos", "ü": "ä"}


@pytest.mark.parametrize("setting", [
    {"KMSKeyArn": "arn:aws:kms:us-east-1:000000000000:key/1"},
    {"FileSystemConfigs": [{"Arn": "arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-0123456789abcdef0",
                            "LocalMountPath": "/mnt/x"}]},
    {"VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}},
    {"ImageConfig": {"Command": ["x"]}},
    {"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:000000000000:q"}},
], ids=lambda setting: next(iter(setting)))
def test_what_is_not_served_is_refused_by_its_name(functions, make, unique, setting):
    name = make(PYTHON)
    before = functions.get_function(FunctionName=name)["Configuration"]
    for operation, more in ((functions.update_function_configuration, {"FunctionName": name}),
                            (functions.create_function, {"FunctionName": unique + "x", "Runtime": "python3.12", "Role": ROLE,
                                                         "Handler": "index.handler", "Code": {"ZipFile": zip_of({"index.py": PYTHON})}})):
        with pytest.raises(functions.exceptions.InvalidParameterValueException) as refused:
            operation(**more, **setting)
        assert next(iter(setting)) in str(refused.value)
    assert functions.get_function(FunctionName=name)["Configuration"] == before
    assert code_of(functions.get_function, FunctionName=unique + "x")[0] == "ResourceNotFoundException"


def test_no_policy_for_latest(functions, make):
    assert code_of(functions.add_permission, FunctionName=make(PYTHON), Qualifier="$LATEST", StatementId="s", Principal="s3.amazonaws.com",
                   Action="lambda:InvokeFunction") == ("InvalidParameterValueException", 400)


@pytest.mark.parametrize("name", ["12", "$LATEST", "a.b", ""])
def test_names_that_an_alias_may_not_have(functions, make, name):
    function = make(PYTHON, Publish=True)
    with pytest.raises(ClientError) as refused:
        loose(functions).create_alias(FunctionName=function, Name=name, FunctionVersion="1")
    assert refused.value.response["Error"]["Code"] == "ValidationException" and f"'{name}'" in str(refused.value)
    assert functions.list_aliases(FunctionName=function)["Aliases"] == []


def loose(client):
    """The same client, without the SDK's own checks."""
    import boto3
    keys = client._request_signer._credentials
    return boto3.client("lambda", endpoint_url=client.meta.endpoint_url, region_name="us-east-1",
                        aws_access_key_id=keys.access_key, aws_secret_access_key=keys.secret_key,
                        config=Config(parameter_validation=False, retries={"max_attempts": 1}))


def test_an_environment_that_a_process_cannot_have(functions, make):
    name = make(PYTHON, Environment={"Variables": {"KEPT": "1"}})
    with pytest.raises(functions.exceptions.InvalidParameterValueException, match="CUT has a NUL"):
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": {"CUT": "a\0b"}})
    assert functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"] == {"KEPT": "1"}


def test_the_client_context_is_json_in_base64_and_short(functions, make):
    name = make("def handler(e, c): return c.client_context.custom")

    def encoded(value):
        return base64.b64encode(json.dumps(value).encode()).decode()
    for operation in (functions.invoke, functions.invoke_with_response_stream):
        for wrong in ("!!!", base64.b64encode(b"{").decode(), encoded({"custom": "x" * 2700})):
            assert code_of(operation, FunctionName=name, ClientContext=wrong) == ("InvalidRequestContentException", 400)
    answer = functions.invoke(FunctionName=name, ClientContext=encoded({"custom": {"a": "b"}}))
    assert json.loads(answer["Payload"].read()) == {"a": "b"}


def test_a_layer_is_for_runtimes_that_there_are(functions, unique):
    package = {"ZipFile": zip_of({"x": "1"})}
    with pytest.raises(functions.exceptions.InvalidParameterValueException, match="cobol"):
        functions.publish_layer_version(LayerName=unique, Content=package, CompatibleRuntimes=["python3.12", "cobol"])
    assert functions.list_layer_versions(LayerName=unique)["LayerVersions"] == []
    known = ["python3.12", "nodejs20.x", "java8.al2", "java21", "ruby3.2", "dotnet8", "go1.x", "provided.al2023"]
    assert functions.publish_layer_version(LayerName=unique, Content=package, CompatibleRuntimes=known)["CompatibleRuntimes"] == known


def test_event_invoke_settings_that_say_nothing(functions, make):
    name = make(PYTHON)
    for operation in (functions.put_function_event_invoke_config, functions.update_function_event_invoke_config):
        if operation == functions.update_function_event_invoke_config:
            functions.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=1)
        assert code_of(operation, FunctionName=name) == ("InvalidParameterValueException", 400)
    assert functions.get_function_event_invoke_config(FunctionName=name)["MaximumRetryAttempts"] == 1


def test_runtimes_are_updated_with_the_machine(functions, make):
    name = make(PYTHON, Publish=True)
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    whole = functions.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    got = functions.get_runtime_management_config(FunctionName=name)
    assert (got["UpdateRuntimeOn"], got["FunctionArn"]) == ("Auto", whole)
    put = functions.put_runtime_management_config(FunctionName=name, Qualifier="1", UpdateRuntimeOn="Auto")
    assert (put["UpdateRuntimeOn"], put["FunctionArn"]) == ("Auto", whole + ":1")
    for refused, said in (({"UpdateRuntimeOn": "FunctionUpdate"}, "FunctionUpdate"),
                          ({"UpdateRuntimeOn": "Manual", "RuntimeVersionArn": "arn:aws:lambda:us-east-1::runtime:" + "0" * 64}, "Manual"),
                          ({"UpdateRuntimeOn": "Auto", "Qualifier": "live"}, "'live'")):
        with pytest.raises(functions.exceptions.InvalidParameterValueException, match=said):
            functions.put_runtime_management_config(FunctionName=name, **refused)
    assert code_of(functions.get_runtime_management_config, FunctionName=name, Qualifier="9") == ("ResourceNotFoundException", 404)
