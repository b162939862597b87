"""A Runtime API of our own for the tests of the runtimes: gives out events one by one and keeps what is posted."""
import http.server
import json
import os
import queue
import subprocess
import threading
import time

PREFIX = "/2018-06-01/runtime/"


class RuntimeApi:
    """Serves one instance. `posts` gets (path below the prefix, headers, body) in the order of arrival."""

    def __init__(self):
        self.posts = queue.Queue()
        self._events = queue.Queue()
        self._count = 0
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                assert self.path == PREFIX + "invocation/next"
                event = api._events.get()
                if event is None:
                    self.close_connection = True
                    return
                headers, body = event
                self.send_response(200)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                body = self._read_body()
                api.posts.put((self.path.removeprefix(PREFIX), dict(self.headers), body))
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def _read_body(self):
                if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                    return self.rfile.read(int(self.headers["Content-Length"]))
                parts = []
                while size := int(self.rfile.readline(), 16):
                    parts.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(parts)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = "127.0.0.1:%d" % self._server.server_port

    def give(self, event, **headers):
        """Queues one invocation; answers its request id."""
        self._count += 1
        request_id = "request-%d" % self._count
        given = {
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 10_000),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:000000000000:function:f",
        }
        given |= {"Lambda-Runtime-" + name.replace("_", "-"): value for name, value in headers.items()}
        self._events.put((given, event if isinstance(event, bytes) else json.dumps(event).encode()))
        return request_id

    def take(self):
        return self.posts.get(timeout=20)

    def close(self):
        self._events.put(None)
        self._server.shutdown()


class Instance:
    """One runtime process on the host (isolation is tested elsewhere), with its Runtime API."""

    def __init__(self, command, task, handler, env=None):
        self.api = RuntimeApi()
        variables = {
            "PATH": "/usr/bin:/bin",
            "AWS_LAMBDA_RUNTIME_API": self.api.address,
            "LAMBDA_TASK_ROOT": str(task),
            "_HANDLER": handler,
            "AWS_LAMBDA_FUNCTION_NAME": "f",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/f",
            "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
        }
        self._process = subprocess.Popen(
            command, cwd=task, env=variables | (env or {}), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def invoke(self, event, **headers):
        """(what was posted to: response or error, its headers, its body)."""
        request_id = self.api.give(event, **headers)
        path, got, body = self.api.take()
        assert path.startswith("invocation/%s/" % request_id), path
        return path.rsplit("/", 1)[1], got, body

    def result(self, event, **headers):
        kind, _, body = self.invoke(event, **headers)
        assert kind == "response", body
        return json.loads(body)

    def error(self, event):
        kind, headers, body = self.invoke(event)
        assert kind == "error", body
        report = json.loads(body)
        assert headers["Lambda-Runtime-Function-Error-Type"] == report["errorType"]
        return report

    def init_error(self):
        path, headers, body = self.api.take()
        assert path == "init/error", path
        report = json.loads(body)
        assert headers["Lambda-Runtime-Function-Error-Type"] == report["errorType"]
        return report

    def exit_code(self):
        return self._process.wait(timeout=20)

    def output(self):
        """Everything that was printed; ends the instance."""
        self.close()
        return self._process.stdout.read()

    def close(self):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self.api.close()


def runtimes():
    return os.path.join(os.path.dirname(__file__), "../../runtimes")
