#include "io/elements.h"

#include <algorithm>
#include <bit>

#include "base/sizes.h"
#include "tensor/copy.h"
#include "tensor/impl.h"

namespace conv1d::io {

// Both formats name little-endian numbers, and memory is written as it is.
static_assert(std::endian::native == std::endian::little);

namespace {

void reverse_each(std::byte* data, std::size_t bytes, std::size_t width) {
  for (std::size_t at = 0; at < bytes; at += width) std::reverse(data + at, data + at + width);
}

}  // namespace

std::optional<std::uint64_t> bytes_of(const Shape& sizes, std::size_t element_bytes) {
  // Strides count the elements of the dimensions behind, also where another one is 0.
  Shape factors = sizes;
  std::replace(factors.begin(), factors.end(), 0, 1);
  factors.push_back(static_cast<std::int64_t>(element_bytes));
  const std::optional<std::int64_t> most = checked_product(factors);
  if (!most) return std::nullopt;
  const bool empty = std::find(sizes.begin(), sizes.end(), 0) != sizes.end();
  return empty ? 0 : static_cast<std::uint64_t>(*most);
}

Tensor read_tensor(const InputFile& file, std::uint64_t offset, const Shape& sizes, DType dtype,
                   const std::string& what, bool swapped) {
  Tensor tensor = make_tensor(sizes, dtype);
  const std::size_t bytes = static_cast<std::size_t>(tensor.numel()) * element_size(dtype);
  auto* data = static_cast<std::byte*>(impl_of(tensor).raw());
  file.read(offset, data, bytes);
  if (swapped) reverse_each(data, bytes, element_size(dtype) / (is_complex(dtype) ? 2 : 1));
  if (dtype == DType::Bool && std::any_of(data, data + bytes, [](std::byte value) { return value > std::byte{1}; })) {
    fail_in<ValueError>(file.path(), what, " holds a bool that is neither 0 nor 1");
  }
  return tensor;
}

Tensor contiguous_numbers(const Tensor& tensor, const std::string& path, const std::string& what) {
  if (!tensor.defined()) fail_in<ValueError>(path, what, " is undefined");
  if (tensor.device().is_meta()) {
    fail_in<NotImplementedError>(path, what, " is on device meta: it has a shape and no numbers to save");
  }
  return raw_contiguous(tensor);
}

Piece piece_of(const Tensor& contiguous) {
  return {static_cast<const std::byte*>(impl_of(contiguous).raw()),
          static_cast<std::size_t>(contiguous.numel()) * contiguous.element_size()};
}

}  // namespace conv1d::io
