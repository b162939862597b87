"""Spans that Gust did not make: OTLP, the X-Ray daemon, X-Ray's API; and those that it sends on."""
import json
import os
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from conftest import wait_until
from test_tls import make_certificate
from test_traces import admin, make_function, one, trace_of

OTLP = """
import json, os, re, time, urllib.request
def handler(e, c):
    header = os.environ["_X_AMZN_TRACE_ID"]
    root, parent = re.search("Root=1-([0-9a-f]{8})-([0-9a-f]{24})", header), re.search("Parent=([0-9a-f]{16})", header)[1]
    now = time.time_ns()
    span = {"traceId": root[1] + root[2], "spanId": "00f067aa0ba902b7", "parentSpanId": parent, "name": "resize", "kind": 1,
            "startTimeUnixNano": str(now - 5_000_000), "endTimeUnixNano": str(now),
            "attributes": [{"key": "width", "value": {"intValue": "320"}}]}
    body = {"resourceSpans": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "thumbs"}}]},
                               "scopeSpans": [{"spans": [span]}]}]}
    request = urllib.request.Request(os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] + "/v1/traces", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    return urllib.request.urlopen(request).status
"""

DAEMON = """
import json, os, re, socket, time
def handler(e, c):
    header, now = os.environ["_X_AMZN_TRACE_ID"], time.time()
    host, port = os.environ["AWS_XRAY_DAEMON_ADDRESS"].split(":")
    segment = {"type": "subsegment", "name": "resize", "id": "53995c3f42cd8ad8", "start_time": now - 0.01, "end_time": now,
               "trace_id": re.search("Root=([^;]+)", header)[1], "parent_id": re.search("Parent=([^;]+)", header)[1],
               "annotations": {"width": 320}, "fault": True}
    text = json.dumps({"format": "json", "version": 1}) + "\\n" + json.dumps(segment)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as to:
        to.sendto(text.encode(), (host, int(port)))
        to.sendto(b"no segment", (host, int(port)))
        to.sendto(b'{"format": "json", "version": 1}\\n{', (host, int(port)))
    return e
"""


def spans_of_sdk(gust, name):
    def look():
        trace = trace_of(gust, function=name)
        return trace if trace and any(s["kind"] == "custom" for s in trace["spans"]) else None
    return wait_until(look, "the function's own span")


@pytest.mark.parametrize("code, service", [(OTLP, "thumbs"), (DAEMON, "resize")], ids=["otlp", "xray-daemon"])
def test_a_functions_own_spans_are_joined_in(gust, unique, code, service):
    make_function(gust, unique, code)
    answer = gust.client("lambda").invoke(FunctionName=unique, Payload=b"200")
    assert answer["Payload"].read() == b"200"
    trace = spans_of_sdk(gust, unique)
    own = one(trace, kind="custom")
    assert own["parent"] == one(trace, kind="handler")["id"]
    assert (own["name"], own["service"], own["resource"]) == ("resize", service, unique)
    assert own["attributes"] == {"width": "320"} and own["duration_us"] > 4000
    assert own["status"] == ("fault" if code is DAEMON else "ok")
    assert "resize" in gust.cli("trace", trace["id"]).stdout


def packages(*names):
    """{path: bytes} of installed distributions and what they need, as a function's zip has them."""
    import re
    from importlib.metadata import PackageNotFoundError, distribution
    todo, seen, files = list(names), set(), {}
    while todo:
        name = todo.pop()
        if name in seen or name in ("boto3", "botocore"):
            continue
        seen.add(name)
        try:
            found = distribution(name)
        except PackageNotFoundError:  # of an extra
            continue
        todo += [re.match(r"[\w.-]+", need)[0] for need in found.requires or [] if "extra ==" not in need]
        files |= {str(f): f.locate().read_bytes() for f in found.files
                  if not str(f).startswith("..") and "__pycache__" not in str(f) and f.locate().is_file()}
    return files


OTEL_SDK = """
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context
import os, re
provider = TracerProvider(resource=Resource.create({"service.name": "own"}))
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter()))
tracer = provider.get_tracer("own")
def handler(e, c):
    header = os.environ["_X_AMZN_TRACE_ID"]
    root, parent = re.search("Root=1-([0-9a-f]{8})-([0-9a-f]{24})", header), re.search("Parent=([0-9a-f]{16})", header)[1]
    above = SpanContext(int(root[1] + root[2], 16), int(parent, 16), True, TraceFlags(1))
    with tracer.start_as_current_span("outer", context=set_span_in_context(NonRecordingSpan(above))) as outer:
        outer.set_attribute("width", 320)
        with tracer.start_as_current_span("inner"): pass
    provider.force_flush()
    return 1
"""

XRAY_SDK = """
from aws_xray_sdk.core import patch, xray_recorder
import boto3
patch(["botocore"])
s3 = boto3.client("s3")
def handler(e, c):
    with xray_recorder.in_subsegment("outer") as outer:
        outer.put_annotation("width", 320)
        s3.list_buckets()
    return 1
"""


def test_the_opentelemetry_sdk_in_a_function(gust, unique):
    files = packages("opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http") | {"index.py": OTEL_SDK.encode()}
    make_function(gust, unique, None, files=files)
    answer = gust.client("lambda").invoke(FunctionName=unique, Payload=b"{}")["Payload"].read()
    assert answer == b"1", answer
    trace = spans_of_sdk(gust, unique)
    outer, inner = one(trace, name="outer"), one(trace, name="inner")
    assert outer["parent"] == one(trace, kind="handler")["id"] and inner["parent"] == outer["id"]
    assert outer["service"] == "own" and outer["attributes"]["width"] == "320"


def test_the_xray_sdk_in_a_function(gust, unique):
    make_function(gust, unique, None, files=packages("aws-xray-sdk") | {"index.py": XRAY_SDK.encode()})
    answer = gust.client("lambda").invoke(FunctionName=unique, Payload=b"{}")["Payload"].read()
    assert answer == b"1", answer
    trace = spans_of_sdk(gust, unique)
    outer = one(trace, name="outer")
    assert outer["parent"] == one(trace, kind="handler")["id"] and outer["attributes"]["width"] == "320"
    call = one(trace, kind="call")
    above = {s["id"]: s for s in trace["spans"]}[call["parent"]]
    assert above["name"].lower() == "s3" and above["parent"] == outer["id"]  # the SDK's own span of the call


def signed_post(gust, path, body, content_type, service="xray", **headers):
    request = AWSRequest("POST", gust.endpoint + path, data=body, headers={"Content-Type": content_type, **headers})
    SigV4Auth(Credentials(*gust.keys()), service, "us-east-1").add_auth(request)
    return requests.post(request.url, data=body, headers=dict(request.headers), timeout=60)


def test_otlp_from_outside_is_signed(gust):
    trace = os.urandom(16).hex()
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [
        {"traceId": trace, "spanId": "00f067aa0ba902b7", "name": "from a phone", "startTimeUnixNano": "1700000000000000000",
         "endTimeUnixNano": "1700000000500000000"}]}]}]})
    answer = signed_post(gust, "/v1/traces", body, "application/json")
    assert answer.status_code == 200 and answer.json() == {}
    span = admin(gust, f"traces/{trace}").json()["spans"][0]
    assert (span["name"], span["service"], span["duration_us"]) == ("from a phone", "custom", 500_000)
    assert requests.post(f"{gust.endpoint}/v1/traces", data=body, timeout=60).status_code == 405  # a bucket's, for all it says
    assert signed_post(gust, "/v1/traces", b"\x0a\xff", "application/x-protobuf").status_code == 400
    assert signed_post(gust, "/v1/traces", "{", "application/json").status_code == 400
    assert signed_post(gust, "/v1/traces", "{}", "text/plain").status_code == 400
    assert signed_post(gust, "/v1/traces", b"no gzip", "application/json", **{"Content-Encoding": "gzip"}).status_code == 400
    answer = signed_post(gust, "/v1/traces", b"", "application/x-protobuf")
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/x-protobuf"


def test_the_api_of_xray(gust, unique):
    xray = gust.client("xray")
    now = time.time()
    trace = f"1-{int(now):08x}-{os.urandom(12).hex()}"
    segment = {"name": unique, "id": "70de5b6f19ff9a0a", "trace_id": trace, "start_time": now - 0.5, "end_time": now,
               "subsegments": [{"name": "pay", "id": "53995c3f42cd8ad8", "start_time": now - 0.4, "end_time": now - 0.1,
                                "fault": True}]}
    answer = xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(segment), "{", json.dumps({"trace_id": "x"})])
    assert [u["ErrorCode"] for u in answer["UnprocessedTraceSegments"]] == ["ParseError", "InvalidTraceId"]
    got = xray.batch_get_traces(TraceIds=[trace, f"1-{int(now):08x}-{os.urandom(12).hex()}"])
    assert [t["Id"] for t in got["Traces"]] == [trace] and got["UnprocessedTraceIds"] == []
    documents = [json.loads(s["Document"]) for s in got["Traces"][0]["Segments"]]
    assert [(d["name"], d["id"], d.get("parent_id"), d.get("fault")) for d in documents] == [
        (unique, "70de5b6f19ff9a0a", None, None), ("pay", "53995c3f42cd8ad8", "70de5b6f19ff9a0a", True)]
    assert 0.49 < got["Traces"][0]["Duration"] < 0.51

    found = xray.get_trace_summaries(StartTime=now - 60, EndTime=now + 60,
                                     FilterExpression=f'service("{unique}") AND fault AND duration > 0.1')["TraceSummaries"]
    assert [t["Id"] for t in found] == [trace]
    assert found[0]["HasFault"] and not found[0]["HasError"] and unique in [s["Name"] for s in found[0]["ServiceIds"]]
    for wrong in ({"FilterExpression": "what is this"}, {"StartTime": now + 120}, {"StartTime": now - 90_000}, {"NextToken": "x"}):
        with pytest.raises(ClientError) as caught:
            xray.get_trace_summaries(**{"StartTime": now - 60, "EndTime": now + 60, **wrong})
        assert caught.value.response["Error"]["Code"] == "InvalidRequestException", wrong
    with pytest.raises(ClientError) as caught:
        xray.batch_get_traces(TraceIds=["1-2-3"])
    assert caught.value.response["Error"]["Code"] == "InvalidRequestException"


def documents_of(xray, trace):
    return [json.loads(s["Document"]) for s in xray.batch_get_traces(TraceIds=[trace])["Traces"][0]["Segments"]]


def test_segments_come_back_as_they_were_put(gust, unique):
    xray, now = gust.client("xray"), round(time.time(), 3)
    trace = f"1-{int(now):08x}-{os.urandom(12).hex()}"
    below = {"name": "ask", "id": "53995c3f42cd8ad8", "start_time": now - 0.25, "end_time": now, "namespace": "remote",
             "sql": {"url": "jdbc:postgresql://db", "sanitized_query": "SELECT * FROM orders WHERE id = ?"},
             "error": True, "throttle": True, "annotations": {"tries": 3}}
    segment = {"name": unique, "id": "70de5b6f19ff9a0a", "trace_id": trace, "start_time": now - 0.5, "end_time": now,
               "user": "ann", "annotations": {"n": 1, "share": 0.5, "paid": True, "text": "1"},
               "metadata": {"default": {"cart": [1, {"a": None}]}, "shop": {"text": "x" * 5000}},
               "http": {"request": {"method": "POST", "url": "https://shop/buy", "client_ip": "10.0.0.1"},
                        "response": {"status": 200, "content_length": 86}}}
    xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(segment | {"subsegments": [below]})])
    assert documents_of(xray, trace) == [segment, below | {"trace_id": trace, "parent_id": segment["id"]}]
    gust.restart()
    assert documents_of(xray, trace)[0] == segment
    shown = admin(gust, f"traces/{trace}").json()["spans"][0]["attributes"]
    assert shown["n"] == "1" and shown["http.status"] == "200" and "gust.document" not in shown


def test_a_segment_in_progress_is_there_until_it_ends(gust, unique):
    xray, now = gust.client("xray"), time.time()
    trace = f"1-{int(now):08x}-{os.urandom(12).hex()}"
    segment = {"name": unique, "id": "70de5b6f19ff9a0a", "trace_id": trace, "start_time": now - 0.5}

    def put(**more):
        answer = xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(segment | more)])
        assert answer["UnprocessedTraceSegments"] == []
        found = xray.get_trace_summaries(StartTime=now - 60, EndTime=now + 60, FilterExpression=f'service("{unique}")')
        assert [t["Id"] for t in found["TraceSummaries"]] == [trace]
        (document,) = documents_of(xray, trace)
        return document, found["TraceSummaries"][0]["IsPartial"]
    document, partial = put(in_progress=True)
    assert document["in_progress"] is True and "end_time" not in document and partial
    document, partial = put(end_time=now, fault=True)
    assert abs(document["end_time"] - now) < 1e-3 and "in_progress" not in document and document["fault"] and not partial


def test_filters_of_xray_are_of_what_they_say(gust, unique):
    xray, now = gust.client("xray"), time.time()
    ids = {}
    for status in ("ok", "fault", "error", "throttle"):
        ids[f"1-{int(now):08x}-{os.urandom(12).hex()}"] = status
    for trace, status in ids.items():
        segment = {"name": unique, "id": os.urandom(8).hex(), "trace_id": trace, "start_time": now - 1, "end_time": now}
        if status == "throttle":
            segment["error"] = True
        segment |= {} if status == "ok" else {status: True}
        assert xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(segment)])["UnprocessedTraceSegments"] == []

    def find(expression):
        pages = xray.get_paginator("get_trace_summaries").paginate(
            StartTime=now - 60, EndTime=now + 60, FilterExpression=f'service("{unique}") AND {expression}')
        found = [t for page in pages for t in page["TraceSummaries"]]
        for name in ("fault", "error", "throttle"):  # what it says of a trace is what it finds it by
            if expression == name:
                assert all(t["Has" + name.title()] for t in found)
        return sorted(ids[t["Id"]] for t in found)
    assert find("fault") == find("fault = true") == ["fault"]
    assert find("error") == find("error = true") == ["error", "throttle"]
    assert find("throttle") == find("throttle=true") == ["throttle"]
    assert find("fault = false") == ["error", "ok", "throttle"] and find("throttle = false") == ["error", "fault", "ok"]
    assert find("error AND throttle = false") == ["error"]


def test_a_service_is_found_by_its_name_in_the_graph(gust, unique):
    make_function(gust, unique, "def handler(e, c): pass")
    answer = gust.client("lambda").invoke(FunctionName=unique, Payload=b"{}")
    trace = answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-trace-id"].removeprefix("Root=")
    xray, now = gust.client("xray"), time.time()
    assert unique in [s["Name"] for s in xray.get_trace_graph(TraceIds=[trace])["Services"]]
    found = xray.get_trace_summaries(StartTime=now - 60, EndTime=now + 60,
                                     FilterExpression=f'service("{unique}")')["TraceSummaries"]
    assert [t["Id"] for t in found] == [trace]
    assert unique in [s["Name"] for s in found[0]["ServiceIds"]]


def test_the_graph_of_segments_that_were_put(gust, unique):
    xray, now = gust.client("xray"), time.time()
    trace = f"1-{int(now):08x}-{os.urandom(12).hex()}"
    common = {"trace_id": trace, "start_time": now - 0.5, "end_time": now}
    call = {"name": "call", "id": "53995c3f42cd8ad8", "start_time": now - 0.4, "end_time": now}
    documents = [common | {"name": unique, "id": "70de5b6f19ff9a0a", "subsegments": [call]},
                 common | {"name": "bank", "id": "6b55dcc497934f1a", "parent_id": call["id"], "fault": True}]
    xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(d) for d in documents])
    services = {s["Name"]: s for s in xray.get_trace_graph(TraceIds=[trace])["Services"]}
    assert set(services) == {"clients", unique, "bank"} and services["clients"]["Root"]
    edges = {name: [e["ReferenceId"] for e in s["Edges"]] for name, s in services.items()}
    assert edges == {"clients": [services[unique]["ReferenceId"]], unique: [services["bank"]["ReferenceId"]], "bank": []}
    assert services["bank"]["SummaryStatistics"]["FaultStatistics"]["TotalCount"] == 1
    everything = xray.get_service_graph(StartTime=now - 60, EndTime=now + 60)["Services"]
    assert unique in [s["Name"] for s in everything]


def test_xray_sees_what_gust_traced(gust, unique):
    gust.client("s3").create_bucket(Bucket=unique)
    make_function(gust, unique, f"import boto3\ndef handler(e, c): boto3.client('s3').put_object(Bucket='{unique}', Key='k')")
    answer = gust.client("lambda").invoke(FunctionName=unique, Payload=b"{}")
    trace = answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-trace-id"].removeprefix("Root=")
    xray = gust.client("xray")
    segments = [json.loads(s["Document"]) for s in xray.batch_get_traces(TraceIds=[trace])["Traces"][0]["Segments"]]
    assert any(s.get("origin") == "AWS::Lambda::Function" and s["name"] == unique for s in segments)
    services = {s["Type"]: s for s in xray.get_trace_graph(TraceIds=[trace])["Services"]}
    function, bucket = services["AWS::Lambda::Function"], services["bucket"]
    assert [e["ReferenceId"] for e in function["Edges"]] == [bucket["ReferenceId"]]
    now = time.time()
    graph = xray.get_service_graph(StartTime=now - 600, EndTime=now + 60)["Services"]
    assert any(s["Name"] == unique and s["SummaryStatistics"]["TotalCount"] >= 1 for s in graph)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_spans_are_sent_on_to_a_collector(new_gust, monkeypatch, tmp_path, scheme):
    got, lock = [], threading.Lock()

    class Collector(BaseHTTPRequestHandler):
        refuse = 1  # at first it is not well

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                ill, Collector.refuse = Collector.refuse > 0, Collector.refuse - 1
                if not ill:
                    got.append((self.path, self.headers["Content-Type"], self.headers["api-key"], body))
            self.send_response(503 if ill else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass
    server = HTTPServer(("127.0.0.1", 0), Collector)
    if scheme == "https":
        make_certificate(tmp_path)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        monkeypatch.setenv("GUST_TRACES_EXPORT", f"{scheme}://127.0.0.1:{server.server_port}/v1/traces")
        monkeypatch.setenv("GUST_TRACES_EXPORT_HEADERS", "api-key=a%20secret")
        gust = new_gust().start()
        gust.client("s3").create_bucket(Bucket="sent-on")
        wait_until(lambda: any(b"PUT sent-on" in body for *_, body in got), "the span")
        assert {tuple(head) for *head, _ in got} == {("/v1/traces", "application/x-protobuf", "a secret")}
        body = next(body for *_, body in got if b"PUT sent-on" in body)
        assert signed_post(gust, "/v1/traces", body, "application/x-protobuf").status_code == 200
        gust.stop()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
