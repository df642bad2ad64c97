"""The door without PyTorch's C names, as it is opened before PyTorch 2.7: the same results, on one thread."""

import os
import subprocess
import sys

SCRIPT = """
import copy, torch, conv1d, conv1d.torch
from conv1d.torch import _door
from torch import nn

assert _door.DOOR == "python"
torch.manual_seed(0)
torch.set_num_threads(2)
assert conv1d.get_num_threads() == 1
plain = nn.Sequential(
    nn.Conv1d(2, 8, 5, stride=2, padding=3), nn.Conv1d(8, 8, 4, padding="same", groups=2),
    nn.ConvTranspose1d(8, 2, 4, stride=2, padding=1),
)
ours = copy.deepcopy(plain)
conv1d.torch.accelerate(ours)
for shape in ((2, 2, 60), (2, 61)):
    x = torch.randn(shape)
    with torch.inference_mode():
        torch.testing.assert_close(ours(x), plain(x))
    grads = []
    for net in (ours, plain):
        xs = x.clone().requires_grad_()
        grads.append(torch.autograd.grad(net(xs).square().sum(), [xs, *net.parameters()]))
    for a, b in zip(*grads):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)
assert conv1d._C._torch_served() == (12, 6, 6)
try:
    ours(torch.randn(2, 3, 60))
except RuntimeError as error:
    assert "to have 2 channels, but got 3 channels instead" in str(error)
torch.testing.assert_close(torch.compile(ours, fullgraph=True, backend="aot_eager")(x), ours(x))
program = torch.export.export(ours, (x,)).module()
torch.testing.assert_close(program(x), ours(x))
print("as before")
"""


def test_without_c_names() -> None:
    environment = {**os.environ, "CONV1D_TORCH_DOOR": "python"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT], capture_output=True, text=True, env=environment, check=False
    )
    assert done.stdout == "as before\n", done.stderr
