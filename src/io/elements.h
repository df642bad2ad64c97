// What both formats need to know of a tensor's elements in a file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <conv1d/tensor.h>

#include "io/file.h"

namespace conv1d::io {

/// More dimensions than these are no array of anybody's (NumPy's own limit); a header may name millions.
inline constexpr std::size_t kMaxRank = 64;

/// Bytes of a tensor, or nothing where they, or its strides, do not fit into 63 bits. Sizes are not negative.
std::optional<std::uint64_t> bytes_of(const Shape& sizes, std::size_t element_bytes);

/// A contiguous tensor of the bytes at `offset`, all of which the file has. `swapped`: each number's bytes are in the
/// other order. ValueError where a bool is neither 0 nor 1: reading it as one would be undefined.
Tensor read_tensor(const InputFile& file, std::uint64_t offset, const Shape& sizes, DType dtype,
                   const std::string& what, bool swapped = false);

/// The tensor, contiguous, ready to be written; `piece` points into it. NotImplementedError for meta tensors, and
/// ValueError for undefined ones.
Tensor contiguous_numbers(const Tensor& tensor, const std::string& path, const std::string& what);
Piece piece_of(const Tensor& contiguous);

}  // namespace conv1d::io
