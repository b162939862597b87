"""CloudWatch's metrics and alarms with the older SDK, which speaks forms."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from test_cloudwatch import *  # noqa: E402,F401,F403
