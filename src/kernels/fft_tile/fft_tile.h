// Convolutions by real FFTs of 16 to 512 points; more taps than half of that by windows of taps (tiles.h).
#pragma once

#include "kernels/tiles/tiles.h"

namespace conv1d::kernels::fft_tile {

inline constexpr int kLeastPoints = 16;
inline constexpr int kMostPoints = 512;

/// Values of a spectrum: two real ones and three (sum, imaginary, real) for each complex one.
constexpr std::int64_t spectrum_values(std::int64_t points) { return points / 2 * 3 - 1; }

/// The twiddle of node `k` of the tree of factors: x^L - w splits into x^(L/2) -+ s, s = sqrt(w). The root (k = 1) is
/// w = i, node k's children are 2k (w = s) and 2k + 1 (w = -s). The same table serves every size.
struct Twiddles {
  float re[kMostPoints / 2], im[kMostPoints / 2];
};
const Twiddles& twiddles();

tiles::Functions functions_for(Isa isa);

// Of a kernel's record (kernel.h), for spans of any length: long_fft has the same.
double cost(const TapProblem& problem, const ChooseOptions& options);
void prepare(Plan& plan, const ChooseOptions& options);
void pack(const Plan& plan, const void* weight, void* packed) noexcept;
void run(const Plan& plan, const Operands& operands, const void* packed, void* scratch, std::int64_t begin,
         std::int64_t end) noexcept;

}  // namespace conv1d::kernels::fft_tile
