#include "kernels/kernel.h"

#include <cmath>
#include <limits>
#include <numbers>

#include "kernels/cost.h"
#include "kernels/fft_tile/fft_tile.h"
#include "kernels/tile/panels.h"

namespace conv1d::kernels::fft_tile {

const Twiddles& twiddles() {
  static const Twiddles table = [] {
    Twiddles t{};
    double angle[kMostPoints / 2];  // of a node's w
    angle[1] = std::numbers::pi / 2;
    for (int k = 1; k < kMostPoints / 2; ++k) {
      if (k > 1) angle[k] = angle[k / 2] / 2 + (k % 2 ? std::numbers::pi : 0);
      t.re[k] = static_cast<float>(std::cos(angle[k] / 2));
      t.im[k] = static_cast<float>(std::sin(angle[k] / 2));
    }
    return t;
  }();
  return table;
}

namespace {

// More windows of fewer points are not looked at: their products grow as the points' inverse.
constexpr std::int64_t kMostWindows = 4;

tiles::Transform transform_of(std::int64_t points, Isa isa) {
  // Measured: passes over the tile, 1 for the transposition and the spectrum, half a one for each doubling.
  const double samples = static_cast<double>(points) * vector_lanes(isa, sizeof(float));
  const double seconds = samples * (2.2 + 0.25 * std::log2(static_cast<double>(points))) / machine(isa).moved;
  return {points, spectrum_values(points), points / 2, points / 8 < 8 ? 8 : points / 8, seconds};
}

// The cheapest size for a problem that tiles::accepts().
tiles::Transform best_transform(const TapProblem& p, const ChooseOptions& options) {
  const std::int64_t span = tiles::Geometry::of(p).span;
  tiles::Transform best{};
  double least = std::numeric_limits<double>::infinity();
  for (std::int64_t points = kLeastPoints; points <= kMostPoints; points *= 2) {
    if (points * kMostWindows < 2 * span && points < kMostPoints) continue;
    const tiles::Transform transform = transform_of(points, options.isa);
    const double seconds = tiles::cost(p, options, transform);
    // The smallest, which packs the least, where all take more than is allowed.
    if (best.points == 0 || seconds < least) least = seconds, best = transform;
  }
  return best;
}

bool accepts(const TapProblem& p, const ChooseOptions&) {
  return tiles::accepts(p) && tiles::Geometry::of(p).span <= kMostPoints / 2;
}

}  // namespace

double cost(const TapProblem& p, const ChooseOptions& options) {
  return tiles::cost(p, options, best_transform(p, options));
}

void prepare(Plan& plan, const ChooseOptions& options) {
  tiles::prepare(plan, options, best_transform(plan.problem, options));
}

void pack(const Plan& plan, const void* weight, void* packed) noexcept {
  functions_for(plan.isa).pack(plan, weight, packed);
}

void run(const Plan& plan, const Operands& operands, const void* packed, void* scratch, std::int64_t begin,
         std::int64_t end) noexcept {
  functions_for(plan.isa).run(plan, operands, packed, static_cast<std::byte*>(scratch), begin, end);
}

extern const Kernel kKernel = {.name = "fft_tile",
                               .direct_sum = false,
                               .takes_relu = true,
                               .accepts = accepts,
                               .cost = cost,
                               .prepare = prepare,
                               .pack = pack,
                               .run = run};

}  // namespace conv1d::kernels::fft_tile
