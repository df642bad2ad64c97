// CRC-32 as zlib's, for golden data that would be too long to keep.
#pragma once

#include <cstddef>
#include <cstdint>

namespace conv1d::testing {

inline std::uint32_t crc32(const void* data, std::size_t bytes, std::uint32_t before = 0) {
  std::uint32_t crc = ~before;
  for (std::size_t i = 0; i < bytes; ++i) {
    crc ^= static_cast<const std::uint8_t*>(data)[i];
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0xEDB88320u : 0u);
  }
  return ~crc;
}

}  // namespace conv1d::testing
