"""tools/performance.py as a module: it lies in no package."""

import importlib.util
import pathlib
import types

_FILE = pathlib.Path(__file__).resolve().parents[3] / "tools/performance.py"


def load() -> types.ModuleType:
    spec = importlib.util.spec_from_file_location("performance", _FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
