"""How long searches and queries over a large log group take: python -m logs [GIGABYTES], from bench/."""
import subprocess
import sys
import time

from harness import ROOT, daemon
from harness.report import table

SEARCHES = [("a text that is rare", "needle4711"), ("a text that nothing has", "nowhere0815"),
            ("a field's value, one event in 1,300", "{ $.status = 503 }"),
            ("a field that nothing has", '{ $.user = "nobody" }'), ("two fields", '{ $.status = 404 && $.path = "/cart/77" }'),
            ("a text in every event", "RequestId"), ("a regular expression that nothing has", "%no[0-9]where%")]


def one_page(logs, pattern):
    began = time.perf_counter()
    found = logs.filter_log_events(logGroupName="g", filterPattern=pattern, limit=100)
    return len(found["events"]), time.perf_counter() - began, "nextToken" in found


def measure(gigabytes):
    with daemon.running() as gust:
        logs = gust.client("logs")
        logs.create_log_group(logGroupName="g")
        logs.describe_log_streams(logGroupName="g")  # its folder is made
        folder = next((gust.data / "logs/groups").iterdir())
        gust.stop()
        began = time.perf_counter()
        said = subprocess.run([ROOT / "build/release/bench/bench_logs_fill", folder, str(gigabytes)], check=True,
                              capture_output=True, text=True).stdout.strip()
        filled = time.perf_counter() - began
        disk = sum(f.stat().st_size for f in folder.iterdir())
        began = time.perf_counter()
        for file in folder.iterdir():
            subprocess.run(["cat", file], check=True, stdout=subprocess.DEVNULL)
        read = time.perf_counter() - began
        gust.start()
        logs = gust.client("logs")
        began = time.perf_counter()
        logs.describe_log_streams(logGroupName="g", limit=1)
        rows = [["the limit of looking at everything: `cat` of its files", "", f"{read:.2f} s", ""], ["opening the group", "", f"{time.perf_counter() - began:.2f} s", ""]]
        for what, pattern in SEARCHES:
            runs = [one_page(logs, pattern) for _ in range(3)]
            rows.append([what, pattern.replace("|", "\\|"), f"{sorted(r[1] for r in runs)[1]:.2f} s",
                         f"{runs[0][0]} events{', more follow' if runs[0][2] else ''}"])
        table(f"Logs: {said}, {disk / 1e9:.2f} GB on disk, written in {filled:.0f} s",
              ["search", "pattern", "first page", "found"], rows)


if __name__ == "__main__":
    measure(float(sys.argv[1]) if len(sys.argv) > 1 else 10)
