// The header of NumPy's .npy: a Python dictionary of three entries, of which no more is understood than NumPy writes.
#pragma once

#include <string>
#include <string_view>

#include <conv1d/tensor.h>

namespace conv1d::io {

struct NpyHeader {
  DType dtype = DType::Float32;
  bool swapped = false;  ///< numbers are big-endian
  bool fortran_order = false;
  Shape shape;
};

/// ValueError, naming the file, unless `text` is such a dictionary, of element types that tensors have.
NpyHeader parse_npy_header(const std::string& path, std::string_view text);

/// The dictionary as NumPy writes it, in C order. ValueError for bfloat16.
std::string npy_header_text(const std::string& path, DType dtype, const Shape& shape);

}  // namespace conv1d::io
