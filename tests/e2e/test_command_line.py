"""gust top, completions in real shells, the man page, suggestions."""
import json
import os
import pty
import select
import shutil
import subprocess
import time

import pytest

from conftest import BINARY, wait_until
from test_lambda import ROLE, zip_of

CODE = """
import threading
def handler(e, c):
    threading.Event().wait(e.get("sleep", 0))
    if e.get("fail"): raise ValueError("no")
"""


@pytest.fixture(scope="module")
def busy(gust):
    functions = gust.client("lambda")
    functions.create_function(FunctionName="top-of-all", Runtime="python3.12", Handler="index.handler", Role=ROLE, Timeout=20,
                              Code={"ZipFile": zip_of({"index.py": CODE})})
    for event in (b"{}", b'{"sleep": 0.05}', b'{"fail": 1}'):
        functions.invoke(FunctionName="top-of-all", Payload=event)
    yield gust
    functions.delete_function(FunctionName="top-of-all")


def run(*args, **more):
    return subprocess.run([BINARY, *args], capture_output=True, text=True, timeout=60, **more)


def shell(name, script, *more):
    env = os.environ | {"PATH": f"{BINARY.parent}:{os.environ['PATH']}"}
    done = subprocess.run([name, *more, "-c", script], capture_output=True, text=True, timeout=60, env=env)
    assert done.returncode == 0, done
    return done.stdout


# -- top


def test_top_once(busy):
    def row():
        return [r for r in busy.cli_json("top", "--once")["functions"] if r["function"] == "top-of-all" and r["invocations"] == 3]
    (found,) = wait_until(row, "the records")
    assert found["errors"] == 1 and found["cold_starts"] == 1 and found["idle"] + found["busy"] == 1
    assert found["p99_ms"] >= 45 and 0 < found["p50_ms"] <= found["p99_ms"] and found["cpu"] > 0 and found["peak_bytes"] > 1 << 20
    text = busy.cli("top", "--once", "--sort", "name").stdout
    assert "FUNCTION" in text and "top-of-all" in text and "\x1b" not in text and "invocations/s" in text


def test_top_redraws_on_a_terminal(busy):
    master, slave = pty.openpty()
    env = busy.env() | {"TERM": "xterm"}
    process = subprocess.Popen([BINARY, "top", "--interval", "1"], stdin=slave, stdout=slave, stderr=slave, env=env)
    os.close(slave)
    seen, end = b"", time.monotonic() + 60
    while seen.count(b"\x1b[H") < 2 and time.monotonic() < end:
        if select.select([master], [], [], 1)[0]:
            seen += os.read(master, 65536)
    process.send_signal(2)
    assert process.wait(timeout=30) == 0
    os.close(master)
    assert seen.count(b"\x1b[H") >= 2 and b"top-of-all" in seen


# -- completion


def complete_in_bash(*words):
    line = " ".join(f"'{w}'" for w in words)
    script = (f"source <(gust completion bash); COMP_WORDS=({line}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _gust; "
              'printf "%s\\n" "${COMPREPLY[@]}"')
    return shell("bash", script).split()


@pytest.mark.parametrize("words, some", [
    (["gust", ""], {"up", "deploy", "bill", "replay", "events", "completion"}), (["gust", "bu"], {"bucket", "budget"}),
    (["gust", "bucket", ""], {"cp", "sync", "ls"}), (["gust", "events", "t"], {"tail"}),
    (["gust", "--region", "x", "events", "t"], {"tail"}), (["gust", "--json", "failed", ""], {"list", "retry"}),
    (["gust", "bill", "--"], {"--by", "--from", "--csv", "--json", "--endpoint"}), (["gust", "budget", "set", "--per", ""], {"month", "day"}),
    (["gust", "init", ""], {"api", "worker", "thumbnails"}), (["gust", "init", "api", "--language", ""], {"python", "node", "cpp"}),
    (["gust", "bill", "--by", ""], {"function", "day", "tag"}), (["gust", "completion", "z"], {"zsh"}),
    (["gust", "traces", "--slow", "--f"], {"--failed", "--function", "--follow"}),
    (["gust", "top", "--sort", "p"], {"p99"}), (["gust", "account", "list", "--j"], {"--json"})])
def test_bash_completes(words, some):
    got = complete_in_bash(*words)
    assert some <= set(got) and all(g.startswith(words[-1]) for g in got), got


def test_bash_completes_no_command_where_a_value_goes():
    assert complete_in_bash("gust", "--region", "") == [] and complete_in_bash("gust", "invoke", "hello", "") == []
    assert complete_in_bash("gust", "init", "api", "") == []


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
def test_zsh_completes():
    script = """
autoload -U compinit; compinit -u -D
source <(gust completion zsh)
_describe() { print -l -- "${(@P)${@[-1]}}" }
_files() { print FILES }
words=(gust '') CURRENT=2; _gust
words=(gust bucket '') CURRENT=3; _gust
words=(gust budget set --per '') CURRENT=5; _gust
words=(gust bill --) CURRENT=3; _gust
words=(gust invoke x '') CURRENT=4; _gust
words=(gust init '') CURRENT=3; _gust
"""
    out = shell("zsh", script, "-f")
    for some in ("up:Run Gust", "cp:Copy to", "\nmonth\nday\n", "--by:What each line", "FILES", "\nthumbnails\n"):
        assert some in out, out


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed")
def test_fish_completes():
    def complete(line):
        out = shell("fish", f"gust completion fish | source; complete -C '{line}'", "--no-config")
        return {entry.split("\t")[0] for entry in out.splitlines()}
    assert {"up", "bill", "replay"} <= complete("gust ") and {"cp", "sync"} <= complete("gust bucket ")
    assert {"month", "day"} <= complete("gust budget set --per ") and "--by" in complete("gust bill --")
    assert "tail" in complete("gust --region x events t")


# -- the man page


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "gust.1"
    path.write_text(run("man").stdout)
    return path


@pytest.mark.skipif(not shutil.which("man"), reason="man is not installed")
def test_man_shows_every_command(page):
    done = subprocess.run(["man", "-l", "--warnings=w", "-E", "UTF-8", str(page)], capture_output=True, text=True,
                          env=os.environ | {"MANWIDTH": "200", "MANPAGER": "cat", "LC_ALL": "C.UTF-8"})
    assert done.returncode == 0 and not done.stderr, done.stderr
    text = "\n".join(" ".join(line.split()) for line in done.stdout.splitlines())
    for some in ("gust bill [OPTION]...", "gust bucket cp src dst", "gust replay id", "--by VALUE", "EXIT STATUS", "gust up --dev"):
        assert some in text, some


@pytest.mark.skipif(not shutil.which("mandoc"), reason="mandoc is not installed")
def test_mandoc_finds_nothing_wrong(page):
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", str(page)], capture_output=True, text=True)
    assert "ERROR" not in done.stdout and "UNSUPP" not in done.stdout, done.stdout


# -- suggestions


@pytest.mark.parametrize("words, said", [
    (["bil"], "did you mean: gust bill"), (["statsu"], "did you mean: gust status"), (["bucket", "snyc"], "did you mean: gust bucket sync"),
    (["comp"], "did you mean: gust completion"), (["frobnicate"], "see gust --help"), (["bill", "--form", "x"], "did you mean --from?"),
    (["budget", "set", "5", "--notfy=x"], "did you mean --notify?"), (["bill", "--pirces", "x"], "did you mean --prices?"),
    (["status", "more"], "more is not expected; see gust status --help"), (["--jsno", "status"], "did you mean --json?")])
def test_the_nearest_is_suggested(words, said):
    done = run(*words)
    assert done.returncode == 2 and said in done.stderr and len(done.stderr.splitlines()) == 1, done


def test_completion_refuses_other_shells():
    done = run("completion", "tcsh")
    assert done.returncode == 2 and "bash" in done.stderr
