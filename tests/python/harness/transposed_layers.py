"""Random transposed layers, compared as harness/layers.py compares Conv1d.

python tests/python/harness/transposed_layers.py SEED [COUNT]
"""

import random
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.layers import DTYPES, VIEWS, Layer, form, main, small
from harness.oracle import pytorch

DEFAULTS = {"stride": 1, "padding": 0, "output_padding": 0, "dilation": 1, "groups": 1, "bias": True}


class TransposedLayer(Layer):
    KIND = "ConvTranspose1d"
    FUNCTION = "conv_transpose1d"
    REPEATS = 1

    @property
    def weight_shape(self) -> tuple[int, ...]:
        return (self.in_channels, self.out_channels // self.options["groups"], self.kernel_size)

    def plain_call(self, x, weight, bias):
        o = self.options
        sizes = (o["stride"], o["padding"], o["output_padding"], o["groups"], o["dilation"])
        return pytorch.nn.functional.conv_transpose1d(x, weight, bias, *sizes)

    def summed_columns(self, name: str, columns: int) -> int:
        return columns if name == "bias" else self.length


def random_transposed(seed: int) -> TransposedLayer:
    rng = random.Random(seed)
    integer = rng.random() < 0.04
    groups = rng.choice([1, 1, 1, 2, 3, 4])
    in_channels = groups * small(rng, (1, 1), (1, 3), (1, 6), (1, 17))
    out_channels = groups * small(rng, (1, 1), (1, 3), (1, 6), (1, 20))
    kernel = small(rng, (1, 3), (1, 5), (1, 9), (10, 40))
    options = {
        "stride": rng.choice([1, 1, 2, 2, 3, 4, 8, small(rng, (1, 12))]),
        "padding": rng.choice([0, 0, 1, 2, kernel // 2, small(rng, (0, 12))]),
        "output_padding": 0,
        "dilation": rng.choice([1, 1, 1, 2, 3, small(rng, (1, 20))]),
        "groups": groups,
        "bias": rng.random() < 0.7,
    }
    most = max(options["stride"], options["dilation"]) - 1  # below one of the two
    options["output_padding"] = rng.choice([0, 0, rng.randint(0, most)])
    length = small(rng, (1, 7), (1, 70), (1, 200))
    reach = options["dilation"] * (kernel - 1) + 1 + options["output_padding"] - 2 * options["padding"]
    while (length - 1) * options["stride"] + reach < 1:
        length += 1
    batch = rng.choice([None, 1, 1, 2, 3, 5, 17])
    if batch is not None and rng.random() < 0.03:
        batch = 0
    if batch and batch * in_channels * out_channels * kernel * length > 3_000_000:
        batch = 1
    arguments = {
        name: value if name in ("groups", "bias") else form(rng, value)
        for name, value in options.items()
        if value != DEFAULTS[name] or rng.random() < 0.3
    }
    if rng.random() < 0.2 and not integer:
        arguments["padding_mode"] = "zeros"
    dtype = "int64" if integer else rng.choice(DTYPES)
    as_function = integer or rng.random() < 0.4
    sizes = (in_channels, out_channels, kernel)
    return TransposedLayer(seed, dtype, *sizes, arguments, batch, length, rng.choice(VIEWS), as_function, options)


if __name__ == "__main__":
    main(random_transposed, __file__)
