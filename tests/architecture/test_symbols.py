"""No wide-vector code in weak symbols.

The linker keeps one copy of a weak function, and must not keep one that an older processor cannot run.
"""

import os
import pathlib
import platform
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CONV1D_BUILD_DIR", ROOT / "build/release"))
LIBRARY = BUILD / "libconv1d.a"
# Registers of AVX and of AVX-512, mask registers.
WIDE = re.compile(r"%[yz]mm\d|%k[0-7]\b|%xmm(1[6-9]|2\d|3[01])\b")
# Functions of one instruction set's namespace carry its name: a weak copy of theirs meets only copies of the same set.
OWN_NAMESPACE = re.compile(r"\bN_(AVX|SSE|NEON)")

needs_library = pytest.mark.skipif(
    not LIBRARY.exists() or platform.machine() != "x86_64", reason=f"needs {LIBRARY} on x86-64"
)


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def weak_wide_functions(library: pathlib.Path) -> list[str]:
    weak = {line.split()[-1] for line in output("nm", str(library)).splitlines() if re.search(r" [WVu] ", line)}
    wide: set[str] = set()
    function = ""
    for line in output("objdump", "-d", "--no-show-raw-insn", str(library)).splitlines():
        if header := re.match(r"[0-9a-f]+ <(.+)>:$", line):
            function = header.group(1)
        elif function in weak and WIDE.search(line):
            wide.add(function)
    names = output("c++filt", *sorted(wide)).splitlines() if wide else []
    return [name for name in names if not OWN_NAMESPACE.search(name)]


@needs_library
def test_no_wide_vector_code_in_weak_symbols() -> None:
    assert weak_wide_functions(LIBRARY) == []


@needs_library
def test_the_check_itself_finds_such_code(tmp_path: pathlib.Path) -> None:
    source = tmp_path / "weak.cc"
    source.write_text(
        "inline void add(float* x) { for (int i = 0; i < 1024; ++i) x[i] += 1; }\nvoid (*use)(float*) = add;\n"
    )
    subprocess.run(["g++", "-O3", "-march=skylake-avx512", "-c", source, "-o", tmp_path / "weak.o"], check=True)
    subprocess.run(["ar", "rcs", tmp_path / "libweak.a", tmp_path / "weak.o"], check=True)
    assert weak_wide_functions(tmp_path / "libweak.a") == ["add(float*)"]


@needs_library
def test_wide_code_is_there_at_all() -> None:
    """Otherwise the first test would prove nothing."""
    assert "%zmm" in output("objdump", "-d", "--no-show-raw-insn", str(LIBRARY))
