// A hash by which a copy of a weight is recognised as that of the numbers which the weight holds now.
#pragma once

#include <cstddef>
#include <cstdint>

namespace conv1d {

/// 64 bits in which the place of each byte matters: swapping two weights, or changing the sign of one, changes it. The
/// same on every machine of one byte order and with any number of threads; large blocks are read by several.
std::uint64_t hash_bytes(const std::byte* data, std::size_t bytes);

}  // namespace conv1d
