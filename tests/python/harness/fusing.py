"""A plain and a fused model side by side, and how often something was fused."""

import copy
from typing import Any

import torch
from conv1d.torch import _call, _edges, _fold, _sequential, accelerate
from torch import nn


class Counted:
    """How often something was fused, so far."""

    pads = norms = activations = 0


def counted(monkeypatch) -> Counted:
    """Counts in models that are accelerated from now on."""
    count = Counted()

    def counting_call(act: Any, y: Any) -> Any:
        done = in_place[type(act)](act, y)
        assert done is y
        count.activations += 1
        return done

    def counting_scale(self, *args: Any) -> Any:
        scaled = scale(self, *args)
        count.norms += scaled is not None
        return scaled

    def counting_serve(*args: Any) -> Any:
        y = serve(*args)
        count.pads += y is not None and y is not False
        return y

    in_place, scale, serve = dict(_sequential._IN_PLACE), _fold.Fold._scale, _call.serve
    for kind in in_place:
        monkeypatch.setitem(_sequential._IN_PLACE, kind, counting_call)
    monkeypatch.setattr(_fold.Fold, "_scale", counting_scale)
    monkeypatch.setattr(_call, "serve", counting_serve)  # layers have their own name for it
    return count


def everything_pays(monkeypatch) -> None:
    """Sizes keep nothing from being folded."""
    monkeypatch.setattr(_fold, "_LEAST_NUMBERS", -(1 << 40))
    monkeypatch.setattr(_edges, "LEAST_NUMBERS", -(1 << 40))


def settled(model: nn.Sequential) -> nn.Sequential:
    """In eval mode, with statistics and numbers as after a training."""
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.BatchNorm1d):
                for name, tensor in (*module.named_parameters(), *module.named_buffers()):
                    if tensor.is_floating_point():
                        tensor.uniform_(0.5, 2) if name == "running_var" else tensor.normal_()
    return model.eval()


def pair(model: nn.Sequential) -> tuple[nn.Sequential, nn.Sequential]:
    """The model, and a fused copy."""
    ours = copy.deepcopy(model)
    accelerate(ours, fuse=True)
    return model, ours


def _outcome(model: nn.Module, x: torch.Tensor) -> Any:
    """The output, with gradients and buffers, or what was raised."""
    torch.manual_seed(7)
    try:
        y = model(x)
        found = [y.detach()]
        if y.requires_grad:
            leaves = [t for t in (x, *model.parameters()) if t.requires_grad]
            weights = torch.linspace(-1, 2, y.numel(), dtype=torch.float64).view(y.shape).to(y.dtype)
            found += [g for g in torch.autograd.grad(y, leaves, weights, allow_unused=True) if g is not None]
    except Exception as error:
        return type(error), str(error)
    return y.requires_grad, [*found, *(b.clone() for b in model.buffers())]


def compare(plain: nn.Module, ours: nn.Module, x: torch.Tensor, bits: bool = False) -> None:
    """Outputs, gradients, buffers and errors are the same within rounding, and the input is left as it was.

    `bits`: the same to the last bit. True where `plain` is accelerated as well, and nothing may be folded."""
    before = x.detach().clone()
    wanted, got = _outcome(plain, x), _outcome(ours, x)
    assert torch.equal(x.detach(), before)
    assert wanted[0] == got[0]
    if isinstance(wanted[1], str):
        assert wanted[1] == got[1]
        return
    for a, b in zip(got[1], wanted[1], strict=True):
        tolerance = 0.0 if bits else {torch.bfloat16: 0.03, torch.float64: 1e-9, torch.int64: 0.0}.get(a.dtype, 2e-5)
        scale = max(float(b.abs().max()), 1.0) if b.numel() else 1.0
        torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance * scale, equal_nan=True)
