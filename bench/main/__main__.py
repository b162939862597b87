import importlib
import sys

NAMES = ("thumbnails", "keep_alive", "console", "tls")
wrong = set(sys.argv[1:]) - set(NAMES)
if wrong:
    sys.exit(f"there is no benchmark {', '.join(sorted(wrong))}; there are {', '.join(NAMES)}, and those of bench/functions/run, bench/objects/run and bench/tables/run")
for name in sys.argv[1:] or NAMES:
    importlib.import_module(f"main.{name}").measure()
