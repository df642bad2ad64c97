#include "kernels/kernel.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

#include "kernels/cost.h"
#include "kernels/direct/direct.h"
#include "kernels/tile/panels.h"

namespace conv1d::kernels::direct {
namespace {

// A block of packed input should stay in a 256 KiB share of the second cache, beside weights and outputs.
constexpr std::int64_t kBlockBytes = 160 << 10;
constexpr std::int64_t kMostColumns = 1024;
// A strip of one tile's columns should stay in the first cache beside a panel's weights, and the weights of the panels
// that read it one after the other in the second, beside the block.
constexpr std::int64_t kStripBytes = 26 << 10;
// Measured: copying by strips costs more than they save with 256 rows of output, and saves 2 to 12 % from 384 to 1280.
constexpr std::int64_t kStripRows = 320;
constexpr std::int64_t kStripWeightBytes = 160 << 10;
// An input larger than this is not in the cache; sums shorter than this are too little work to cut tiles apart for.
constexpr std::int64_t kCachedBytes = 256 << 10;
constexpr std::int64_t kPrefetchedProducts = 128;
constexpr std::int64_t kStageBytes = 128 << 10;

Panels panels_of(const TapProblem& p, Isa isa) { return Panels(p.outputs * reals(p.element), vector_registers(isa)); }

// Elements of a packed row for `columns` columns.
std::int64_t row_elements(const TapProblem& p, std::int64_t taps, std::int64_t columns, std::int64_t lanes,
                          bool merged) {
  const Segments segments = Segments::of(p, taps, merged);
  return segments.classes * segments.length(columns, lanes);
}

bool worth_merging(const TapProblem& p, std::int64_t taps, std::int64_t columns) {
  const Segments segments = Segments::of(p, taps, true);
  return std::abs(segments.apart) <= columns;
}

// Cuts a unit's columns into strips of one tile, if these fit the first cache and few samples would be copied twice.
// Then a strip is read from there by one panel after the other; whole blocks come from the second cache, once a panel.
void cut_strips(const TapProblem& p, const Panels& panels, std::int64_t lanes, std::int64_t bytes, Details& d) {
  const std::int64_t columns = 3 * lanes / reals(p.element);
  if (lanes < 4 || p.outputs * reals(p.element) < kStripRows || d.block_columns <= columns ||
      d.chunk_inputs * d.chunk_taps < kPrefetchedProducts)
    return;
  const bool merged = worth_merging(p, d.chunk_taps, columns);
  const std::int64_t elements = row_elements(p, d.chunk_taps, columns, lanes, merged);
  const std::int64_t apart = Segments::of(p, d.chunk_taps, merged).classes * columns;
  if (4 * elements > 5 * apart || d.chunk_inputs * elements * bytes > kStripBytes) return;
  d.merged = merged;
  d.strip_columns = columns;
  const std::int64_t panel_bytes = panels[0].rows * kPartialSum * bytes / reals(p.element);
  d.strip_panels = std::max<std::int64_t>(1, kStripWeightBytes / panel_bytes);
}

}  // namespace

Segments Segments::of(const TapProblem& p, std::int64_t taps, bool merged) {
  if (taps <= 1) return {std::max<std::int64_t>(taps, 1), 0, 1};
  const std::int64_t step = std::abs(p.step);
  if (!merged || step == 0) return {taps, 0, 1};
  const std::int64_t period = step / std::gcd(p.between, step);
  const std::int64_t classes = std::min(period, taps);
  if (classes == taps) return {taps, 0, 1};
  return {classes, period * p.between / p.step, (taps + classes - 1) / classes};
}

bool accepts(const TapProblem& p, const ChooseOptions&) { return !is_integer(p.element); }

double cost(const TapProblem& p, const ChooseOptions& options) {
  const Machine m = machine(options.isa);
  const int registers = vector_registers(options.isa),
            lanes = vector_lanes(options.isa, static_cast<int>(real_bytes(p.element)));
  const double rows = static_cast<double>(std::max<std::int64_t>(1, p.outputs * reals(p.element)));
  const double used = static_cast<double>(std::max<std::int64_t>(1, p.columns * reals(p.element)));
  const double vectors = std::ceil(used / lanes);
  const double fill = tile_fill(rows, vectors, registers) * used / (vectors * lanes);
  const double sums = products(p) * product_weight(p.element) / (m.float_products * fill);
  const double packed = static_cast<double>(p.groups * p.batch) * static_cast<double>(p.inputs) *
                        static_cast<double>(p.taps <= 1 ? p.columns : std::min(p.in_length, p.columns * p.taps)) *
                        static_cast<double>(reals(p.element));
  const double units = static_cast<double>(p.groups) * static_cast<double>(p.batch);
  double seconds = sums + packed / m.moved + 0.15 * operand_bytes(p) / m.bytes + units * 0.2e-6 + m.call;
  if (!options.packed_weight) {
    seconds += static_cast<double>(p.groups * p.outputs) * static_cast<double>(p.inputs * p.taps) / 1e9;
  }
  return seconds;
}

void prepare(Plan& plan, const ChooseOptions& options) {
  const TapProblem& p = plan.problem;
  const std::int64_t bytes = real_bytes(p.element) * reals(p.element);
  const std::int64_t lanes = vector_lanes(plan.isa, static_cast<int>(real_bytes(p.element)));
  const Panels panels = panels_of(p, plan.isa);
  Details d{};
  d.chunk_taps = std::min(p.taps, kPartialSum);
  d.chunk_inputs = p.taps >= kPartialSum ? std::min<std::int64_t>(p.inputs, 1)
                                         : std::min(p.inputs, kPartialSum / std::max<std::int64_t>(1, p.taps));

  // As many columns as let a block stay in the cache: multiples of 12 vectors, which tiles of 2, 3, 4 and 6 fill.
  const std::int64_t grain = 12 * std::max<std::int64_t>(lanes, 4);
  d.block_columns = kMostColumns / grain * grain;
  const auto block_bytes = [&] {
    d.merged = worth_merging(p, d.chunk_taps, d.block_columns);
    return d.chunk_inputs * row_elements(p, d.chunk_taps, d.block_columns, lanes, d.merged) * bytes;
  };
  while (d.block_columns > grain && block_bytes() > kBlockBytes) d.block_columns -= grain;
  d.block_columns = std::max<std::int64_t>(1, std::min(d.block_columns, p.columns));
  d.strip_columns = d.block_columns, d.strip_panels = std::max<std::int64_t>(1, panels.count());
  cut_strips(p, panels, lanes, bytes, d);
  // Beside a guarded edge a tile begins anywhere: its last vector may end a vector later.
  const std::int64_t strips = ceil_div(d.block_columns, d.strip_columns);
  d.strip_elements = d.chunk_inputs * row_elements(p, d.chunk_taps, d.strip_columns, lanes, d.merged);
  d.block_bytes = aligned_bytes((strips * d.strip_elements + lanes) * bytes);
  d.column_blocks = ceil_div(p.columns, d.block_columns);

  d.staged = is_half(p.element) || p.output.column != 1;
  d.block_panels = std::max<std::int64_t>(1, panels.count());
  if (d.staged) {
    const std::int64_t row_bytes = (d.block_columns + lanes) * bytes;
    const std::int64_t most_rows = vector_registers(plan.isa) >= 32 ? 8 : 6;
    d.block_panels = std::clamp<std::int64_t>(kStageBytes / row_bytes / 4, 1, d.block_panels);
    d.stage_bytes = aligned_bytes(d.block_panels * most_rows * row_bytes);
  }
  const std::int64_t others = std::max<std::int64_t>(1, p.groups * p.batch * d.column_blocks);
  while (options.threads > 1 && d.block_panels > 4 &&
         others * ceil_div(panels.count(), d.block_panels) < 3 * options.threads) {
    d.block_panels = ceil_div(d.block_panels, 2);
  }
  d.panel_blocks = ceil_div(std::max<std::int64_t>(1, panels.count()), d.block_panels);
  d.raw = p.step == 1 && p.input.column == 1 && !is_half(p.element) && !(p.conjugate_input && is_complex(p.element)) &&
          panels.count() <= 2;
  const std::int64_t input_bytes =
      p.groups * p.batch * p.inputs * p.in_length * static_cast<std::int64_t>(element_size(p.element));
  d.prefetched = input_bytes > kCachedBytes && d.chunk_inputs * d.chunk_taps >= kPrefetchedProducts;
  d.offsets_bytes = aligned_bytes(d.chunk_inputs * d.chunk_taps * 8);

  plan.units = p.groups * p.batch * d.panel_blocks * d.column_blocks;
  plan.part_bytes = static_cast<std::size_t>(d.offsets_bytes + d.block_bytes + d.stage_bytes);
  plan.packed_bytes = sizeof(PackedHeader) + static_cast<std::size_t>(p.groups * p.outputs * p.inputs * p.taps * bytes);
  plan.packing.layout = {vector_registers(plan.isa), 0, 0};
  plan.set(d);
}

namespace {

void run(const Plan& plan, const Operands& operands, const void* packed, void* scratch, std::int64_t begin,
         std::int64_t end) noexcept {
  const Element element = plan.problem.element;
  const RunUnits units = real_bytes(element) == 8 ? run_float64(plan.isa, element) : run_float32(plan.isa, element);
  units(plan, operands, packed, static_cast<std::byte*>(scratch), begin, end);
}

}  // namespace

extern const Kernel kKernel = {.name = "direct",
                               .direct_sum = true,
                               .takes_relu = true,
                               .accepts = accepts,
                               .cost = cost,
                               .prepare = prepare,
                               .pack = pack,
                               .run = run};

}  // namespace conv1d::kernels::direct
