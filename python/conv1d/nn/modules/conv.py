"""nn.Conv1d, nn.ConvTranspose1d: their settings are converted and checked here; what a call does is in src/conv."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from ... import _C
from ..._C import _texts
from ..._tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module
from .utils import _reverse_repeat_tuple, _single

__all__ = ["Conv1d", "ConvTranspose1d"]

_PADDING_STRINGS = ("valid", "same")
# A set, so that an unhashable mode fails as in PyTorch ("unhashable type: 'list'").
_PADDING_MODES = {"zeros", "reflect", "replicate", "circular"}
# What is left to pad after F.pad. One object for all calls: a plan knows its settings by identity.
_NO_PADDING = (0,)


class _ConvNd(Module):
    """What convolution layers share: settings, checks, weights, text."""

    __constants__: ClassVar = [
        "stride",
        "padding",
        "dilation",
        "groups",
        "padding_mode",
        "output_padding",
        "in_channels",
        "out_channels",
        "kernel_size",
    ]

    in_channels: int
    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: str | tuple[int, ...]
    dilation: tuple[int, ...]
    transposed: bool
    output_padding: tuple[int, ...]
    groups: int
    padding_mode: str
    weight: Parameter
    bias: Parameter | None
    _reversed_padding_repeated_twice: list[int] | tuple[int, ...]

    # The plan of the last calls. It belongs to this object and to no copy of it, hence not in __dict__.
    __slots__ = ("_plan",)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: tuple[int, ...],
        stride: tuple[int, ...],
        padding: str | tuple[int, ...],
        dilation: tuple[int, ...],
        transposed: bool,
        output_padding: tuple[int, ...],
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if groups <= 0:
            raise _with_note(_texts["groups_positive"], _texts["groups_positive_hint"])
        if in_channels % groups != 0:
            raise _with_note(_texts["in_channels_divisible"], _uneven("in_channels", in_channels, groups))
        if out_channels % groups != 0:
            raise _with_note(_texts["out_channels_divisible"], _uneven("out_channels", out_channels, groups))
        if isinstance(padding, str):
            if padding not in _PADDING_STRINGS:
                raise _with_note(_C._invalid_padding_string(repr(padding)), _texts["padding_names_hint"])
            if padding == "same" and any(s != 1 for s in stride):
                raise _with_note(_texts["same_strided"], _texts["same_strided_hint"])
        if padding_mode not in _PADDING_MODES:
            raise ValueError(_C._invalid_padding_mode(str(padding_mode)))
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.transposed = transposed
        self.output_padding = output_padding
        self.groups = groups
        self.padding_mode = padding_mode
        self._reversed_padding_repeated_twice = _pads(kernel_size, padding, dilation)

        channels = (in_channels, out_channels // groups) if transposed else (out_channels, in_channels // groups)
        self.weight = Parameter(_C.empty((*channels, *kernel_size), device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(_C.empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws new weights, then new biases, both U(-b, b) with b = 1 / sqrt(fan_in)."""
        # a = sqrt(5) makes kaiming's bound come out as 1 / sqrt(fan_in); its last bits differ from the bias's.
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def _new_plan(self) -> _C.PlanCache:
        """What the layer's first call begins with; each later one finds it in the slot."""
        plan = _C.PlanCache()
        object.__setattr__(self, "_plan", plan)
        return plan

    @property
    def kept_bytes(self) -> int:
        """Bytes of weights arranged for the kernels that this layer keeps: see conv1d.set_kept_memory()."""
        plan = getattr(self, "_plan", None)
        return 0 if plan is None else plan.kept_bytes

    def __getstate__(self) -> dict[str, Any]:
        # Without the slot: object's own __getstate__ would put the plan into every copy and pickle.
        return self.__dict__.copy()

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        if self.padding != (0,) * len(self.padding):
            text += f", padding={self.padding}"
        if self.dilation != (1,) * len(self.dilation):
            text += f", dilation={self.dilation}"
        if self.output_padding != (0,) * len(self.output_padding):
            text += f", output_padding={self.output_padding}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text


def _with_note(text: str, note: str) -> ValueError:
    """PyTorch's text, and in plain words what was probably meant."""
    error = ValueError(text)
    error.add_note(note)
    return error


def _uneven(name: str, channels: Any, groups: Any) -> str:
    return _C._uneven_groups_hint(name, str(channels), str(groups))


def _pads(kernel_size: tuple[Any, ...], padding: Any, dilation: tuple[Any, ...]) -> Any:
    """What F.pad is given in the modes other than zeros: the last dimension first, its left and its right pad."""
    if not isinstance(padding, str):
        return _reverse_repeat_tuple(padding, 2)
    pads = [0, 0] * len(kernel_size)
    if padding == "same":
        for place, (d, k) in enumerate(zip(dilation, kernel_size, strict=False)):
            total = d * (k - 1)
            left = total // 2
            first = 2 * (len(kernel_size) - 1 - place)
            # The odd one goes to the right, as F.conv1d(padding="same") does it.
            pads[first : first + 2] = [left, total - left]
    return pads


class Conv1d(_ConvNd):
    """Convolution over (channels, length) or (batch, channels, length), with torch.nn.Conv1d's arguments and meaning.

    kernel_size, stride, padding and dilation are an int or a tuple of one; padding may also be "same" or "valid".
    padding_mode is "zeros", "reflect", "replicate" or "circular". Output length:
    floor((L + 2 * padding - dilation * (kernel_size - 1) - 1) / stride) + 1.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: str | int | tuple[int, ...] = 0,
        dilation: int | tuple[int, ...] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            _single(kernel_size),
            _single(stride),
            padding if isinstance(padding, str) else _single(padding),
            _single(dilation),
            False,
            _single(0),
            groups,
            bias,
            padding_mode,
            device=device,
            dtype=dtype,
        )

    # Module.__call__ and the two below, in one step in C++ where nobody has changed any of them.
    __call__ = _C._conv1d_call

    def forward(self, input: Tensor) -> Tensor:
        parameters = self._parameters
        try:
            weight, bias = parameters["weight"], parameters["bias"]
        except KeyError:  # one was deleted, and may have come back as a plain tensor
            weight, bias = self.weight, self.bias
        return self._conv_forward(input, weight, bias)

    def _conv_forward(self, input: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
        try:
            plan = self._plan
        except AttributeError:
            plan = self._new_plan()
        if self.padding_mode == "zeros":
            return _C._conv1d_planned(plan, input, weight, bias, self.stride, self.padding, self.dilation, self.groups)
        padded = F.pad(input, self._reversed_padding_repeated_twice, mode=self.padding_mode)
        return _C._conv1d_planned(plan, padded, weight, bias, self.stride, _NO_PADDING, self.dilation, self.groups)

    def kernel_for(self, input: Tensor) -> str:
        """The family of algorithms that layer(input) would take ("direct", "fft_tile", ...). Nothing is computed."""
        operands: list[Any] = [input, self.weight, self.bias]
        padding = self.padding
        if self.padding_mode != "zeros":
            # On meta a padded input has its sizes and no numbers; all operands have to be there.
            operands = [None if t is None else t.detach().to("meta") for t in operands]
            operands[0] = F.pad(operands[0], self._reversed_padding_repeated_twice, mode=self.padding_mode)
            padding = _NO_PADDING
        x, weight, bias = operands
        return _C._conv1d_kernel(x, weight, bias, self.stride, padding, self.dilation, self.groups)


class _ConvTransposeNd(_ConvNd):
    """What transposed layers share: zero padding alone, and an output padding that may follow a wanted size."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: tuple[int, ...],
        stride: tuple[int, ...],
        padding: tuple[int, ...],
        dilation: tuple[int, ...],
        transposed: bool,
        output_padding: tuple[int, ...],
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(_C._zeros_only(type(self).__name__))
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            transposed,
            output_padding,
            groups,
            bias,
            padding_mode,
            device=device,
            dtype=dtype,
        )

    def _output_padding(
        self,
        input: Tensor,
        output_size: Sequence[int] | None,
        stride: Sequence[int],
        padding: Sequence[int],
        kernel_size: Sequence[int],
        num_spatial_dims: int,
        dilation: Sequence[int] | None = None,
    ) -> Sequence[int]:
        """The layer's own output padding, or the one that makes an output of the wanted size."""
        if output_size is None:
            return _single(self.output_padding)
        before = 2 if input.dim() == num_spatial_dims + 2 else 1
        if len(output_size) == before + num_spatial_dims:
            output_size = output_size[before:]
        if len(output_size) != num_spatial_dims:
            raise ValueError(_C._output_size_count(input.dim(), before + num_spatial_dims, len(output_size)))
        least, most = [], []
        for d in range(num_spatial_dims):
            between = 1 if dilation is None else dilation[d]
            size = (input.size(d + before) - 1) * stride[d] - 2 * padding[d] + between * (kernel_size[d] - 1) + 1
            least.append(size)
            most.append(size + stride[d] - 1)
        for wanted, low, high in zip(output_size, least, most, strict=True):
            if wanted < low or wanted > high:
                texts = (str(output_size), str(least), str(most), str(input.size()[2:]))
                raise ValueError(_C._output_size_range(*texts))
        return [wanted - low for wanted, low in zip(output_size, least, strict=True)]


class ConvTranspose1d(_ConvTransposeNd):
    """Transposed convolution over (channels, length) or (batch, channels, length), as torch.nn.ConvTranspose1d: the
    gradient of Conv1d with respect to its input.

    kernel_size, stride, padding, output_padding and dilation are an int or a tuple of one. Output length:
    (L - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + output_padding + 1; forward() takes an output_size
    instead of the output_padding.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] = 0,
        output_padding: int | tuple[int, ...] = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: int | tuple[int, ...] = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            _single(kernel_size),
            _single(stride),
            _single(padding),
            _single(dilation),
            True,
            _single(output_padding),
            groups,
            bias,
            padding_mode,
            device=device,
            dtype=dtype,
        )

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        settings = self._settings(input, output_size)
        try:
            plan = self._plan
        except AttributeError:
            plan = self._new_plan()
        return _C._conv_transpose1d_planned(plan, input, self.weight, self.bias, *settings)

    def kernel_for(self, input: Tensor, output_size: Sequence[int] | None = None) -> str:
        """The family of algorithms that layer(input, output_size) would take for most of its time ("direct", ...).
        Nothing is computed."""
        return _C._conv_transpose1d_kernel(input, self.weight, self.bias, *self._settings(input, output_size))

    def _settings(self, input: Tensor, output_size: Sequence[int] | None) -> tuple[Any, ...]:
        """The arguments of F.conv_transpose1d behind the tensors."""
        if self.padding_mode != "zeros":
            raise ValueError("Only `zeros` padding mode is supported for ConvTranspose1d")
        padding = self.padding
        if not isinstance(padding, tuple):
            raise AssertionError("self.padding must be a tuple")
        stride, dilation = self.stride, self.dilation
        output_padding: Sequence[int] = self.output_padding
        if output_size is not None or type(output_padding) is not tuple:
            output_padding = self._output_padding(input, output_size, stride, padding, self.kernel_size, 1, dilation)
        return stride, padding, output_padding, self.groups, dilation


_C._set_layer_functions(Module, Module.__call__, Conv1d.forward, Conv1d._conv_forward)
