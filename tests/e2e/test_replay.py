"""Events of invocations are kept, listed, followed and sent again: gust events and gust replay."""
import json
import signal
import subprocess

import pytest
import requests

from conftest import BINARY, wait_until
from test_lambda import ROLE, zip_of

CODE = """
import os
def handler(event, context):
    print("seen", event.get("n"))
    if event.get("fail"): raise ValueError("no luck")
    client = context.client_context.custom if context.client_context else None
    return {"n": event.get("n"), "version": context.function_version, "mark": "MARK", "client": client, "size": len(str(event))}
"""


@pytest.fixture
def gust(new_gust):
    return new_gust().start()


def make(gust, name, code=CODE, **more):
    functions = gust.client("lambda")
    functions.create_function(FunctionName=name, Runtime="python3.12", Handler="index.handler", Role=ROLE, Timeout=20,
                              Code={"ZipFile": zip_of({"index.py": code})}, **more)
    return functions


def events(gust, *more):
    return gust.cli_json("events", "ls", *more)["events"]


def replay(gust, *arguments, code=0):
    done = gust.cli("replay", *arguments, "--json", check=False)
    assert done.returncode == code, done
    return json.loads(done.stdout) if done.stdout else done.stderr


def test_a_synchronous_event_is_sent_again_to_the_same_and_another_version(gust):
    functions = make(gust, "f")
    first = functions.publish_version(FunctionName="f")["Version"]
    functions.update_function_code(FunctionName="f", ZipFile=zip_of({"index.py": CODE.replace("MARK", "second")}))
    answer = functions.invoke(FunctionName="f", Payload=b'{"n": 7}', ClientContext="eyJjdXN0b20iOiB7ImsiOiAidiJ9fQ==")
    was = json.load(answer["Payload"])
    assert was["mark"] == "second" and was["client"] == {"k": "v"}
    id = answer["ResponseMetadata"]["RequestId"]
    again = replay(gust, id)
    assert json.loads(again["payload"]) == was and again["replay_of"] == id != again["id"] and again["status"] == "ok"
    assert "seen 7" in again["log"]
    assert json.loads(replay(gust, id, "--version", first)["payload"])["mark"] == "MARK"
    functions.create_alias(FunctionName="f", Name="live", FunctionVersion=first)
    assert json.loads(replay(gust, id, "--qualifier", "live")["payload"])["version"] == first
    rows = events(gust, "f")
    assert [r.get("replay_of") for r in rows] == [id, id, id, None] and {r["status"] for r in rows} == {"ok"}
    assert rows[-1]["id"] == id and rows[-1]["kind"] == "request" and rows[-1]["bytes"] == 8
    text = gust.cli("replay", id)
    assert json.loads(text.stdout) == was


def test_failures_say_so(gust):
    functions = make(gust, "f")
    id = functions.invoke(FunctionName="f", Payload=b'{"fail": 1}')["ResponseMetadata"]["RequestId"]
    assert replay(gust, id, code=4)["error"] == "ValueError"
    text = gust.cli("replay", id, "--log", check=False)
    assert text.returncode == 4 and "no luck" in text.stdout and "seen None" in text.stderr and "failed again" in text.stderr
    (row,) = [r for r in events(gust) if r["id"] == id]
    assert row["status"] == "failed" and row["error"] == "ValueError" and row["duration_us"] > 0
    assert "there is no kept event 'nobody'" in replay(gust, "nobody", code=1)
    assert replay(gust, id, "--version", "99", code=1)
    functions.delete_function(FunctionName="f")
    assert "Function not found" in replay(gust, id, code=1) or "not exist" in replay(gust, id, code=1)


def test_asynchronous_events_tell_of_retries_and_their_end(gust):
    functions = make(gust, "f")
    functions.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=0)
    good = functions.invoke(FunctionName="f", Payload=b'{"n": 1}', InvocationType="Event")["ResponseMetadata"]["RequestId"]
    bad = functions.invoke(FunctionName="f", Payload=b'{"fail": 1}', InvocationType="Event")["ResponseMetadata"]["RequestId"]
    wait_until(lambda: {r["id"]: r["status"] for r in events(gust)} == {good: "ok", bad: "given_up"}, "both ends")
    assert {r["kind"] for r in events(gust)} == {"event"} and events(gust, "g") == []
    assert json.loads(replay(gust, good)["payload"])["n"] == 1
    # What failed for good stays as it is.
    assert [e["id"] for e in gust.cli_json("failed", "list")] == [bad]


def test_events_of_a_version_or_alias(gust):
    functions = make(gust, "f")
    functions.publish_version(FunctionName="f")
    functions.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    for qualifier in ("live", "1", "$LATEST"):
        functions.invoke(FunctionName="f", Qualifier=qualifier, Payload=json.dumps({"n": qualifier}))
    assert [r["qualifier"] for r in events(gust, "f:live")] == ["live"] and events(gust, "f:2") == []
    assert len(events(gust, "f")) == 3
    followed = gust.cli("events", "tail", "f:live", check=False)
    assert followed.returncode == 1 and "'f' without ':live'" in followed.stderr
    lines = wait_until(lambda: (text := gust.cli("logs", "f:live").stdout).count("seen") == 2 and text, "the version's lines")
    assert "seen live" in lines and "seen 1" in lines and "LATEST" not in lines
    assert "seen $LATEST" in gust.cli("logs", "f:$LATEST").stdout and "seen $LATEST" in gust.cli("logs", "f").stdout
    assert gust.cli("logs", "f:9", check=False).returncode == 1


def test_retrying_is_told(gust):
    functions = make(gust, "f")
    functions.invoke(FunctionName="f", Payload=b'{"fail": 1}', InvocationType="Event")
    (row,) = wait_until(lambda: [r for r in events(gust) if r["status"] == "retrying"], "a failed attempt")
    assert row["error"] == "ValueError" and row["attempts"] == 1


def test_the_largest_events_and_restarts(gust):
    functions = make(gust, "f")
    payload = json.dumps({"n": 5, "fill": "x" * ((6 << 20) - 40)})
    answer = functions.invoke(FunctionName="f", Payload=payload)
    was, id = json.load(answer["Payload"]), answer["ResponseMetadata"]["RequestId"]
    wait_until(lambda: events(gust), "the event")
    gust.kill9()
    gust.start()
    assert json.loads(replay(gust, id)["payload"]) == was
    shown = gust.cli_json("events", "show", id)
    assert shown["payload"] == payload and shown["bytes"] == len(payload) and shown["status"] == "ok"
    assert "status:" in gust.cli("events", "show", id).stdout


def test_streams_and_events_of_http_apis_are_kept_too(gust):
    functions = make(gust, "f")
    stream = functions.invoke_with_response_stream(FunctionName="f", Payload=b'{"n": 3}')
    list(stream["EventStream"])
    functions.add_permission(FunctionName="f", StatementId="u", Action="lambda:InvokeFunctionUrl", Principal="*",
                             FunctionUrlAuthType="NONE")
    url = functions.create_function_url_config(FunctionName="f", AuthType="NONE")["FunctionUrl"]
    name = url.split("//")[1].split(".")[0]
    assert requests.get(f"{gust.endpoint}/_gust/url/{name}/here?n=1").ok
    rows = wait_until(lambda: [r for r in events(gust) if r["status"] == "ok"], "both") and events(gust)
    assert [r["kind"] for r in rows] == ["request", "stream"]
    assert json.loads(gust.cli_json("events", "show", rows[0]["id"])["payload"])["rawPath"] == "/here"


def test_following(gust):
    functions = make(gust, "f")
    make(gust, "other")
    tail = subprocess.Popen([BINARY, "events", "tail", "f", "--json"], env=gust.env(), stdout=subprocess.PIPE, text=True)
    try:
        def invoked():
            functions.invoke(FunctionName="other", Payload=b"{}")
            functions.invoke(FunctionName="f", Payload=b'{"fail": 1}')
            return True
        # The follower may come a little after the first invocations: they go on until it hears of one.
        import threading
        stop = threading.Event()
        thread = threading.Thread(target=lambda: [invoked() for _ in iter(lambda: stop.wait(0.05), True)])
        thread.start()
        lines = [json.loads(tail.stdout.readline()) for _ in range(4)]
        stop.set()
        thread.join()
    finally:
        tail.send_signal(signal.SIGINT)
        tail.wait()
    assert {line["function"] for line in lines} == {"f"} and {line["status"] for line in lines} == {"accepted", "failed"}
    ended = [line for line in lines if line["status"] == "failed"][0]
    assert ended["error"] == "ValueError" and ended["duration_us"] > 0


def test_nothing_is_kept_when_it_is_turned_off(new_gust, monkeypatch):
    monkeypatch.setenv("GUST_EVENTS_MB", "0")
    gust = new_gust().start()
    make(gust, "f").invoke(FunctionName="f", Payload=b"{}")
    done = gust.cli("events", "ls", check=False)
    assert done.returncode == 1 and "GUST_EVENTS_MB" in done.stderr
    assert not (gust.data / "kept-events").exists()


@pytest.mark.parametrize("arguments, said", [(["events", "ls", "--since", "soon"], "--since soon"),
                                             (["events", "ls", "--limit", "0"], "--limit"), (["replay"], "id is required")])
def test_what_is_refused(gust, arguments, said):
    done = gust.cli(*arguments, check=False)
    assert done.returncode == 2 and said in done.stderr + done.stdout, done
