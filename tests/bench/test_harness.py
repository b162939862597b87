"""The pure parts of the benchmarks: what is read out of wrk, the kernel and the ledger, signatures, ranks and bounds."""
import datetime
import sys

import pytest

from conftest import ROOT

sys.path[:0] = [str(ROOT / "bench")]
from harness.cores import medians_by_turns, parse_stat  # noqa: E402
from harness.load import parse_wrk  # noqa: E402
from harness.presigned import S3  # noqa: E402
from harness.report import Figure, number, percentile  # noqa: E402
from objects.uploads import Ledger, flatness  # noqa: E402

WRK = """Running 3s test @ http://127.0.0.1:1/
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     6.57ms    3.10ms  30.11ms   71.28%
  Latency Distribution
     50%  512.00us
     75%    7.51ms
     90%   10.76ms
     99%    1.53s
  31875 requests in 3.02s, 2.74MB read
Requests/sec:  10551.37
Transfer/sec:      0.91MB
"""


def test_wrk_is_read_in_milliseconds():
    assert parse_wrk(WRK) == (10551.37, 0.512, 1530.0)


@pytest.mark.parametrize("line", ["  Non-2xx or 3xx responses: 3\n", "  Socket errors: connect 0, read 0, write 0, timeout 2\n"])
def test_answers_that_are_errors_are_no_figure(line):
    with pytest.raises(RuntimeError, match="errors"):
        parse_wrk(WRK + line)


def test_percentiles_are_values_that_were_measured():
    assert percentile([3, 1, 2], 0.99) == 3
    assert percentile(list(range(100)), 0.5) == 50
    assert percentile([7], 0.99) == 7


@pytest.mark.parametrize("figure, met, row", [
    (Figure("a", 2.0, "ms", 2), "yes", ("a", "≤ 2 ms", "2 ms", "yes", "-", "-")),
    (Figure("a", 2.1, "ms", 2, beside="b", beside_value=0.5), "no", ("a", "≤ 2 ms", "2.1 ms", "no", "b: 0.5 ms", "4.2")),
    (Figure("a", 499, "/s", 500, "more"), "no", ("a", "≥ 500 /s", "499 /s", "no", "-", "-")),
    (Figure("a", 1.5, "", 1.5, "more", "workerd 10/s"), "yes", ("a", "≥ 1.5", "1.5", "yes", "workerd 10/s", "-")),
    (Figure("a", 12345, "ms"), "-", ("a", "-", "12,345 ms", "-", "-", "-")),
])
def test_a_figure_says_whether_it_is_reached(figure, met, row):
    assert figure.met() == met
    assert figure.row() == row


def test_numbers_are_short():
    assert [number(v) for v in (0.01234, 1.0, 99.96, 1234.5, -250.0)] == ["0.0123", "1", "100", "1,234", "-250"]


def test_turns_go_round():
    asked, values = [], iter([5, 50, 1, 10, 3, 30])

    def action(name):
        return lambda: asked.append(name) or next(values)
    assert medians_by_turns({"a": action("a"), "b": action("b")}, 3) == {"a": (3, 1, 5), "b": (30, 10, 50)}
    assert asked == ["a", "b"] * 3


def test_ticks_of_all_cores():
    assert parse_stat("cpu  10 1 20 300 40 5 6 7 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n") == (340, 7, 389)


def test_a_presigned_path_is_signed_as_an_sdk_signs_it():
    import botocore.auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    now = datetime.datetime.now(datetime.timezone.utc)
    path = S3("127.0.0.1:4566", "KEY", "secret", now).path("PUT", "/bench/a", {"max-keys": "7"}, {"x-amz-checksum-crc32": "AAAAAA=="})
    request = AWSRequest("PUT", "http://127.0.0.1:4566/bench/a?max-keys=7", headers={"x-amz-checksum-crc32": "AAAAAA=="})
    auth = botocore.auth.S3SigV4QueryAuth(Credentials("KEY", "secret"), "s3", "us-east-1", expires=86400)
    for _ in range(3):  # again where a second ends between the two
        auth.add_auth(request)
        sdk = dict(pair.split("=", 1) for pair in request.url.split("?")[1].split("&"))
        ours = dict(pair.split("=", 1) for pair in path.split("?")[1].split("&"))
        if sdk["X-Amz-Date"] == ours["X-Amz-Date"]:
            break
        now = datetime.datetime.strptime(sdk["X-Amz-Date"], "%Y%m%dT%H%M%SZ")
        path = S3("127.0.0.1:4566", "KEY", "secret", now).path("PUT", "/bench/a", {"max-keys": "7"}, {"x-amz-checksum-crc32": "AAAAAA=="})
    assert sdk == ours


def test_the_last_rates_over_the_first():
    assert flatness([10, 10, 10, 1, 1, 1, 1, 9, 9, 9]) == 0.9


def test_a_ledger_is_read_on_and_counts_an_id_once(tmp_path):
    ledger, file = Ledger(tmp_path), tmp_path / "2026-11-27.ledger"
    file.write_text('00000000 {"id":"a"}\n00000000 {"id":"b"}\n00000000 {"i')
    assert (ledger.count(), ledger.lines) == (2, 2)
    file.write_text('00000000 {"id":"a"}\n00000000 {"id":"b"}\n00000000 {"id":"a"}\n00000000 {"id":"c"}\n')
    assert (ledger.count(), ledger.lines) == (3, 4)
