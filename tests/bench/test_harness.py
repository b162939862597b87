"""The pure parts of the benchmarks' harness: what it reads out of wrk, ranks and bounds."""
import sys

import pytest

from conftest import ROOT

sys.path[:0] = [str(ROOT / "bench")]
from harness.load import parse_wrk  # noqa: E402
from harness.report import Figure, number, percentile  # noqa: E402

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
