// The precision that <conv1d/precision.h> has set, for default_options().
#pragma once

#include "kernels/plan.h"

namespace conv1d::kernels {

Precision current_precision();

}  // namespace conv1d::kernels
