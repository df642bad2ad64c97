// The pass that finishes an output for kernels that do not do so themselves.
#pragma once

#include "kernels/problem.h"

namespace conv1d::kernels {

void finish_output(const TapProblem& problem, void* output) noexcept;

}  // namespace conv1d::kernels
