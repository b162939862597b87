"""Presigned paths for many keys, faster than an SDK makes them: SigV4 in the query (S3), account signatures (Azure Blob)."""
import base64
import datetime
import hashlib
import hmac
from urllib.parse import quote


def _hmac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class S3:
    """Paths below one endpoint ("host:port") for one pair of keys, good for a day; payloads unsigned."""

    def __init__(self, host, key, secret, now=None, region="us-east-1"):
        now = now or datetime.datetime.now(datetime.timezone.utc)
        self.host, self.at, day = host, now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
        self.scope = f"{day}/{region}/s3/aws4_request"
        self.credential = quote(f"{key}/{self.scope}", safe="")
        self.signing_key = ("AWS4" + secret).encode()
        for part in (day, region, "s3", "aws4_request"):
            self.signing_key = _hmac(self.signing_key, part)

    def path(self, method, path, query=None, headers=None):
        """`path` is sent as it is. `headers` are signed, by lower-case name, and have to be sent as well."""
        signed = {"host": self.host} | (headers or {})
        names = ";".join(sorted(signed))
        values = {"X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Date": self.at, "X-Amz-Expires": "86400"} | (query or {})
        pairs = [f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in values.items()]
        text = "&".join(sorted([*pairs, f"X-Amz-Credential={self.credential}", f"X-Amz-SignedHeaders={quote(names, safe='')}"]))
        lines = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
        canonical = f"{method}\n{path}\n{text}\n{lines}\n{names}\nUNSIGNED-PAYLOAD"
        to_sign = f"AWS4-HMAC-SHA256\n{self.at}\n{self.scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        return f"{path}?{text}&X-Amz-Signature={_hmac(self.signing_key, to_sign).hex()}"


# The documented account of every emulator of that service.
AZURE_ACCOUNT = "devstoreaccount1"
AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


def azure_query():
    """The query that lets the emulators' account do anything with blobs."""
    values = {"sv": "2018-11-09", "ss": "b", "srt": "sco", "sp": "rwdlac", "se": "2099-01-01T00:00:00Z"}
    lines = [AZURE_ACCOUNT, values["sp"], values["ss"], values["srt"], "", values["se"], "", "", values["sv"], ""]
    signature = base64.b64encode(_hmac(base64.b64decode(AZURE_KEY), "\n".join(lines))).decode()
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in (values | {"sig": signature}).items())
