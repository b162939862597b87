"""Taking more than its share: processes, memory, disk, descriptors, threads, logs, cpu after the answer."""
import errno
import mmap
import os
import signal
import socket
import threading
import time


def fork_bomb():
    while True:
        try:
            os.fork()
        except OSError:
            pass


def count_forks():
    made = []
    while len(made) < 5000:
        try:
            pid = os.fork()
        except OSError as e:
            for pid in made:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            return {"made": len(made), "then": errno.errorcode[e.errno]}
        if pid == 0:
            signal.pause()
        made.append(pid)


def count_threads():
    stop, made = threading.Event(), []
    threading.stack_size(64 << 10)
    try:
        while len(made) < 5000:
            thread = threading.Thread(target=stop.wait)
            thread.start()
            made.append(thread)
    except RuntimeError as e:
        return {"made": len(made), "then": str(e)}
    finally:
        stop.set()
    return {"made": len(made), "then": "went on"}


def _grow(file):
    for _ in range(4096):
        os.write(file, bytes(1 << 20))


def hog(kind, count=8):
    """Takes 4 GiB in one of the ways there are; how far it came, if it lives to tell."""
    if kind == "heap":
        kept = [bytearray(b"x") * (1 << 20) for _ in range(4096)]
        return len(kept)
    if kind in ("/tmp", "/dev/shm"):
        with open(kind + "/big", "wb", buffering=0) as f:
            try:
                _grow(f.fileno())
            except OSError as e:
                return {"bytes": os.fstat(f.fileno()).st_size, "then": errno.errorcode[e.errno]}
            finally:
                os.unlink(f.name)
    if kind == "memfd":
        return _grow(os.memfd_create("big"))
    if kind == "shared mapping":
        m = mmap.mmap(-1, 4 << 30)
        for at in range(0, 4 << 30, 4096):
            m[at] = 1
        return m[-1]
    if kind == "children":
        for _ in range(count):
            if os.fork() == 0:
                kept = bytearray(b"x") * (100 << 20)
                signal.pause()
                os._exit(len(kept))
        killed = [os.wait()[1] for _ in range(count - 2)]  # one may fit, and one more be on its way
        return {"killed": killed.count(signal.SIGKILL)}
    if kind == "sockets":
        kept = []
        try:
            while True:
                kept.append(socket.socketpair())
                for end in kept[-1]:
                    end.setblocking(False)
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
                    try:
                        while True:
                            end.send(bytes(1 << 16))
                    except BlockingIOError:
                        pass
        except OSError as e:
            return {"sockets": len(kept), "then": errno.errorcode[e.errno]}


def page_cache():
    """Reads far more of the host's files than its memory: the cache of them must not end it."""
    read = 0
    for folder, _, names in os.walk("/usr/lib"):
        for name in names:
            try:
                with open(os.path.join(folder, name), "rb") as f:
                    while piece := f.read(1 << 20):
                        read += len(piece)
            except OSError:
                pass
            if read > 400 << 20:
                return read
    return read


def many_files():
    made = 0
    try:
        while made < 1 << 20:
            os.close(os.open(f"/tmp/{made}", os.O_CREAT | os.O_WRONLY))
            made += 1
    except OSError as e:
        return {"made": made, "then": errno.errorcode[e.errno]}
    finally:
        for i in range(made):
            os.unlink(f"/tmp/{i}")
    return {"made": made, "then": "went on"}


def descriptors():
    kept = []
    try:
        while len(kept) < 5000:
            kept.append(os.open("/dev/null", os.O_RDONLY))
    except OSError as e:
        return {"made": len(kept), "then": errno.errorcode[e.errno]}
    finally:
        for fd in kept:
            os.close(fd)


def connections(port, count):
    """Opens `count` connections from several processes, for the daemon to keep; holds them while it asks once more."""
    ready, hold = os.pipe(), os.pipe()
    for _ in range(count // 500):
        if os.fork() == 0:
            os.close(hold[1])
            kept = []
            for _ in range(500):
                try:
                    kept.append(socket.create_connection(("127.0.0.1", port), timeout=1))
                except OSError:
                    break
            os.write(ready[1], len(kept).to_bytes(4, "little"))
            os.read(hold[0], 1)
            os._exit(0)
    total = sum(int.from_bytes(os.read(ready[0], 4), "little") for _ in range(count // 500))
    os.close(hold[1])
    return total


def flood_of_logs(line, seconds):
    end = time.monotonic() + seconds
    text = (line + "\n") * (65536 // (len(line) + 1))
    while time.monotonic() < end:
        os.write(1, text.encode())


def leave_a_burner():
    """A process that goes on after the answer, and counts what cpu time it got."""
    pid = os.fork()
    if pid == 0:
        os.setsid()
        while True:
            pass
    return pid


def cpu_of(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def spin(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
