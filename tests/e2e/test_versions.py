"""Versions, aliases and their weights, qualifiers everywhere, reserved concurrency, tags of functions."""
import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::000000000000:role/r"
CODE = "import os\ndef handler(e, c):\n    return [{!r}, c.function_version, c.invoked_function_arn, os.environ['AWS_LAMBDA_FUNCTION_VERSION']]"
ARN = "arn:aws:lambda:us-east-1:000000000000:function:"


def zip_of(text):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr("index.py", text)
    return out.getvalue()


@pytest.fixture
def functions(gust):
    return gust.client("lambda")


@pytest.fixture
def name(functions, unique):
    functions.create_function(FunctionName=unique, Runtime="python3.12", Handler="index.handler", Role=ROLE, Timeout=20,
                              Code={"ZipFile": zip_of(CODE.format("one"))})
    yield unique
    functions.delete_function(FunctionName=unique)


def call(functions, name, **more):
    answer = functions.invoke(FunctionName=name, **more)
    return json.loads(answer["Payload"].read()), answer["ExecutedVersion"]


def code_of(operation, **more):
    with pytest.raises(ClientError) as error:
        operation(**more)
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_a_version_stays_as_it_was(functions, name):
    one = functions.publish_version(FunctionName=name, Description="first")
    assert (one["Version"], one["FunctionArn"], one["Description"]) == ("1", f"{ARN}{name}:1", "first")
    assert functions.publish_version(FunctionName=name)["Version"] == "1", "nothing changed since"
    two = functions.update_function_code(FunctionName=name, ZipFile=zip_of(CODE.format("two")), Publish=True)
    assert (two["Version"], two["FunctionArn"]) == ("2", f"{ARN}{name}:2")
    functions.update_function_code(FunctionName=name, ZipFile=zip_of(CODE.format("three")))
    assert call(functions, name) == (["three", "$LATEST", ARN + name, "$LATEST"], "$LATEST")
    for qualifier, text in (("1", "one"), ("2", "two"), ("$LATEST", "three")):
        said = [text, qualifier, f"{ARN}{name}:{qualifier}", qualifier]
        assert call(functions, name, Qualifier=qualifier) == (said, qualifier)
        assert call(functions, f"{ARN}{name}:{qualifier}") == (said, qualifier)
    listed = functions.list_versions_by_function(FunctionName=name)["Versions"]
    assert [(v["Version"], v["FunctionArn"]) for v in listed] == [(v, f"{ARN}{name}:{v}") for v in ("$LATEST", "1", "2")]
    first = functions.list_versions_by_function(FunctionName=name, MaxItems=2)
    rest = functions.list_versions_by_function(FunctionName=name, Marker=first["NextMarker"])
    assert [v["Version"] for v in first["Versions"] + rest["Versions"]] == ["$LATEST", "1", "2"]
    every = [f["Version"] for f in functions.list_functions(FunctionVersion="ALL")["Functions"] if f["FunctionName"] == name]
    assert every == ["$LATEST", "1", "2"]
    assert functions.get_function(FunctionName=name, Qualifier="1")["Configuration"]["CodeSha256"] == one["CodeSha256"]


def test_published_at_once(functions, unique):
    made = functions.create_function(FunctionName=unique, Runtime="python3.12", Handler="index.handler", Role=ROLE, Publish=True,
                                     Code={"ZipFile": zip_of(CODE.format("one"))})
    assert (made["Version"], made["FunctionArn"]) == ("1", f"{ARN}{unique}:1")
    functions.delete_function(FunctionName=unique)
    again = functions.create_function(FunctionName=unique, Runtime="python3.12", Handler="index.handler", Role=ROLE, Publish=True,
                                      Code={"ZipFile": zip_of(CODE.format("one"))})
    assert again["Version"] == "2", "numbers are never used twice"
    functions.delete_function(FunctionName=unique)


def test_conditions_of_publishing(functions, name):
    assert code_of(functions.publish_version, FunctionName=name, CodeSha256="x" * 44) == ("InvalidParameterValueException", 400)
    assert code_of(functions.publish_version, FunctionName=name, RevisionId="x") == ("PreconditionFailedException", 412)
    assert code_of(functions.publish_version, FunctionName="missing") == ("ResourceNotFoundException", 404)
    assert len(functions.list_versions_by_function(FunctionName=name)["Versions"]) == 1


def test_an_alias_names_a_version(functions, name):
    functions.publish_version(FunctionName=name)
    functions.update_function_code(FunctionName=name, ZipFile=zip_of(CODE.format("two")), Publish=True)
    made = functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1", Description="d")
    assert (made["AliasArn"], made["FunctionVersion"]) == (f"{ARN}{name}:live", "1")
    assert call(functions, name, Qualifier="live") == (["one", "1", f"{ARN}{name}:live", "1"], "1")
    configuration = functions.get_function_configuration(FunctionName=name, Qualifier="live")
    assert (configuration["FunctionArn"], configuration["Version"]) == (f"{ARN}{name}:live", "1")
    moved = functions.update_alias(FunctionName=name, Name="live", FunctionVersion="2", RevisionId=made["RevisionId"])
    assert moved["RevisionId"] != made["RevisionId"] and moved["Description"] == "d"
    assert call(functions, f"{name}:live")[0][0] == "two"
    assert code_of(functions.update_alias, FunctionName=name, Name="live", RevisionId=made["RevisionId"]) == ("PreconditionFailedException", 412)
    assert [a["Name"] for a in functions.list_aliases(FunctionName=name, FunctionVersion="2")["Aliases"]] == ["live"]
    assert functions.list_aliases(FunctionName=name, FunctionVersion="1")["Aliases"] == []
    assert code_of(functions.delete_function, FunctionName=name, Qualifier="2") == ("ResourceConflictException", 409)
    assert code_of(functions.delete_function, FunctionName=name, Qualifier="live")[0] == "InvalidParameterValueException"
    assert code_of(functions.delete_function, FunctionName=name, Qualifier="$LATEST")[0] == "InvalidParameterValueException"
    functions.delete_alias(FunctionName=name, Name="live")
    functions.delete_alias(FunctionName=name, Name="live")
    functions.delete_function(FunctionName=name, Qualifier="2")
    assert code_of(functions.invoke, FunctionName=name, Qualifier="live") == ("ResourceNotFoundException", 404)
    assert code_of(functions.invoke, FunctionName=name, Qualifier="2") == ("ResourceNotFoundException", 404)
    assert code_of(functions.get_alias, FunctionName=name, Name="live") == ("ResourceNotFoundException", 404)
    assert call(functions, name, Qualifier="1")[0][0] == "one"


def test_an_alias_shares_out_by_weight(functions, name):
    functions.publish_version(FunctionName=name)
    functions.update_function_code(FunctionName=name, ZipFile=zip_of(CODE.format("two")), Publish=True)
    functions.create_alias(FunctionName=name, Name="canary", FunctionVersion="1", RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}})
    ran = {call(functions, name, Qualifier="canary")[1] for _ in range(64)}
    assert ran == {"1", "2"}, "one of them was never drawn in 64 tries of one half"
    functions.update_alias(FunctionName=name, Name="canary", RoutingConfig={"AdditionalVersionWeights": {"2": 1.0}})
    assert {call(functions, name, Qualifier="canary")[1] for _ in range(8)} == {"2"}
    functions.update_alias(FunctionName=name, Name="canary", RoutingConfig={})
    assert "RoutingConfig" not in functions.get_alias(FunctionName=name, Name="canary")
    assert {call(functions, name, Qualifier="canary")[1] for _ in range(8)} == {"1"}


@pytest.mark.parametrize("alias", [
    {"FunctionVersion": "1", "RoutingConfig": {"AdditionalVersionWeights": {"1": 0.5}}},
    {"FunctionVersion": "$LATEST", "RoutingConfig": {"AdditionalVersionWeights": {"1": 0.5}}},
    {"FunctionVersion": "1", "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.5, "3": 0.1}}},
], ids=["itself", "latest", "three"])
def test_weights_that_are_refused(functions, name, alias):
    functions.publish_version(FunctionName=name)
    assert code_of(functions.create_alias, FunctionName=name, Name="a", **alias) == ("InvalidParameterValueException", 400)
    assert functions.list_aliases(FunctionName=name)["Aliases"] == []


def test_an_alias_of_nothing_is_refused(functions, name):
    assert code_of(functions.create_alias, FunctionName=name, Name="a", FunctionVersion="7") == ("ResourceNotFoundException", 404)
    functions.create_alias(FunctionName=name, Name="a", FunctionVersion="$LATEST")
    assert code_of(functions.create_alias, FunctionName=name, Name="a", FunctionVersion="$LATEST") == ("ResourceConflictException", 409)


def test_policies_and_settings_are_of_a_qualifier(functions, name):
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="$LATEST")
    functions.add_permission(FunctionName=name, Qualifier="live", StatementId="s", Principal="s3.amazonaws.com", Action="lambda:InvokeFunction")
    statement = json.loads(functions.get_policy(FunctionName=name, Qualifier="live")["Policy"])["Statement"][0]
    assert statement["Resource"] == f"{ARN}{name}:live"
    assert code_of(functions.get_policy, FunctionName=name) == ("ResourceNotFoundException", 404)
    functions.put_function_event_invoke_config(FunctionName=name, Qualifier="live", MaximumRetryAttempts=1)
    functions.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    configs = functions.list_function_event_invoke_configs(FunctionName=name)["FunctionEventInvokeConfigs"]
    assert {c["FunctionArn"].rsplit(":", 1)[1]: c["MaximumRetryAttempts"] for c in configs} == {"$LATEST": 0, "live": 1}
    assert code_of(functions.put_function_event_invoke_config, FunctionName=name, Qualifier="no", MaximumRetryAttempts=1)[0] == "ResourceNotFoundException"


def test_versions_and_aliases_survive_a_kill(new_gust):
    gust = new_gust().start()
    functions = gust.client("lambda")
    functions.create_function(FunctionName="f", Runtime="python3.12", Handler="index.handler", Role=ROLE, Publish=True,
                              Code={"ZipFile": zip_of(CODE.format("one"))})
    functions.update_function_code(FunctionName="f", ZipFile=zip_of(CODE.format("two")))
    functions.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    functions.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=3)
    gust.kill9()
    gust.start()
    functions = gust.client("lambda")
    assert call(functions, "f", Qualifier="live")[0][0] == "one"
    assert call(functions, "f")[0][0] == "two"
    assert functions.get_function_concurrency(FunctionName="f")["ReservedConcurrentExecutions"] == 3


def test_reserved_concurrency_is_a_limit(functions, name):
    functions.update_function_code(FunctionName=name, ZipFile=zip_of("import threading\ndef handler(e, c):\n    threading.Event().wait(e)\n    return 1"))
    assert functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)["ReservedConcurrentExecutions"] == 0
    with pytest.raises(functions.exceptions.TooManyRequestsException) as refused:
        functions.invoke(FunctionName=name, Payload="0")
    assert refused.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)

    def attempt(_):
        try:
            return call(functions, name, Payload="2")[0]
        except ClientError as error:
            return error.response["Error"]["Code"]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(attempt, range(6)))
    assert 1 in answers and "TooManyRequestsException" in answers
    assert functions.get_function(FunctionName=name)["Concurrency"]["ReservedConcurrentExecutions"] == 1
    functions.delete_function_concurrency(FunctionName=name)
    assert "ReservedConcurrentExecutions" not in functions.get_function_concurrency(FunctionName=name)
    assert call(functions, name, Payload="0")[0] == 1


def test_what_is_reserved_is_the_accounts(functions, name):
    before = functions.get_account_settings()
    assert before["AccountLimit"]["ConcurrentExecutions"] == 1000 and before["AccountUsage"]["FunctionCount"] >= 1
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=200)
    after = functions.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]
    assert after == before["AccountLimit"]["UnreservedConcurrentExecutions"] - 200
    assert code_of(functions.put_function_concurrency, FunctionName=name, ReservedConcurrentExecutions=950) == ("InvalidParameterValueException", 400)
    assert functions.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"] == 200
    assert code_of(functions.put_function_concurrency, FunctionName="missing", ReservedConcurrentExecutions=1)[0] == "ResourceNotFoundException"


def test_tags(functions, name):
    arn = ARN + name
    functions.tag_resource(Resource=arn, Tags={"a": "1", "b": "2"})
    functions.tag_resource(Resource=arn, Tags={"b": "3"})
    assert functions.list_tags(Resource=arn)["Tags"] == {"a": "1", "b": "3"}
    functions.untag_resource(Resource=arn, TagKeys=["a", "none"])
    assert functions.get_function(FunctionName=name)["Tags"] == {"b": "3"}
    assert code_of(functions.tag_resource, Resource=arn, Tags={str(n): "" for n in range(60)}) == ("InvalidParameterValueException", 400)
    assert code_of(functions.list_tags, Resource=ARN + "missing") == ("ResourceNotFoundException", 404)
