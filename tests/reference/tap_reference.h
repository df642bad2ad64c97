// The definition of kernels::TapProblem, loop by loop, in arithmetic wider than any kernel's: what kernels are tested
// against.
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

#include "kernels/problem.h"

namespace conv1d::reference {

using Wide = std::complex<long double>;

/// Dense, indexed [group][batch][output][column].
struct TapOutput {
  std::vector<Wide> values;             ///< what each output should be, before it is rounded to its type
  std::vector<long double> magnitudes;  ///< the sum of the absolute values that went into it
  std::vector<std::uint64_t>
      integers;  ///< integer elements: the exact output modulo 2^64; the other two are empty then
};

/// `operands.output` is read with Start::kAccumulate only, and never written.
TapOutput compute(const kernels::TapProblem& problem, const kernels::Operands& operands);

/// Element number `offset` of an array.
Wide load(kernels::Element element, const void* base, std::int64_t offset);
std::uint64_t load_integer(kernels::Element element, const void* base, std::int64_t offset);
void store(kernels::Element element, void* base, std::int64_t offset, Wide value);  ///< rounds; integers are truncated

/// Rounds to the nearest even, written with arithmetic alone: an independent check of the kernels' bit tricks.
std::uint16_t round_to_half(long double value, int exponent_bits, int mantissa_bits);

/// Half a unit in the last place, relative: the rounding error of the type.
long double epsilon(kernels::Element element);

}  // namespace conv1d::reference
