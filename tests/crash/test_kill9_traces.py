"""The plug is pulled amid load: the trace store opens, and what was flushed before is there."""
import threading

from test_traces import admin


def test_flushed_traces_survive(new_gust):
    gust = new_gust().start()
    s3 = gust.client("s3")
    s3.create_bucket(Bucket="load")
    flushed = set()
    for turn in range(4):
        stop = threading.Event()

        def load():
            client, number = gust.client("s3"), 0
            while not stop.is_set():
                try:
                    client.put_object(Bucket="load", Key=f"{turn}-{number}", Body=b"x")
                except Exception:  # the daemon is killed in the middle
                    return
                number += 1
        threads = [threading.Thread(target=load) for _ in range(3)]
        for thread in threads:
            thread.start()
        mine = set()
        while len(mine) < 50:  # to be shown, a trace was flushed
            mine |= {t["id"] for t in admin(gust, f"traces?text=load/{turn}-&limit=1000").json()["traces"]}
        gust.kill9()
        stop.set()
        for thread in threads:
            thread.join()
        flushed |= mine
        gust.start()
        for trace in list(flushed)[::max(1, len(flushed) // 40)]:
            answer = admin(gust, f"traces/{trace}")
            assert answer.status_code == 200 and answer.json()["spans"][0]["name"].startswith("PUT load/"), trace
