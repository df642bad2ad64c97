// Made by make_raw.py from PyTorch 2.13.0+cpu. CRC-32 of bytes, one for each dtype, in the order of DType.
#pragma once

#include <cstdint>

// clang-format off
namespace conv1d::golden {

// From float16 on.
inline constexpr std::uint32_t kUniform[] = {0x10a7a331, 0xd95dac61, 0x6f013b49, 0x820af4e8, 0x5c5a8fdf, 0xc7313e88};
inline constexpr std::uint32_t kNormal[] = {0x74e0b03b, 0x15db2342, 0x1d5010d2, 0x6865e580, 0x1283998d, 0x5f5e4d33};

// From uint8 on, without complex types.
inline constexpr std::uint32_t kArange[] = {0x3ac4c510, 0x3ac4c510, 0xb93e5d64, 0xba823fc2, 0x6ba35ac2, 0xe4e60cfe, 0x4436e70e, 0x8eca3670, 0x9b2021eb};
inline constexpr std::uint32_t kRandint[] = {0x709b91be, 0x6485ec01, 0x0c1a4818, 0x34b48bab, 0x98e635b5, 0xe28822fa, 0xf73af580, 0x78e22a1e};

// From uint8 on. Unsigned types: spans without negative numbers.
inline constexpr std::uint32_t kLinspace[] = {0xa72b5c6a, 0xb2e5028d, 0x314b3105, 0x526a8ad1, 0x6654d11a, 0xc0bb99d9, 0x7e4efe58, 0x5a9ca494, 0xcfa439cc, 0x101c3a85, 0x4593809f};

inline constexpr std::uint32_t kRandperm = 0x6f2b5e1e;

}  // namespace conv1d::golden
// clang-format on
