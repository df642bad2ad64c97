// Which dtype a result has: PyTorch's rules of promotion.
#pragma once

#include <conv1d/ops.h>

namespace conv1d {

/// The dtype that a Scalar alone stands for: bool, int64, the default dtype or its complex.
DType scalar_dtype(const Scalar& value);
DType result_type(const Scalar& a, const Tensor& b);
/// The dtype of functions that integers have no room for (division, exp, ...): the default dtype for integers, else its
/// own.
DType float_type(DType dtype);
/// The complex type that a real one meets a complex number in. The halves have none here, and meet in complex64.
DType widened_to_complex(DType dtype);
/// RuntimeError "result type Float can't be cast to the desired output type Long" where writing in place would lose the
/// kind.
void check_can_cast(DType from, DType to);

}  // namespace conv1d
