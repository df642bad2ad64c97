"""PyTorch, where it is installed: the live tests compare with it, and are skipped with one line where it is not.

With CONV1D_REQUIRE_TORCH set (as in CI) its absence is a failure.
"""

import os

import pytest

VERSION = "2.13.0"

try:
    import torch as pytorch
except ImportError:
    pytorch = None
else:
    # Its oneDNN kernels ended the process on one random layer in some ten thousand (SIGSEGV in perform_outwork of
    # brgemm_convolution_fwd_t). Numbers are compared with a float64 computation, so its plain kernels serve as well.
    pytorch.backends.mkldnn.enabled = False


def require() -> None:
    """For the top of a test module."""
    if pytorch is None:
        text = f"PyTorch {VERSION} is not installed: the golden data serve instead"
        if os.environ.get("CONV1D_REQUIRE_TORCH"):
            pytest.fail(text, pytrace=False)
        pytest.skip(text, allow_module_level=True)
    if pytorch.__version__.split("+")[0] != VERSION:
        pytest.skip(
            f"PyTorch {pytorch.__version__} is here, the texts and bits are those of {VERSION}", allow_module_level=True
        )
    pytorch.set_num_threads(1)
