// Choosing elements by tensors: Python's x[mask], x[[0, 2]], x[rows, columns]. Integers and slices are views: see
// tensor.h.
#pragma once

#include <vector>

#include <conv1d/tensor.h>

namespace conv1d {

/// The elements that `indices` choose, as a copy. indices[i] belongs to dimension i: integers (any integral dtype,
/// negative ones counted from the end) that broadcast together, or a bool mask, which stands for as many dimensions as
/// it has; an undefined tensor, as beyond the end, takes the dimension whole. The dimensions of the indices stand where
/// the first of them stood if they are neighbours, else in front. IndexError for an index outside, for shapes that do
/// not fit.
Tensor index(const Tensor& x, const std::vector<Tensor>& indices);

/// Writes `values`, broadcast and cast, into the elements that `indices` choose. Of several values for one place, the
/// last stays.
Tensor& index_put_(Tensor& x, const std::vector<Tensor>& indices, const Tensor& values);

/// Another tensor over the same elements: Python's x[...].
Tensor alias(const Tensor& x);

}  // namespace conv1d
