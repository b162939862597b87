"""Checkouts share what ccache compiled, and none needs another to be still there."""

import os
import shutil
import subprocess
from pathlib import Path

COMPILE = Path(__file__).resolve().parents[2] / "cmake" / "compile"


def checkout(root: Path, header: str) -> Path:
    build = root / "build"
    build.mkdir(parents=True)
    (root / "src").mkdir()
    (root / "src" / "pch.h").write_text(header)
    (build / "pch.hxx").write_text("#include <pch.h>\n")
    (build / "pch.hxx.cxx").write_text("")
    (root / "one.cc").write_text("int one() { return kOne; }\n")
    return build


def compile_all(build: Path, cache: Path) -> int:
    """Hits of the cache so far, after the header and the source of `build` were compiled."""
    root = build.parent
    env = {**os.environ, "CCACHE_DIR": str(cache)}
    command = [COMPILE, root, "clang++-19", f"-I{root}/src", "-Xclang", "-fno-pch-timestamp", "-MD", "-MT", "target"]
    header, include = f"{build}/pch.hxx.pch", ["-Xclang", "-include", "-Xclang", f"{build}/pch.hxx"]
    for arguments in (
        ["-Xclang", "-emit-pch", *include, "-x", "c++-header", "-MF", "pch.d", "-o", header, "-c", f"{build}/pch.hxx.cxx"],
        ["-Xclang", "-include-pch", "-Xclang", header, *include, "-MF", "one.d", "-o", "one.o", "-c", f"{root}/one.cc"],
    ):
        subprocess.run([*command, *arguments], cwd=build, env=env, check=True)
    stats = subprocess.run(["ccache", "--print-stats"], env=env, check=True, capture_output=True, text=True).stdout
    counts = dict(line.split("\t") for line in stats.splitlines())
    return int(counts["direct_cache_hit"]) + int(counts["preprocessed_cache_hit"])


def test_a_checkout_uses_what_a_vanished_one_compiled_but_not_its_precompiled_header(tmp_path):
    header = "constexpr int kOne = 1;\n"
    assert compile_all(checkout(tmp_path / "a", header), tmp_path / "cache") == 0
    shutil.rmtree(tmp_path / "a")
    assert compile_all(checkout(tmp_path / "b", header), tmp_path / "cache") == 1
    assert compile_all(checkout(tmp_path / "c", "constexpr int kOne = 2;\n"), tmp_path / "cache") == 1
