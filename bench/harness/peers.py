"""What Gust is measured beside, each answering hello world: servers to load, and how long each takes to a first answer.

workerd, serverless-offline and functions-framework come from npm (bench/peers), bubblewrap from Debian. A bare fork and
exec, and the least server that Beast can be (bench/hello), are the limits."""
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from . import SCRATCH
from .load import exchange
from conftest import BINARY

NODE_MODULES = SCRATCH / "peers/node_modules"
WORKERD = """using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (modules = [(name = "worker", esModule = embed "hello.js")],
                                        compatibilityDate = "2025-01-01"))],
  sockets = [(name = "http", address = "127.0.0.1:{port}", http = (), service = "main")]);
"""
SERVERLESS = """service: bench
frameworkVersion: '3'
provider: {name: aws, runtime: nodejs20.x}
plugins: [serverless-offline]
functions:
"""
BARE = {"python": ["/usr/bin/python3", "-I", "-c", "pass"], "node": ["node", "-e", "0"], "native": ["/bin/true"]}
BWRAP = ["bwrap", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--unshare-all", "--die-with-parent",
         "/usr/bin/python3", "-I", "-c", "print('hello world')"]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_port(port, process, what, seconds=60):
    """Until something listens: asked again and again, since its time is measured."""
    end = time.monotonic() + seconds
    while True:
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"{what} does not listen: exit {process.poll()}\n{process.log_file.read_text()[-2000:]}")
        time.sleep(0.0002)


@contextlib.contextmanager
def server(name, command_of, files=(), port=None):
    """Runs a server in a folder with `files`; gives its URL once it listens. `command_of(port)` is its command."""
    port = port or free_port()
    folder = Path(tempfile.mkdtemp(dir=SCRATCH, prefix="peer-"))
    for file, content in dict(files).items():
        (folder / file).write_text(content.replace("{port}", str(port)))
    (folder / "node_modules").symlink_to(NODE_MODULES)
    env = os.environ | {"SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off", "NODE_ENV": "production"}
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(list(map(str, command_of(port))), cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=log, start_new_session=True)
    process.log_file = folder / "log"
    try:
        wait_for_port(port, process, name)
        yield f"http://127.0.0.1:{port}"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        shutil.rmtree(folder)


def beast():
    return server("bench_hello", lambda port: [BINARY.parent / "bench/bench_hello", port])


def workerd():
    files = {"hello.js": 'export default { async fetch() { return new Response("hello world"); } };\n', "config.capnp": WORKERD}
    return server("workerd", lambda port: [NODE_MODULES / ".bin/workerd", "serve", "config.capnp"], files)


def functions_framework():
    files = {"index.js": 'exports.hello = (request, response) => response.send("hello world");\n'}
    return server("functions-framework",
                  lambda port: [NODE_MODULES / ".bin/functions-framework", "--target=hello", f"--port={port}"], files)


def serverless_offline(functions):
    """With functions f0, f1, ... at /f0, /f1, ..."""
    text = SERVERLESS + "".join(f"  f{i}: {{handler: handler.handler, events: [{{httpApi: 'GET /f{i}'}}]}}\n" for i in range(functions))
    files = {"handler.js": "exports.handler = async () => ({statusCode: 200, body: 'hello world'});\n", "serverless.yml": text}
    return server("serverless-offline", lambda port: [NODE_MODULES / ".bin/serverless", "offline", "--httpPort", port, "--lambdaPort",
                                                      free_port(), "--noPrependStageInUrl"], files)


def ms(action):
    began = time.perf_counter()
    action()
    return (time.perf_counter() - began) * 1000


def fork_exec(runtime):
    """Milliseconds of a bare process of this language, to its end."""
    return ms(lambda: subprocess.run(BARE[runtime], check=True))


def bwrap_python():
    return ms(lambda: subprocess.run(BWRAP, check=True, stdout=subprocess.DEVNULL))


def to_first_answer(start):
    """Milliseconds from the start of a server to its first answer."""
    began = time.perf_counter()
    with start() as url:
        exchange(url)
        return (time.perf_counter() - began) * 1000


def first_calls(functions):
    """Milliseconds of the first call of each function of serverless-offline."""
    with serverless_offline(functions) as url:
        return [ms(lambda: exchange(f"{url}/f{i}")) for i in range(functions)]
