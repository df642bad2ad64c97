"""The layers that the library is measured on (layers.json), their data, and their result in double precision."""

from __future__ import annotations

import json
import pathlib
import zlib
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

FILE = pathlib.Path(__file__).with_name("layers.json")
Array = np.ndarray[Any, Any]

ELEMENT_BYTES = {"float32": 4, "float64": 8, "complex64": 8, "complex128": 16, "bfloat16": 2, "float16": 2}
# Windows of the input that the reference copies at a time: within the cache, and no layer needs a gigabyte.
WINDOW_BYTES = 16 << 20


@dataclass(frozen=True)
class Layer:
    """One line of layers.json."""

    name: str
    kind: str
    batch: int
    in_channels: int
    length: int
    out_channels: int
    kernel_size: int
    stride: int
    padding: int | str
    dilation: int
    groups: int
    bias: bool
    padding_mode: str
    dtype: str
    about: str

    @property
    def reach(self) -> int:
        """Samples from the first tap to the last, which is how much "same" and "causal" pad."""
        return self.dilation * (self.kernel_size - 1)

    @property
    def pads(self) -> tuple[int, int]:
        """Samples added before and behind each row."""
        if self.padding == "causal":
            return self.reach, 0
        if self.padding == "same":
            return self.reach // 2, self.reach - self.reach // 2
        assert isinstance(self.padding, int)
        return self.padding, self.padding

    @property
    def out_length(self) -> int:
        return (self.length + sum(self.pads) - self.reach - 1) // self.stride + 1

    @property
    def flops(self) -> float:
        """Two for each multiply-add of the direct sum: what any algorithm is credited with."""
        products = self.batch * self.out_channels * self.out_length * self.in_channels // self.groups
        return 2.0 * products * self.kernel_size

    @property
    def real_flops(self) -> float:
        """The same in real numbers: a complex product is four real ones."""
        return self.flops * (4 if self.dtype.startswith("complex") else 1)

    @property
    def bytes_moved(self) -> float:
        """Input, weight and output, each once."""
        weight = self.out_channels * self.in_channels // self.groups * self.kernel_size
        moved = self.batch * (self.in_channels * self.length + self.out_channels * self.out_length) + weight
        return float(moved * ELEMENT_BYTES[self.dtype])

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def load(path: pathlib.Path = FILE) -> list[Layer]:
    layers = []
    for entry in json.loads(path.read_text()):
        fields = {key: value for key, value in entry.items() if key not in ("N", "gflop")}
        layers.append(Layer(batch=entry["N"], **fields))
    return layers


@dataclass(frozen=True)
class Data:
    """What a layer computes on. bfloat16 is held in float32, rounded."""

    x: Array
    weight: Array
    bias: Array | None


def to_bfloat16(values: Array) -> Array:
    """Rounded to the nearest bfloat16, ties to even, and held in float32."""
    bits = values.astype(np.float32).view(np.uint32)
    rounded = bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    return (rounded & np.uint32(0xFFFF0000)).view(np.float32)


def make_data(layer: Layer) -> Data:
    """The same numbers in every run: inputs of unit variance, weights as the layer draws them at first."""
    random = np.random.default_rng(zlib.crc32(layer.name.encode()))

    def cast(values: Array) -> Array:
        return to_bfloat16(values) if layer.dtype == "bfloat16" else values.astype(layer.dtype)

    def draw(*shape: int) -> Array:
        real = random.standard_normal(shape, dtype=np.float32)
        if not layer.dtype.startswith("complex"):
            return cast(real)
        return cast((real + 1j * random.standard_normal(shape, dtype=np.float32)) / np.float32(2**0.5))

    fan_in = layer.in_channels // layer.groups * layer.kernel_size
    scale = (3 * fan_in) ** -0.5  # the standard deviation of U(-b, b), b = 1 / sqrt(fan_in)
    x = draw(layer.batch, layer.in_channels, layer.length)
    weight = cast(draw(layer.out_channels, layer.in_channels // layer.groups, layer.kernel_size) * scale)
    bias = cast(draw(layer.out_channels) * scale) if layer.bias else None
    return Data(x, weight, bias)


def reference(layer: Layer, data: Data, entries: int) -> Array:
    """The first `entries` of the batch in double precision."""
    wide = np.complex128 if layer.dtype.startswith("complex") else np.float64
    modes = {"zeros": "constant", "reflect": "reflect", "circular": "wrap", "replicate": "edge"}
    x: Array = np.pad(data.x[:entries].astype(wide), ((0, 0), (0, 0), layer.pads), mode=modes[layer.padding_mode])  # type: ignore[call-overload]
    weight = data.weight.astype(wide)
    out: Array = np.empty((len(x), layer.out_channels, layer.out_length), wide)
    inputs, outputs = layer.in_channels // layer.groups, layer.out_channels // layer.groups
    one_by_one = inputs == outputs == layer.dilation == layer.stride == 1
    for entry in range(len(x)):
        for group in range(layer.groups):
            rows, w = x[entry, group * inputs : (group + 1) * inputs], weight[group * outputs : (group + 1) * outputs]
            target = out[entry, group * outputs : (group + 1) * outputs]
            if one_by_one and layer.kernel_size >= 256:
                target[0] = _by_fft(rows[0], w[0, 0])
            else:
                _by_windows(layer, rows, w, target)
    if data.bias is not None:
        out += data.bias.astype(wide)[:, None]
    return out


def _by_windows(layer: Layer, rows: Array, weight: Array, out: Array) -> None:
    windows = np.lib.stride_tricks.sliding_window_view(rows, layer.reach + 1, axis=1)[
        :, :: layer.stride, :: layer.dilation
    ]
    flat = weight.reshape(len(weight), -1)
    step = max(1, WINDOW_BYTES // (flat.shape[1] * out.itemsize))
    for begin in range(0, layer.out_length, step):
        block = windows[:, begin : begin + step].transpose(0, 2, 1)
        out[:, begin : begin + step] = flat @ block.reshape(flat.shape[1], -1)


def _by_fft(row: Array, taps: Array) -> Array:
    size = 1 << (len(row) - 1).bit_length()
    if np.iscomplexobj(row):
        product = np.fft.fft(row, size) * np.fft.fft(taps[::-1], size)
        return np.fft.ifft(product)[len(taps) - 1 : len(row)]
    product = np.fft.rfft(row, size) * np.fft.rfft(taps[::-1], size)
    return np.fft.irfft(product, size)[len(taps) - 1 : len(row)]


def error_of(result: Array, expected: Array) -> float:
    """The largest difference, relative to the largest result."""
    difference = np.abs(result - expected).max(initial=0.0)
    return float(difference / np.abs(expected).max(initial=1e-300))
