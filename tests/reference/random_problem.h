// Random problems with random memory layouts, and the operands to compute them on.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "kernels/problem.h"
#include "reference/guarded.h"

namespace conv1d::kernels::testing {

using Random = std::mt19937_64;

inline std::int64_t pick(Random& random, std::int64_t low, std::int64_t high) {
  return std::uniform_int_distribution<std::int64_t>(low, high)(random);
}
inline bool chance(Random& random, int percent) { return pick(random, 1, 100) <= percent; }

struct Limits {
  std::int64_t outputs = 20, inputs = 12, taps = 12, columns = 120, batch = 3, groups = 3;
  bool plain_layout = false;  ///< contiguous operands
};

/// One of the three passes or anything at all; extents of zero, ragged ends and expanded operands included.
TapProblem random_problem(Random& random, Element element, const Limits& limits);

/// The text that makes a failure reproducible.
std::string describe(const TapProblem& problem);

/// Memory for a problem's operands: exactly the elements that they span, at the edge of forbidden pages.
struct Memory {
  Memory(const TapProblem& problem, Random& random);
  Operands operands() const { return {input, weight, bias, output}; }

  std::vector<Guarded> blocks;
  void* input;
  void* weight;
  void* bias;
  void* output;
  std::byte* output_begin;  ///< all bytes that the output spans
  std::size_t output_bytes;
};

}  // namespace conv1d::kernels::testing
