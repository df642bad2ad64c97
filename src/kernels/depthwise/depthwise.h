#pragma once

#include <cstdint>

#include "kernels/kernel.h"

namespace conv1d::kernels::depthwise {

/// Up to here one partial sum of the direct family holds a filter, so that both give the same bits.
inline constexpr std::int64_t kMostTaps = kPartialSum;

}  // namespace conv1d::kernels::depthwise
