"""nn: layers, containers and losses with torch.nn's names and meaning."""

from typing import Any

from .._covered import no_member
from . import functional, init, modules
from .modules import (
    Conv1d,
    ConvTranspose1d,
    Identity,
    Module,
    ModuleDict,
    ModuleList,
    MSELoss,
    ReLU,
    Sequential,
    Sigmoid,
    Tanh,
)
from .parameter import Parameter

__all__ = [
    "Conv1d",
    "ConvTranspose1d",
    "Identity",
    "MSELoss",
    "Module",
    "ModuleDict",
    "ModuleList",
    "Parameter",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Tanh",
    "functional",
    "init",
    "modules",
]


def __getattr__(name: str) -> Any:
    raise no_member("torch.nn", name)
