// Choosing among families under a bound on what a layer may keep.
#pragma once

#include "kernels/plan.h"

namespace conv1d {

/// make_plan(). Where packed weights are to be kept and the family chosen wants more than one layer may keep, the
/// cheapest of those that do not. Pure, as make_plan() is.
kernels::Plan make_kept_plan(const kernels::TapProblem& problem, const kernels::ChooseOptions& options);

}  // namespace conv1d
