// The JSON header of a safetensors file, read and checked before a byte of its data is looked at.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <conv1d/io.h>

namespace conv1d::io {

/// The reference's own bound: a longer header is an attack or a mistake.
inline constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;
inline constexpr std::string_view kMetadataName = "__metadata__";

/// One tensor as the header describes it.
struct Entry {
  std::string name;
  std::string dtype;
  std::vector<std::uint64_t> shape;
  std::array<std::uint64_t, 2> offsets{};  ///< first byte and one past the last, counted from the header's end
};

struct Header {
  std::vector<Entry> entries;  ///< in the file's order
  Metadata metadata;
};

/// ValueError, naming the file, unless `text` is an object of such entries: valid UTF-8, every name once, no number
/// negative or beyond 64 bits. Nothing is said of what shapes, types and offsets have to do with each other.
Header parse_header(const std::string& path, std::string_view text);

/// A JSON string, with its quotation marks. ValueError where `text` is not UTF-8.
std::string json_string(const std::string& path, const std::string& text);

}  // namespace conv1d::io
