#include "conv/lower.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/memory.h"
#include "conv/kept_plan.h"
#include "conv/passes.h"
#include "conv/plan_cache.h"
#include "kernels/plan.h"
#include "tensor/impl.h"

namespace conv1d {
namespace {

using kernels::Operands;
using kernels::TapProblem;

const void* advance(const void* p, std::int64_t elements, DType dtype) {
  return p ? static_cast<const std::byte*>(p) + elements * static_cast<std::int64_t>(element_size(dtype)) : nullptr;
}

void run_planned(const kernels::Plan& plan, const Operands& operands, const void* packed) {
  const memory::Buffer scratch(memory::scratch_size(plan.scratch_bytes));
  kernels::run(plan, operands, packed, scratch.data());
}

kernels::ChooseOptions choose_options(bool packed_weight) {
  kernels::ChooseOptions options = kernels::default_options();
  options.packed_weight = packed_weight;
  return options;
}

// `weight` is what operands.weight points into, for the cache; the cache may be null.
void run_near(const TapProblem& problem, const Operands& operands, const Tensor& weight, PlanCache* cache) {
  if (cache == nullptr) return run_planned(kernels::make_plan(problem, choose_options(false)), operands, nullptr);
  PlanCache::Impl& keeper = cache->impl();
  const std::shared_ptr<const KeptPlan> kept = keeper.plan(problem, choose_options(true));
  if (kept->plan.packed_bytes == 0) return run_planned(kept->plan, operands, nullptr);
  if (const auto packed = keeper.packed(weight, *kept)) return run_planned(kept->plan, operands, packed->data());
  run_planned(keeper.plan(problem, choose_options(false))->plan, operands, nullptr);
}

// What the outputs begin with, alone.
TapProblem without_taps(TapProblem problem) {
  problem.taps = 0;
  problem.first = 0;
  problem.between = problem.step = 1;
  return problem;
}

// Strides, paddings or dilations near 2^63: one tap after the other, each with just the columns that meet the input.
void run_far(const TapProblem& problem, Operands operands, DType dtype, const Tensor& weight) {
  run_near(without_taps(problem), operands, weight, nullptr);

  TapProblem tap = problem;
  tap.start = kernels::Start::kAccumulate;
  tap.taps = 1;
  tap.between = 1;
  const auto ceil_quotient = [&](Wide a) { return a <= 0 ? Wide{0} : (a - 1) / problem.step + 1; };
  for (std::int64_t t = 0; t < problem.taps; ++t) {
    const Wide base = problem.first + Wide{t} * problem.between;
    const Wide begin = ceil_quotient(-base);
    const Wide end = std::min<Wide>(ceil_quotient(problem.in_length - base), problem.columns);
    if (begin >= end) continue;
    tap.first = static_cast<std::int64_t>(base + begin * problem.step);
    tap.columns = static_cast<std::int64_t>(end - begin);
    if (tap.columns == 1) tap.step = 1;
    Operands at = operands;
    at.weight = advance(operands.weight, t * problem.weight.tap, dtype);
    at.output =
        const_cast<void*>(advance(operands.output, static_cast<std::int64_t>(begin) * problem.output.column, dtype));
    run_near(tap, at, weight, nullptr);
    tap.step = problem.step;
  }
}

void run_step(const PassStep& step, const Operands& base, DType dtype, const Tensor& weight, PlanCache* cache) {
  Operands operands = base;
  operands.weight = advance(base.weight, step.weight_offset, dtype);
  operands.output = const_cast<void*>(advance(base.output, step.output_offset, dtype));
  if (is_near(step.problem))
    run_near(step.problem, operands, weight, cache);
  else
    run_far(step.problem, operands, dtype, weight);
}

Strides3 strides_of(const Tensor& t) { return {t.strides()[0], t.strides()[1], t.strides()[2]}; }

}  // namespace

std::string_view forward_kernel(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvGeometry& g) {
  if (g.batch == 0 || g.out_channels == 0 || g.out_length == 0) return "none";
  const std::optional<std::int64_t> bias_stride = bias.defined() ? std::optional(bias.stride(0)) : std::nullopt;
  PassStep step = forward_step(element_of(x.dtype()), g, strides_of(x), strides_of(weight), bias_stride,
                               contiguous_strides3(g.out_channels, g.out_length));
  if (!is_near(step.problem)) step.problem = without_taps(step.problem);
  return kernels::kernel_name(make_kept_plan(step.problem, choose_options(weight.is_contiguous())));
}

Tensor run_forward(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvGeometry& g, PlanCache* cache) {
  Tensor y = make_tensor({g.batch, g.out_channels, g.out_length}, x.dtype(), x.device());
  if (x.device().is_meta() || y.numel() == 0) return y;
  const std::optional<std::int64_t> bias_stride = bias.defined() ? std::optional(bias.stride(0)) : std::nullopt;
  const PassStep step =
      forward_step(element_of(x.dtype()), g, strides_of(x), strides_of(weight), bias_stride, strides_of(y));
  const Operands operands{.input = impl_of(x).raw(),
                          .weight = impl_of(weight).raw(),
                          .bias = bias.defined() ? impl_of(bias).raw() : nullptr,
                          .output = impl_of(y).raw()};
  // A weight with gaps or repeats is packed at each call: its bytes are not one block that could be compared.
  run_step(step, operands, x.dtype(), weight, weight.is_contiguous() ? cache : nullptr);
  return y;
}

Tensor run_input_grad(const Tensor& grad, const Tensor& weight, const ConvGeometry& g) {
  Tensor dx = make_tensor({g.batch, g.in_channels, g.in_length}, grad.dtype(), grad.device());
  if (grad.device().is_meta() || dx.numel() == 0) return dx;
  const InputGradSteps pass = input_grad_steps(element_of(grad.dtype()), g, strides_of(grad), strides_of(weight),
                                               std::nullopt, strides_of(dx), true);
  const Operands operands{
      .input = impl_of(grad).raw(), .weight = impl_of(weight).raw(), .bias = nullptr, .output = impl_of(dx).raw()};
  if (pass.zero_first) {
    std::memset(operands.output, 0, static_cast<std::size_t>(dx.numel()) * element_size(grad.dtype()));
  }
  for (const PassStep& step : pass.steps) run_step(step, operands, grad.dtype(), weight, nullptr);
  return dx;
}

Tensor run_weight_grad(const Tensor& grad, const Tensor& x, const ConvGeometry& g) {
  Tensor dw = make_tensor({g.out_channels, g.in_channels_per_group(), g.kernel}, grad.dtype(), grad.device());
  if (grad.device().is_meta() || dw.numel() == 0) return dw;
  const PassStep step = weight_grad_step(element_of(grad.dtype()), g, strides_of(grad), strides_of(x), strides_of(dw));
  const Operands operands{
      .input = impl_of(x).raw(), .weight = impl_of(grad).raw(), .bias = nullptr, .output = impl_of(dw).raw()};
  run_step(step, operands, grad.dtype(), grad, nullptr);
  return dw;
}

}  // namespace conv1d
