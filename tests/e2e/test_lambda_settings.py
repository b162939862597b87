"""The settings of functions by the official SDK: what is kept, what is refused, and revisions."""
import base64
import hashlib
import json

import pytest

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
    name = make(PYTHON, Architectures=["arm64"], Tags={"team": "photos", "ü": "ä"}, TracingConfig={"Mode": "PassThrough"},
                LoggingConfig={"LogFormat": "Text"}, SnapStart={"ApplyOn": "None"}, VpcConfig={"SubnetIds": [], "SecurityGroupIds": []},
                Layers=[], Publish=False, EphemeralStorage={"Size": 1024})
    got = functions.get_function(FunctionName=name)
    assert got["Configuration"]["Architectures"] == ["arm64"] and got["Tags"] == {"team": "photos", "ü": "ä"}
    assert got["Configuration"]["EphemeralStorage"] == {"Size": 1024}
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
    {"LoggingConfig": {"LogFormat": "JSON"}},
    {"LoggingConfig": {"LogGroup": "/another"}},
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
