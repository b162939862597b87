"""Every command in README and docs runs, every link leads somewhere, ARCHITECTURE's modules are the folders of src.

A page's ```sh blocks run in order in one `bash -e`, in a folder with links to the repository's build/ and examples/,
beside a running daemon. What a page needs but does not show is in comments: <!-- run: ... -->."""
import re
import subprocess

import pytest

from conftest import BINARY, ROOT

PAGES = sorted(p for p in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md"),
                           *ROOT.glob("examples/*/README.md"), *ROOT.glob("runtimes/*/README.md")])
LANGUAGES = {"sh", "text", "yaml", "json", "python", "js", "cpp", "xml"}
BUILD_SECONDS = 3600
# Commands that do not end by themselves are run to where they would wait.
PREAMBLE = """
gust() {
  case "$1" in
    up) command gust status >/dev/null ;;  # one is running
    logs) command gust "${@/#-f/--limit=10000}" ;;
    *) command gust "$@" ;;
  esac
}
build/release/gust() { gust "$@"; }
./demo() { GUST_DEMO_LISTEN=127.0.0.1:0 GUST_DEMO_DATA=$PWD/demo-data "$REPOSITORY/demo" --once; }
./check() { :; }  # cannot run inside itself
scripts/package() { DPKG_DEB_COMPRESSOR_TYPE=none "$REPOSITORY/scripts/package"; }
sudo() { "$@"; }
apt() {  # in a layer of its own over this machine's root, where what the package needs is already
  case "$1" in
    install) cp "$2" "$MACHINE_ROOT/tmp/gust.deb" && $MACHINE dpkg --install /tmp/gust.deb ;;
    remove | purge) $MACHINE dpkg "--$1" "$2" ;;
    *) return 1 ;;
  esac
}
wait_for() { for _ in $(seq 600); do if "$@" >/dev/null 2>&1; then return 0; fi; sleep 0.1; done; "$@"; }
set -x
"""


def name_of(page):
    return str(page.relative_to(ROOT))


def fences(page):
    """(language, text) of each fenced block."""
    return re.findall(r"^ *```(\w*)\n(.*?)^ *```$", page.read_text(), re.M | re.S)


def script_of(page):
    parts = re.findall(r"^ *```sh\n(.*?)^ *```$|^<!-- run:\s(.*?)-->", page.read_text(), re.M | re.S)
    return "".join((shown or hidden).rstrip() + "\n" for shown, hidden in parts)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", page.read_text(), flags=re.S)):
        if not re.match(r"[a-z]+:", link) and not link.startswith("#"):
            assert (page.parent / link.split("#")[0]).exists(), f"{name_of(page)} links to {link}, which is not there"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_says_what_it_is(page):
    for language, text in fences(page):
        assert language in LANGUAGES, f"{name_of(page)}: a block starts with ```{language}; use one of {LANGUAGES}:\n{text[:200]}"


# CONTRIBUTING's build waits for the sanitizers', which check makes beside these tests: as long as a slow machine needs.
@pytest.mark.timeout(BUILD_SECONDS + 60)
@pytest.mark.parametrize("page", [p for p in PAGES if script_of(p)], ids=name_of)
def test_commands_run(page, new_gust, tmp_path, request):
    gust = new_gust("--dev").start()
    folder = ROOT if page.name == "CONTRIBUTING.md" else tmp_path / "here"
    folder.mkdir(exist_ok=True)
    if folder != ROOT:
        for name in ("build", "examples"):
            (folder / name).symlink_to(ROOT / name)
    env = gust.env()
    env |= {"PATH": f"{BINARY.parent}:{ROOT}/build/venv-new/bin:{env['PATH']}", "REPOSITORY": str(ROOT),
            "AWS_PAGER": "", "AWS_SHARED_CREDENTIALS_FILE": str(gust.data / "credentials")}
    if "apt install" in script_of(page):
        machine = request.getfixturevalue("machine")
        env |= {"MACHINE": " ".join([*machine.enter, "env", f"PATH={machine.SYSTEM_PATH}"]), "MACHINE_ROOT": str(machine.path("/"))}
    done = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", PREAMBLE + script_of(page)], cwd=folder, env=env, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=BUILD_SECONDS if page.name == "CONTRIBUTING.md" else 600)
    assert done.returncode == 0, f"{name_of(page)}:\n{done.stdout[-6000:]}\n--- the daemon:\n{gust.log()[-2000:]}"


def test_the_modules_are_the_folders():
    table = (ROOT / "ARCHITECTURE.md").read_text()
    listed = {name.strip().removesuffix("/<service>") for row in re.findall(r"^\| \d \| ([^|]+) \|", table, re.M)
              for name in row.split(",")}
    folders = {p.name for p in (ROOT / "src").iterdir() if p.is_dir() and any(p.rglob("*.cc"))}
    assert folders <= listed, f"not in ARCHITECTURE.md: {folders - listed}"
