"""Style is a test: layers, lengths, names, leftovers. The rules are ARCHITECTURE.md's and STYLE.md's."""
import re
import subprocess
from pathlib import Path

import pytest

from tidy import cpp, layers

ROOT = Path(__file__).resolve().parents[2]
MAX_FILE, MAX_FUNCTION, MAX_LINE = 600, 80, 120


def tracked(*patterns):
    out = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns], cwd=ROOT,
                         check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in out.split("\0") if name and (ROOT / name).is_file()]


SOURCES = tracked("src/*.cc", "src/*.h", "apps/*.cc", "apps/*.h", "tests/*.cc", "tests/*.h", "bench/*.cc", "runtimes/*.cc")
HEADERS = [p for p in SOURCES if p.suffix == ".h"]
TEXTS = [p for p in tracked() if p.suffix not in {".png", ".jpg", ".jpeg", ".webp", ".zip", ".gz"} and "corpus" not in p.parts
         and p.name not in {"package-lock.json", "LICENSE"} and "pictures" not in p.parts]


def exceptions():
    """rule path[:name], one a line; the list may only shrink."""
    lines = (Path(__file__).parent / "exceptions.txt").read_text().splitlines()
    return {tuple(line.split()) for line in lines if line and not line.startswith("#")}


def report(rule, found):
    """Fails on findings that are not excepted, and on exceptions of this rule that nothing needs any more."""
    allowed = {place for r, place in exceptions() if r == rule}
    places = {place for place, _ in found}
    wrong = [f"{place}: {what}" for place, what in found if place not in allowed]
    wrong += [f"{place}: is excepted from '{rule}' without need: take it out of exceptions.txt" for place in allowed - places]
    assert not wrong, "\n".join(sorted(wrong))


def name_of(path):
    return str(path.relative_to(ROOT))


def test_there_is_something_to_check():
    assert len(SOURCES) > 20


def test_modules_include_only_what_their_row_lists():
    table = layers.read(ROOT / "ARCHITECTURE.md")
    found = []
    for path in SOURCES:
        if path.is_relative_to(ROOT / "src"):
            for line, included in cpp.project_includes(path):
                if not layers.allowed(table, layers.module_of(path.relative_to(ROOT / "src")), layers.module_of(Path(included))):
                    found.append((name_of(path), f"line {line}: must not include {included}"))
    report("include", found)


def test_no_two_headers_define_types_of_one_name():
    """The linker keeps one of two destructors, and says nothing."""
    found, first = [], {}
    for path in HEADERS:
        where = []
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if opened := re.match(r"namespace ([\w:]+) \{$", line):
                where.append(opened[1])
            elif line.startswith("}  // namespace"):
                where.pop()
            elif defined := re.match(r"(?:struct|class|enum class) (\w+)(?!::)\b[^;]*\{", line):
                name = "::".join([*where, defined[1]])
                if name in first and "<" not in line:
                    found.append((name_of(path), f"line {number}: {name} is also defined in {first[name]}"))
                first.setdefault(name, name_of(path))
    assert first
    report("type", found)


def test_every_module_has_a_row():
    table = layers.read(ROOT / "ARCHITECTURE.md")
    folders = {p.relative_to(ROOT / "src").parts[0] for p in SOURCES if p.is_relative_to(ROOT / "src")}
    assert folders - set(table) == set()


def test_only_http_includes_beast():
    report("beast", [(name_of(p), "includes Boost.Beast") for p in SOURCES
                     if "boost/beast" in p.read_text() and not p.is_relative_to(ROOT / "src/http")])


def test_file_lengths():
    report("file-length", [(name_of(p), f"{n} lines, {MAX_FILE} at most") for p in SOURCES
                           if (n := len(p.read_text().splitlines())) > MAX_FILE])


def test_function_lengths():
    report("function-length", [(f"{name_of(p)}:{name}", f"{n} lines, {MAX_FUNCTION} at most") for p in SOURCES
                               for name, n in cpp.functions(p.read_text()) if n > MAX_FUNCTION and name != "TEST"])


def test_line_lengths():
    report("line-length", [(name_of(p), f"line {i}: {len(line)} characters, {MAX_LINE} at most") for p in SOURCES
                           for i, line in enumerate(p.read_text().splitlines(), 1) if len(line) > MAX_LINE])


def test_headers_open_with_a_comment_and_pragma_once():
    found = []
    for path in HEADERS:
        text = path.read_text()
        if not text.startswith("// "):
            found.append((name_of(path), "does not open with what it is"))
        if "#pragma once" not in text:
            found.append((name_of(path), "has no #pragma once"))
    report("header", found)


def test_no_empty_names():
    pattern = re.compile(r"\b(?:class|struct)\s+(\w*(?:Manager|Helper|Util|Utils|Impl))\b")
    report("name", [(name_of(p), f"{m[1]}: says nothing") for p in SOURCES for m in pattern.finditer(p.read_text())])


def test_no_bool_parameters():
    pattern = re.compile(r"^\s*(?:[\w:<>&*\[\], ]+\s)\w+\(([^;{}]*)\)\s*(?:const)?\s*(?:=\s*0)?;", re.M)
    found = []
    for path in HEADERS:
        for m in pattern.finditer(path.read_text()):
            if re.search(r"(^|,)\s*(?:const\s+)?bool\s+\w+", m[1]):
                found.append((name_of(path), f"bool parameter in: {' '.join(m[0].split())}"))
    report("bool-parameter", found)


def test_nothing_is_detached():
    report("detached", [(name_of(p), "spawns detached; use a TaskGroup") for p in SOURCES
                        if re.search(r"\basio::detached\b|[(, ]detached\)", p.read_text())])


def test_coroutine_shapes():
    """A braced temporary or a capturing lambda in the same full expression as co_await (STYLE.md, Coroutines)."""
    report("co-await", [(name_of(p), f"line {line}: name the value before the co_await: {text}") for p in SOURCES
                        for line, text in cpp.risky_awaits(p.read_text())])


def test_tests_do_not_sleep():
    pattern = re.compile(r"\b(?:sleep_for\(|time\.sleep\(|usleep\(|setTimeout\()")
    tests = [p for p in SOURCES if p.name.endswith("_test.cc")] + tracked("tests/*.py")
    report("sleep", [(name_of(p), f"line {i}: waits by the clock: {line.strip()}") for p in tests if p != Path(__file__)
                     for i, line in enumerate(p.read_text().splitlines(), 1) if pattern.search(line)])


@pytest.mark.parametrize("what,pattern", [
    ("marker", r"\b(?:TODO|FIXME|XXX|HACK)\b"),
    ("machine-path", r"/wor[k]/(?:main|w|shared)\b|/roo[t]/\.|/mn[t]/sandboxing"),
    ("registry-host", r"registry\.npmjs\.org/|files\.pythonhosted\.org|deb\.debian\.org"),
])
def test_no_leftovers(what, pattern):
    report(what, [(name_of(p), f"line {i}: {line.strip()[:80]}") for p in TEXTS if p != Path(__file__)
                  for i, line in enumerate(p.read_text(errors="replace").splitlines(), 1) if re.search(pattern, line)])


def test_unit_tests_assert_something():
    found = []
    for path in SOURCES:
        if path.name.endswith("_test.cc"):
            text = path.read_text()
            for m in re.finditer(r"^(?:TYPED_)?TEST(?:_[FP])?\(([^)]*)\)\s*\{(.*?)^\}", text, re.M | re.S):
                if "DISABLED_" in m[1]:
                    continue  # what another test runs in a process of its own, to kill it
                if not re.search(r"EXPECT|ASSERT|FAIL\(|check_|expect_|GTEST_SKIP", m[2]):
                    found.append((f"{name_of(path)}:{m[1].replace(', ', '.')}", "asserts nothing"))
    report("asserts", found)
