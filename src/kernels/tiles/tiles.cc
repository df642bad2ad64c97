#include "kernels/tiles/tiles.h"

#include <algorithm>
#include <cmath>
#include <limits>
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
// Spectra of a unit and the products held at a time should stay in the third cache, those of one value in the second.
constexpr std::int64_t kSpectraBytes = 2 << 20;
constexpr std::int64_t kValueBytes = 256 << 10;
constexpr std::int64_t kProductsBytes = 256 << 10;
constexpr std::int64_t kPlanesBytes = 128 << 10;
constexpr std::int64_t kMostPanelRows = 8;
// Moves in whose time a single tile's place is found, in a row of input or of output: measured, 15 ns.
constexpr double kTileMoves = 45;

// What tiles are to be laid out for.
struct Question {
  const TapProblem& p;
  const Transform& transform;
  const ChooseOptions& options;
  const Geometry g = Geometry::of(p);
  const std::int64_t lanes = vector_lanes(options.isa, kFloat);
  const Machine m = machine(options.isa);
};

// How the tiles of a group are laid out in vectors and units.
struct Tiling {
  Layout layout;
  std::int64_t valid, rows, windows, phases, phase_tiles, tiles;
  std::int64_t unit_tiles, units;             // units: of a group
  std::int64_t stretch, lowest, plane_lines;  // kNeighbours
  std::int64_t row_tiles, pitch;              // kWindows
  double gather_a_vector;                     // seconds beside the transform, to load a vector or to store it
};

// Columns that fill the widest register tile: 3 vectors, of at least 4 lanes so that the baseline's tiles are not tiny.
std::int64_t wide_tiles(std::int64_t lanes) { return 3 * std::max<std::int64_t>(lanes, 4); }

// As many tiles as let their spectra stay in the cache, and every thread have two units.
std::int64_t usual_unit(const Question& q, const Tiling& t) {
  const std::int64_t wide = wide_tiles(q.lanes), row_bytes = t.rows / q.transform.joined * kFloat;
  const std::int64_t fitting = std::min(kSpectraBytes / q.transform.values, kValueBytes) / row_bytes / wide * wide;
  std::int64_t most = q.transform.values > 16 ? 4 * wide : 16 * wide;  // few values: more tiles for the same products
  if (q.options.threads > 1) most = std::min(most, q.p.groups * t.tiles / (2 * q.options.threads) / wide * wide);
  return std::clamp(fitting, wide, std::max(wide, most));
}

Tiling anywhere(const Question& q) {
  const auto& [p, transform, options, g, lanes, m] = q;
  Tiling t{};
  t.layout = Layout::kAnywhere;
  t.windows = ceil_div(g.span, transform.window);
  // Windows read the same tiles only if these begin as far apart as the windows.
  t.valid = t.windows > 1 ? transform.window : transform.points - g.span + 1;
  t.rows = p.inputs * g.classes;
  t.phases = std::min(g.dilation, p.columns);
  t.phase_tiles = ceil_div(ceil_div(p.columns, g.dilation), t.valid);
  t.tiles = p.batch * t.phases * t.phase_tiles;
  t.unit_tiles = t.row_tiles = std::min(usual_unit(q, t), ceil_div(t.tiles, lanes) * lanes);
  t.units = ceil_div(t.tiles, t.unit_tiles);
  const double apart = g.dilation * p.step == 1 && p.input.column == 1 ? 0.3 : 1.5;
  t.gather_a_vector = (kTileMoves + apart * static_cast<double>(t.valid)) * static_cast<double>(lanes) / m.moved;
  return t;
}

// Neighbouring tiles of all phases together, where a row is long enough to fill vectors with them.
bool neighbours(const Question& q, Tiling& t) {
  const auto& [p, transform, options, g, lanes, m] = q;
  const std::int64_t usual = usual_unit(q, t);
  if (p.step <= 0 || t.phases != g.dilation || t.phases * lanes > 4 * usual) return false;
  std::int64_t lowest = g.origin(p, 0), highest = lowest;
  for (std::int64_t c = 1; c < g.classes; ++c) {
    lowest = std::min(lowest, g.origin(p, c));
    highest = std::max(highest, g.origin(p, c));
  }
  const std::int64_t most = ceil_div(t.phase_tiles, lanes) * lanes;
  std::int64_t width = std::max(lanes, usual / t.phases / lanes * lanes);
  width = std::min(width, most);
  t.stretch = t.valid * g.dilation * p.step;
  t.lowest = lowest;
  const std::int64_t reach = highest - lowest + (g.dilation * transform.points - 1) * p.step;
  const auto lines = [&] { return ceil_div(width + reach / t.stretch, q.lanes) * q.lanes; };
  while (width > lanes && t.stretch * lines() * kFloat > kPlanesBytes) width -= lanes;
  if (t.stretch * lines() * kFloat > 4 * kPlanesBytes) return false;
  // Units of equal size, rather than a last one that is nearly empty.
  width = ceil_div(ceil_div(t.phase_tiles, ceil_div(t.phase_tiles, width)), lanes) * lanes;
  t.plane_lines = lines();
  t.layout = Layout::kNeighbours;
  t.unit_tiles = t.row_tiles = width * t.phases;
  t.units = p.batch * ceil_div(t.phase_tiles, width);
  const double moved =
      static_cast<double>(t.stretch * t.plane_lines) / static_cast<double>(width * t.phases * g.classes);
  t.gather_a_vector = 0.25 * moved * static_cast<double>(lanes) / m.moved;
  return true;
}

bool phases(const Question& q, Tiling& t) {
  const auto& [p, transform, options, g, lanes, m] = q;
  if (p.step != 1 || p.input.column != 1 || p.output.column != 1 || t.phases < lanes / 2) return false;
  const std::int64_t vectors = p.batch * t.phase_tiles * ceil_div(t.phases, lanes);
  t.layout = Layout::kPhases;
  t.unit_tiles = t.row_tiles = std::min(usual_unit(q, t), vectors * lanes);
  t.units = ceil_div(vectors, t.unit_tiles / lanes);
  t.gather_a_vector = 0.1 * static_cast<double>(t.valid * lanes) / m.moved;
  return true;
}

// Rows apart, each a multiple of the unit's tiles: what lies beyond a unit is loaded with it.
void windows_of_rows(const Question& q, Tiling& t) {
  const std::int64_t lanes = q.lanes, pieces = ceil_div(t.phase_tiles, usual_unit(q, t));
  t.layout = Layout::kWindows;
  t.unit_tiles = ceil_div(ceil_div(t.phase_tiles, pieces), lanes) * lanes;
  t.pitch = ceil_div(t.phase_tiles, t.unit_tiles) * t.unit_tiles;
  t.row_tiles = ceil_div(t.unit_tiles + t.windows - 1, lanes) * lanes;
  t.units = q.p.batch * t.phases * (t.pitch / t.unit_tiles);
}

// Rows one after the other, each with the tiles that only its later windows need: where rows are short.
void windows_in_turn(const Question& q, Tiling& t) {
  const std::int64_t lanes = q.lanes;
  t.layout = Layout::kWindows;
  t.pitch = t.phase_tiles + t.windows - 1;
  const std::int64_t listed = q.p.batch * t.phases * t.pitch;
  t.unit_tiles =
      std::min(std::max(usual_unit(q, t), ceil_div(t.pitch, lanes) * lanes), ceil_div(listed, lanes) * lanes);
  t.row_tiles = ceil_div(t.unit_tiles + t.windows - 1, lanes) * lanes;
  t.units = ceil_div(listed, t.unit_tiles);
}

double seconds(const Question& q, const Tiling& t) {
  const auto& [p, transform, options, g, lanes, m] = q;
  const double rows = static_cast<double>(t.rows);
  const double sums = rows / static_cast<double>(transform.joined) * static_cast<double>(t.windows);
  const double outputs = static_cast<double>(p.outputs), values = static_cast<double>(transform.values);
  const double units = static_cast<double>(t.units), tiles = units * static_cast<double>(t.unit_tiles);
  const double loaded = static_cast<double>(t.row_tiles) / static_cast<double>(t.unit_tiles);
  const double transforms =
      tiles / static_cast<double>(lanes) * (rows * loaded + outputs) * (transform.seconds_a_vector + t.gather_a_vector);
  const double fill = fill_by_loads(outputs, vector_registers(options.isa));
  const double products = tiles * values * outputs * (sums + 6) / (m.float_products * fill * 0.92);
  // Filters that fit the third cache come three times as fast as from memory, once a unit.
  const double filters = values * outputs * sums, speed = filters * kFloat < 8e6 ? 3 * m.bytes : m.bytes;
  const double streamed = units * filters * kFloat / speed;
  const double packing = options.packed_weight ? 0 : filters * 2 / m.moved;
  return static_cast<double>(p.groups) * (transforms + products + streamed + packing) +
         0.15 * operand_bytes(p) / m.bytes + m.call;
}

Tiling best_tiling(const Question& q) {
  const Tiling usual = anywhere(q);
  Tiling best = usual;
  if (usual.windows > 1) {
    Tiling in_turn = usual;
    windows_of_rows(q, best), windows_in_turn(q, in_turn);
    return seconds(q, in_turn) < seconds(q, best) ? in_turn : best;
  }
  for (const auto other : {neighbours, phases}) {
    Tiling t = usual;
    if (other(q, t) && seconds(q, t) < seconds(q, best)) best = t;
  }
  return best;
}

// From one value to the next: strides of a power of two would put the values of a tile into one set of the cache.
std::int64_t spread(std::int64_t floats) {
  constexpr std::int64_t kPeriod = 256, kLine = 16;
  const std::int64_t rest = floats % kPeriod;
  return floats - rest + (rest <= kLine ? kLine : kPeriod + kLine);
}

// Filters for each value, and the taps themselves for tiles that are computed directly.
std::size_t packed_bytes(const Question& q) {
  const TapProblem& p = q.p;
  const std::int64_t sums = p.inputs * q.g.classes / q.transform.joined * ceil_div(q.g.span, q.transform.window);
  return sizeof(PackedHeader) +
         static_cast<std::size_t>(p.groups * p.outputs * (q.transform.values * sums + p.inputs * p.taps) * kFloat);
}

}  // namespace

bool accepts(const TapProblem& p) {
  if (p.element != Element::kFloat32 || p.step == 0 || p.between == 0 || p.taps < 2) return false;
  if (p.groups == 0 || p.batch == 0 || p.outputs == 0 || p.inputs == 0 || p.columns == 0) return false;
  return Geometry::of(p).span >= 2;
}

double cost(const TapProblem& problem, const ChooseOptions& options, const Transform& transform) {
  const Question q{problem, transform, options};
  if (packed_bytes(q) > options.most_packed) return std::numeric_limits<double>::infinity();
  return seconds(q, best_tiling(q));
}

void prepare(Plan& plan, const ChooseOptions& options, const Transform& transform) {
  const TapProblem& p = plan.problem;
  const Question q{p, transform, options};
  const Geometry& g = q.g;
  const Tiling t = best_tiling(q);
  const std::int64_t lanes = q.lanes;
  Details d{};
  d.points = transform.points, d.values = transform.values, d.segment = transform.segment;
  d.segments = ceil_div(d.points, d.segment);
  d.loaded = (transform.points + 3) / 4 * 4;
  d.layout = t.layout, d.valid = t.valid, d.rows = t.rows, d.joined = transform.joined;
  d.window = transform.window, d.windows = t.windows, d.row_tiles = t.row_tiles, d.pitch = t.pitch;
  d.phases = t.phases, d.phase_tiles = t.phase_tiles, d.tiles = t.tiles;
  d.unit_tiles = t.unit_tiles, d.tile_blocks = t.units;
  d.stretch = t.stretch, d.lowest = t.lowest, d.plane_lines = t.plane_lines;
  const Panels panels(p.outputs, vector_registers(plan.isa));
  d.block_panels =
      std::clamp<std::int64_t>(kProductsBytes / (d.values * d.unit_tiles * kFloat * kMostPanelRows), 1, panels.count());
  d.uneven = std::clamp(4.0f * std::sqrt(static_cast<float>(p.inputs) * static_cast<float>(p.taps)), 8.0f, 256.0f);
  d.spectra_stride = spread(d.rows / d.joined * d.row_tiles);
  d.products_stride = spread(d.block_panels * std::min(kMostPanelRows, p.outputs) * d.unit_tiles);

  const auto bytes = [](std::int64_t count, std::int64_t size) { return aligned_bytes(count * size); };
  const std::int64_t line = d.line(lanes);
  d.spectra_bytes = bytes(std::max(d.values * d.spectra_stride, line * d.rows), kFloat);
  d.products_bytes = bytes(std::max(d.values * d.products_stride, line * kMostPanelRows), kFloat);
  d.planes_bytes = bytes((d.stretch + 3) / 4 * 4 * d.plane_lines, kFloat);
  d.line_bytes = bytes(std::max(d.stretch * d.plane_lines + 4, lanes * d.loaded), kFloat);
  d.samples_bytes = bytes(d.loaded * lanes, kFloat);
  d.block_bytes = bytes((d.layout == Layout::kNeighbours ? d.phases : 1) * d.loaded * lanes, kFloat);
  d.tiles_bytes = bytes(d.row_tiles, sizeof(Tile));
  d.uneven_bytes = bytes(d.segments * d.row_tiles, kFloat);
  d.offsets_bytes = bytes(std::max(kPartialSum, d.sums()), sizeof(std::ptrdiff_t));

  plan.units = p.groups * d.tile_blocks;
  plan.part_bytes =
      static_cast<std::size_t>(d.spectra_bytes + d.products_bytes + d.planes_bytes + d.line_bytes + d.samples_bytes +
                               3 * d.block_bytes + d.tiles_bytes + d.uneven_bytes + d.offsets_bytes);
  plan.packed_bytes = packed_bytes(q);
  plan.packing.layout = {vector_registers(plan.isa), static_cast<std::int32_t>(d.points),
                         static_cast<std::int32_t>(g.classes * (g.reversed ? -1 : 1))};
  plan.set(d);
}

}  // namespace conv1d::kernels::tiles
