// Elements from one tensor to another, whatever their strides and dtypes.
#pragma once

#include <conv1d/tensor.h>

namespace conv1d {

/// Writes `source`, broadcast and cast, into `destination`. Neither is recorded; the destination's write is noted.
/// RuntimeError where source does not broadcast to destination. Overlapping memory is copied as if source were taken
/// first.
void copy_into(const Tensor& destination, const Tensor& source);

/// A contiguous copy with new memory, cast to `dtype`; not recorded. The copy of a meta tensor is meta.
Tensor copy_of(const Tensor& source, DType dtype);
/// As copy_of(), in the layout that clone() and to() keep: the source's strides where it is dense (see layout.h).
Tensor dense_copy_of(const Tensor& source, DType dtype);
/// `x` itself where contiguous, else a contiguous copy; not recorded.
Tensor raw_contiguous(const Tensor& x);

}  // namespace conv1d
