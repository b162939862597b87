"""Functions of container images: pushed from a layout or a docker save, run from their own root."""
import json
import os
import tarfile
import threading

import pytest
from botocore.exceptions import ClientError

from conftest import wait_until
from container_images import Image, echo_image, entry, layer, python_image, tar_of

ROLE = "arn:aws:iam::000000000000:role/r"
PYTHON = """
import os, sys
def handler(event, context):
    if event.get("fail"):
        raise ValueError("as asked")
    return {"event": event, "name": context.function_name, "folder": os.getcwd(), "root": sorted(os.listdir("/")),
            "env": {k: os.environ.get(k) for k in ("FROM_IMAGE", "OWN", "_HANDLER", "AWS_EXECUTION_ENV", "LAMBDA_TASK_ROOT")}}
"""


@pytest.fixture
def functions(gust):
    return gust.client("lambda")


@pytest.fixture
def push(gust, unique, tmp_path):
    """Pushes an image as unique:TAG, or another name; answers that name and what the command said."""
    def run(image, name=None, tag="1"):
        name = name or f"{unique}:{tag}"
        image.oci_tar(tmp_path / "image.tar")
        return name, gust.cli_json("image", "push", tmp_path / "image.tar", name)
    return run


@pytest.fixture
def make(functions, unique):
    made = []

    def create(uri, **more):
        name = f"{unique}-{len(made)}"
        settings = {"PackageType": "Image", "Role": ROLE, "Timeout": 20, "Code": {"ImageUri": uri}}
        functions.create_function(FunctionName=name, **(settings | more))
        made.append(name)
        return name
    yield create
    for name in made:
        functions.delete_function(FunctionName=name)


def call(functions, name, event=None):
    answer = functions.invoke(FunctionName=name, Payload=json.dumps(event if event is not None else {}))
    return json.loads(answer["Payload"].read())


def refusal(operation, **more):
    with pytest.raises(ClientError) as error:
        operation(**more)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def text_image(text):
    """An image that differs by `text`."""
    image = echo_image()
    image.layers += (layer({"text": text}),)
    return image


@pytest.mark.parametrize("form", ["folder", "tar", "docker"])
def test_every_form_of_an_image(gust, functions, make, unique, tmp_path, form):
    image = echo_image()
    path = tmp_path / "image"
    digest = {"folder": image.oci_folder, "tar": image.oci_tar, "docker": image.docker_tar}[form](path)
    told = gust.cli("image", "push", path, unique).stdout
    assert told == f"{unique}@{digest}\n"
    assert call(functions, make(unique), {"hello": form}) == {"hello": form}


def test_packed_layers_one_over_the_other(functions, make, push):
    name, _ = push(Image(layer({"bin/tool*": "not a program", "gone/x": "x"}),
                         layer({"bin/tool": "text", ".wh.gone": ""}),
                         *echo_image().layers, packed=True, Cmd=["/bootstrap"]))
    assert call(functions, make(name), {"a": 1}) == {"a": 1}


def test_python_by_the_official_client(functions, make, push):
    name, _ = push(python_image({"index.py": PYTHON}, Env=["PATH=/usr/bin", "PYTHONPATH=/client", "FROM_IMAGE=yes", "OWN=image"]))
    function = make(name, Environment={"Variables": {"OWN": "function"}}, MemorySize=256)
    told = call(functions, function, {"x": 1})
    assert told["event"] == {"x": 1} and told["name"] == function and told["folder"] == "/app"
    # No handler and no name of a runtime, as on the service.
    assert told["env"] == {"FROM_IMAGE": "yes", "OWN": "function", "_HANDLER": None, "AWS_EXECUTION_ENV": None,
                           "LAMBDA_TASK_ROOT": "/var/task"}
    assert set(told["root"]) == {"app", "client", "dev", "etc", "lib", "lib64", "proc", "tmp", "usr"}, "the image's own root"
    failed = call(functions, function, {"fail": True})
    assert failed["errorType"] == "ValueError" and failed["errorMessage"] == "as asked"


def test_a_function_keeps_the_image_that_the_tag_named(functions, make, push, unique):
    name, first = push(text_image("one"))
    function = make(name)
    _, second = push(text_image("two"))
    told = functions.get_function(FunctionName=function)
    assert told["Code"] == {"RepositoryType": "ECR", "ImageUri": name, "ResolvedImageUri": f"{unique}@{first['digest']}"}
    configuration = told["Configuration"]
    assert configuration["PackageType"] == "Image" and configuration["CodeSize"] == 0
    assert configuration["CodeSha256"] == first["digest"][7:]
    assert not {"Runtime", "Handler", "Layers", "ImageConfigResponse"} & set(configuration)
    version = functions.publish_version(FunctionName=function)["Version"]
    tried = functions.update_function_code(FunctionName=function, ImageUri=name, DryRun=True)
    assert tried["CodeSha256"] == second["digest"][7:]
    updated = functions.update_function_code(FunctionName=function, ImageUri=name, Publish=True)
    assert updated["CodeSha256"] == second["digest"][7:] and updated["Version"] == "2"
    of_version = functions.get_function(FunctionName=function, Qualifier=version)["Code"]["ResolvedImageUri"]
    assert of_version.endswith(first["digest"])
    assert call(functions, f"{function}:{version}", {"v": 1}) == {"v": 1} and call(functions, function, {"v": 2}) == {"v": 2}
    # By digest, and as an address of the service's registry.
    by_digest = f"000000000000.dkr.ecr.us-east-1.amazonaws.com/{unique}@{first['digest']}"
    functions.update_function_code(FunctionName=function, ImageUri=by_digest)
    assert functions.get_function(FunctionName=function)["Code"]["ResolvedImageUri"] == by_digest
    assert call(functions, function, {"v": 3}) == {"v": 3}


def test_image_config_is_over_the_images_own(functions, make, push):
    name, _ = push(echo_image(Entrypoint=["/nothing"], Cmd=["x"]))
    function = make(name, ImageConfig={"EntryPoint": ["/bootstrap"], "Command": ["a"], "WorkingDirectory": "/tmp"})
    told = functions.get_function_configuration(FunctionName=function)
    assert told["ImageConfigResponse"] == {"ImageConfig": {"EntryPoint": ["/bootstrap"], "Command": ["a"], "WorkingDirectory": "/tmp"}}
    assert call(functions, function, {"a": 1}) == {"a": 1}
    functions.update_function_configuration(FunctionName=function, ImageConfig={})
    assert "ImageConfigResponse" not in functions.get_function_configuration(FunctionName=function)
    assert call(functions, function)["errorType"] == "Runtime.InvalidEntrypoint"


@pytest.mark.parametrize("config, kind, message", [
    ({"EntryPoint": ["/nothing"]}, "Runtime.InvalidEntrypoint", "fork/exec /nothing: No such file or directory"),
    ({"EntryPoint": ["nothing"]}, "Runtime.InvalidEntrypoint", 'exec: "nothing": executable file not found in $PATH'),
    ({"EntryPoint": ["/text"]}, "Runtime.InvalidEntrypoint", "fork/exec /text: Permission denied"),
    ({"WorkingDirectory": "/nowhere"}, "Runtime.InvalidWorkingDir", "chdir /nowhere: No such file or directory"),
], ids=["missing", "not in PATH", "no program", "no folder"])
def test_what_cannot_be_started(functions, make, push, config, kind, message):
    name, _ = push(text_image("x"))
    told = call(functions, make(name, ImageConfig=config))
    assert told["errorType"] == kind and told["errorMessage"].endswith(message)


def test_what_the_api_refuses(functions, make, push, unique):
    name, pushed = push(echo_image())
    function = make(name)
    new = dict(FunctionName=unique + "-x", Role=ROLE, PackageType="Image", Code={"ImageUri": name})
    code = "InvalidParameterValueException"
    of_image = (code, "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image.")
    assert refusal(functions.create_function, **new, Runtime="python3.12", Handler="a.b") == of_image
    assert refusal(functions.create_function, **new, Layers=["arn:aws:lambda:us-east-1:000000000000:layer:l:1"]) == of_image
    assert refusal(functions.update_function_configuration, FunctionName=function, Handler="a.b") == of_image
    for uri in (f"{unique}:2", f"nobody/{unique}:1", f"{unique}@sha256:{64 * '0'}",
                f"111111111111.dkr.ecr.us-east-1.amazonaws.com/{name}"):
        missing = (code, f"Source image {uri} does not exist. Provide a valid source image.")
        assert refusal(functions.create_function, **(new | {"Code": {"ImageUri": uri}})) == missing
        assert refusal(functions.update_function_code, FunctionName=function, ImageUri=uri) == missing
    assert refusal(functions.create_function, **(new | {"Code": {"ImageUri": "Not valid"}})) == (
        code, "Source image Not valid is not valid. Provide a valid source image.")
    assert refusal(functions.create_function, **(new | {"Code": {"ZipFile": b"x"}}))[0] == code
    assert "SnapStart" in refusal(functions.create_function, **new, SnapStart={"ApplyOn": "PublishedVersions"})[1]
    assert "arm64" in refusal(functions.create_function, **new, Architectures=["arm64"])[1]
    assert "absolute" in refusal(functions.create_function, **new, ImageConfig={"WorkingDirectory": "app"})[1]
    assert refusal(functions.update_function_code, FunctionName=function, ZipFile=b"x") == (
        code, "Please provide ImageUri when updating a function with packageType Image.")
    zipped = dict(FunctionName=unique + "-z", Role=ROLE, Runtime="python3.12", Handler="a.b")
    assert "ImageUri" in refusal(functions.create_function, **zipped, Code={"ImageUri": name})[1]
    assert "ImageConfig" in refusal(functions.create_function, **zipped, Code={"ZipFile": b"x"}, ImageConfig={"Command": ["x"]})[1]
    with pytest.raises(ClientError):
        functions.get_function(FunctionName=unique + "-x")
    assert functions.get_function(FunctionName=function)["Code"]["ResolvedImageUri"].endswith(pushed["digest"])


def test_images_are_listed_and_removed(gust, functions, make, push, unique):
    one, first = push(text_image("one"))
    two, second = push(text_image("two"), tag="2")
    push(text_image("two"), tag="3")
    ours = {image["digest"]: image["tags"] for image in gust.cli_json("image", "ls") if image["name"] == unique}
    assert ours == {first["digest"]: ["1"], second["digest"]: ["2", "3"]}
    assert unique in gust.cli("image", "ls").stdout
    function = make(one)
    assert "is removed" in gust.cli("image", "rm", one).stdout
    assert call(functions, function, {"kept": 1}) == {"kept": 1}, "functions keep it"
    gust.cli("image", "rm", f"{unique}@{second['digest']}")
    assert not [image for image in gust.cli_json("image", "ls") if image["name"] == unique]
    again = gust.cli("image", "rm", two, check=False)
    assert again.returncode == 1 and "there is no image" in again.stderr


def damaged_blob():
    files, _ = echo_image().oci()
    return tar_of({name: data + b" " if name.startswith("blobs/") else data for name, data in files.items()})


def hostile(**files):
    return tar_of(Image(layer({name.replace("_", "/"): what for name, what in files.items()}), Cmd=["/x"]).oci()[0])


@pytest.mark.parametrize("archive, message", [
    (lambda: b"no tar", "cannot be read"),
    (lambda: tar_of({"readme": "x"}), "it has neither an index.json (OCI image layout) nor a manifest.json (docker save)"),
    (damaged_blob, "does not match its digest"),
    (lambda: tar_of(Image(layer({"x": "x"}), architecture="s390x").oci()[0]), "the image is for linux/s390x; this machine is"),
    (lambda: hostile(**{".._evil": "x"}), "leaves its folder"),
    (lambda: hostile(_evil="x"), "must be relative"),
    (lambda: hostile(h=entry(tarfile.LNKTYPE, "../../../../etc/passwd")), "leaves its folder"),
    (lambda: hostile(h=entry(tarfile.LNKTYPE, "etc/shadow")), "which is no file before it"),
    (lambda: hostile(device=entry(tarfile.CHRTYPE)), "is a device"),
    (lambda: hostile(**{"a" * 300: "x"}), "255 bytes"),
], ids=["no tar", "no image", "digest", "architecture", "dots", "absolute", "hard link", "hard link to nothing", "device", "long name"])
def test_what_is_not_taken(gust, unique, tmp_path, archive, message):
    (tmp_path / "image.tar").write_bytes(archive())
    refused = gust.cli("image", "push", tmp_path / "image.tar", unique, check=False)
    assert refused.returncode == 1 and message in refused.stderr, refused.stderr
    assert unique not in gust.cli("image", "ls").stdout
    assert not [p for p in (gust.data / "code").glob("*/@images/*") if not p.is_dir() or "." in p.name], "nothing is left"


def test_wrong_uses_of_the_command(gust, tmp_path):
    (tmp_path / "empty").mkdir()
    for path, name, message in ((tmp_path / "none", "a:1", "neither a tar nor the folder"),
                                (tmp_path / "empty", "a:1", "is not an OCI image layout: it has no oci-layout"),
                                (__file__, "Wrong Name", "is not the name of an image")):
        refused = gust.cli("image", "push", path, name, check=False)
        assert refused.returncode == 1 and message in refused.stderr, refused.stderr


def test_a_push_that_is_killed_leaves_nothing(new_gust, tmp_path):
    gust = new_gust().start()
    many = Image(*echo_image().layers, *[layer({f"f{i}/{j}": os.urandom(20_000) for j in range(300)}) for i in range(8)],
                 Cmd=["/bootstrap"])
    many.oci_tar(tmp_path / "many.tar")
    echo_image().oci_tar(tmp_path / "kept.tar")
    gust.cli("image", "push", tmp_path / "kept.tar", "kept:1")
    functions = gust.client("lambda")
    functions.create_function(FunctionName="f", PackageType="Image", Role=ROLE, Code={"ImageUri": "kept:1"}, Timeout=20)
    images = gust.data / "code/000000000000/@images"
    for state in ("*.tar", "*.parts", "*.new"):
        pushing = threading.Thread(target=gust.cli, args=("image", "push", tmp_path / "many.tar", "many:1"), kwargs={"check": False})
        pushing.start()
        wait_until(lambda: list(images.glob(state)), f"the push to make {state}")
        gust.kill9()
        pushing.join()
        gust.start()
        assert len(list(images.iterdir())) == 1, "a half import leaves nothing"
        assert [image["name"] for image in gust.cli_json("image", "ls")] == ["kept"]
        assert call(gust.client("lambda"), "f", {"kept": state}) == {"kept": state}
    gust.cli("image", "push", tmp_path / "many.tar", "many:1")
    gust.kill9()
    gust.start()
    assert sorted(image["name"] for image in gust.cli_json("image", "ls")) == ["kept", "many"]


def test_accounts_have_their_own_images(gust, functions, push, unique):
    name, _ = push(echo_image())
    keys = gust.cli_json("account", "create", "--name", unique)
    other = gust.client("lambda", aws_access_key_id=keys["access_key_id"], aws_secret_access_key=keys["secret_access_key"])
    assert "does not exist" in refusal(other.create_function, FunctionName=unique, Role=ROLE, PackageType="Image",
                                       Code={"ImageUri": name})[1]


TEMPLATE = """
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      PackageType: Image
      ImageUri: {uri}
      Timeout: 20
{more}
"""


def test_deploy_pushes_the_image_beside_the_template(gust, functions, unique, tmp_path):
    def deploy(more="", uri="./image"):
        (tmp_path / "template.yaml").write_text(TEMPLATE.format(uri=uri, more=more))
        return gust.cli("deploy", tmp_path, "--stack", unique, "--yes", check=False)

    def pushed():
        return {image["digest"]: image["name"] for image in gust.cli_json("image", "ls") if image["name"].startswith(f"gust-deploy/{unique}/")}
    first = text_image("one").oci_folder(tmp_path / "image")
    done = deploy()
    assert done.returncode == 0, done.stderr
    [name] = [f["FunctionName"] for f in functions.list_functions()["Functions"] if f.get("CodeSha256") == first[7:]]
    assert gust.cli_json("invoke", name, "--payload", '{"a": 1}') == {"a": 1}
    assert pushed() == {first: f"gust-deploy/{unique}/hello"}
    assert "uploading" not in deploy().stdout + deploy().stderr, "nothing has changed"
    second = text_image("two").oci_folder(tmp_path / "image")
    done = deploy("      ImageConfig: {Command: [x]}")
    assert done.returncode == 0, done.stderr
    assert pushed() == {second: f"gust-deploy/{unique}/hello"}, "the old one is removed"
    name = next(f["FunctionName"] for f in functions.list_functions()["Functions"] if f.get("CodeSha256") == second[7:])
    told = functions.get_function(FunctionName=name)
    assert told["Configuration"]["ImageConfigResponse"]["ImageConfig"] == {"Command": ["x"]}
    assert told["Code"]["ResolvedImageUri"].endswith(second)
    refused = deploy(uri="nobody:1")
    assert refused.returncode == 1 and "Source image nobody:1 does not exist" in refused.stderr
    told = functions.get_function(FunctionName=name)
    assert told["Code"]["ResolvedImageUri"].endswith(second), "taken back"
    assert told["Configuration"]["ImageConfigResponse"]["ImageConfig"] == {"Command": ["x"]}
    assert gust.cli_json("invoke", name, "--payload", '{"b": 1}') == {"b": 1}
