"""The module that the tests run on: conv1d, or the one that CONV1D_TEST_MODULE names.

`CONV1D_TEST_MODULE=torch pytest tests/python` turns the tests on PyTorch itself: it shows whether they ask for what it
does.
"""

import importlib
import os

NAME = os.environ.get("CONV1D_TEST_MODULE", "conv1d")
torch = importlib.import_module(NAME)
nn = importlib.import_module(NAME + ".nn")
F = importlib.import_module(NAME + ".nn.functional")
IS_PYTORCH = NAME == "torch"
