// The walk beneath every reduction: which elements of x meet in which element of the result.
#pragma once

#include <conv1d/tensor.h>

namespace conv1d {

/// A reduction's dimensions. Reading: at[kept index] + offset[reduced index], in elements.
struct ReductionPlan {
  Shape result_sizes;  ///< of the result, with size 1 where keepdim
  Shape kept_sizes, kept_strides;
  Shape reduced_sizes, reduced_strides;  ///< innermost first, neighbours joined
  std::int64_t kept = 1, reduced = 1;    ///< numbers of elements
};

/// Dimensions from PyTorch's `dim` argument, none meaning all. IndexError, or RuntimeError for one given twice.
ReductionPlan plan_reduction(const Tensor& x, const Shape& dims, bool keepdim);

/// Steps through the offsets of an index space in order, the last dimension of `sizes` fastest.
class Offsets {
 public:
  Offsets(const Shape& sizes, const Shape& strides) : sizes_(sizes), strides_(strides), index_(sizes.size(), 0) {}
  std::int64_t value() const { return value_; }
  void step() {
    for (std::size_t d = sizes_.size(); d-- > 0;) {
      value_ += strides_[d];
      if (++index_[d] < sizes_[d]) return;
      value_ -= strides_[d] * sizes_[d];
      index_[d] = 0;
    }
  }

 private:
  const Shape &sizes_, &strides_;
  Shape index_;
  std::int64_t value_ = 0;
};

}  // namespace conv1d
