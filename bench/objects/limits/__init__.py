"""What the disk, the hashes and the cipher allow, bare, on the server's core: limits.cc."""
import subprocess
import tempfile

from conftest import BINARY
from harness import SCRATCH, cores

_PROGRAM = BINARY.parent / "bench/bench_objects_limits"


def _number(*arguments):
    done = subprocess.run([*cores.on(cores.SERVER), _PROGRAM, *map(str, arguments)], stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout)


def commits(size, batch, seconds):
    """Writes of `size` bytes a second, a sync for each `batch`."""
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        return _number("commits", folder, size, batch, seconds)


def hashes(kind, size, seconds):
    """MB a second of MD5 and a checksum in one pass."""
    return _number("hashes", kind, size, seconds)


def seals(size, seconds):
    """MB a second of AES-256-GCM."""
    return _number("seals", size, seconds)
