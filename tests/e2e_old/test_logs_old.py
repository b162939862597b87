"""CloudWatch Logs with the older SDK."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from test_logs import *  # noqa: E402,F401,F403
