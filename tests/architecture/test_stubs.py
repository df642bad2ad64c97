"""The committed stub of the extension module describes the module as built."""

import importlib.util
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.mark.skipif(importlib.util.find_spec("nanobind") is None, reason="needs nanobind's stub generator")
def test_stub_describes_the_module() -> None:
    done = subprocess.run([sys.executable, ROOT / "tools/stubs.py"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
