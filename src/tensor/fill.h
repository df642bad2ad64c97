// One number into every element.
#pragma once

#include <conv1d/scalar.h>
#include <conv1d/tensor.h>

namespace conv1d {

/// Writes `value`; notes the write, records nothing. RuntimeError "value cannot be converted to type uint8_t without
/// overflow" where the dtype cannot hold it (PyTorch's rule: a small negative value wraps in uint8, a fraction is cut
/// off).
void fill_with(const Tensor& tensor, const Scalar& value);

/// Raises what fill_with() would.
void check_fits(const Scalar& value, DType dtype);

/// What a factory does last: requires_grad_() where `wanted`; RuntimeError for dtypes without gradients, in a factory's
/// words.
Tensor with_gradient(Tensor tensor, bool wanted);

}  // namespace conv1d
