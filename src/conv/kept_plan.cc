#include "conv/kept_plan.h"

#include "kernels/problem.h"

namespace conv1d {

std::size_t weight_bytes(const kernels::TapProblem& p) {
  return static_cast<std::size_t>(p.groups * p.outputs * p.inputs * p.taps) * kernels::element_size(p.element);
}

kernels::Plan make_kept_plan(const kernels::TapProblem& problem, const kernels::ChooseOptions& options,
                             std::size_t bound) {
  kernels::ChooseOptions bounded = options;
  if (options.packed_weight) bounded.most_packed = bound;
  return kernels::make_plan(problem, bounded);
}

}  // namespace conv1d
