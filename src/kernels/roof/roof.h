#pragma once

namespace conv1d::kernels::roof {

/// Independent sums: more than latency times throughput of any core so far (4 cycles, 2 a cycle), few enough for 16
/// registers.
inline constexpr int kSums = 12;

}  // namespace conv1d::kernels::roof
