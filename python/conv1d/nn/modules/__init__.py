"""The layers, in files named as PyTorch names them."""

from .activation import ReLU, Sigmoid, Tanh
from .container import ModuleDict, ModuleList, Sequential
from .conv import Conv1d, ConvTranspose1d
from .linear import Identity
from .loss import MSELoss
from .module import Module

__all__ = [
    "Conv1d",
    "ConvTranspose1d",
    "Identity",
    "MSELoss",
    "Module",
    "ModuleDict",
    "ModuleList",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Tanh",
]
