"""Tests of conv1d.torch: left out where PyTorch is not installed, unless CONV1D_REQUIRE_TORCH says that it must be."""

import os
import warnings

import pytest
from harness.oracle import pytorch


def pytest_ignore_collect(collection_path) -> bool | None:
    absent = pytorch is None and not os.environ.get("CONV1D_REQUIRE_TORCH")
    return True if absent and collection_path.name.startswith("test_") else None


@pytest.fixture(autouse=True)
def _one_thread():
    """Each test begins with one thread and gives back what it changed."""
    before = pytorch.get_num_threads()
    pytorch.set_num_threads(1)
    yield
    pytorch.set_num_threads(before)


@pytest.fixture
def everything_pays(monkeypatch):
    """Sizes keep nothing from being fused, and PyTorch's warnings are nobody's business."""
    from harness import fusing

    fusing.everything_pays(monkeypatch)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture
def count(monkeypatch, everything_pays):
    """How often something was fused, so far."""
    from harness import fusing

    return fusing.counted(monkeypatch)
