"""A TCP relay before a daemon that counts bytes and can be shut after some, so that a client hangs where a test wants it."""
import socket
import threading


class Gate:
    """Passes at most `up` bytes to the daemon and `down` bytes back; the rest waits, as on a dead network."""

    def __init__(self, port, up=None, down=None):
        self.port_behind, self.left = port, {"up": up, "down": down}
        self.passed, self.lock, self.sockets, self.shut = {"up": 0, "down": 0}, threading.Lock(), [], threading.Event()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self.server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while not self.shut.is_set():
            try:
                near, _ = self.server.accept()
                far = socket.create_connection(("127.0.0.1", self.port_behind))
            except OSError:
                return
            self.sockets += [near, far]
            for way, source, target in (("up", near, far), ("down", far, near)):
                threading.Thread(target=self._pass, args=(way, source, target), daemon=True).start()

    def _pass(self, way, source, target):
        try:
            while data := source.recv(65536):
                with self.lock:
                    room = len(data) if self.left[way] is None else min(len(data), self.left[way])
                    if self.left[way] is not None:
                        self.left[way] -= room
                    self.passed[way] += room
                target.sendall(data[:room])
                if room < len(data):
                    self.shut.wait()
                    return
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def cut(self):
        """Breaks every connection off; new ones pass without a limit."""
        self.left = {"up": None, "down": None}
        for one in self.sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)  # wakes who reads it
            except OSError:
                pass
            one.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.shut.set()
        self.server.close()
        self.cut()
