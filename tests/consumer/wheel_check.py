"""What the wheel must do in an empty environment: no compiler, no NumPy, no checkout. Run by tools/wheel."""

import importlib.util
import os

import conv1d
from conv1d import nn

assert os.sep + "site-packages" + os.sep in conv1d.__file__, conv1d.__file__
assert importlib.util.find_spec("numpy") is None, "this check is about an environment without NumPy"

conv1d.manual_seed(42)
layer = nn.Conv1d(2, 3, 5, padding="same", dilation=2)
y = layer(conv1d.ones(1, 2, 16))
assert y.shape == (1, 3, 16), y.shape
y.sum().backward()
assert layer.bias.grad.tolist() == [16.0, 16.0, 16.0], layer.bias.grad
try:
    y.detach().numpy()
except (RuntimeError, ImportError) as error:
    assert "umpy" in str(error), error
else:
    raise AssertionError("numpy() must say that NumPy is not there")
print(f"conv1d {conv1d.__version__} computes without NumPy and without a compiler")
