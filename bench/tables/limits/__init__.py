"""What RocksDB allows, bare, on the server's core: limits.cc."""
import subprocess
import tempfile

from conftest import BINARY
from harness import SCRATCH, cores


def puts(size, batch, seconds):
    """Puts of `size` bytes a second, a sync for each `batch`."""
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        command = [*cores.on(cores.SERVER), BINARY.parent / "bench/bench_tables_limits", folder, str(size), str(batch), str(seconds)]
        return float(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
