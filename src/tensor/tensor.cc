// Tensor's members that read: shape, layout and single numbers. What is recorded stands in ops/ and autograd/.
#include <conv1d/tensor.h>

#include "base/check.h"
#include "tensor/impl.h"
#include "tensor/visit.h"

namespace conv1d {
namespace {

/// A dimension's place for size() and stride(), whose texts differ from wrap_dim()'s for a tensor without dimensions.
std::size_t dim_of(const TensorImpl& impl, std::int64_t dim) {
  check<IndexError>(!impl.sizes.empty(), "Dimension specified as ", dim, " but tensor has no dimensions");
  return static_cast<std::size_t>(wrap_dim(dim, static_cast<std::int64_t>(impl.sizes.size())));
}

Scalar read(const TensorImpl& impl, std::int64_t position) {
  check(!impl.device.is_meta(), "Tensor.item() cannot be called on meta tensors");
  return visit(impl.dtype, [&]<class T>(std::type_identity<T>) {
    return Scalar(static_cast<Compute<T>>(impl.raw_as<T>()[position]));
  });
}

}  // namespace

const Shape& Tensor::sizes() const { return impl_of(*this).sizes; }
const Shape& Tensor::strides() const { return impl_of(*this).strides; }
std::int64_t Tensor::size(std::int64_t dim) const { return sizes()[dim_of(impl_of(*this), dim)]; }
std::int64_t Tensor::stride(std::int64_t dim) const { return strides()[dim_of(impl_of(*this), dim)]; }
std::int64_t Tensor::dim() const { return static_cast<std::int64_t>(sizes().size()); }
std::int64_t Tensor::numel() const { return impl_of(*this).numel; }
std::int64_t Tensor::storage_offset() const { return impl_of(*this).offset; }
DType Tensor::dtype() const { return impl_of(*this).dtype; }
Device Tensor::device() const { return impl_of(*this).device; }
bool Tensor::is_contiguous() const { return impl_of(*this).contiguous; }

Scalar Tensor::item_scalar() const {
  check(numel() == 1, "a Tensor with ", numel(), " elements cannot be converted to Scalar");
  return read(impl_of(*this), 0);
}

Scalar Tensor::at_scalar(const Shape& index) const {
  const TensorImpl& impl = impl_of(*this);
  check<IndexError>(index.size() <= impl.sizes.size(), "too many indices for tensor of dimension ", impl.sizes.size());
  check<IndexError>(index.size() == impl.sizes.size(), "at() needs one index for each of the ", impl.sizes.size(),
                    " dimensions, got ", index.size());
  std::int64_t position = 0;
  for (std::size_t i = 0; i < index.size(); ++i) {
    const std::int64_t size = impl.sizes[i];
    check<IndexError>(index[i] >= -size && index[i] < size, "index ", index[i], " is out of bounds for dimension ", i,
                      " with size ", size);
    position += (index[i] < 0 ? index[i] + size : index[i]) * impl.strides[i];
  }
  return read(impl, position);
}

void* Tensor::typed_data(DType wanted, bool mutating) const {
  const TensorImpl& impl = impl_of(*this);
  check(impl.dtype == wanted, "expected scalar type ", scalar_name(wanted), " but found ", scalar_name(impl.dtype));
  check(!impl.device.is_meta(), "Cannot access the data of a meta tensor; no data!");
  if (mutating) impl.storage->seen_outside.store(true, std::memory_order_release);
  return impl.raw();
}

void Tensor::require_contiguous() const {
  check(is_contiguous(), "span() needs a contiguous tensor, but got sizes ", shape_text(sizes()), " with strides ",
        shape_text(strides()), "; call contiguous() first");
}

}  // namespace conv1d
