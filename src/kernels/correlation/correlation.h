#pragma once

#include <cstdint>

namespace conv1d::kernels::correlation {

/// Taps that are summed in lanes before they are added up in double: short enough for accuracy and the first cache.
inline constexpr std::int64_t kChunk = 2048;

}  // namespace conv1d::kernels::correlation
