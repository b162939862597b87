"""A million small uploads to a bucket that tells a function of each: whether every object is there, every event delivered, and whether
the last are as fast as the first. An event's id is the request id of its invocation, so the ledger says which were delivered."""
import os
import re
import time

from conftest import wait_until
from harness import cores, daemon, signed
from harness.report import Figure, table
from objects import servers

CONNECTIONS, TENTHS, BODY = 64, 10, b"a small object"
ID = re.compile(rb'"id":"([^"]+)"')


def listen(gust):
    arn = daemon.create(gust, "listener", "native")
    gust.client("lambda").add_permission(FunctionName="listener", StatementId="s3", Action="lambda:InvokeFunction",
                                         Principal="s3.amazonaws.com")
    gust.client("s3").put_bucket_notification_configuration(Bucket=servers.BUCKET, NotificationConfiguration={
        "LambdaFunctionConfigurations": [{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]})


class Ledger:
    """The distinct ids of invocations, read on from where it was."""

    def __init__(self, folder):
        self.folder, self.read, self.ids, self.lines = folder, {}, set(), 0

    def count(self):
        for file in sorted(self.folder.glob("*.ledger")):
            with open(file, "rb") as f:
                f.seek(self.read.get(file, 0))
                text = f.read()
            text = text[:text.rfind(b"\n") + 1]
            self.read[file] = self.read.get(file, 0) + len(text)
            found = ID.findall(text)
            self.lines += len(found)
            self.ids.update(found)
        return len(self.ids)


def listed(gust):
    pages = gust.client("s3").get_paginator("list_objects_v2").paginate(Bucket=servers.BUCKET)
    return {item["Key"] for page in pages for item in page.get("Contents", ())}


def flatness(rates):
    """The mean of the last three over that of the first three."""
    return sum(rates[-3:]) / sum(rates[:3])


def measure(sizes):
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cores.LOAD})
    count, uploads, delivered = sizes.uploads, [], []
    keys = [f"upload-{i:07}" for i in range(count)]
    with servers.gust_daemon() as gust:
        listen(gust)
        server, ledger = servers.s3(gust.endpoint, *gust.keys()), Ledger(gust.data / "meter")
        head = f" HTTP/1.1\r\nHost: {server.host}\r\nContent-Length: {len(BODY)}\r\n\r\n".encode() + BODY
        began = time.monotonic()
        for tenth in range(TENTHS):
            requests = [b"PUT " + server.path("PUT", key, {}).encode() + head
                        for key in keys[count * tenth // TENTHS:count * (tenth + 1) // TENTHS]]
            at, there = time.monotonic(), ledger.count()
            signed.send_all(server.endpoint, requests, CONNECTIONS)
            took = time.monotonic() - at
            uploads.append(len(requests) / took)
            delivered.append((ledger.count() - there) / took)
        sent = time.monotonic() - began
        wait_until(lambda: ledger.count() >= count, f"{count:,} events", 3600)
        last = time.monotonic() - began
        missing = len(set(keys) - listed(gust))
    os.sched_setaffinity(0, before)
    table(f"{count:,} small uploads with notifications, {CONNECTIONS} connections", ["tenth", "uploads/s", "events delivered/s meanwhile"],
          [(i + 1, *rates) for i, rates in enumerate(zip(uploads, delivered))])
    print(f"\nThe last upload was answered after {sent:.0f} s, the last event delivered after {last:.0f} s ({count / last:,.0f}/s). "
          f"Objects missing: {missing}. Invocations: {ledger.lines:,}, of {len(ledger.ids):,} events.")
    return [Figure(f"{count:,} uploads with notifications: objects missing", missing, "", 0),
            Figure("events not delivered", count - len(ledger.ids), "", 0),
            Figure("uploads, last three tenths over the first three", flatness(uploads), "", 0.9, "more",
                   f"{count / sent:,.0f} uploads/s, {count / last:,.0f} events/s")]
