"""Adds up the results of all test runners; the last line is "N passed, N failed"."""
import json
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path


def main(folder):
    passed = failed = skipped = 0
    for path in sorted(folder.glob("*.json")):
        result = json.loads(path.read_text() or '{"died": 1}')
        if "tests" not in result:
            passed, failed = passed + result.get("passed", 0), failed + result.get("died", 0)
            if result.get("died"):
                print(f"failed: {path.stem} (see {path.with_suffix('.log')})")
            continue
        for suite in result["testsuites"]:
            for test in suite["testsuite"]:
                name = f"{path.stem}: {suite['name']}.{test['name']}"
                if test.get("failures"):
                    failed += 1
                    print(f"failed: {name}")
                elif test.get("result") == "SKIPPED":
                    skipped += 1
                    if not path.stem.startswith(("asan", "tsan")):
                        print(f"skipped: {name}")
                else:
                    passed += 1
    for path in sorted(folder.glob("*.xml")):
        cases = list(ElementTree.parse(path).iter("testcase"))
        if not cases:  # pytest could not even start
            failed += 1
            print(f"failed: {path.stem}: no test ran")
        for case in cases:
            name = f"{case.get('classname')}.{case.get('name')}"
            if case.find("failure") is not None or case.find("error") is not None:
                failed += 1
                print(f"failed: {name}")
            elif (why := case.find("skipped")) is not None:
                skipped += 1
                print(f"skipped: {name}: {why.get('message')}")
            else:
                passed += 1
    if skipped:
        print(f"{skipped} skipped")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
