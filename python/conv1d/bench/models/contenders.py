"""One model as everybody runs it: plain, accelerated, accelerated with fusion, compiled; the same weights in all."""

from __future__ import annotations

import copy
import importlib
import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .zoo import Call, Model, seed

PLAIN, ACCELERATED, FUSED, COMPILED = "plain", "accelerated", "fused", "compiled"


@dataclass(frozen=True)
class Contender:
    """A model ready to be called on its input."""

    module: Any
    run: Call
    replaced: int = 0  # layers that we serve
    left: int = 0  # layers that we leave to PyTorch
    fusions: int = 0  # layers into which something around them is folded

    def call(self) -> Any:
        return self.run(self.module)


def torch_and_door() -> tuple[Any, Any]:
    """PyTorch and conv1d.torch: imported only here, since from then on our kernels run on PyTorch's threads."""
    return importlib.import_module("torch"), importlib.import_module("conv1d.torch")


def served() -> tuple[str, ...]:
    """The contenders that are ours."""
    _, door = torch_and_door()
    can_fuse = "fuse" in inspect.signature(door.accelerate).parameters
    return (ACCELERATED, FUSED) if can_fuse else (ACCELERATED,)


def plain(model: Model, threads: int) -> Contender:
    """The model as it was made, on so many threads."""
    torch, _ = torch_and_door()
    torch.set_num_threads(threads)
    seed(torch)
    module, run = model.make(torch)
    return Contender(module.eval(), run)


def accelerated(made: Contender, fuse: bool = False) -> Contender:
    """A copy of a plain one, with our kernels."""
    _, door = torch_and_door()
    module = copy.deepcopy(made.module)
    report = door.accelerate(module, **({"fuse": True} if fuse else {}))
    fusions = len(report.fused) if fuse else 0
    return Contender(module, made.run, len(report.replaced), len(report.left), fusions)


def contender(model: Model, name: str, threads: int) -> Contender:
    """One by its name; not the compiled one."""
    made = plain(model, threads)
    return made if name == PLAIN else accelerated(made, fuse=name == FUSED)


def compiled(made: Contender, folder: str) -> Callable[[], Any]:
    """A call that torch.compile makes of the plain one; what it generates lies in `folder`."""
    torch, _ = torch_and_door()
    # Read when the first program is generated. One process: its helpers would stay, and compete with what is measured.
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = folder
    os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"
    call: Callable[[], Any] = torch.compile(made.call)
    return call
