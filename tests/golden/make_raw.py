"""Writes golden/raw.h: checksums of the bytes that PyTorch 2.13 (AVX2) puts into tensors by factories and generators.

    python tests/golden/make_raw.py > tests/golden/raw.h

The C++ tests repeat the calls below, in the same order, and compare CRC-32 over the same bytes.
"""

import zlib

import torch

FLOATS = ["float16", "bfloat16", "float32", "float64", "complex64", "complex128"]
DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", *FLOATS]
SIZES = [*range(101), 1000, 1023, 4096, 20000]
RANGES = [(0, 1, 0.1), (-3.7, 11.2, 0.37), (5, -20, -0.25), (0, 100, 1), (-8, 300, 7), (2.5, 90.1, 0.3)]
SPANS = [(0, 1, 0), (0, 1, 1), (-3.7, 11.2, 2), (0, 10, 4), (5, -20, 33), (-1, 1, 100), (0.1, 0.7, 333)]
INTEGERS = [(0, 10), (-5, 7), (0, 2**28 - 1), (0, 2**28), (-(2**40), 2**41), (-(2**63), 2**63 - 1)]


def raw(tensor):
    return tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes() if tensor.numel() else b""


def crc(tensors):
    value = 0
    for tensor in tensors:
        value = zlib.crc32(raw(tensor), value)
    return value


def seeded(seed, make):
    torch.manual_seed(seed)
    return make()


def uniform(dtype):
    for n in SIZES:
        yield seeded(n, lambda: torch.empty(n, dtype=dtype).uniform_(0, 1))
    yield seeded(-1, lambda: torch.empty(500, dtype=dtype).uniform_(-0.37, 1.91))
    yield seeded(2**63, lambda: torch.empty(4, 3, 5, dtype=dtype).permute(2, 0, 1).uniform_(-1e-3, 2e-3))


def normal(dtype):
    top = {"float64": 101, "complex128": 101, "complex64": 8}.get(str(dtype)[6:], 16)
    for n in range(top):
        yield seeded(n, lambda: torch.empty(n, dtype=dtype).normal_(0.3, 1.7))


def integers(dtype):
    for low, high in INTEGERS[: 6 if dtype == torch.int64 else 2]:
        yield seeded(7, lambda: torch.randint(low, high, (50,), dtype=dtype))


def table(name, dtypes, make):
    values = ", ".join(f"0x{crc(make(getattr(torch, dtype))):08x}" for dtype in dtypes)
    print(f"inline constexpr std::uint32_t {name}[] = {{{values}}};")


made = f"Made by make_raw.py from PyTorch {torch.__version__}."
print(f"// {made} CRC-32 of bytes, one for each dtype, in the order of DType.")
print("#pragma once\n\n#include <cstdint>\n\n// clang-format off\nnamespace conv1d::golden {\n")
print("// From float16 on.")
table("kUniform", FLOATS, uniform)
table("kNormal", FLOATS, normal)
print("\n// From uint8 on, without complex types.")
table(
    "kArange",
    DTYPES[1:10],
    lambda d: [torch.arange(*r, dtype=d) for r in RANGES if d != torch.int64 or abs(r[2]) >= 1],
)
table("kRandint", [d for d in DTYPES[2:10]], integers)
print("\n// From uint8 on. Unsigned types: spans without negative numbers.")
table(
    "kLinspace",
    DTYPES[1:],
    lambda d: [torch.linspace(*s, dtype=d) for s in SPANS if d != torch.uint8 or min(s) >= 0],
)
permutations = crc(seeded(n, lambda: torch.randperm(n)) for n in range(200))
print(f"\ninline constexpr std::uint32_t kRandperm = 0x{permutations:08x};")
print("\n}  // namespace conv1d::golden\n// clang-format on")
