"""The servers that are measured, each on the server's core, and signed requests for them. dynalite (npm) keeps its tables in memory
and nothing on a disk."""
import contextlib
import json
from dataclasses import dataclass

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from harness import cores, daemon, peers

TABLE, REGION = "bench", "us-east-1"


@dataclass
class Server:
    endpoint: str
    keys: tuple

    def client(self):
        return boto3.client("dynamodb", endpoint_url=self.endpoint, region_name=REGION, aws_access_key_id=self.keys[0],
                            aws_secret_access_key=self.keys[1])

    def request(self, operation, body):
        """The bytes of a signed request."""
        data = json.dumps(body).encode()
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"DynamoDB_20120810.{operation}"}
        signed = AWSRequest("POST", self.endpoint + "/", headers=headers, data=data)
        SigV4Auth(Credentials(*self.keys), "dynamodb", REGION).add_auth(signed)
        lines = {"Host": self.endpoint.removeprefix("http://"), "Content-Length": len(data), **dict(signed.headers)}
        head = "POST / HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return head.encode() + b"\r\n" + data

    def make_table(self, name=TABLE):
        """With a partition key `p` and a sort key `s`."""
        client = self.client()
        client.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "p", "KeyType": "HASH"},
                                                                                     {"AttributeName": "s", "KeyType": "RANGE"}],
                            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in "ps"])
        client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})


@contextlib.contextmanager
def gust(*flags):
    with daemon.running(*flags, start=cores.on(cores.SERVER)) as running:
        server = Server(running.endpoint, running.keys())
        server.daemon = running
        yield server


@contextlib.contextmanager
def dynalite():
    with peers.server("dynalite", lambda port: [*cores.on(cores.SERVER), "node", peers.NODE_MODULES / ".bin/dynalite", "--port", port,
                                                "--createTableMs", 0]) as endpoint:
        yield Server(endpoint, ("bench", "bench"))
