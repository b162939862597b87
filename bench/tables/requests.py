"""What is asked of a table, items of 1 KiB: each a list of different requests, whole and signed; and wrk sending them in turn."""
import struct

from harness import cores
from harness.load import wrk
from tables.servers import TABLE

CONNECTIONS, KIB, QUERIED, WRITTEN_TOGETHER = 64, 1024, 100, 4
# Requests by their lengths, for bodies have any bytes.
SCRIPT = """
local requests, at = {{}}, 0
function init(args)
  local f = io.open("{file}", "rb")
  while true do
    local head = f:read(4)
    if not head then break end
    local a, b, c, d = head:byte(1, 4)
    requests[#requests + 1] = f:read(a + 256 * (b + 256 * (c + 256 * d)))
  end
  f:close()
end
function request()
  at = at % #requests + 1
  return requests[at]
end
"""


def key(p, s="0"):
    return {"p": {"S": p}, "s": {"S": s}}


def item(p, s="0", seed=0):
    """About 1 KiB, as the service counts it."""
    fixed = key(p, s) | {"number": {"N": str(seed)}, "flag": {"BOOL": True}}
    return fixed | {"text": {"S": (f"{seed:08} " * 128)[:KIB - 60]}}


def one(i):
    return f"item-{i:07}"


def puts(server, count):
    return [server.request("PutItem", {"TableName": TABLE, "Item": item(one(i), seed=i)}) for i in range(count)]


def gets(server, count):
    return [server.request("GetItem", {"TableName": TABLE, "Key": key(one(i))}) for i in range(count)]


def queries(server, count):
    """Of a partition with 100 items; there are 64 such."""
    values = [{":p": {"S": f"many-{i % CONNECTIONS}"}} for i in range(count)]
    return [server.request("Query", {"TableName": TABLE, "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": v}) for v in values]


def transactions(server, count):
    """Of four puts of 1 KiB."""
    def put(i):
        return {"Put": {"TableName": TABLE, "Item": item(f"together-{i:07}", seed=i)}}
    at = range(0, count * WRITTEN_TOGETHER, WRITTEN_TOGETHER)
    return [server.request("TransactWriteItems", {"TransactItems": [put(i + n) for n in range(WRITTEN_TOGETHER)]}) for i in at]


def fill_partitions(server):
    client = server.client()
    for p in range(CONNECTIONS):
        for begin in range(0, QUERIED, 25):
            wanted = [{"PutRequest": {"Item": item(f"many-{p}", f"{s:03}", s)}} for s in range(begin, begin + 25)]
            client.batch_write_item(RequestItems={TABLE: wanted})


def script_for(folder, requests):
    folder.mkdir(parents=True)
    (folder / "requests").write_bytes(b"".join(struct.pack("<I", len(r)) + r for r in requests))
    (folder / "script.lua").write_text(SCRIPT.format(file=folder / "requests"))
    return folder / "script.lua"


def rate(server, script, seconds):
    """(requests/s, median ms, p99 ms)"""
    return wrk(server.endpoint, CONNECTIONS, seconds, script, cores.LOAD)
