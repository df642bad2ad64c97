"""Tests of conv1d.torch: skipped without PyTorch 2.13.0."""

import pytest
from harness.oracle import pytorch


def pytest_ignore_collect(collection_path) -> bool | None:
    return True if pytorch is None and collection_path.suffix == ".py" else None


if pytorch is not None:

    @pytest.fixture(autouse=True)
    def _one_thread():
        """Each test begins with one thread and gives back what it changed."""
        before = pytorch.get_num_threads()
        pytorch.set_num_threads(1)
        yield
        pytorch.set_num_threads(before)
