"""Layers as plans of the C++ library: which kernel, how much memory, and each family by its name."""

from __future__ import annotations

from typing import Any

import conv1d
from conv1d import _C

from .layers import Data, Layer


class PlannedLayer:
    """A layer whose padding is done already where the kernels would not do it: one call is one kernel's work."""

    def __init__(self, layer: Layer, data: Data, kernel: str = "", fixed_order: bool = False) -> None:
        # Where the module calls F.pad first, the kernel sees the longer input.
        padded = layer.padding_mode != "zeros" or layer.padding == "causal"
        before, behind = (0, 0) if padded else layer.pads
        length = layer.length + sum(layer.pads) if padded else layer.length
        dtype = getattr(conv1d, layer.dtype)
        weight = conv1d.from_numpy(data.weight).to(dtype)
        bias = None if data.bias is None else conv1d.from_numpy(data.bias).to(dtype)
        self.plan = _C._Plan(
            weight,
            bias,
            batch=layer.batch,
            length=length,
            stride=layer.stride,
            padding=before,
            padding_end=behind,
            dilation=layer.dilation,
            groups=layer.groups,
            kernel=kernel,
            fixed_order=fixed_order,
        )
        self.x = conv1d.ones(layer.batch, layer.in_channels, length, dtype=dtype)
        if not padded:
            self.x.copy_(conv1d.from_numpy(data.x))
        self.y = conv1d.zeros(layer.batch, layer.out_channels, self.plan.out_length, dtype=dtype)
        self.scratch = conv1d.zeros(self.plan.scratch_bytes, dtype=conv1d.uint8)

    def timed(self, calls: int) -> float:
        """Seconds of processor time of so many calls, with no Python between them."""
        return self.plan.run(self.x, self.y, self.scratch, calls)


def described(layer: Layer, data: Data, fixed_order: bool = False) -> dict[str, Any]:
    """The kernel that is chosen, and its memory."""
    plan = PlannedLayer(layer, data, fixed_order=fixed_order).plan
    return {"kernel": plan.kernel, "scratch_bytes": plan.scratch_bytes, "kept_bytes": plan.kept_bytes}
