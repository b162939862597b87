"""The same object tests with an SDK from before default checksums."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from test_s3 import *  # noqa: E402,F401,F403
from test_s3_configurations import *  # noqa: E402,F401,F403
from test_s3_edges import *  # noqa: E402,F401,F403
from test_s3_multipart import *  # noqa: E402,F401,F403
from test_s3 import OLD  # noqa: E402


def test_the_sdk_is_old():
    assert OLD
