// Choosing among families under a bound on what a layer may keep.
#pragma once

#include <cstddef>

#include "kernels/plan.h"

namespace conv1d {

/// Of the weight that a problem reads.
std::size_t weight_bytes(const kernels::TapProblem& problem);

/// make_plan(). Where packed weights are to be kept and the family chosen wants more than `bound` bytes of them, the
/// cheapest of those that do not. Pure, as make_plan() is.
kernels::Plan make_kept_plan(const kernels::TapProblem& problem, const kernels::ChooseOptions& options,
                             std::size_t bound);

}  // namespace conv1d
