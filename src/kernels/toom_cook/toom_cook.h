// Four outputs of a filter of 2 or 3 taps from as many products as there are samples: F(4, r) with n = r + 3 values.
//
// The polynomials of the samples and of the filter are evaluated at n - 1 points and infinity, multiplied there, and
// interpolated (Toom 1963, Cook 1966; transposed for correlation by Winograd 1980). Points near 1 in magnitude keep the
// rounding small; those below had the least error of all sets of simple fractions tried (notes.md).
#pragma once

#include <cstddef>

#include "kernels/tiles/tiles.h"

namespace conv1d::kernels::toom_cook {

inline constexpr int kOutputs = 4;
inline constexpr int kMostTaps = 3;
/// A segment of two samples tells enough of four outputs whether they are of uneven scale.
inline constexpr std::int64_t kSegment = 2;

/// The finite points for r taps.
template <int kTaps> struct Points;
template <> struct Points<2> {
  static constexpr double at[] = {0, 1, -2, -2.0 / 3};
};
template <> struct Points<3> {
  static constexpr double at[] = {0, 0.5, -2.0 / 3, 1.5, -1.5};
};

/// input: values of the samples; filter: values of the taps; output: outputs from the products.
template <int kTaps> struct Matrices {
  static constexpr int kValues = kTaps + kOutputs - 1;
  double input[kValues][kValues] = {};
  double filter[kValues][kTaps] = {};
  double output[kOutputs][kValues] = {};

  constexpr Matrices() {
    constexpr int kFinite = kValues - 1;
    const auto& at = Points<kTaps>::at;
    for (int j = 0; j < kFinite; ++j) {
      // The product of all (x - p_k) but the j-th: row j of the transposed interpolation. Its value at p_j divides the
      // filter.
      double norm = 1;
      input[j][0] = 1;
      int degree = 0;
      for (int k = 0; k < kFinite; ++k) {
        if (k == j) continue;
        norm *= at[j] - at[k];
        times_root(input[j], degree++, at[k]);
      }
      double power = 1;
      for (int i = 0; i < kTaps || i < kOutputs; ++i, power *= at[j]) {
        if (i < kTaps) filter[j][i] = power / norm;
        if (i < kOutputs) output[i][j] = power;
      }
    }
    input[kFinite][0] = 1;
    for (int k = 0; k < kFinite; ++k) times_root(input[kFinite], k, at[k]);
    filter[kFinite][kTaps - 1] = 1;
    output[kOutputs - 1][kFinite] = 1;
  }

 private:
  // A polynomial of that degree, times (x - root).
  static constexpr void times_root(double* polynomial, int degree, double root) {
    polynomial[degree + 1] = polynomial[degree];
    for (int i = degree; i > 0; --i) polynomial[i] = polynomial[i - 1] - root * polynomial[i];
    polynomial[0] *= -root;
  }
};

/// `joined`: see Joined in transform-inl.h.
tiles::Functions functions_for(Isa isa, std::int64_t taps, bool joined);

}  // namespace conv1d::kernels::toom_cook
