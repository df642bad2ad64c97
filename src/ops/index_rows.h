// Indexing by tensors as a choice of rows: the chosen dimensions of a tensor are its rows, the others the columns.
#pragma once

#include <vector>

#include <conv1d/tensor.h>

namespace conv1d {

struct RowChoice {
  Shape order;                     ///< permutation of x's dimensions: the chosen ones first
  Shape chosen_sizes, rest_sizes;  ///< sizes of x in this order
  Shape index_sizes;               ///< the common shape of the indices
  std::size_t place = 0;           ///< dimensions of `rest` that stand before those of the indices in the result
  std::vector<std::int64_t> rows;  ///< the row of each index, checked

  Shape result_sizes() const;  ///< rest up to place, the indices, the rest of rest
};

/// Reads and checks the indices of x[indices].
RowChoice choose_rows(const Tensor& x, const std::vector<Tensor>& indices);

}  // namespace conv1d
