#include "kernels/kernel.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "base/sizes.h"
#include "kernels/cost.h"
#include "kernels/fft_tile/fft_tile.h"
#include "kernels/tile/panels.h"

namespace conv1d::kernels::fft_tile {

Geometry Geometry::of(const TapProblem& p) {
  const std::int64_t step = std::abs(p.step);
  const std::int64_t period = step / std::gcd(p.between, step), classes = std::min(period, p.taps);
  const std::int64_t apart = classes == p.taps ? 1 : period * p.between / p.step;
  return {classes, std::abs(apart), ceil_div(p.taps, classes), apart < 0};
}

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

constexpr std::int64_t kFloat = sizeof(float);
// Virtual rows in a partial sum: half the direct sum's, since transforms have added their own rounding.
constexpr std::int64_t kSumRows = 128;
// Spectra of a unit and the products held at a time should stay in the second and third cache.
constexpr std::int64_t kSpectraBytes = 1 << 20;
constexpr std::int64_t kProductsBytes = 256 << 10;

struct Sizes {
  std::int64_t points, valid, rows, phases, phase_tiles, tiles;
};

Sizes sizes_for(const TapProblem& p, const Geometry& g, std::int64_t points) {
  Sizes s{};
  s.points = points;
  s.valid = points - g.span + 1;
  s.rows = p.inputs * g.classes;
  s.phase_tiles = ceil_div(ceil_div(p.columns, g.dilation), s.valid);
  s.phases = std::min(g.dilation, p.columns);
  s.tiles = p.batch * s.phases * s.phase_tiles;
  return s;
}

// Seconds of a group: transforms, products, and the filters' way from memory, once a unit.
double seconds_for(const TapProblem& p, const Sizes& s, Isa isa, bool packed_weight) {
  const Machine m = machine(isa);
  const double lanes = vector_lanes(isa, kFloat);
  const double tiles = std::ceil(static_cast<double>(s.tiles) / lanes) * lanes;
  const double points = static_cast<double>(s.points), rows = static_cast<double>(s.rows);
  const double outputs = static_cast<double>(p.outputs), values = static_cast<double>(spectrum_values(s.points));
  const double point = (2.2 + 0.25 * std::log2(points)) / m.moved;
  const double transforms = tiles * points * (rows + outputs) * point;
  const double best_rows = vector_registers(isa) >= 32 ? 8 : 4;
  const double fill = outputs >= best_rows ? 1 : 0.45 + 0.55 * (outputs - 1) / (best_rows - 1);
  const double products = tiles * values * outputs * (rows + 6) / (m.float_products * fill * 0.92);
  const double filters = values * outputs * rows;
  const double units = std::ceil(tiles / (6 * lanes));
  // Filters that fit the third cache come three times as fast as from memory.
  const double speed = filters * kFloat < 8e6 ? 3 * m.bytes : m.bytes;
  const double streamed = units * filters * kFloat / speed;
  const double packing = packed_weight ? 0 : filters * 2 / m.moved;
  return transforms + products + streamed + packing;
}

std::int64_t best_points(const TapProblem& p, const Geometry& g, Isa isa, bool packed_weight, double* seconds) {
  std::int64_t best = 0;
  *seconds = std::numeric_limits<double>::infinity();
  for (std::int64_t points = kLeastPoints; points <= kMostPoints; points *= 2) {
    if (points < 2 * g.span) continue;
    const double s = seconds_for(p, sizes_for(p, g, points), isa, packed_weight);
    if (s < *seconds) *seconds = s, best = points;
  }
  return best;
}

bool accepts(const TapProblem& p, const ChooseOptions&) {
  if (p.element != Element::kFloat32 || p.step == 0 || p.between == 0 || p.taps < 2) return false;
  if (p.groups == 0 || p.batch == 0 || p.outputs == 0 || p.inputs == 0 || p.columns == 0) return false;
  const Geometry g = Geometry::of(p);
  return g.span >= 2 && g.span <= kMostPoints / 2;
}

double cost(const TapProblem& p, const ChooseOptions& options) {
  double seconds = 0;
  best_points(p, Geometry::of(p), options.isa, options.packed_weight, &seconds);
  const Machine m = machine(options.isa);
  return static_cast<double>(p.groups) * seconds + 0.15 * operand_bytes(p) / m.bytes + m.call;
}

void prepare(Plan& plan, const ChooseOptions& options) {
  const TapProblem& p = plan.problem;
  const Geometry g = Geometry::of(p);
  double seconds = 0;
  const Sizes s = sizes_for(p, g, best_points(p, g, plan.isa, options.packed_weight, &seconds));
  const std::int64_t lanes = vector_lanes(plan.isa, kFloat), values = spectrum_values(s.points);
  const std::int64_t wide = 3 * std::max<std::int64_t>(lanes, 4);  // columns of the register tile
  Details d{};
  d.points = s.points, d.valid = s.valid, d.rows = s.rows, d.phases = s.phases, d.phase_tiles = s.phase_tiles, d.tiles = s.tiles;
  d.unit_tiles = std::clamp(kSpectraBytes / (values * s.rows * kFloat) / wide * wide, wide, 4 * wide);
  d.unit_tiles = std::min(d.unit_tiles, ceil_div(s.tiles, lanes) * lanes);
  while (options.threads > 1 && d.unit_tiles > wide && p.groups * ceil_div(s.tiles, d.unit_tiles) < 2 * options.threads) {
    d.unit_tiles -= wide;
  }
  d.tile_blocks = ceil_div(s.tiles, d.unit_tiles);
  d.run_tiles = std::clamp<std::int64_t>(d.unit_tiles / std::max<std::int64_t>(1, s.phases), 1,
                                          std::max<std::int64_t>(1, s.phase_tiles));
  const Panels panels(p.outputs, vector_registers(plan.isa));
  const std::int64_t most_rows = vector_registers(plan.isa) >= 32 ? 8 : 6;
  d.block_panels = std::clamp<std::int64_t>(kProductsBytes / (values * d.unit_tiles * kFloat * most_rows), 1,
                                            std::max<std::int64_t>(1, panels.count()));
  d.sum_rows = kSumRows;
  d.uneven = 4.0f * std::sqrt(static_cast<float>(p.inputs) * static_cast<float>(p.taps));
  d.uneven = std::clamp(d.uneven, 8.0f, 256.0f);

  const auto bytes = [](std::int64_t count, std::int64_t size) {
    return static_cast<std::int64_t>(aligned_size(static_cast<std::size_t>(count * size)));
  };
  const std::int64_t line = s.points + 2 * lanes;
  d.spectra_bytes = bytes(std::max(values * d.unit_tiles, line) * s.rows, kFloat);
  d.products_bytes = bytes(std::max(values * d.block_panels * most_rows * d.unit_tiles, most_rows * line), kFloat);
  d.lanes_bytes = bytes(2 * s.points * lanes, kFloat);
  d.tiles_bytes = bytes(d.unit_tiles, sizeof(Tile));
  d.uneven_bytes = bytes(8 * d.unit_tiles, kFloat);
  d.offsets_bytes = bytes(256, sizeof(std::ptrdiff_t));

  plan.units = p.groups * d.tile_blocks;
  plan.part_bytes = static_cast<std::size_t>(d.spectra_bytes + d.products_bytes + d.lanes_bytes + d.tiles_bytes +
                                             d.uneven_bytes + d.offsets_bytes);
  plan.packed_bytes =
      static_cast<std::size_t>(p.groups * p.outputs * (values * s.rows + p.inputs * p.taps) * kFloat);
  plan.packing.layout = {vector_registers(plan.isa), static_cast<std::int32_t>(s.points),
                         static_cast<std::int32_t>(g.classes * (g.reversed ? -1 : 1))};
  plan.set(d);
}

void pack(const Plan& plan, const void* weight, void* packed) noexcept {
  functions_for(plan.isa).pack(plan, weight, packed);
}

void run(const Plan& plan, const Operands& operands, const void* packed, void* scratch, std::int64_t begin,
         std::int64_t end) noexcept {
  functions_for(plan.isa).run(plan, operands, packed, static_cast<std::byte*>(scratch), begin, end);
}

}  // namespace

extern const Kernel kKernel = {.name = "fft_tile",
                               .direct_sum = false,
                               .takes_relu = true,
                               .accepts = accepts,
                               .cost = cost,
                               .prepare = prepare,
                               .pack = pack,
                               .run = run};

}  // namespace conv1d::kernels::fft_tile
