#include "kernels/kernel.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/sizes.h"
#include "kernels/cost.h"
#include "kernels/reduction/reduction.h"
#include "kernels/tile/panels.h"

namespace conv1d::kernels::reduction {
namespace {

constexpr std::int64_t kRows = 192;             // (batch entry, column) pairs of a unit: enough to repay the packing
constexpr std::int64_t kInputBytes = 96 << 10;  // beside 96 KiB of weights in a share of the second cache

bool accepts(const TapProblem& p, const ChooseOptions&) {
  return !is_integer(p.element) && p.outputs > 0 && p.inputs > 0 && p.taps > 0 && p.columns > 0 && p.batch > 0;
}

double cost(const TapProblem& p, const ChooseOptions& options) {
  const Machine m = machine(options.isa);
  const double lanes = vector_lanes(options.isa, static_cast<int>(real_bytes(p.element)));
  const double outputs = static_cast<double>(p.outputs * reals(p.element));
  const double rows = static_cast<double>(std::min<std::int64_t>(p.batch * p.columns, kRows) * reals(p.element));
  const double vectors = std::ceil(outputs / lanes);
  const double fill = tile_fill(rows, vectors, vector_registers(options.isa)) * outputs / (vectors * lanes);
  const double sums = products(p) * product_weight(p.element) / (m.float_products * fill);
  // The weight is transposed for each block of rows, the input is copied for each block of outputs.
  const double row_blocks = std::ceil(static_cast<double>(p.batch) * static_cast<double>(p.columns) / kRows);
  const double sum_length = static_cast<double>(p.groups * p.inputs) * static_cast<double>(p.taps);
  const double transposed = row_blocks * sum_length * outputs;
  const double copied = std::ceil(outputs / 96) * sum_length * static_cast<double>(p.batch * reals(p.element)) *
                        static_cast<double>(std::min(std::abs(p.between), p.columns));
  // Outputs are transposed back, once a partial sum: much where sums are short (measured).
  const double written = std::ceil(static_cast<double>(p.inputs) * static_cast<double>(p.taps) / kPartialSum) *
                         static_cast<double>(p.groups * p.batch) * outputs * static_cast<double>(p.columns);
  return sums + written / (0.25 * m.moved) + transposed / (0.6 * m.moved) + copied / m.moved +
         static_cast<double>(p.groups) * row_blocks * 1e-6 + m.call;
}

void prepare(Plan& plan, const ChooseOptions& options) {
  const TapProblem& p = plan.problem;
  const std::int64_t bytes = real_bytes(p.element) * reals(p.element);
  const std::int64_t lanes = vector_lanes(plan.isa, static_cast<int>(real_bytes(p.element)));
  Details d{};
  d.chunk_taps = std::min(p.taps, kPartialSum);
  d.chunk_inputs = std::clamp<std::int64_t>(kPartialSum / p.taps, 1, p.inputs);
  const std::int64_t products = d.chunk_taps * d.chunk_inputs;

  d.row_block = std::max<std::int64_t>(1, std::min(p.outputs, 96 * 4 / bytes));
  d.column_block = std::min(p.columns, kRows);
  const std::int64_t span = span_of(p, d.chunk_taps, d.column_block);
  d.span = span <= d.chunk_taps * d.column_block ? span : 0;
  const std::int64_t entry = d.chunk_inputs * (d.span ? d.span : d.chunk_taps * d.column_block);
  d.batch_block = std::min({p.batch, std::max<std::int64_t>(1, kRows / d.column_block),
                            std::max<std::int64_t>(1, kInputBytes / (entry * bytes))});
  // More threads than units: smaller units.
  const auto units = [&] {
    d.batch_blocks = ceil_div(p.batch, d.batch_block);
    d.column_blocks = ceil_div(p.columns, d.column_block);
    d.row_blocks = ceil_div(std::max<std::int64_t>(1, p.outputs), d.row_block);
    return p.groups * d.batch_blocks * d.column_blocks * d.row_blocks;
  };
  while (options.threads > 1 && units() < 2 * options.threads && d.batch_block > 16)
    d.batch_block = ceil_div(d.batch_block, 2);

  plan.units = units();
  const auto piece = [](std::int64_t size) { return aligned_bytes(size); };
  const std::int64_t rows = d.batch_block * d.column_block;
  const std::int64_t width = ceil_div(d.row_block * reals(p.element), lanes) * lanes;
  d.offsets_bytes = piece((products + rows * reals(p.element)) * 8);
  d.input_bytes = piece(d.batch_block * entry * bytes);
  d.weight_bytes = piece(products * width * real_bytes(p.element));
  d.sums_bytes = piece(rows * width * real_bytes(p.element));
  plan.part_bytes = static_cast<std::size_t>(d.offsets_bytes + d.input_bytes + d.weight_bytes + d.sums_bytes);
  plan.set(d);
}

void run(const Plan& plan, const Operands& operands, const void*, void* scratch, std::int64_t begin,
         std::int64_t end) noexcept {
  const Element element = plan.problem.element;
  const RunUnits units = real_bytes(element) == 8 ? run_float64(plan.isa, element) : run_float32(plan.isa, element);
  units(plan, operands, static_cast<std::byte*>(scratch), begin, end);
}

}  // namespace

std::int64_t span_of(const TapProblem& p, std::int64_t taps, std::int64_t columns) {
  return (taps - 1) * std::abs(p.between) + (columns - 1) * std::abs(p.step) + 1;
}

extern const Kernel kKernel = {.name = "reduction",
                               .direct_sum = true,
                               .takes_relu = true,
                               .accepts = accepts,
                               .cost = cost,
                               .prepare = prepare,
                               .run = run};

}  // namespace conv1d::kernels::reduction
