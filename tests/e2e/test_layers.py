"""Layers: their versions, their order in a function, their limits."""
import io
import json
import zipfile

import pytest
import requests
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::000000000000:role/r"
CODE = """
import os, sys
def handler(e, c):
    import shared
    return [shared.WHO, sorted(os.listdir("/opt")), open("/opt/data.txt").read()]
"""


def zip_of(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, text in files.items():
            z.writestr(name, text)
    return out.getvalue()


@pytest.fixture
def functions(gust):
    return gust.client("lambda")


@pytest.fixture
def make(functions, unique):
    made = []

    def create(**more):
        name = f"{unique}-{len(made)}"
        settings = {"Runtime": "python3.12", "Handler": "index.handler", "Role": ROLE, "Timeout": 20,
                    "Code": {"ZipFile": zip_of({"index.py": CODE})}}
        functions.create_function(FunctionName=name, **(settings | more))
        made.append(name)
        return name
    yield create
    for name in made:
        functions.delete_function(FunctionName=name)


def layer_of(functions, name, who, data="data", **more):
    files = {"python/shared.py": f"WHO = {who!r}", "data.txt": data, f"{who}/mine.txt": "x"}
    return functions.publish_layer_version(LayerName=name, Content={"ZipFile": zip_of(files)}, **more)


def call(functions, name):
    answer = functions.invoke(FunctionName=name)
    return json.loads(answer["Payload"].read())


def code_of(operation, **more):
    with pytest.raises(ClientError) as error:
        operation(**more)
    return error.value.response["Error"]["Code"]


def test_a_layer_is_at_opt(functions, make, unique):
    layer = layer_of(functions, unique, "one", Description="d", CompatibleRuntimes=["python3.12"], LicenseInfo="MIT")
    assert layer["Version"] == 1 and layer["LayerVersionArn"] == f"arn:aws:lambda:us-east-1:000000000000:layer:{unique}:1"
    name = make(Layers=[layer["LayerVersionArn"]])
    assert call(functions, name) == ["one", ["data.txt", "one", "python"], "data"]
    assert functions.get_function(FunctionName=name)["Configuration"]["Layers"] == [
        {"Arn": layer["LayerVersionArn"], "CodeSize": layer["Content"]["CodeSize"]}]
    fetched = requests.get(layer["Content"]["Location"], timeout=10)
    assert fetched.status_code == 200 and len(fetched.content) == layer["Content"]["CodeSize"]


def test_the_last_layer_wins(functions, make, unique):
    one, two = (layer_of(functions, unique + x, x, data=x)["LayerVersionArn"] for x in ("one", "two"))
    name = make(Layers=[one, two])
    assert call(functions, name) == ["two", ["data.txt", "one", "python", "two"], "two"]
    functions.update_function_configuration(FunctionName=name, Layers=[two, one])
    assert call(functions, name) == ["one", ["data.txt", "one", "python", "two"], "one"]
    functions.update_function_configuration(FunctionName=name, Layers=[])
    assert "Layers" not in functions.get_function_configuration(FunctionName=name)


def test_versions_of_a_layer(functions, unique):
    for who in ("one", "two", "three"):
        layer_of(functions, unique, who, CompatibleRuntimes=["nodejs20.x" if who == "three" else "python3.12"])
    listed = functions.list_layer_versions(LayerName=unique)["LayerVersions"]
    assert [v["Version"] for v in listed] == [3, 2, 1]
    page = functions.list_layer_versions(LayerName=unique, MaxItems=2)
    assert [v["Version"] for v in functions.list_layer_versions(LayerName=unique, Marker=page["NextMarker"])["LayerVersions"]] == [1]
    ours = [x for x in functions.list_layers(CompatibleRuntime="python3.12")["Layers"] if x["LayerName"] == unique]
    assert ours[0]["LatestMatchingVersion"]["Version"] == 2
    second = functions.get_layer_version(LayerName=unique, VersionNumber=2)
    assert functions.get_layer_version_by_arn(Arn=second["LayerVersionArn"])["Content"]["CodeSha256"] == second["Content"]["CodeSha256"]
    functions.delete_layer_version(LayerName=unique, VersionNumber=3)
    assert code_of(functions.get_layer_version, LayerName=unique, VersionNumber=3) == "ResourceNotFoundException"
    assert layer_of(functions, unique, "four")["Version"] == 4, "numbers are never used twice"


def test_functions_keep_a_deleted_layer(new_gust):
    gust = new_gust().start()
    functions = gust.client("lambda")
    arns = [layer_of(functions, x, x)["LayerVersionArn"] for x in ("one", "two")]
    functions.create_function(FunctionName="f", Runtime="python3.12", Handler="index.handler", Role=ROLE, Timeout=20, Layers=arns,
                              Code={"ZipFile": zip_of({"index.py": CODE})})
    for x in ("one", "two"):
        functions.delete_layer_version(LayerName=x, VersionNumber=1)
    gust.kill9()
    gust.start()
    assert call(gust.client("lambda"), "f")[0] == "two"


def test_layers_that_are_refused(functions, make, unique):
    arn = layer_of(functions, unique, "one")["LayerVersionArn"]
    again = layer_of(functions, unique, "two")["LayerVersionArn"]
    name = make(Layers=[arn])
    for wrong in ([arn[:-1] + "9"], [arn, again], ["arn:aws:lambda:us-east-1:111111111111:layer:x:1"],
                  [layer_of(functions, f"{unique}{i}", "x")["LayerVersionArn"] for i in range(6)]):
        assert code_of(functions.update_function_configuration, FunctionName=name, Layers=wrong) in (
            "InvalidParameterValueException", "AccessDeniedException")
    assert functions.get_function_configuration(FunctionName=name)["Layers"][0]["Arn"] == arn
    assert code_of(functions.publish_layer_version, LayerName=unique, Content={"ZipFile": b"no zip"}) == "InvalidParameterValueException"
    assert code_of(functions.publish_layer_version, LayerName=unique, Content={"ZipFile": zip_of({"../x": "1"})}) == "InvalidParameterValueException"


def test_code_and_layers_together_have_a_limit(functions, make, unique):
    big = functions.publish_layer_version(LayerName=unique, Content={"ZipFile": zip_of({"zeros": bytes(200_000_000)})})["LayerVersionArn"]
    other = functions.publish_layer_version(LayerName=unique + "b", Content={"ZipFile": zip_of({"zeros": bytes(70_000_000)})})["LayerVersionArn"]
    name = make(Layers=[big])
    with pytest.raises(ClientError, match="262144000") as refused:
        functions.update_function_configuration(FunctionName=name, Layers=[big, other])
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"
