"""accelerated(): serves code that calls PyTorch's functions itself."""

from __future__ import annotations

from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from ._functional import conv1d, conv_transpose1d

_OURS: dict[Any, Any] = {torch.conv1d: conv1d, torch.conv_transpose1d: conv_transpose1d}


class accelerated(TorchFunctionMode):
    """``with conv1d.torch.accelerated():`` F.conv1d, F.conv_transpose1d and layers that nobody accelerated are served.

    For the calling thread, and reentrant. A mode of PyTorch's costs a microsecond or two for each of its operators that
    is called within: accelerate(model) is the faster way where there are layers.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _OURS.get(func, func)(*args, **(kwargs or {}))
