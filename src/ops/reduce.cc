#include "ops/reduce.h"

#include <algorithm>

#include "base/check.h"
#include "base/sizes.h"
#include "tensor/impl.h"

namespace conv1d {

ReductionPlan plan_reduction(const Tensor& x, const Shape& dims, bool keepdim) {
  const std::size_t rank = x.sizes().size();
  std::vector<bool> reduced(rank, dims.empty());
  std::vector<bool> seen(std::max<std::size_t>(rank, 1), false);
  for (const std::int64_t dim : dims) {
    const auto d = static_cast<std::size_t>(wrap_dim(dim, x.dim()));
    check(!seen[d], "dim ", d, " appears multiple times in the list of dims");
    seen[d] = true;
    if (rank > 0) reduced[d] = true;
  }
  ReductionPlan plan;
  for (std::size_t d = 0; d < rank; ++d) {
    const std::int64_t size = x.sizes()[d], stride = x.strides()[d];
    if (!reduced[d]) {
      plan.result_sizes.push_back(size);
      plan.kept_sizes.push_back(size);
      plan.kept_strides.push_back(stride);
      continue;
    }
    if (keepdim) plan.result_sizes.push_back(1);
    if (size == 1) continue;
    Shape &sizes = plan.reduced_sizes, &strides = plan.reduced_strides;
    if (!sizes.empty() && strides.back() == stride * size) {  // the dimension before goes on where this one ends
      sizes.back() *= size;
      strides.back() = stride;
    } else {
      sizes.push_back(size);
      strides.push_back(stride);
    }
  }
  std::reverse(plan.reduced_sizes.begin(), plan.reduced_sizes.end());
  std::reverse(plan.reduced_strides.begin(), plan.reduced_strides.end());
  const auto kept = checked_product(plan.kept_sizes), count = checked_product(plan.reduced_sizes);
  check(kept.has_value() && count.has_value(), "numel: integer multiplication overflow");
  plan.kept = *kept;
  plan.reduced = *count;
  return plan;
}

}  // namespace conv1d
