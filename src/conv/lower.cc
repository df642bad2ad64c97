#include "conv/lower.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <vector>

#include "base/memory.h"
#include "conv/passes.h"
#include "conv/plan_cache.h"
#include "conv/planned.h"
#include "tensor/impl.h"

namespace conv1d {
namespace {

using kernels::Operands;
using kernels::TapProblem;

kernels::ChooseOptions choose_options(bool packed_weight) {
  kernels::ChooseOptions options = kernels::default_options();
  options.packed_weight = packed_weight;
  return options;
}

void run_planned(std::span<const PlannedStep> steps, std::size_t scratch_bytes, const Operands& operands,
                 const std::byte* packed) {
  const memory::Buffer scratch(memory::scratch_size(scratch_bytes));
  run_steps(steps, operands, packed, scratch.data());
}
void run_all(const PlannedSteps& planned, const Operands& operands, const std::byte* packed) {
  run_planned(planned.steps, planned.scratch_bytes, operands, packed);
}

// `weight` is what operands.weight points into.
void run_kept(std::span<const PassStep> steps, const Operands& operands, const Tensor& weight,
              PlanCache::Impl& keeper) {
  const std::size_t bytes = element_size(weight.dtype());
  const std::shared_ptr<const KeptPlan> kept = keeper.plan(steps, bytes, choose_options(true));
  if (kept->packed_bytes == 0) return run_all(*kept, operands, nullptr);
  if (const auto packed = keeper.packed(weight, *kept)) return run_all(*kept, operands, packed->data());
  run_all(*keeper.plan(steps, bytes, choose_options(false)), operands, nullptr);
}

void run_near(const PassStep& step, const Operands& operands, std::size_t element_bytes) {
  const PlannedStep planned = plan_step(step, element_bytes, choose_options(false));
  run_planned({&planned, 1}, planned.plan.scratch_bytes, operands, nullptr);
}

// What the outputs begin with, alone.
PassStep without_taps(PassStep step) {
  step.problem.taps = 0;
  step.problem.first = 0;
  step.problem.between = step.problem.step = 1;
  return step;
}

// Strides, paddings or dilations near 2^63: one tap after the other, each with just the columns that meet the input.
void run_far(const PassStep& step, const Operands& operands, std::size_t element_bytes) {
  const TapProblem& problem = step.problem;
  run_near(without_taps(step), operands, element_bytes);

  PassStep single = step;
  TapProblem& tap = single.problem;
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
    tap.step = tap.columns == 1 ? 1 : problem.step;
    single.weight_offset = step.weight_offset + t * problem.weight.tap;
    single.output_offset = step.output_offset + static_cast<std::int64_t>(begin) * problem.output.column;
    run_near(single, operands, element_bytes);
  }
}

// A weight with gaps or repeats is packed at each call: its bytes are not one block that could be compared.
bool may_keep(std::span<const PassStep> steps, const Tensor& weight) {
  const auto near = [](const PassStep& step) { return is_near(step.problem); };
  return weight.is_contiguous() && std::all_of(steps.begin(), steps.end(), near);
}

// `weight` is what operands.weight points into; the cache may be null.
void run_pass(std::span<const PassStep> steps, const Operands& operands, const Tensor& weight, PlanCache* cache) {
  const std::size_t bytes = element_size(weight.dtype());
  if (cache && may_keep(steps, weight)) return run_kept(steps, operands, weight, cache->impl());
  for (const PassStep& step : steps) {
    if (is_near(step.problem))
      run_near(step, operands, bytes);
    else
      run_far(step, operands, bytes);
  }
}

Strides3 strides_of(const Tensor& t) { return {t.strides()[0], t.strides()[1], t.strides()[2]}; }

std::optional<std::int64_t> bias_stride(const Tensor& bias) {
  return bias.defined() ? std::optional(bias.stride(0)) : std::nullopt;
}

Operands operands_of(const Tensor& input, const Tensor& weight, const Tensor& bias, const Tensor& output) {
  return {.input = impl_of(input).raw(),
          .weight = impl_of(weight).raw(),
          .bias = bias.defined() ? impl_of(bias).raw() : nullptr,
          .output = impl_of(output).raw()};
}

}  // namespace

std::string_view layer_kernel(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvGeometry& g) {
  const std::int64_t channels = g.transposed ? g.in_channels : g.out_channels;
  const std::int64_t length = g.transposed ? g.in_length : g.out_length;
  if (g.batch == 0 || channels == 0 || length == 0) return "none";
  const kernels::Element element = element_of(x.dtype());
  const Strides3 in = strides_of(x), w = strides_of(weight), out = contiguous_strides3(channels, length);
  std::vector<PassStep> steps = g.transposed ? input_grad_steps(element, g, in, w, bias_stride(bias), out).steps
                                             : std::vector{forward_step(element, g, in, w, bias_stride(bias), out)};
  const bool packed = may_keep(steps, weight);
  for (PassStep& step : steps) {
    if (!is_near(step.problem)) step = without_taps(step);
  }
  return main_kernel(plan_steps(steps, element_size(x.dtype()), choose_options(packed)).steps);
}

Tensor run_forward(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvGeometry& g, PlanCache* cache) {
  Tensor y = make_tensor({g.batch, g.out_channels, g.out_length}, x.dtype(), x.device());
  if (x.device().is_meta() || y.numel() == 0) return y;
  const PassStep step =
      forward_step(element_of(x.dtype()), g, strides_of(x), strides_of(weight), bias_stride(bias), strides_of(y));
  run_pass({&step, 1}, operands_of(x, weight, bias, y), weight, cache);
  return y;
}

Tensor run_input_grad(const Tensor& grad, const Tensor& weight, const Tensor& bias, const ConvGeometry& g,
                      PlanCache* cache) {
  Tensor dx = make_tensor({g.batch, g.in_channels, g.in_length}, grad.dtype(), grad.device());
  if (grad.device().is_meta() || dx.numel() == 0) return dx;
  const InputGradSteps pass = input_grad_steps(element_of(grad.dtype()), g, strides_of(grad), strides_of(weight),
                                               bias_stride(bias), strides_of(dx));
  const Operands operands = operands_of(grad, weight, bias, dx);
  if (pass.zero_first) {
    std::memset(operands.output, 0, static_cast<std::size_t>(dx.numel()) * element_size(grad.dtype()));
  }
  run_pass(pass.steps, operands, weight, cache);
  return dx;
}

Tensor run_weight_grad(const Tensor& grad, const Tensor& x, const ConvGeometry& g) {
  Tensor dw = make_tensor({g.out_channels, g.in_channels_per_group(), g.kernel}, grad.dtype(), grad.device());
  if (grad.device().is_meta() || dw.numel() == 0) return dw;
  const PassStep step = weight_grad_step(element_of(grad.dtype()), g, strides_of(grad), strides_of(x), strides_of(dw));
  run_pass({&step, 1}, operands_of(x, grad, {}, dw), grad, nullptr);
  return dw;
}

}  // namespace conv1d
