// One input row an output row: a filter bank. Memory sets the pace, so the input is read where it lies and written
// once.
#include "kernels/kernel.h"
#include "kernels/tile/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/depthwise/kernel.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/depthwise/depthwise-inl.h"
#include "kernels/tile/choose.h"

HWY_BEFORE_NAMESPACE();
namespace conv1d::kernels::depthwise::HWY_NAMESPACE {
namespace {

using RunRows = void (*)(const TapProblem&, const Operands&, std::int64_t, std::int64_t);

RunRows ForElement(Element element) { return element == Element::kFloat64 ? Run<double> : Run<float>; }

}  // namespace
}  // namespace conv1d::kernels::depthwise::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>
#include <cstdlib>

#include "kernels/cost.h"

namespace conv1d::kernels::depthwise {
namespace {

bool accepts(const TapProblem& p, const ChooseOptions&) {
  return (p.element == Element::kFloat32 || p.element == Element::kFloat64) && p.inputs == 1 && p.taps <= kMostTaps &&
         p.step == 1 && p.input.column == 1 && p.output.column == 1;
}

double cost(const TapProblem& p, const ChooseOptions& options) {
  const Machine m = machine(options.isa);
  const double rows = static_cast<double>(p.groups) * static_cast<double>(p.batch) * static_cast<double>(p.outputs);
  // A load for each product: half the tile's rate at best. Columns beside the ends are computed from a copy.
  const double edges =
      static_cast<double>(std::min(p.columns, std::max<std::int64_t>(0, p.taps - 1) * std::abs(p.between)));
  const double sums = products(p) * product_weight(p.element) / (0.45 * m.float_products);
  return sums + rows * (15e-9 + edges * static_cast<double>(p.taps) / m.float_products) +
         0.3 * operand_bytes(p) / m.bytes + m.call;
}

// A unit is a row of the output.
void prepare(Plan& plan, const ChooseOptions&) {
  plan.units = plan.problem.groups * plan.problem.batch * plan.problem.outputs;
}

void run(const Plan& plan, const Operands& operands, const void*, void*, std::int64_t begin,
         std::int64_t end) noexcept {
  CONV1D_CHOOSE(plan.isa, ForElement)(plan.problem.element)(plan.problem, operands, begin, end);
}

}  // namespace

extern const Kernel kKernel = {.name = "depthwise",
                               .direct_sum = true,
                               .takes_relu = true,
                               .accepts = accepts,
                               .cost = cost,
                               .prepare = prepare,
                               .run = run};

}  // namespace conv1d::kernels::depthwise
#endif
