#include "tensor/impl.h"

#include <algorithm>
#include <optional>

#include "base/check.h"
#include "base/memory.h"
#include "base/sizes.h"

namespace conv1d {
namespace {

/// Whether elements stand in C order without gaps; dimensions of size 1 may have any stride.
bool is_c_order(const Shape& sizes, const Shape& strides) {
  if (std::find(sizes.begin(), sizes.end(), 0) != sizes.end()) return true;
  std::int64_t expected = 1;
  for (std::size_t i = sizes.size(); i-- > 0;) {
    if (sizes[i] == 1) continue;
    if (strides[i] != expected) return false;
    expected *= sizes[i];
  }
  return true;
}

/// Bytes of a new tensor, or nothing where they do not fit an int64 (PyTorch's limit as well).
std::optional<std::int64_t> checked_bytes(const Shape& sizes, DType dtype) {
  std::int64_t bytes = 0;
  const auto count = checked_product(sizes);
  if (!count || mul_overflows(*count, static_cast<std::int64_t>(element_size(dtype)), &bytes)) return std::nullopt;
  return bytes;
}

}  // namespace

TensorImpl& impl_of(const Tensor& tensor) {
  check(tensor.defined(), "Expected a proper Tensor but got None (or an undefined Tensor in C++)");
  return *tensor.impl();
}

Shape contiguous_strides(const Shape& sizes) {
  Shape strides(sizes.size());
  std::int64_t stride = 1;
  for (std::size_t i = sizes.size(); i-- > 0;) {
    strides[i] = stride;
    // As PyTorch: an empty dimension counts as 1. What overflows belongs to an empty tensor, whose strides nobody
    // follows.
    std::int64_t next = 0;
    stride = mul_overflows(stride, std::max<std::int64_t>(sizes[i], 1), &next) ? stride : next;
  }
  return strides;
}

std::string shape_text(const Shape& sizes) {
  std::string text = "[";
  for (std::size_t i = 0; i < sizes.size(); ++i) text += (i ? ", " : "") + std::to_string(sizes[i]);
  return text + "]";
}

std::int64_t wrap_dim(std::int64_t dim, std::int64_t rank) {
  const std::int64_t range = std::max<std::int64_t>(rank, 1);  // a 0-d tensor is addressed as if it had one dimension
  check<IndexError>(dim >= -range && dim < range, "Dimension out of range (expected to be in range of [", -range, ", ",
                    range - 1, "], but got ", dim, ")");
  return dim < 0 ? dim + range : dim;
}

namespace {

/// Bytes of a new tensor. Texts of shapes are made on failure alone: every result of an operation comes by here.
std::int64_t valid_bytes(const Shape& sizes, DType dtype) {
  for (const std::int64_t size : sizes) {
    if (size >= 0) continue;
    fail(cat_text("Trying to create tensor with negative dimension ", size, ": ", shape_text(sizes)));
  }
  const auto bytes = checked_bytes(sizes, dtype);
  if (!bytes) fail(cat_text("Storage size calculation overflowed with sizes=", shape_text(sizes)));
  return *bytes;
}

}  // namespace

Tensor make_tensor(const Shape& sizes, DType dtype, Device device) {
  const auto bytes = valid_bytes(sizes, dtype);
  auto impl = std::make_shared<TensorImpl>();
  impl->storage = std::make_shared<Storage>();
  impl->storage->bytes = static_cast<std::size_t>(bytes);
  impl->sizes = sizes;
  impl->strides = contiguous_strides(sizes);
  impl->numel = bytes / static_cast<std::int64_t>(element_size(dtype));
  impl->dtype = dtype;
  impl->device = device;
  if (!device.is_meta() && bytes > 0) {
    const memory::Block block = memory::allocate(impl->storage->bytes);
    impl->storage->data = block.data;
    impl->storage->release = [block] { memory::release(block); };
  }
  return Tensor(std::move(impl));
}

Tensor make_view(const Tensor& base, Shape sizes, Shape strides, std::int64_t offset) {
  return make_view(base, std::move(sizes), std::move(strides), offset, impl_of(base).dtype);
}

Tensor make_view(const Tensor& base, Shape sizes, Shape strides, std::int64_t offset, DType dtype) {
  const TensorImpl& from = impl_of(base);
  const auto numel = checked_product(sizes);
  check(numel.has_value(), "numel: integer multiplication overflow");
  auto impl = std::make_shared<TensorImpl>();
  impl->storage = from.storage;
  impl->contiguous = is_c_order(sizes, strides);
  impl->sizes = std::move(sizes);
  impl->strides = std::move(strides);
  impl->offset = offset;
  impl->numel = *numel;
  impl->dtype = dtype;
  impl->device = from.device;
  impl->version = from.version;
  return Tensor(std::move(impl));
}

void note_write(const Tensor& tensor) {
  TensorImpl& impl = impl_of(tensor);
  impl.storage->writes.fetch_add(1, std::memory_order_release);
  impl.version->count.fetch_add(1, std::memory_order_release);
}

}  // namespace conv1d
