// `x.data`: the numbers of a tensor apart from its history.
#include "autograd/meta.h"
#include "base/check.h"

namespace conv1d {

Tensor& Tensor::set_data(const Tensor& source) {
  TensorImpl& impl = impl_of(*this);
  const TensorImpl from = impl_of(source);  // a copy: source may be this very tensor
  check(impl.device == from.device,
        "Attempted to call `variable.set_data(tensor)`, but `variable` and `tensor` have incompatible tensor type.");
  if (meta_of(*this) != nullptr && requires_grad()) {
    check(is_differentiable(from.dtype),
          "data set to a tensor that requires gradients must be floating point or complex dtype");
  }
  impl.storage = from.storage;
  impl.sizes = from.sizes;
  impl.strides = from.strides;
  impl.offset = from.offset;
  impl.numel = from.numel;
  impl.contiguous = from.contiguous;
  impl.dtype = from.dtype;
  impl.device = from.device;
  // A node made before describes the old shape and dtype: the next use of this leaf makes another.
  if (GradMeta* meta = meta_of(*this)) meta->accumulator.reset();
  return *this;
}

std::uint64_t Tensor::version() const { return impl_of(*this).version->count.load(); }

}  // namespace conv1d
