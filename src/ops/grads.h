// Small words in which gradients are written.
#pragma once

#include <vector>

#include <conv1d/ops.h>

#include "autograd/record.h"

namespace conv1d {

using Grads = std::vector<Tensor>;

/// Whether an operation on x is to be recorded: only then its other operand needs to be saved.
inline bool needs_grad(const Tensor& x) { return should_record({x}); }
/// `x` where `wanted`, else nothing.
inline Tensor only_if(bool wanted, const Tensor& x) { return wanted ? x : Tensor(); }

/// A number as a tensor without dimensions, in the widest type of its kind: PyTorch saves numbers like tensors.
Tensor number_tensor(const Scalar& value);

/// x where `mask` is true, else 0 (also where x is infinite or NaN). mask is bool and has x's shape or broadcasts to
/// it.
Tensor keep_where(const Tensor& mask, const Tensor& x);
/// x where `mask` is false, else 0.
Tensor drop_where(const Tensor& mask, const Tensor& x);
/// The direction of each element: its sign, or x/|x| for complex x; 0 at 0.
Tensor sgn(const Tensor& x);
Tensor reciprocal(const Tensor& x);
Tensor view_as_real(const Tensor& x);
/// Zeros of `sizes` with x in the places of slice(dim, start, ..., step): the transpose of slice.
Tensor place_slice(const Tensor& x, const Shape& sizes, std::int64_t dim, std::int64_t start, std::int64_t step);

/// Saved operands of a product: each factor is needed for the other's gradient.
inline std::vector<Tensor> saved_factors(const Tensor& a, const Tensor& b) {
  return {only_if(needs_grad(b), a), only_if(needs_grad(a), b)};
}

}  // namespace conv1d
