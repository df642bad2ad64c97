#pragma once

#include <cstdint>

namespace conv1d::kernels::depthwise {

/// Up to here one partial sum of the direct family holds a filter, so that both give the same bits.
inline constexpr std::int64_t kMostTaps = 256;

}  // namespace conv1d::kernels::depthwise
