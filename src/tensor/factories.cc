#include <conv1d/tensor.h>

#include <cstring>

#include "base/check.h"
#include "base/memory.h"
#include "base/sizes.h"
#include "tensor/copy.h"
#include "tensor/fill.h"
#include "tensor/impl.h"
#include "tensor/layout.h"

namespace conv1d {
namespace {

DType dtype_of_value(const Scalar& value) {
  if (value.is_bool()) return DType::Bool;
  if (value.is_integer()) return DType::Int64;
  if (value.is_float()) return default_dtype();
  return default_dtype() == DType::Float64 ? DType::Complex128 : DType::Complex64;
}

Tensor filled(const Shape& shape, const Scalar& value, DType dtype, const TensorOptions& options) {
  Tensor tensor = make_tensor(shape, dtype, options.device);
  fill_with(tensor, value);
  // A new tensor has not been changed: PyTorch's factories leave the version at 0.
  impl_of(tensor).version->count.store(0, std::memory_order_relaxed);
  return with_gradient(std::move(tensor), options.requires_grad);
}

/// New memory in the layout that PyTorch's *_like() keep.
Tensor make_like(const Tensor& like) {
  const TensorImpl& from = impl_of(like);
  Tensor tensor = make_tensor(from.sizes, from.dtype, from.device);
  Shape strides = dense_strides(from.sizes, from.strides);
  return strides == tensor.strides() ? tensor : make_view(tensor, from.sizes, std::move(strides), 0);
}

Tensor filled_like(const Tensor& like, const Scalar& value) {
  Tensor tensor = make_like(like);
  fill_with(tensor, value);
  impl_of(tensor).version->count.store(0, std::memory_order_relaxed);
  return tensor;
}

/// Bytes from the first element to the end of the last.
std::int64_t checked_span(const Shape& sizes, const Shape& strides, DType dtype) {
  std::int64_t last = 0, bytes = 0;
  bool overflow = !checked_product(sizes).has_value();
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == 0) return 0;
    std::int64_t reach = 0;
    overflow |= mul_overflows(sizes[i] - 1, strides[i], &reach) || add_overflows(last, reach, &last);
  }
  overflow |=
      add_overflows(last, 1, &last) || mul_overflows(last, static_cast<std::int64_t>(element_size(dtype)), &bytes);
  if (overflow) {
    fail(cat_text("Storage size calculation overflowed with sizes=", shape_text(sizes),
                  " and strides=", shape_text(strides)));
  }
  return bytes;
}

}  // namespace

Tensor with_gradient(Tensor tensor, bool wanted) {
  if (!wanted) return tensor;
  check(is_differentiable(tensor.dtype()), "Only Tensors of floating point and complex dtype can require gradients");
  tensor.requires_grad_(true);
  return tensor;
}

Tensor empty(const Shape& shape, const TensorOptions& options) {
  return with_gradient(make_tensor(shape, options.dtype.value_or(default_dtype()), options.device),
                       options.requires_grad);
}
Tensor zeros(const Shape& shape, const TensorOptions& options) {
  return filled(shape, 0, options.dtype.value_or(default_dtype()), options);
}
Tensor ones(const Shape& shape, const TensorOptions& options) {
  return filled(shape, 1, options.dtype.value_or(default_dtype()), options);
}
Tensor full(const Shape& shape, const Scalar& value, const TensorOptions& options) {
  return filled(shape, value, options.dtype.value_or(dtype_of_value(value)), options);
}

Tensor empty_like(const Tensor& like) { return make_like(like); }
Tensor zeros_like(const Tensor& like) { return filled_like(like, 0); }
Tensor ones_like(const Tensor& like) { return filled_like(like, 1); }
Tensor full_like(const Tensor& like, const Scalar& value) { return filled_like(like, value); }

Tensor from_blob(void* data, const Shape& sizes, const Shape& strides, DType dtype,
                 std::function<void(void*)> deleter) {
  for (const std::int64_t size : sizes) {
    if (size < 0) fail(cat_text("Trying to create tensor with negative dimension ", size, ": ", shape_text(sizes)));
  }
  const Shape steps = strides.empty() ? contiguous_strides(sizes) : strides;
  check(steps.size() == sizes.size(), "mismatch in length of strides and shape: ", shape_text(strides), " and ",
        shape_text(sizes));
  for (const std::int64_t step : steps) {
    check(step >= 0, "Negative strides are not supported at the moment, got strides: ", shape_text(strides));
  }
  const std::int64_t bytes = checked_span(sizes, steps, dtype);
  const std::size_t alignment = element_size(real_of(dtype));
  check(reinterpret_cast<std::uintptr_t>(data) % alignment == 0, "from_blob() needs memory aligned to ", alignment,
        " bytes for ", name(dtype));
  check(data != nullptr || bytes == 0, "from_blob() needs memory, but got a null pointer for sizes ",
        shape_text(sizes));
  auto base = std::make_shared<TensorImpl>();
  base->dtype = dtype;
  base->storage = std::make_shared<Storage>();
  base->storage->data = static_cast<std::byte*>(data);
  base->storage->bytes = static_cast<std::size_t>(bytes);
  base->storage->seen_outside = true;
  const Tensor tensor = make_view(Tensor(std::move(base)), sizes, steps, 0);
  // Last, so that an error above leaves the memory with the caller.
  if (deleter) impl_of(tensor).storage->release = [data, free = std::move(deleter)] { free(data); };
  return tensor;
}

Tensor from_values(const void* values, std::size_t count, DType dtype, std::optional<Shape> shape,
                   const TensorOptions& options) {
  const Shape sizes =
      shape ? infer_shape(*shape, static_cast<std::int64_t>(count)) : Shape{static_cast<std::int64_t>(count)};
  Tensor tensor = make_tensor(sizes, dtype);
  if (count > 0) std::memcpy(impl_of(tensor).raw(), values, count * element_size(dtype));
  const DType wanted = options.dtype.value_or(dtype);
  if (wanted != dtype) tensor = copy_of(tensor, wanted);
  if (options.device.is_meta()) tensor = make_tensor(sizes, wanted, options.device);
  impl_of(tensor).version->count.store(0, std::memory_order_relaxed);
  return with_gradient(std::move(tensor), options.requires_grad);
}

void empty_cache() { memory::empty_cache(); }

}  // namespace conv1d
