"""The stub of the extension module, python/conv1d/_C.pyi: printed from the installed module, compared, or written.

Usage: stubs.py [--write]; without it, says whether the committed stub still describes the module.
"""

import pathlib
import sys

STUB = pathlib.Path(__file__).resolve().parent.parent / "python/conv1d/_C.pyi"


def stub_text() -> str:
    """What nanobind says of the installed module."""
    from conv1d import _C
    from nanobind.stubgen import StubGen

    generator = StubGen(_C, include_docstrings=False, include_private=True)
    generator.put(_C)
    # Functions that make Python objects by hand are "object" to nanobind, which no caller could do anything with.
    return generator.get().replace("-> object:", "-> Any:")


def main() -> int:
    text = stub_text()
    if "--write" in sys.argv[1:]:
        STUB.write_text(text)
        return 0
    if not STUB.exists() or STUB.read_text() != text:
        print("python/conv1d/_C.pyi does not describe the module: run `make stubs`")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
