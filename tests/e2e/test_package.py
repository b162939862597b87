"""The Debian package: what is in it, that its gust finds all it needs, and installing, upgrading, removing and purging it."""
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import ROOT, Gust, requires_root
from test_lambda import ROLE, zip_of

HANDLERS = {"python3.12": {"index.py": "import boto3, os\ndef handler(e, c): return e['n'] + 1"},
            "nodejs20.x": {"index.mjs": "import '@aws-sdk/client-s3';\nexport const handler = async e => e.n + 1;"}}
OLDER = "0.0.1"


def make(folder, *version):
    done = subprocess.run([ROOT / "scripts/package", *(version or [""]), folder], capture_output=True, text=True,
                          env=os.environ | {"DPKG_DEB_COMPRESSOR_TYPE": "none"}, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    [package] = folder.glob("gust_*.deb")
    return package


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return make(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def contents(package, tmp_path_factory):
    folder = tmp_path_factory.mktemp("contents")
    subprocess.run(["dpkg-deb", "--raw-extract", package, folder / "all"], check=True)
    return folder / "all"


def invoke_all(gust, number):
    """A function of each runtime that the package has, with its SDK."""
    functions = gust.client("lambda")
    for runtime, files in HANDLERS.items():
        name = re.sub(r"\W", "-", runtime)
        if name not in [f["FunctionName"] for f in functions.list_functions()["Functions"]]:
            functions.create_function(FunctionName=name, Runtime=runtime, Handler="index.handler", Role=ROLE, Timeout=30,
                                      Code={"ZipFile": zip_of(files)})
        answer = functions.invoke(FunctionName=name, Payload=f'{{"n": {number}}}')
        assert answer["Payload"].read() == str(number + 1).encode(), (runtime, gust.log()[-2000:])


def launchers_of(gust):
    """The programs that the daemon started."""
    children = Path(f"/proc/{gust.process.pid}/task/{gust.process.pid}/children").read_text().split()
    return {os.readlink(f"/proc/{child}/exe") for child in children}


def test_what_it_says(package):
    fields = dict(line.split(": ", 1) for line in subprocess.run(["dpkg-deb", "--field", package], check=True, capture_output=True,
                                                                 text=True).stdout.splitlines() if re.match(r"[A-Z][\w-]+: ", line))
    assert fields["Package"] == "gust" and package.name == f"gust_{fields['Version']}_{fields['Architecture']}.deb"
    assert subprocess.run([ROOT / "build/release/gust", "version"], capture_output=True, text=True).stdout.split()[-1] in fields["Version"]
    for library in ("libc6 (>=", "librocksdb", "libssl", "libboost-url", "adduser"):
        assert library in fields["Depends"], fields["Depends"]
    assert "init-system-helpers" not in fields["Depends"]  # essential: every Debian has it
    for program in ("python3 (>=", "nodejs", "slirp4netns"):
        assert program in fields["Recommends"]
    assert int(fields["Installed-Size"]) > 50_000


def test_what_is_in_it(package, contents):
    listed = subprocess.run(["dpkg-deb", "--contents", package], check=True, capture_output=True, text=True).stdout
    rows = [line.split(None, 5) for line in listed.splitlines()]
    modes = {row[5].split(" -> ")[0].removeprefix("."): row[0] for row in rows}
    assert {row[1] for row in rows} == {"root/root"}
    for program in ("/usr/bin/gust", "/usr/lib/gust/gust-launcher", "/usr/lib/gust/extensions/supervisor"):
        assert modes[program] == "-rwxr-xr-x"
    for file in ("/etc/default/gust", "/usr/lib/systemd/system/gust.service", "/usr/share/man/man1/gust.1.gz", "/usr/share/doc/gust/copyright",
                 "/usr/share/doc/gust/changelog.gz", "/usr/share/bash-completion/completions/gust", "/usr/share/zsh/vendor-completions/_gust",
                 "/usr/share/fish/vendor_completions.d/gust.fish", "/usr/lib/gust/runtimes/python/bootstrap.py",
                 "/usr/lib/gust/runtimes/node/bootstrap.mjs", "/usr/lib/gust/runtimes/ruby/bootstrap.rb"):
        assert modes[file] == "-rw-r--r--", file
    # Nothing that runs as somebody else, or that others may write.
    assert [path for path, mode in modes.items() if mode[0] != "l" and ("s" in mode or mode[5] == "w" or mode[8] == "w")] == []
    assert (contents / "DEBIAN/conffiles").read_text() == "/etc/default/gust\n"
    subprocess.run(["md5sum", "--check", "--quiet", "DEBIAN/md5sums"], cwd=contents, check=True)
    assert "/opt/" not in (contents / "usr/lib/systemd/system/gust.service").read_text()


def test_it_runs_from_any_folder(contents, tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("GUST_")]:
        monkeypatch.delenv(name)
    gust = Gust(tmp_path / "data")
    gust.command = [contents / "usr/bin/gust"]
    gust.start()
    try:
        invoke_all(gust, 6)
        assert str(contents / "usr/lib/gust/gust-launcher") in launchers_of(gust)
    finally:
        assert gust.stop() == 0


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_takes_the_unit(contents, tmp_path):
    text = (contents / "usr/lib/systemd/system/gust.service").read_text()
    unit = tmp_path / "gust.service"
    unit.write_text(text.replace("/usr/bin/gust", str(contents / "usr/bin/gust")))  # verify looks whether it is there
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True)
    assert done.returncode == 0 and "gust.service" not in done.stderr, done.stderr


def test_the_scripts_are_sh(contents):
    for name in ("postinst", "prerm", "postrm"):
        script = contents / "DEBIAN" / name
        assert script.stat().st_mode & 0o777 == 0o755
        subprocess.run(["dash" if shutil.which("dash") else "sh", "-n", script], check=True)
        assert subprocess.run([script, "abort-install"], capture_output=True, env={"PATH": "/nowhere"}).returncode == 0


def service(machine):
    """A daemon as the unit starts it."""
    unit = machine.path("/usr/lib/systemd/system/gust.service").read_text()
    command = re.search(r"^ExecStart=(.+)$", unit, re.M)[1]
    gust = Gust(machine.path("/var/lib/gust"))
    gust.log_path = machine.folder / "gust.log"
    gust.command = [*machine.enter, "sh", "-c", f'GUST_LISTEN="$5"; exec {command}', "sh"]
    return gust


def calls_of(machine):
    calls = machine.path("/tmp/calls")
    lines = calls.read_text().splitlines() if calls.exists() else []
    calls.write_text("")
    return lines


def pretend_systemd(machine):
    """As if systemd ran there: what is asked of it is written down."""
    machine.run("mkdir", "-p", "/run/systemd/system")
    for name in ("systemctl", "deb-systemd-invoke"):
        program = machine.path(f"/usr/local/sbin/{name}")
        # Links are made by the real one, which needs no systemd that runs for them.
        program.write_text(f'#!/bin/sh\ncase "$1" in --root=*) exec /usr/bin/systemctl "$@" ;; esac\necho "{name} $*" >>/tmp/calls\n')
        program.chmod(0o755)


@requires_root
def test_install_upgrade_remove_purge(package, machine, tmp_path):
    pretend_systemd(machine)
    older = make(tmp_path / "older", OLDER)
    machine.put(older, "/tmp/older.deb")
    machine.put(package, "/tmp/gust.deb")

    machine.run("dpkg", "--install", "/tmp/older.deb")
    assert calls_of(machine) == ["systemctl --system daemon-reload", "deb-systemd-invoke start gust.service"]
    user = machine.run("getent", "passwd", "gust").strip().split(":")
    assert int(user[2]) < 1000 and user[5:] == ["/var/lib/gust", "/usr/sbin/nologin"]
    assert machine.path("/etc/systemd/system/multi-user.target.wants/gust.service").is_symlink()
    gust = service(machine).start()
    try:
        gust.client("s3").create_bucket(Bucket="kept")
        gust.client("s3").put_object(Bucket="kept", Key="k", Body=b"from before")
        invoke_all(gust, 1)
    finally:
        assert gust.stop() == 0
    machine.path("/etc/default/gust").write_text("GUST_EVENTS_MB=99\n")
    machine.run("systemctl", "--root=/", "disable", "gust.service")

    machine.run("dpkg", "--install", "/tmp/gust.deb")
    assert [call for call in calls_of(machine) if "invoke" in call] == ["deb-systemd-invoke stop gust.service", "deb-systemd-invoke start gust.service"]
    assert machine.path("/etc/default/gust").read_text() == "GUST_EVENTS_MB=99\n"  # a user's own, and no question about it
    assert not machine.path("/etc/systemd/system/multi-user.target.wants/gust.service").is_symlink()  # as it was left
    assert OLDER not in machine.run("dpkg-query", "--show", "gust")
    gust = service(machine).start()
    try:
        assert gust.client("s3").get_object(Bucket="kept", Key="k")["Body"].read() == b"from before"
        invoke_all(gust, 2)
    finally:
        assert gust.stop() == 0

    machine.run("dpkg", "--install", "/tmp/gust.deb")  # the same again
    machine.run("dpkg-reconfigure", "gust")
    assert machine.run("getent", "passwd", "gust").strip().split(":") == user
    assert machine.path("/var/lib/gust/credentials").exists()

    calls_of(machine)
    machine.run("dpkg", "--remove", "gust")
    assert calls_of(machine) == ["deb-systemd-invoke stop gust.service", "systemctl --system daemon-reload"]
    assert not machine.path("/usr/bin/gust").exists() and not machine.path("/usr/lib/gust").exists()
    assert machine.path("/var/lib/gust/credentials").exists() and machine.path("/etc/default/gust").exists()

    machine.run("dpkg", "--purge", "gust")
    assert not machine.path("/var/lib/gust").exists() and not machine.path("/etc/default/gust").exists()
    machine.run("/bin/sh", "-c", "dpkg --purge gust; ! dpkg-query --show gust 2>/dev/null")


@requires_root
def test_a_purge_does_not_follow_mounts(package, machine):
    machine.put(package, "/tmp/gust.deb")
    machine.run("dpkg", "--install", "/tmp/gust.deb")
    machine.run("sh", "-c", "mkdir -p /srv/pictures /var/lib/gust/mounted && mount -t tmpfs other /srv/pictures && touch /srv/pictures/mine && "
                            "mount --bind /srv/pictures /var/lib/gust/mounted")
    assert "is left" in machine.run("dpkg", "--purge", "gust")
    assert machine.path("/srv/pictures/mine").exists()


@requires_root
def test_another_root(package, tmp_path):
    """dpkg --root, as tools that build images do: nothing of this machine is touched or started."""
    root, log = tmp_path / "root", tmp_path / "calls"
    for folder in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "run/systemd"):
        (root / folder).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("adduser", "systemctl", "deb-systemd-invoke", "deb-systemd-helper"):
        (tools / name).write_text(f'#!/bin/sh\necho "{name} $*" >>{log}\n')
        (tools / name).chmod(0o755)
    env = os.environ | {"PATH": f"{tools}:/usr/local/sbin:/usr/sbin:/sbin:{os.environ['PATH']}"}

    def dpkg(*arguments):
        done = subprocess.run(["dpkg", f"--root={root}", "--force-script-chrootless", "--force-depends", f"--log={tmp_path}/dpkg.log", *arguments],
                              env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stdout + done.stderr

    dpkg("--install", package)
    assert (root / "usr/bin/gust").exists() and (root / "var/lib/gust").stat().st_mode & 0o777 == 0o711
    (root / "var/lib/gust/objects").mkdir()
    dpkg("--remove", "gust")
    assert (root / "var/lib/gust/objects").exists()
    dpkg("--purge", "gust")
    assert not (root / "var/lib/gust").exists() and not (root / "usr/bin/gust").exists()
    assert {line.split()[0] for line in log.read_text().splitlines()} == {"deb-systemd-helper"}
