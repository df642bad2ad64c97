// Dot products of long rows: the weight gradient where a group has one output or a few, so that neither columns nor
// outputs fill a vector. Lanes lie along the taps, and are summed at the end: not a direct sum in the sense of
// "highest".
#include "kernels/kernel.h"
#include "kernels/tile/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/correlation/kernel.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/correlation/correlation-inl.h"
#include "kernels/tile/choose.h"

HWY_BEFORE_NAMESPACE();
namespace conv1d::kernels::correlation::HWY_NAMESPACE {
namespace {

using RunUnits = void (*)(const TapProblem&, const Operands&, double*, std::int64_t, std::int64_t);

RunUnits ForElement(Element element) { return element == Element::kFloat64 ? Run<double> : Run<float>; }

}  // namespace
}  // namespace conv1d::kernels::correlation::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>

#include "kernels/cost.h"
#include "kernels/range.h"

namespace conv1d::kernels::correlation {
namespace {

bool accepts(const TapProblem& p, const ChooseOptions&) {
  return (p.element == Element::kFloat32 || p.element == Element::kFloat64) && p.between == 1 && p.input.column == 1 &&
         p.weight.tap == 1;
}

double cost(const TapProblem& p, const ChooseOptions& options) {
  const Machine m = machine(options.isa);
  const double columns = static_cast<double>(std::max<std::int64_t>(1, p.columns));
  // A load for each product and one more a tile; then a sum across lanes for each column, row and chunk.
  const double rate = 0.5 * m.float_products * columns / (columns + 1);
  const double rows = static_cast<double>(p.groups * p.batch) * static_cast<double>(p.outputs * p.inputs);
  const double chunks = std::max(1.0, static_cast<double>(p.taps) / kChunk);
  // Columns beside the row's ends are summed one product at a time (measured): few in a weight gradient, all in a
  // causal layer.
  const std::int64_t reach = (p.taps - 1) * p.between;
  const Range low = inside_row(p.first + std::min<std::int64_t>(0, reach), p.step, p.in_length, p.columns);
  const Range high = inside_row(p.first + std::max<std::int64_t>(0, reach), p.step, p.in_length, p.columns);
  const double inside =
      static_cast<double>(std::max<std::int64_t>(0, std::min(low.end, high.end) - std::max(low.begin, high.begin)));
  const double ends = (columns - inside) / columns * 16;
  return products(p) * product_weight(p.element) * (1 + ends) / rate + rows * chunks * columns * 8e-9 +
         rows * static_cast<double>(p.taps) * static_cast<double>(element_size(p.element)) / 40e9 + m.call;
}

// A unit is a row of the output.
void prepare(Plan& plan, const ChooseOptions&) {
  const TapProblem& p = plan.problem;
  plan.units = p.groups * p.batch * p.outputs;
  plan.part_bytes = static_cast<std::size_t>(p.columns) * sizeof(double);
}

void run(const Plan& plan, const Operands& operands, const void*, void* scratch, std::int64_t begin,
         std::int64_t end) noexcept {
  CONV1D_CHOOSE(plan.isa, ForElement)(plan.problem.element)(plan.problem, operands, static_cast<double*>(scratch),
                                                            begin, end);
}

}  // namespace

extern const Kernel kKernel = {
    .name = "correlation", .takes_relu = true, .accepts = accepts, .cost = cost, .prepare = prepare, .run = run};

}  // namespace conv1d::kernels::correlation
#endif
