#include "conv/kept_plan.h"

#include "kernels/kernel.h"

namespace conv1d {

std::size_t weight_bytes(const kernels::TapProblem& p) {
  return static_cast<std::size_t>(p.groups * p.outputs * p.inputs * p.taps) * kernels::element_size(p.element);
}

kernels::Plan make_kept_plan(const kernels::TapProblem& problem, const kernels::ChooseOptions& options,
                             std::size_t bound) {
  kernels::Plan best = kernels::make_plan(problem, options);
  if (!options.packed_weight || !options.kernel.empty() || best.packed_bytes <= bound) return best;
  for (const std::string_view name : kernels::kernel_names()) {
    kernels::ChooseOptions named = options;
    named.kernel = name;
    const kernels::Plan plan = kernels::make_plan(problem, named);
    if (kernels::kernel_name(plan) != name || plan.packed_bytes > bound || plan.kernel->last_resort) continue;
    if (best.packed_bytes > bound || plan.seconds < best.seconds) best = plan;
  }
  return best;
}

}  // namespace conv1d
