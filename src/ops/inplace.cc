// Operations that change a tensor in place. Shapes and dtypes are checked before anything is written.
#include "base/check.h"
#include "ops/arithmetic.h"
#include "random/fill.h"
#include "tensor/fill.h"
#include "tensor/layout.h"

namespace conv1d {
namespace {

void check_output_shape(const Tensor& self, const Tensor& other) {
  const Shape common = broadcast_shape(self.sizes(), other.sizes());
  check(common == self.sizes(), "output with shape ", shape_text(self.sizes()), " doesn't match the broadcast shape ",
        shape_text(common));
  common_device(self, other);
}
void check_output_shape(const Tensor&, const Scalar&) {}

/// The elements in memory that a tensor touches: from the first to one past the last.
std::pair<std::int64_t, std::int64_t> span_of(const TensorImpl& x) {
  std::int64_t end = x.offset + 1;
  for (std::size_t d = 0; d < x.sizes.size(); ++d) end += (x.sizes[d] - 1) * x.strides[d];
  return {x.offset, end};
}

/// Whether writing self could change what is still to be read of other. RuntimeError, as in PyTorch, where both lie
/// densely in memory and certainly share a part of it.
bool reads_what_is_written(const Tensor& self, const Tensor& other) {
  const TensorImpl &a = *self.impl(), &b = *other.impl();
  if (a.storage != b.storage || a.numel == 0 || b.numel == 0 || a.device.is_meta() || self.is_same(other)) return false;
  const auto [a_begin, a_end] = span_of(a);
  const auto [b_begin, b_end] = span_of(b);
  if (a_end <= b_begin || b_end <= a_begin) return false;
  const bool same = a.offset == b.offset && a.sizes == b.sizes && a.strides == b.strides;
  check(same || !is_dense(a.sizes, a.strides) || !is_dense(b.sizes, b.strides),
        "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory "
        "location. "
        "Please clone() the tensor before performing the operation.");
  return !same;
}
bool reads_what_is_written(const Tensor&, const Scalar&) { return false; }

/// self = f(self, other), computed in `dtype`; the write is not noted yet.
template <class F, class Other> void change(const Tensor& self, const Other& other, DType dtype, F f) {
  const bool apart = !reads_what_is_written(self, other);
  check_output_shape(self, other);
  check_can_cast(dtype, self.dtype());
  if (dtype == self.dtype() && apart) return binary_into(self, dtype, f, self, other);
  const Tensor result = make_result(self, dtype);
  binary_into(result, dtype, f, self, other);
  copy_into(self.data_view(), result);
}

Tensor& add_scaled_(const char* name, Tensor& self, const Tensor& other, const Scalar& alpha, bool subtract) {
  check_inplace(self, {self, other});
  const DType dtype = result_type(self, other);
  if (subtract) check_subtraction(self.dtype(), other.dtype());
  check_alpha(alpha, dtype);
  const Tensor before = alias_of(self);
  if (subtract) {
    change(self, other, dtype, kMinus);
    return record_inplace(name, self, {before, other}, {}, add_backward(-1));
  }
  const bool plain = alpha.to<std::complex<double>>() == 1.0;
  if (plain)
    change(self, other, dtype, kPlus);
  else
    change(self, other, dtype,
           [alpha](auto x, auto y) { return math::plus(x, math::times(alpha.template to<decltype(x)>(), y)); });
  return record_inplace(name, self, {before, other}, {}, add_backward(alpha));
}

/// x as it is before being overwritten, for the gradient of the other operand.
Tensor kept_for(const Tensor& other, const Tensor& x) { return needs_grad(other) ? x.clone() : Tensor(); }

/// The gradient of an operation that forgets what was there before.
Grads no_grads(const BackwardArgs& args) { return Grads(args.wanted.size()); }

}  // namespace

Tensor& Tensor::add_(const Tensor& other, const Scalar& alpha) {
  return add_scaled_("AddBackward0", *this, other, alpha, false);
}
Tensor& Tensor::sub_(const Tensor& other) { return add_scaled_("SubBackward0", *this, other, 1, true); }

Tensor& Tensor::add_(const Scalar& other) {
  check_inplace(*this);
  const Tensor before = alias_of(*this);
  change(*this, other, result_type(*this, other), kPlus);
  return record_inplace("AddBackward0", *this, {before, Tensor()}, {}, add_backward(1));
}

Tensor& Tensor::sub_(const Scalar& other) {
  check_inplace(*this);
  check_subtraction(dtype(), scalar_dtype(other));
  const Tensor before = alias_of(*this);
  change(*this, other, result_type(*this, other), kMinus);
  return record_inplace("SubBackward0", *this, {before, Tensor()}, {}, add_backward(1));
}

Tensor& Tensor::mul_(const Tensor& other) {
  check_inplace(*this, {*this, other});
  const Tensor before = alias_of(*this), kept = kept_for(other, *this);
  const Tensor factor = is_same(other) && needs_grad(*this) ? kept : other;
  change(*this, other, result_type(*this, other), kTimes);
  return record_inplace("MulBackward0", *this, {before, is_same(other) ? before : other},
                        {kept, only_if(needs_grad(before), factor)}, mul_backward());
}

Tensor& Tensor::mul_(const Scalar& other) {
  check_inplace(*this);
  const Tensor before = alias_of(*this);
  change(*this, other, result_type(*this, other), kTimes);
  return record_inplace("MulBackward0", *this, {before, Tensor()},
                        {Tensor(), needs_grad(before) ? number_tensor(other) : Tensor()}, mul_backward());
}

Tensor& Tensor::div_(const Tensor& other) {
  check_inplace(*this, {*this, other});
  const Tensor before = alias_of(*this), kept = kept_for(other, *this);
  const Tensor divisor = is_same(other) && needs_grad(*this) ? kept : other;
  change(*this, other, float_type(result_type(*this, other)), kDivide);
  return record_inplace("DivBackward0", *this, {before, is_same(other) ? before : other}, {kept, divisor},
                        div_backward());
}

Tensor& Tensor::div_(const Scalar& other) {
  check_inplace(*this);
  const Tensor before = alias_of(*this);
  change(*this, other, float_type(result_type(*this, other)), kDivide);
  return record_inplace("DivBackward0", *this, {before, Tensor()},
                        {Tensor(), needs_grad(before) ? number_tensor(other) : Tensor()}, div_backward());
}

// ---- values from elsewhere
// -------------------------------------------------------------------------------------------

Tensor& Tensor::zero_() {
  check_inplace_history(*this);
  const Tensor before = alias_of(*this);
  fill_with(data_view(), 0);
  return record_inplace("ZeroBackward0", *this, {before}, {}, no_grads);
}

Tensor& Tensor::fill_(const Scalar& value) {
  check_inplace_history(*this);
  check_fits(value, dtype());
  const Tensor before = alias_of(*this);
  fill_with(data_view(), value);
  return record_inplace("FillBackward2", *this, {before}, {}, no_grads);
}

Tensor& Tensor::copy_(const Tensor& source) {
  check_inplace(*this, {*this, source});
  const Tensor before = alias_of(*this);
  copy_into(data_view(), source);
  return record_inplace(
      "CopyBackwards", *this, {before, is_same(source) ? before : source}, {},
      [](const BackwardArgs& args) -> Grads { return {Tensor(), only_if(args.wanted[1], args.grad())}; });
}

Tensor& Tensor::uniform_(double from, double to, Generator* generator) {
  check_inplace(*this);
  const Tensor before = alias_of(*this);
  fill_uniform(data_view(), from, to, generator);
  return record_inplace("UniformBackward0", *this, {before}, {}, no_grads);
}

Tensor& Tensor::normal_(double mean, double std, Generator* generator) {
  check_inplace(*this);
  const Tensor before = alias_of(*this);
  fill_normal(data_view(), mean, std, generator);
  return record_inplace("NormalBackward0", *this, {before}, {}, no_grads);
}

}  // namespace conv1d
