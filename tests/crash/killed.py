"""A daemon whose plug is pulled while several clients write."""
import threading


def kill_amid(gust, write, writers, enough=60):
    """Runs `write(*arguments, counted)` for each of `writers` in a thread of its own until the daemon is killed, which is when `enough`
    writes released `counted`; then starts the daemon again."""
    counted = threading.Semaphore(0)
    threads = [threading.Thread(target=write, args=(*arguments, counted)) for arguments in writers]
    for thread in threads:
        thread.start()
    for _ in range(enough):
        counted.acquire()
    gust.kill9()
    for thread in threads:
        thread.join()
    gust.start()
