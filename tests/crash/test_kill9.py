"""The plug is pulled: what was acknowledged is there afterwards, and nothing of an instance is left behind."""
import hashlib
import io
import json
import os
import random
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from botocore.exceptions import ClientError

from conftest import requires_root, wait_until
from test_lambda import ROLE, zip_of

RESIZE = """
import boto3, hashlib, urllib.parse
s3 = boto3.client("s3")
def handler(event, context):
    for record in event["Records"]:
        bucket, key = record["s3"]["bucket"]["name"], urllib.parse.unquote_plus(record["s3"]["object"]["key"])
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        s3.put_object(Bucket=bucket + "-out", Key=key, Body=hashlib.sha256(body).hexdigest())
"""
UPLOADS, ROUNDS = 300, 10  # of each round


def below_daemons():
    """Processes of daemons that run now; what a daemon that was killed left behind is below none."""
    parents, daemons = {}, set()
    for proc in Path("/proc").glob("[0-9]*"):
        try:
            name, rest = (proc / "stat").read_text().split("(", 1)[1].rsplit(")", 1)
        except OSError:
            continue
        parents[proc.name] = rest.split()[1]
        if name == "gust":
            daemons.add(proc.name)

    def is_below(pid):
        while pid in parents:
            if pid in daemons:
                return True
            pid = parents[pid]
        return False
    return {pid for pid in parents if is_below(pid)}


def leftovers(but=below_daemons):
    """Cgroups, mounts, network namespaces and processes of instances, anywhere on this machine, that no daemon has."""
    owned = but()
    found = {folder for folder, _, _ in os.walk("/sys/fs/cgroup") if "/gust/" in folder}  # folders that go meanwhile are skipped
    found |= {line for line in Path("/proc/self/mountinfo").read_text().splitlines() if "gust" in line}
    for proc in Path("/proc").glob("[0-9]*"):
        try:
            if proc.name in owned:
                groups = {line.split(":", 2)[2] for line in (proc / "cgroup").read_text().splitlines()}
                found -= {folder for folder in found if any(folder.endswith(group) for group in groups if "/gust/" in group)}
                continue
            found.add("network " + os.readlink(proc / "ns/net"))
            command = (proc / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if "gust-launcher" in command or "/var/runtime/bootstrap" in command or "slirp4netns" in command:
            found.add(f"{proc.name}: {command}")
    return found


def test_every_report_is_in_the_ledger_once(new_gust):
    gust = new_gust().start()
    functions = gust.client("lambda")
    functions.create_function(FunctionName="metered", Runtime="python3.12", Handler="index.handler", Role=ROLE,
                              Code={"ZipFile": zip_of({"index.py": "def handler(e, c): return 1"})})
    for _ in range(3):
        stop = threading.Event()

        def load():
            with_own = gust.client("lambda")
            while not stop.is_set():
                try:
                    with_own.invoke(FunctionName="metered")
                except Exception:  # the plug is pulled
                    return
        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        lines = len(metered(gust))
        wait_until(lambda: len(metered(gust)) > lines + 100, "invocations")
        gust.kill9()
        stop.set()
        for thread in threads:
            thread.join()
        ids = metered(gust)
        assert len(ids) == len(set(ids))
        gust.start()
        reported = reports(gust)
        assert reported and reported <= set(ids)
    total = gust.cli_json("bill")["total"]["invocations"]
    assert total == len(ids)


def metered(gust):
    """The request ids of the ledger's whole lines."""
    text = "".join(p.read_text() for p in (gust.data / "meter").glob("*.ledger"))
    return [json.loads(line[9:])["id"] for line in text.splitlines(keepends=True) if line.endswith("\n")]


def reports(gust):
    """The request ids of the reports in the function's log."""
    pages = gust.client("logs").get_paginator("filter_log_events").paginate(logGroupName="/aws/lambda/metered", filterPattern='"REPORT RequestId"')
    return {re.search(r"RequestId: (\S+)", event["message"])[1] for page in pages for event in page["events"]}



def wire_up(gust):
    s3, functions = gust.client("s3"), gust.client("lambda")
    s3.create_bucket(Bucket="crash")
    s3.create_bucket(Bucket="crash-out")
    arn = functions.create_function(FunctionName="resize", Runtime="python3.12", Handler="index.handler", Role=ROLE, Timeout=60,
                                    MemorySize=256, Code={"ZipFile": zip_of({"index.py": RESIZE})})["FunctionArn"]
    functions.put_function_event_invoke_config(FunctionName="resize", MaximumRetryAttempts=2)
    functions.add_permission(FunctionName="resize", StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com")
    s3.put_bucket_notification_configuration(Bucket="crash", NotificationConfiguration={
        "LambdaFunctionConfigurations": [{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]})


@requires_root
def test_kill_9_during_uploads_loses_nothing(new_gust):
    before = leftovers()
    gust = new_gust().start()
    wire_up(gust)
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    dice = random.Random(seed)
    acknowledged, lock = {}, threading.Lock()

    def upload(client, key, body):
        try:
            client.put_object(Bucket="crash", Key=key, Body=body)
        except Exception:
            return  # not acknowledged: nothing is promised
        with lock:
            acknowledged[key] = hashlib.sha256(body).hexdigest()

    for round_number in range(ROUNDS):
        clients = [gust.client("s3") for _ in range(8)]
        kill_after, done = dice.randrange(UPLOADS), threading.Semaphore(0)
        with ThreadPoolExecutor(8) as threads:
            for i in range(UPLOADS):
                body = dice.randbytes(dice.choice([0, 100, 20_000, 600_000]))
                threads.submit(upload, clients[i % 8], f"r{round_number}/{i}", body).add_done_callback(lambda _: done.release())
            for _ in range(kill_after):
                done.acquire()
            gust.kill9()
        gust.start()

    s3 = gust.client("s3")
    assert len(acknowledged) > 0
    for key, digest in acknowledged.items():
        assert hashlib.sha256(s3.get_object(Bucket="crash", Key=key)["Body"].read()).hexdigest() == digest, key

    def missing():
        gone = []
        for key, digest in acknowledged.items():
            try:
                if s3.get_object(Bucket="crash-out", Key=key)["Body"].read().decode() != digest:
                    gone.append(key)
            except ClientError:
                gone.append(key)
        return gone
    wait_until(lambda: not missing(), "the thumbnail of every acknowledged upload", 300)
    gust.kill9()
    wait_until(lambda: leftovers() <= before, "instances to be gone after kill -9", 30)


@requires_root
@pytest.mark.skipif(not os.access("/dev/net/tun", os.W_OK), reason="egress needs /dev/net/tun")
@pytest.mark.parametrize("end", ["kill9", "stop"])
def test_an_instance_with_egress_leaves_nothing(new_gust, end):
    before = leftovers()
    gust = new_gust().start()
    functions = gust.client("lambda")
    functions.create_function(FunctionName="open", Runtime="python3.12", Handler="index.handler", Role=ROLE,
                              Environment={"Variables": {"GUST_EGRESS": "internet"}},
                              Code={"ZipFile": zip_of({"index.py": "def handler(e, c):\n    return 1"})})
    assert functions.invoke(FunctionName="open")["Payload"].read() == b"1"
    assert any("slirp4netns" in found for found in leftovers(but=set) - before)
    getattr(gust, end)()
    wait_until(lambda: leftovers() <= before, "the instance and its network to be gone", 30)


@requires_root
def test_a_full_disk_refuses_writes_and_keeps_what_it_has(new_gust, tmp_path):
    import subprocess
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", disk], check=True)
    try:
        gust = new_gust(data=disk / "data")
        gust.log_path = tmp_path / "full.log"
        gust.start()
        s3 = gust.client("s3")
        s3.create_bucket(Bucket="full")
        kept = {}
        with pytest.raises(ClientError) as refused:
            for i in range(200):
                body = random.randbytes(1 << 20)
                s3.put_object(Bucket="full", Key=f"k{i}", Body=body)
                kept[f"k{i}"] = hashlib.sha256(body).hexdigest()
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] in (500, 503, 507)
        assert len(kept) > 10

        def all_there(client):
            return all(hashlib.sha256(client.get_object(Bucket="full", Key=k)["Body"].read()).hexdigest() == d
                       for k, d in kept.items())
        assert all_there(s3)
        for key in list(kept)[:20]:
            s3.delete_object(Bucket="full", Key=key)
            del kept[key]

        def room_again():
            try:
                return s3.put_object(Bucket="full", Key="after", Body=b"room again")
            except ClientError:
                return None
        wait_until(room_again, "writes to work once there is room", 30)
        gust.kill9()
        gust.start()
        assert all_there(gust.client("s3"))
        gust.stop()
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_sigterm_lets_requests_finish(new_gust):
    gust = new_gust().start()
    functions = gust.client("lambda")
    functions.create_function(FunctionName="slow", Runtime="python3.12", Handler="index.handler", Role=ROLE, Timeout=20,
                              Code={"ZipFile": zip_of({"index.py": "import time\nprint('loaded')\n"
                                                       "def handler(e, c):\n    print('began')\n    time.sleep(2)\n    return 'finished'"})})
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(functions.invoke, FunctionName="slow")
        wait_until(lambda: "began" in gust.cli("logs", "slow").stdout, "the invocation to begin")
        assert gust.stop() == 0
        assert answer.result()["Payload"].read() == b'"finished"'
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{gust.endpoint}/_gust/health", timeout=5)


def test_a_second_daemon_on_the_same_data_is_refused(new_gust):
    import subprocess
    from conftest import BINARY
    gust = new_gust().start()
    second = subprocess.run([BINARY, "up", "--data", gust.data, "--listen", "127.0.0.1:0"], capture_output=True, text=True, timeout=30)
    assert second.returncode != 0 and str(gust.data) in second.stderr
    assert requests.get(f"{gust.endpoint}/_gust/health", timeout=5).ok


def test_an_upload_that_is_cut_off_leaves_nothing(new_gust):
    import socket
    gust = new_gust().start()
    s3 = gust.client("s3")
    s3.create_bucket(Bucket="cut")
    url = s3.generate_presigned_url("put_object", Params={"Bucket": "cut", "Key": "half"})
    path = url.split(f":{gust.port}", 1)[1]
    with socket.create_connection(("127.0.0.1", gust.port)) as connection:
        connection.sendall(f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:{gust.port}\r\nContent-Length: 1000000\r\n\r\n".encode() + b"x" * 500_000)
    whole = io.BytesIO(b"y" * 10)
    s3.upload_fileobj(whole, "cut", "whole")
    assert [o["Key"] for o in s3.list_objects_v2(Bucket="cut")["Contents"]] == ["whole"]
