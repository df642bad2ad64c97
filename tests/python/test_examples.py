"""What README.md and docs show runs: Python blocks, and C++ blocks compiled against the built library.

A Python block runs after those before it in the same file; one written as a session (`>>> `) must also show what it
says.
"""

import doctest
import os
import shutil
import subprocess
import sys
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from harness.snippets import ROOT, as_program, snippets
from harness.under_test import IS_PYTORCH

PYTHON = {str(file.relative_to(ROOT)): list(blocks) for file, blocks in groupby(snippets("python"), lambda s: s.file)}
CPP = snippets("cpp")
BUILD = os.environ.get("CONV1D_BUILD_DIR")  # make test sets it


@pytest.mark.skipif(IS_PYTORCH, reason="the snippets import conv1d")
@pytest.mark.parametrize("name", PYTHON)
def test_python_blocks(name: str, tmp_path: Path) -> None:
    program = tmp_path / "blocks.py"
    # Each block keeps its line numbers, so that an error names the line of the document.
    lines: list[str] = []
    for block in PYTHON[name]:
        if block.code.lstrip().startswith(">>> "):
            continue
        lines += [""] * (block.line - len(lines)) + block.code.splitlines()
    program.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert done.returncode == 0, f"{name}:\n{done.stderr}"


@pytest.mark.skipif(IS_PYTORCH, reason="the snippets import conv1d")
@pytest.mark.parametrize("name", PYTHON)
def test_python_sessions(name: str) -> None:
    text = "\n".join(block.code for block in PYTHON[name] if block.code.lstrip().startswith(">>> "))
    test = doctest.DocTestParser().get_doctest(text, {}, name, name, 0)
    report: list[str] = []
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    doctest.DocTestRunner(optionflags=flags).run(test, out=report.append)
    assert not report, "".join(report)


@pytest.mark.skipif(not BUILD, reason="CONV1D_BUILD_DIR names no build of the library (make test sets it)")
@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no g++")
@pytest.mark.parametrize("snippet", CPP, ids=map(str, CPP))
def test_cpp_blocks(snippet, tmp_path: Path) -> None:
    libraries = [p for p in (Path(BUILD) / "libconv1d.a", Path(BUILD) / "libconv1d.so") if p.exists()]
    assert libraries, f"{BUILD} holds no libconv1d"
    source, program = tmp_path / "block.cc", tmp_path / "block"
    source.write_text(as_program(snippet.code), encoding="utf-8")
    command = ["g++", "-std=c++20", "-Wall", "-Wno-unused", f"-I{ROOT / 'include'}", str(source), str(libraries[0])]
    command += [f"-Wl,-rpath,{BUILD}", "-pthread", "-o", str(program)]
    built = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert built.returncode == 0, f"{snippet} does not compile:\n{built.stderr[:4000]}"
    done = subprocess.run([str(program)], capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert done.returncode == 0, f"{snippet}: exit status {done.returncode}\n{done.stderr}"


COUNTING_MALLOC = """
#include <atomic>
#include <cstdio>
#include <cstdlib>
extern "C" void* __libc_malloc(std::size_t);
static std::atomic<long> count;
extern "C" void* malloc(std::size_t bytes) { ++count; return __libc_malloc(bytes); }
struct AtEnd { ~AtEnd() { std::fprintf(stderr, "%ld", count.load()); } } at_end;
"""


@pytest.mark.skipif(not BUILD, reason="CONV1D_BUILD_DIR names no build of the library (make test sets it)")
@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no g++")
def test_block_filter(tmp_path: Path) -> None:
    """examples/block_filter.cc filters a stream whatever its length, and allocates nothing in its loop."""
    program = Path(BUILD) / "examples" / "block_filter"
    if not program.exists():
        pytest.skip("built without examples")
    source, counting = tmp_path / "counting.cc", tmp_path / "counting.so"
    source.write_text(COUNTING_MALLOC, encoding="utf-8")
    subprocess.run(["g++", "-std=c++20", "-shared", "-fPIC", str(source), "-o", str(counting)], check=True, timeout=300)
    counts = set()
    for length in (1, 256, 1000, 100_000):
        samples = np.random.default_rng(length).standard_normal(length).astype(np.float32)
        done = subprocess.run(
            [str(program)], input=samples.tobytes(), capture_output=True, env={"LD_PRELOAD": str(counting)}, timeout=60
        )
        expected = np.convolve(samples.astype(np.float64), np.full(64, 1 / 64))[:length]
        np.testing.assert_allclose(np.frombuffer(done.stdout, np.float32), expected, atol=1e-6)
        counts.add(int(done.stderr))
    assert len(counts) == 1, f"allocations depend on the number of blocks: {counts}"
