"""A tour of nn.Conv1d: every case of a well-known article about it, beside the value that PyTorch shows there.

Run it with `make demo`, or with any Python that has conv1d installed: python examples/tour.py
The last line says how many values agree; the exit status is 1 if one does not.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import conv1d
from conv1d import nn

# One recording: 1 channel, 6 samples.
RECORDING = [[8.0, -3.0, 0.0, 1.0, 5.0, -2.0]]

ONE_CHANNEL_OUT = """
tensor([[ 7.0349, -1.3750,  0.9186,  1.6831,  4.7413, -0.6105],
        [ 6.4210, -2.7091, -0.2191,  0.6109,  3.9309, -1.8791],
        [-1.6724,  0.9046,  0.2018, -0.0325, -0.9696,  0.6703]],
       grad_fn=<SqueezeBackward1>)"""

BIAS = """
Parameter containing:
tensor([ 0.9186, -0.2191,  0.2018], requires_grad=True)"""

WEIGHT = """
Parameter containing:
tensor([[[ 0.7645]],

        [[ 0.8300]],

        [[-0.2343]]], requires_grad=True)"""

Case = tuple[str, object, str]


def layer(*args: object, **settings: object) -> nn.Conv1d:
    """A layer with the weights that seed 42 gives."""
    conv1d.manual_seed(42)
    return nn.Conv1d(*args, **settings)


def the_layer_and_its_settings() -> Iterator[Case]:
    recording = conv1d.tensor(RECORDING)
    yield "a tensor wants no gradient of its own", recording.requires_grad, "False"
    first = layer(in_channels=1, out_channels=3, kernel_size=1)
    out = first(input=recording)
    yield "three filters over one channel, one tap each", out, ONE_CHANNEL_OUT
    yield "the result does want one, since the weights do", out.requires_grad, "True"
    yield "the layer as text", first, "Conv1d(1, 3, kernel_size=(1,), stride=(1,))"
    yield "channels in", first.in_channels, "1"
    yield "channels out", first.out_channels, "3"
    yield "taps", first.kernel_size, "(1,)"
    yield "step from one output to the next", first.stride, "(1,)"
    yield "zeros added at each end", first.padding, "(0,)"
    yield "step from one tap to the next", first.dilation, "(1,)"
    yield "independent blocks of channels", first.groups, "1"
    yield (
        "one bias a filter",
        first.bias,
        BIAS,
    )
    yield "what stands beyond the ends", first.padding_mode, "'zeros'"
    yield (
        "weights: filters x channels x taps",
        first.weight,
        WEIGHT,
    )
    second = layer(in_channels=3, out_channels=3, kernel_size=1)
    yield (
        "a second layer upon the first one's result",
        second(input=out),
        """
tensor([[ 5.9849, -2.4511, -0.1504,  0.6165,  3.6841, -1.6842],
        [ 3.2258,  0.2207,  1.0403,  1.3134,  2.4062,  0.4939],
        [-0.5434,  0.0364, -0.1217, -0.1744, -0.3853, -0.0163]],
       grad_fn=<SqueezeBackward1>)""",
    )


def every_argument_named() -> Iterator[Case]:
    spelled_out = layer(
        in_channels=1,
        out_channels=3,
        kernel_size=1,
        stride=1,
        padding=0,
        dilation=1,
        groups=1,
        bias=True,
        padding_mode="zeros",
        device=None,
        dtype=None,
    )
    yield "all eleven arguments, each with its default", spelled_out(conv1d.tensor(RECORDING)), ONE_CHANNEL_OUT


def other_shapes() -> Iterator[Case]:
    two_channels = conv1d.tensor([[8.0, -3.0, 0.0], [1.0, 5.0, -2.0]])
    yield (
        "two channels of three samples",
        layer(2, 3, 1)(two_channels),
        """
tensor([[ 4.5675,  0.9684, -1.5181],
        [-0.2604,  4.1600, -0.8838],
        [-0.4734,  1.8016,  0.3380]], grad_fn=<SqueezeBackward1>)""",
    )
    six_channels = conv1d.tensor([[8.0], [-3.0], [0.0], [1.0], [5.0], [-2.0]])
    yield (
        "six channels of one sample",
        layer(6, 3, 1)(six_channels),
        "tensor([[ 1.0529],\n        [-0.8833],\n        [ 3.4542]], grad_fn=<SqueezeBackward1>)",
    )
    batch = conv1d.tensor([[[8.0], [-3.0], [0.0]], [[1.0], [5.0], [-2.0]]])
    yield (
        "a batch of two, three channels each",
        layer(3, 3, 1)(batch),
        """
tensor([[[ 1.6701],
         [ 5.1242],
         [-3.1578]],

        [[ 2.6844],
         [ 0.1667],
         [ 0.5044]]], grad_fn=<ConvolutionBackward0>)""",
    )


def complex_numbers() -> Iterator[Case]:
    batch = conv1d.tensor([[[8.0 + 0j], [-3.0 + 0j], [0.0 + 0j]], [[1.0 + 0j], [5.0 + 0j], [-2.0 + 0j]]])
    yield (
        "the same in complex numbers",
        layer(3, 3, 1, dtype=conv1d.complex64)(batch),
        """
tensor([[[ 3.6675+2.3897j],
         [-4.0416+3.9155j],
         [ 2.3427+1.2531j]],

        [[-0.2514+3.0452j],
         [ 0.9940-2.0626j],
         [ 0.6939-0.1171j]]], grad_fn=<AddBackward0>)""",
    )


def show(title: str, value: object, article: str) -> bool:
    """Prints a value beside the article's, whose white space was re-flowed and is here as PyTorch lays it out."""
    ours, theirs = repr(value), article.strip("\n")
    agrees = ours == theirs
    print(f"[{'ok' if agrees else 'DIFFERENT'}] {title}")
    for name, text in (("here", ours), ("article", theirs)):
        first, *more = text.split("\n")
        print(f"  {name:>7}: {first}", *(f"           {line}" if line else "" for line in more), sep="\n")
    return agrees


def main() -> int:
    parts = (the_layer_and_its_settings, every_argument_named, other_shapes, complex_numbers)
    results = [show(*case) for part in parts for case in part()]
    print(f"\n{sum(results)} of {len(results)} values agree")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
