"""A layer of its own over this machine's root: what is installed there is not installed here, and is gone with it."""
import os
import subprocess
from pathlib import Path

import pytest

# The layer is memory: a file system cannot be above itself. Sandboxes want /proc, /sys and /dev as they are.
SETUP = """set -e
mount -t tmpfs -o size=2g layer "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount -t proc proc "$1/root/proc"
for folder in sys dev; do mount --rbind "/$folder" "$1/root/$folder"; done
echo ready
cat >/dev/null
"""


class Machine:
    """Root on Debian with overlays is needed: a test is skipped without."""

    SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    def __init__(self, folder):
        if os.geteuid() != 0:
            pytest.skip("needs root")
        self.folder = Path(folder)
        self.folder.mkdir()
        self.holder = subprocess.Popen(["unshare", "--mount", "sh", "-c", SETUP, "sh", self.folder], text=True,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if self.holder.stdout.readline() != "ready\n":
            pytest.skip(f"no layer over this machine's root: {self.holder.stderr.read()}")
        # What begins a command there.
        self.enter = ["nsenter", f"--mount=/proc/{self.holder.pid}/ns/mnt", "chroot", str(self.folder / "root")]

    def path(self, inside):
        """The same file as it is reached from here."""
        return Path(f"/proc/{self.holder.pid}/root{self.folder}/root") / str(inside).lstrip("/")

    def run(self, *command, check=True, **env):
        clean = {"PATH": self.SYSTEM_PATH, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
        done = subprocess.run([*self.enter, *map(str, command)], env=clean | env, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
        assert not check or done.returncode == 0, f"{command}: exit {done.returncode}\n{done.stdout}"
        return done.stdout

    def put(self, file, inside):
        self.path(inside).write_bytes(Path(file).read_bytes())
        return inside

    def close(self):
        self.holder.stdin.close()
        self.holder.wait(timeout=30)
