#include "kernels/tiles/tiles.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/sizes.h"
#include "kernels/cost.h"
#include "kernels/kernel.h"
#include "kernels/tile/panels.h"

namespace conv1d::kernels::tiles {

Geometry Geometry::of(const TapProblem& p) {
  const std::int64_t step = std::abs(p.step);
  const std::int64_t period = step / std::gcd(p.between, step), classes = std::min(period, p.taps);
  const std::int64_t apart = classes == p.taps ? 1 : period * p.between / p.step;
  return {classes, std::abs(apart), ceil_div(p.taps, classes), apart < 0};
}

namespace {

constexpr std::int64_t kFloat = sizeof(float);
// Virtual rows in a partial sum: fewer than the direct sum has products, since transforms add their own rounding.
constexpr std::int64_t kSumRows = 64;
// Spectra of a unit and the products held at a time should stay in the second and third cache.
constexpr std::int64_t kSpectraBytes = 1 << 20;
constexpr std::int64_t kProductsBytes = 256 << 10;
constexpr std::int64_t kMostPanelRows = 8;

struct Sizes {
  std::int64_t valid, rows, phases, phase_tiles, tiles;
};

Sizes sizes_for(const TapProblem& p, const Geometry& g, const Transform& transform) {
  Sizes s{};
  s.valid = transform.points - g.span + 1;
  s.rows = p.inputs * g.classes;
  s.phases = std::min(g.dilation, p.columns);
  s.phase_tiles = ceil_div(ceil_div(p.columns, g.dilation), s.valid);
  s.tiles = p.batch * s.phases * s.phase_tiles;
  return s;
}

// Columns that fill the widest register tile: 3 vectors, of at least 4 lanes so that the baseline's tiles are not tiny.
std::int64_t wide_tiles(std::int64_t lanes) { return 3 * std::max<std::int64_t>(lanes, 4); }

std::int64_t unit_tiles(const Sizes& s, const Transform& transform, std::int64_t lanes) {
  const std::int64_t wide = wide_tiles(lanes), column_bytes = transform.values * s.rows * kFloat;
  const std::int64_t most =
      transform.values > 16 ? 4 * wide : 16 * wide;  // few values: more tiles for the same products
  return std::min(std::clamp(kSpectraBytes / column_bytes / wide * wide, wide, most), ceil_div(s.tiles, lanes) * lanes);
}

}  // namespace

bool accepts(const TapProblem& p, std::int64_t most_span) {
  if (p.element != Element::kFloat32 || p.step == 0 || p.between == 0 || p.taps < 2) return false;
  if (p.groups == 0 || p.batch == 0 || p.outputs == 0 || p.inputs == 0 || p.columns == 0) return false;
  const Geometry g = Geometry::of(p);
  return g.span >= 2 && g.span <= most_span;
}

double cost(const TapProblem& p, const ChooseOptions& options, const Transform& transform) {
  const Machine m = machine(options.isa);
  const Geometry g = Geometry::of(p);
  const Sizes s = sizes_for(p, g, transform);
  const std::int64_t lanes = vector_lanes(options.isa, kFloat);
  const double vectors = static_cast<double>(ceil_div(s.tiles, lanes)), tiles = vectors * static_cast<double>(lanes);
  const double rows = static_cast<double>(s.rows), outputs = static_cast<double>(p.outputs);
  const double values = static_cast<double>(transform.values);
  const double transforms = vectors * (rows + outputs) * transform.seconds_a_vector;
  // What is not a piece of a row as it lies is gathered, one sample at a time.
  const bool gathered = g.dilation * p.step != 1 || p.input.column != 1 || s.phase_tiles < lanes;
  const double gathering = gathered ? tiles * rows * static_cast<double>(s.valid) / (2 * m.moved) : 0;
  const double best_rows = vector_registers(options.isa) >= 32 ? 8 : 4;
  const double fill = outputs >= best_rows ? 1 : 0.45 + 0.55 * (outputs - 1) / (best_rows - 1);
  const double products = tiles * values * outputs * (rows + 6) / (m.float_products * fill * 0.92);
  // Filters that fit the third cache come three times as fast as from memory, once a unit.
  const double filters = values * outputs * rows, speed = filters * kFloat < 8e6 ? 3 * m.bytes : m.bytes;
  const double units = std::ceil(tiles / static_cast<double>(unit_tiles(s, transform, lanes)));
  const double streamed = units * filters * kFloat / speed;
  const double packing = options.packed_weight ? 0 : filters * 2 / m.moved;
  return static_cast<double>(p.groups) * (transforms + gathering + products + streamed + packing) +
         0.15 * operand_bytes(p) / m.bytes + m.call;
}

void prepare(Plan& plan, const ChooseOptions& options, const Transform& transform) {
  const TapProblem& p = plan.problem;
  const Geometry g = Geometry::of(p);
  const Sizes s = sizes_for(p, g, transform);
  const std::int64_t lanes = vector_lanes(plan.isa, kFloat), wide = wide_tiles(lanes);
  Details d{};
  d.points = transform.points, d.values = transform.values, d.segment = transform.segment;
  d.loaded = (transform.points + 3) / 4 * 4;
  d.valid = s.valid, d.rows = s.rows, d.phases = s.phases, d.phase_tiles = s.phase_tiles, d.tiles = s.tiles;
  d.unit_tiles = unit_tiles(s, transform, lanes);
  while (options.threads > 1 && d.unit_tiles > wide &&
         p.groups * ceil_div(s.tiles, d.unit_tiles) < 2 * options.threads) {
    d.unit_tiles -= wide;
  }
  d.unit_tiles = ceil_div(d.unit_tiles, lanes) * lanes;
  d.tile_blocks = ceil_div(s.tiles, d.unit_tiles);
  // A unit holds whole vectors of neighbouring tiles of every phase of one stretch of the row, as far as that is
  // possible.
  d.run_tiles = std::clamp<std::int64_t>(ceil_div(d.unit_tiles, s.phases * lanes) * lanes, 1, s.phase_tiles);
  const Panels panels(p.outputs, vector_registers(plan.isa));
  d.block_panels =
      std::clamp<std::int64_t>(kProductsBytes / (d.values * d.unit_tiles * kFloat * kMostPanelRows), 1, panels.count());
  d.sum_rows = kSumRows;
  d.uneven = std::clamp(4.0f * std::sqrt(static_cast<float>(p.inputs) * static_cast<float>(p.taps)), 8.0f, 256.0f);

  const auto bytes = [](std::int64_t count, std::int64_t size) {
    return static_cast<std::int64_t>(aligned_size(static_cast<std::size_t>(count * size)));
  };
  const std::int64_t line = d.points + 2 * lanes;  // of a tile that is computed directly
  d.spectra_bytes = bytes(std::max(d.values * d.unit_tiles, line) * d.rows, kFloat);
  d.products_bytes = bytes(std::max(d.values * d.block_panels * d.unit_tiles, line) * kMostPanelRows, kFloat);
  d.lanes_bytes = bytes(2 * d.loaded * lanes, kFloat);
  d.tiles_bytes = bytes(d.unit_tiles, sizeof(Tile));
  d.uneven_bytes = bytes(kMostSegments * d.unit_tiles, kFloat);
  d.offsets_bytes = bytes(kDirectSum, sizeof(std::ptrdiff_t));

  plan.units = p.groups * d.tile_blocks;
  plan.part_bytes = static_cast<std::size_t>(d.spectra_bytes + d.products_bytes + d.lanes_bytes + d.tiles_bytes +
                                             d.uneven_bytes + d.offsets_bytes);
  plan.packed_bytes = sizeof(PackedHeader) +
                      static_cast<std::size_t>(p.groups * p.outputs * (d.values * d.rows + p.inputs * p.taps) * kFloat);
  plan.packing.layout = {vector_registers(plan.isa), static_cast<std::int32_t>(d.points),
                         static_cast<std::int32_t>(g.classes * (g.reversed ? -1 : 1))};
  plan.set(d);
}

}  // namespace conv1d::kernels::tiles
