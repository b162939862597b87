"""The gust command: every command and option of docs/guide/cli.md against a running daemon."""
import json
import os
import re
import select
import signal
import subprocess

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

from conftest import BINARY, ROOT, wait_until
from test_lambda import ROLE, zip_of

CODE = """
import json, sys
def handler(event, context):
    print("got " + json.dumps(event))
    if event.get("fail") or "Records" in event:
        raise ValueError("no such luck")
    return {"you said": event}
"""
COMMANDS = ["up", "deploy", "invoke", "logs", "status", "failed", "failed list", "failed show", "failed retry", "failed drop",
            "account", "account create", "account ls", "version"]


@pytest.fixture(scope="module")
def speaker(gust):
    name = "cli-speaker"
    functions = gust.client("lambda")
    functions.create_function(FunctionName=name, Runtime="python3.12", Handler="index.handler", Role=ROLE, Timeout=20,
                              Code={"ZipFile": zip_of({"index.py": CODE})})
    functions.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    yield name
    functions.delete_function(FunctionName=name)


def run(gust, *args, stdin=None, env=None, cwd=None):
    return subprocess.run([BINARY, *map(str, args)], input=stdin, env=env or gust.env(), capture_output=True, text=True,
                          timeout=120, cwd=cwd)


def failed_of(gust, name):
    return [f for f in gust.cli_json("failed", "list") if f["function"].endswith(name)]


# -- help, versions, usage


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_has_examples(gust, command):
    done = run(gust, *command.split(), "--help")
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert "Examples:\n  gust " in done.stdout, done.stdout
    assert "\x1b" not in done.stdout


def test_the_guide_names_every_command(gust):
    guide = (ROOT / "docs/guide/cli.md").read_text()
    for command in run(gust, "--help").stdout.split("SUBCOMMANDS:")[-1].split("Subcommands:")[-1].split("Examples:")[0].splitlines():
        if re.match(r"  [a-z]+ ", command):
            assert f"gust {command.split()[0]}" in guide, command


def test_version(gust):
    said = run(gust, "version").stdout
    assert re.fullmatch(r"gust \d+\.\d+\.\d+\n", said)
    assert gust.cli_json("version") == {"version": said.split()[1]}
    assert run(gust, "--version").stdout.strip() == said.split()[1]


@pytest.mark.parametrize("args, says", [
    (["fly"], "there is no command 'fly'"),
    (["deploy", "--wings"], "--wings"),
    (["invoke"], "gust: name is required; see gust invoke --help"),
    (["logs", "x", "--since", "yesterday"], "--since yesterday: expected a number and s, m, h or d"),
    (["logs", "x", "--limit", "0"], "--limit"),
    (["failed"], "subcommand"),
    (["failed", "retry"], "id is required"),
    (["status", "--endpoint", "ftp://x"], "--endpoint: 'ftp://x' is not an address: expected http://HOST:PORT or https://HOST:PORT"),
    (["up", "--listen", "nowhere"], "--listen nowhere: expected ADDR:PORT"),
    (["up", "--keep-alive", "5m"], "--keep-alive 5m: expected 'auto', or whole seconds from 0 to 86400"),
    (["up", "--keep-alive", "-1"], "--keep-alive -1: expected 'auto'"),
    (["up", "--instance-memory", "64"], "--instance-memory 64: expected 'auto', or whole megabytes from 128 to 1073741824"),
    (["up", "--instance-memory", "2g"], "--instance-memory 2g: expected 'auto'"),
    (["deploy", "/nonexistent"], "/nonexistent is neither a file nor a folder with template.yaml"),
    (["invoke", "x", "--payload", "{half"], "the payload is not JSON: '{half'"),
    (["invoke", "x", "--payload", ""], "the payload is not JSON: ''"),
    (["bill", "--prices", "/"], "--prices: / cannot be read: Is a directory; give a file, or one of"),
    (["budget", "set", "5", "--prices", "/"], "--prices: / cannot be read: Is a directory"),
    (["bill", "--from", "2026-11-02", "--to", "2026-11-01"], "--from 2026-11-02 is after --to 2026-11-01"),
    (["bill", "--csv", "--json"], "--csv and --json"),
    (["backup", ""], "folder"),
    (["restore", ""], "folder"),
    (["account", "create", "--access-key", "AKIAAAAAAAAAAAAAAAAA"], "--access-key and --secret go together"),
])
def test_wrong_usage_is_2_and_names_what_was_given(gust, args, says):
    done = run(gust, *args)
    assert done.returncode == 2 and says in done.stderr, (done.returncode, done.stderr)
    assert not done.stdout


@pytest.mark.parametrize("args, says", [
    (["invoke", "no-such-function"], "there is no function 'no-such-function'"),
    (["logs", "no-such-function"], "there is no function 'no-such-function'"),
    (["invoke", "x", "--payload", "@/nonexistent.json"], "/nonexistent.json cannot be read: No such file or directory"),
    (["invoke", "x", "--payload", "@/"], "/ cannot be read: Is a directory"),
    (["table", "put", "x", "@/"], "/ cannot be read: Is a directory"),
    (["failed", "show", "no-such-id"], "no-such-id"),
    (["failed", "retry", "no-such-id"], "no-such-id"),
    (["failed", "drop", "no-such-id"], "no-such-id"),
    (["account", "create", "--id", "12"], "12"),
    (["account", "create", "--canonical-id", "zz"], "zz"),
    (["invoke", "no-such:1"], "there is no function 'no-such:1', or no such version or alias of it"),
    (["invoke", "ünï function"], "there is no function 'ünï function'"),
    (["logs", "ünï function"], "there is no function 'ünï function'"),
    (["events", "ls", "no-such-function"], "there is no function 'no-such-function'"),
])
def test_a_failure_is_1_and_names_what_was_given(gust, args, says):
    done = run(gust, *args)
    assert done.returncode == 1 and says in done.stderr and done.stderr.startswith("gust: "), (done.returncode, done.stderr)
    assert "\x1b" not in done.stderr


def test_no_daemon_or_no_keys_is_3(gust, tmp_path):
    (tmp_path / "template.yaml").write_text("Resources: {B: {Type: AWS::S3::Bucket}}")
    for command in (["status"], ["invoke", "x"], ["logs", "x"], ["failed", "list"], ["account", "ls"],
                    ["deploy", tmp_path, "--dry-run"]):
        done = run(gust, *command, "--endpoint", "http://127.0.0.1:9")
        assert done.returncode == 3 and "127.0.0.1:9" in done.stderr and "gust up" in done.stderr, (command, done.stderr)
    bare = {k: v for k, v in gust.env().items() if not k.startswith(("AWS_ACCESS", "AWS_SECRET"))}
    done = run(gust, "status", "--data", tmp_path / "none", env=bare)
    assert done.returncode == 3 and str(tmp_path / "none" / "credentials") in done.stderr


def test_a_result_that_cannot_be_written_is_no_success(gust):
    for command in (["version"], ["bill", "--csv"], ["traces", "--json"], ["status"]):
        with open("/dev/full", "w") as full:
            done = subprocess.run([BINARY, *command], env=gust.env(), stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
        assert done.returncode == 1 and "could not be written: No space left on device" in done.stderr, (command, done)


def test_a_folder_that_names_no_stack_asks_for_a_name(gust, tmp_path):
    for name in ("2025", "приложение", "-"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "template.yaml").write_text("Resources: {B: {Type: AWS::S3::Bucket}}")
        done = run(gust, "deploy", tmp_path / name, "--dry-run")
        assert done.returncode == 2 and f"the folder '{name}'" in done.stderr and "--stack" in done.stderr
        assert run(gust, "deploy", tmp_path / name, "--dry-run", "--stack", "mine").returncode == 0


def test_what_is_followed_ends_with_gust(new_gust):
    gust = new_gust().start()
    gust.client("lambda").create_function(FunctionName="f", Runtime="python3.12", Handler="index.handler", Role=ROLE, Timeout=20,
                                          Code={"ZipFile": zip_of({"index.py": CODE})})
    followers = {" ".join(what): subprocess.Popen([BINARY, *what], env=gust.env(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                 for what in (["logs", "f", "-f"], ["events", "tail"], ["traces", "-f", "--json"])}

    def heard(follower):
        run(gust, "invoke", "f")
        return select.select([follower.stdout], [], [], 0.2)[0]
    for follower in followers.values():
        wait_until(lambda: heard(follower), "a line")
    gust.stop()
    for what, follower in followers.items():
        _, err = follower.communicate(timeout=30)
        assert follower.returncode == 3 and "Gust has ended" in err, (what, err)


def test_wrong_keys_are_refused(gust):
    done = run(gust, "status", env=gust.env() | {"AWS_SECRET_ACCESS_KEY": "wrong"})
    assert done.returncode == 1 and "SignatureDoesNotMatch" in done.stderr or "signature" in done.stderr.lower(), done.stderr


# -- up


def test_up_listens_keeps_its_data_and_ends_cleanly(new_gust, tmp_path):
    gust = new_gust(data=tmp_path / "deep" / "data").start()
    assert (gust.data / "credentials").stat().st_mode & 0o777 == 0o600
    assert requests.get(f"{gust.endpoint}/_gust/health", timeout=5).ok
    bare = {k: v for k, v in gust.env().items() if not k.startswith(("AWS_", "GUST_"))}
    assert run(gust, "status", "--data", gust.data, env=bare).returncode == 0, "the data folder alone tells address and keys"
    assert run(gust, "status", env=bare | {"GUST_DATA": str(gust.data)}).returncode == 0
    second = run(gust, "up", "--data", gust.data, "--listen", "127.0.0.1:0")
    assert second.returncode == 1 and str(gust.data) in second.stderr, "one daemon a data folder"
    assert run(gust, "status", "--data", gust.data, env=bare).returncode == 0, "the first one's address is as it was"
    other = run(gust, "up", "--data", tmp_path / "other", "--listen", f"127.0.0.1:{gust.port}")
    assert other.returncode == 1 and f":{gust.port}" in other.stderr, other.stderr
    keys = gust.keys()
    gust.client("s3").create_bucket(Bucket="kept")
    assert gust.stop() == 0
    assert run(gust, "status", "--data", gust.data, env=bare).returncode == 3
    gust.start()
    assert gust.keys() == keys and gust.client("s3").list_buckets()["Buckets"][0]["Name"] == "kept"
    gust.process.send_signal(signal.SIGINT)
    assert gust.process.wait(timeout=30) == 0


def test_dev_takes_test_keys_and_only_then(gust, new_gust):
    def names(daemon):
        return boto3.client("s3", endpoint_url=daemon.endpoint, region_name="us-east-1", aws_access_key_id="test",
                            aws_secret_access_key="test", config=Config(s3={"addressing_style": "path"})).list_buckets()
    assert names(new_gust("--dev").start())["Buckets"] == []
    with pytest.raises(ClientError, match="InvalidAccessKeyId"):
        names(gust)


def test_dev_is_only_for_loopback(new_gust, gust, tmp_path):
    done = subprocess.Popen([BINARY, "up", "--dev", "--listen", "0.0.0.0:0", "--data", tmp_path / "d"], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        endpoint = tmp_path / "d" / "endpoint"
        wait_until(lambda: done.poll() is not None or endpoint.exists(), "an end or a start")
        if done.poll() is None:  # it may listen; then it takes test/test from loopback alone, which the auth tests show
            return
        assert done.returncode in (1, 2) and "loopback" in done.communicate()[1]
    finally:
        if done.poll() is None:
            done.terminate()
            done.wait(timeout=30)


# -- invoke and logs


def test_payload_forms(gust, speaker, tmp_path):
    (tmp_path / "event.json").write_text('{"from": "file"}')
    assert json.loads(run(gust, "invoke", speaker).stdout) == {"you said": {}}
    assert json.loads(run(gust, "invoke", speaker, "--payload", '{"a": "ä"}').stdout) == {"you said": {"a": "ä"}}
    assert json.loads(run(gust, "invoke", speaker, "--payload", f"@{tmp_path}/event.json").stdout) == {"you said": {"from": "file"}}
    assert json.loads(run(gust, "invoke", speaker, "--payload", "-", stdin='{"from": "stdin"}').stdout) == \
        {"you said": {"from": "stdin"}}
    assert gust.cli_json("invoke", speaker, "--payload", '{"x": [1]}') == {"you said": {"x": [1]}}


def test_invoke_prints_the_log_on_stderr(gust, speaker):
    done = run(gust, "invoke", speaker, "--payload", '{"word": "loud"}', "--log")
    assert 'got {"word": "loud"}' in done.stderr and "REPORT RequestId:" in done.stderr
    assert json.loads(done.stdout) == {"you said": {"word": "loud"}}
    assert "loud" not in run(gust, "invoke", speaker, "--payload", '{"word": "loud"}').stderr


def test_a_failed_function_is_4_with_its_error_on_stdout(gust, speaker):
    done = run(gust, "invoke", speaker, "--payload", '{"fail": true}')
    assert done.returncode == 4
    assert json.loads(done.stdout)["errorType"] == "ValueError" and f"the function {speaker} failed" in done.stderr
    done = run(gust, "invoke", speaker, "--payload", '{"fail": true}', "--json")
    assert done.returncode == 4 and json.loads(done.stdout)["errorMessage"] == "no such luck"


def test_async_then_the_log_has_it(gust, speaker, unique):
    done = run(gust, "invoke", speaker, "--async", "--payload", json.dumps({"word": unique}))
    assert done.returncode == 0 and not done.stdout
    wait_until(lambda: unique in run(gust, "logs", speaker).stdout, "the line")
    accepted = json.loads(run(gust, "invoke", speaker, "--async", "--json").stdout)
    assert accepted["state"] == "accepted" and wait_until(lambda: run(gust, "events", "show", accepted["id"]).returncode == 0, "the event")


def test_logs_since_limit_and_json(gust, speaker, unique):
    run(gust, "invoke", speaker, "--payload", json.dumps({"word": unique}))
    lines = wait_until(lambda: [json.loads(line) for line in run(gust, "logs", speaker, "--json").stdout.splitlines()
                                if unique in line], "the line")
    assert lines[0]["time_ms"] > 0 and lines[0]["request_id"] and unique in lines[0]["message"]
    assert unique in run(gust, "logs", speaker, "--since", "15m").stdout
    assert run(gust, "logs", speaker, "--since", "0s").stdout == ""
    assert len(run(gust, "logs", speaker, "--limit", "2").stdout.splitlines()) == 2
    text = run(gust, "logs", speaker).stdout
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ", text) and "\x1b" not in text


def test_logs_follow_until_ctrl_c(gust, speaker, unique):
    run(gust, "invoke", speaker)
    wait_until(lambda: run(gust, "logs", speaker).stdout, "a line to begin with")
    following = subprocess.Popen([BINARY, "logs", speaker, "-f"], env=gust.env(), text=True, stdout=subprocess.PIPE,
                                 preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # a job in the background ignores it
    try:
        assert re.match(r"\d{4}-", following.stdout.readline()), "what was there comes first; now it follows"
        run(gust, "invoke", speaker, "--payload", json.dumps({"word": unique}))
        while unique not in (line := following.stdout.readline()):
            assert line, "it ended"
        following.send_signal(signal.SIGINT)
        assert following.wait(timeout=10) in (-signal.SIGINT, 130)
    finally:
        following.kill()
        following.wait()


# -- status, failed


def test_status(gust, speaker):
    run(gust, "invoke", speaker)
    status = gust.cli_json("status")
    assert status["endpoint"] == gust.endpoint and status["account"] == "000000000000" and status["functions"] >= 1
    assert set(status["events"]) == {"waiting", "running", "failed"}
    assert any(i["function"] == speaker for i in status["instances"])
    text = run(gust, "status").stdout
    assert f" at {gust.endpoint}, account 000000000000" in text and re.search(rf"^{speaker} +\$LATEST +\d+ +\d+ +0 +0 +0$", text, re.M), text
    assert len(text.splitlines()) < 15 and "none failed" in text


def test_failed_by_async_list_show_retry_drop(gust, speaker, unique):
    before = len(failed_of(gust, speaker))
    run(gust, "invoke", speaker, "--async", "--payload", json.dumps({"fail": True, "word": unique}))
    wait_until(lambda: len(failed_of(gust, speaker)) > before, "the failed event")
    mine = [f for f in failed_of(gust, speaker) if unique in json.dumps(f)]
    assert len(mine) == 1 and mine[0]["attempts"] == 1 and "no such luck" in json.dumps(mine[0])
    failed_id = mine[0]["id"]
    table = run(gust, "failed", "list").stdout
    assert table.startswith("ID") and failed_id in table
    assert gust.cli_json("failed", "show", failed_id)["id"] == failed_id
    shown = run(gust, "failed", "show", failed_id)
    assert shown.returncode == 0 and unique in shown.stdout and "no such luck" in shown.stdout

    done = run(gust, "failed", "retry", failed_id)
    assert done.returncode == 0 and done.stdout == f"retried {failed_id}\n"
    again = wait_until(lambda: [f for f in failed_of(gust, speaker) if unique in json.dumps(f)], "it to fail again")
    assert gust.cli_json("failed", "retry", again[0]["id"]) == [{"id": again[0]["id"], "state": "retried"}]
    again = wait_until(lambda: [f for f in failed_of(gust, speaker) if unique in json.dumps(f)], "it to fail once more")
    assert run(gust, "failed", "drop", again[0]["id"], "no-such-id").returncode == 1, "one of the two is not there"
    assert not [f for f in failed_of(gust, speaker) if unique in json.dumps(f)]
    assert run(gust, "failed", "show", again[0]["id"]).returncode == 1


def test_failed_by_a_bucket_event(gust, speaker, unique):
    s3, functions = gust.client("s3"), gust.client("lambda")
    s3.create_bucket(Bucket=unique)
    functions.add_permission(FunctionName=speaker, StatementId=unique, Action="lambda:InvokeFunction",
                             Principal="s3.amazonaws.com", SourceArn=f"arn:aws:s3:::{unique}")
    arn = functions.get_function(FunctionName=speaker)["Configuration"]["FunctionArn"]
    s3.put_bucket_notification_configuration(Bucket=unique, NotificationConfiguration={
        "LambdaFunctionConfigurations": [{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]})
    s3.put_object(Bucket=unique, Key="bad.jpg", Body=b"not a picture")
    mine = wait_until(lambda: [f for f in failed_of(gust, speaker) if unique in json.dumps(f)], "the failed event")
    assert mine[0]["attempts"] == 1 and "bad.jpg" in json.dumps(mine[0])
    assert run(gust, "failed", "drop", mine[0]["id"]).stdout == f"dropped {mine[0]['id']}\n"


# -- accounts


def test_accounts_with_given_ids_and_keys(new_gust):
    gust = new_gust().start()
    canonical = "0123456789abcdef" * 4
    made = gust.cli_json("account", "create", "--name", "ann", "--id", "111122223333", "--canonical-id", canonical,
                         "--access-key", "AKIAIOSFODNN7EXAMPLE", "--secret", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    assert made == {"id": "111122223333", "name": "ann", "canonical_id": canonical, "access_key_id": "AKIAIOSFODNN7EXAMPLE",
                    "secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}

    def client(service, account):
        return boto3.client(service, endpoint_url=gust.endpoint, region_name="us-east-1",
                            aws_access_key_id=account["access_key_id"], aws_secret_access_key=account["secret_access_key"],
                            config=Config(s3={"addressing_style": "path"}))
    assert client("sts", made).get_caller_identity()["Account"] == "111122223333"
    ann = client("s3", made)
    ann.create_bucket(Bucket="anns")
    assert ann.list_buckets()["Owner"]["ID"] == canonical
    assert [b["Name"] for b in ann.list_buckets()["Buckets"]] == ["anns"]
    assert [b["Name"] for b in gust.client("s3").list_buckets()["Buckets"]] == []

    bob = gust.cli_json("account", "create", "--name", "bob")
    assert re.fullmatch(r"\d{12}", bob["id"]) and re.fullmatch(r"[0-9a-f]{64}", bob["canonical_id"])
    assert client("s3", bob).list_buckets()["Owner"]["ID"] == bob["canonical_id"]
    listed = {a["id"]: a for a in gust.cli_json("account", "ls")}
    assert set(listed) == {"000000000000", "111122223333", bob["id"]} and listed["111122223333"]["name"] == "ann"
    assert "secret" not in json.dumps(listed)
    assert run(gust, "account", "ls").stdout.startswith("ID")

    again = run(gust, "account", "create", "--id", "111122223333")
    assert again.returncode == 1 and "111122223333" in again.stderr
    theirs = gust.env() | {"AWS_ACCESS_KEY_ID": bob["access_key_id"], "AWS_SECRET_ACCESS_KEY": bob["secret_access_key"]}
    refused = run(gust, "account", "create", "--name", "eve", env=theirs)
    assert refused.returncode == 1 and "only the root account" in refused.stderr
    assert gust.cli_json("account", "ls") == list(listed.values())


# -- deploy (test_deploy.py has the rest)


def test_deploy_options_and_logical_names(gust, unique, tmp_path):
    (tmp_path / "template.yaml").write_text("""
Parameters: {Word: {Type: String, Default: hi}}
Resources:
  Speak:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      Role: arn:aws:iam::000000000000:role/any
      Environment: {Variables: {WORD: !Ref Word}}
      Code: {ZipFile: "import os\\ndef handler(e, c): return os.environ['WORD']"}
Outputs: {Word: {Value: !Ref Word}}
""")
    plan = run(gust, "deploy", "--stack", unique, "--dry-run", cwd=tmp_path)
    assert plan.returncode == 0 and "create  Speak  AWS::Lambda::Function" in plan.stdout
    assert run(gust, "invoke", "Speak").returncode == 1, "a dry run makes nothing"
    done = run(gust, "deploy", tmp_path / "template.yaml", "--stack", unique, "--parameter", "Word=a=b")
    assert f"Stack {unique} is deployed." in done.stdout and "Word  a=b" in done.stdout and "\x1b" not in done.stdout
    assert json.loads(run(gust, "invoke", "Speak").stdout) == "a=b"
    assert "START RequestId" in wait_until(lambda: run(gust, "logs", "Speak").stdout, "the log")
    assert "no change (1 resources)" in run(gust, "deploy", tmp_path, "--stack", unique, "--parameter", "Word=a=b").stdout
    other = gust.cli_json("deploy", tmp_path, "--stack", unique + "-2")
    assert other["state"] == "deployed" and other["outputs"] == {"Word": "hi"} and other["changes"][0]["action"] == "create"
    ambiguous = run(gust, "invoke", "Speak")
    assert ambiguous.returncode == 2 and "is in 2 stacks" in ambiguous.stderr
    (tmp_path / "template.yaml").write_text("Resources: {None: {Type: AWS::Logs::LogGroup}}")
    asked = run(gust, "deploy", tmp_path, "--stack", unique)
    assert asked.returncode == 1 and "say --yes to allow it" in asked.stderr
    for stack in (unique, unique + "-2"):
        assert gust.cli_json("deploy", tmp_path, "--stack", stack, "--yes")["changes"][0]["action"] == "delete"


def test_colours_are_for_terminals_alone(gust, speaker):
    """On a terminal there are colours, unless NO_COLOR is set; never in a pipe."""
    def on_a_terminal(env):
        main, sub = os.openpty()
        child = subprocess.Popen([BINARY, "logs", speaker, "--limit", "3"], env=env, stdout=sub, stderr=sub)
        os.close(sub)
        out = b""
        try:
            while piece := os.read(main, 4096):
                out += piece
        except OSError:  # the terminal's other end is gone
            pass
        os.close(main)
        assert child.wait(timeout=30) == 0
        return out
    run(gust, "invoke", speaker)
    env = gust.env() | {"TERM": "xterm"}
    env.pop("NO_COLOR", None)
    wait_until(lambda: run(gust, "logs", speaker).stdout, "the log")
    assert b"\x1b[" in on_a_terminal(env)
    assert b"\x1b[" not in on_a_terminal(env | {"NO_COLOR": "1"})
