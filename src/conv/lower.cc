#include "conv/lower.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/check.h"
#include "base/memory.h"
#include "base/sizes.h"
#include "conv/plan_cache.h"
#include "kernels/plan.h"
#include "tensor/impl.h"

namespace conv1d {
namespace {

using kernels::Operands;
using kernels::TapProblem;

kernels::Element element_of(DType dtype) {
  switch (dtype) {
    case DType::UInt8:
      return kernels::Element::kUInt8;
    case DType::Int8:
      return kernels::Element::kInt8;
    case DType::Int16:
      return kernels::Element::kInt16;
    case DType::Int32:
      return kernels::Element::kInt32;
    case DType::Int64:
      return kernels::Element::kInt64;
    case DType::Float16:
      return kernels::Element::kFloat16;
    case DType::BFloat16:
      return kernels::Element::kBFloat16;
    case DType::Float32:
      return kernels::Element::kFloat32;
    case DType::Float64:
      return kernels::Element::kFloat64;
    case DType::Complex64:
      return kernels::Element::kComplex64;
    case DType::Complex128:
      return kernels::Element::kComplex128;
    case DType::Bool:
      break;
  }
  fail<NotImplementedError>("\"slow_conv2d_cpu\" not implemented for 'Bool'");
}

const void* advance(const void* p, std::int64_t elements, DType dtype) {
  return p ? static_cast<const std::byte*>(p) + elements * static_cast<std::int64_t>(element_size(dtype)) : nullptr;
}

// Kernels add positions up without asking whether they overflow (their contract: below 2^62, partial sums included).
bool is_near(const TapProblem& p) {
  const auto magnitude = [](std::int64_t v) { return v < 0 ? -Wide{v} : Wide{v}; };
  const Wide reach = magnitude(p.first) + magnitude(p.between) * std::max<std::int64_t>(p.taps - 1, 0) +
                     magnitude(p.step) * std::max<std::int64_t>(p.columns - 1, 0);
  return reach < Wide{1} << 61;
}

// `weight` is what operands.weight points into, for the cache; the cache may be null.
void run_near(const TapProblem& problem, const Operands& operands, const Tensor& weight, PlanCache* cache) {
  kernels::ChooseOptions options = kernels::default_options();
  options.packed_weight = cache != nullptr;
  const kernels::Plan plan = kernels::make_plan(problem, options);
  std::shared_ptr<const PackedWeight> packed;
  if (cache && plan.packed_bytes > 0) packed = cache->impl().packed(weight, plan);
  const memory::Buffer scratch(plan.scratch_bytes);
  kernels::run(plan, operands, packed ? packed->memory.data() : nullptr, scratch.data());
}

// Strides, paddings or dilations near 2^63: one tap after the other, each with just the columns that meet the input.
void run_far(const TapProblem& problem, Operands operands, DType dtype, const Tensor& weight) {
  TapProblem start = problem;
  start.taps = 0;
  start.first = 0;
  start.between = start.step = 1;
  run_near(start, operands, weight, nullptr);

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

void run_problem(TapProblem problem, const Operands& operands, DType dtype, const Tensor& weight, PlanCache* cache) {
  // A step that is never taken says nothing; as 1 it lets the kernels for the plain case serve.
  if (problem.taps <= 1) problem.between = 1;
  if (problem.columns <= 1) problem.step = 1;
  if (is_near(problem))
    run_near(problem, operands, weight, cache);
  else
    run_far(problem, operands, dtype, weight);
}

}  // namespace

Tensor run_forward(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvGeometry& g, PlanCache* cache) {
  Tensor y = make_tensor({g.batch, g.out_channels, g.out_length}, x.dtype(), x.device());
  if (x.device().is_meta() || y.numel() == 0) return y;
  const std::int64_t c = g.in_channels_per_group(), o = g.out_channels_per_group();
  const Shape& xs = x.strides();
  const Shape& ws = weight.strides();
  const Shape& ys = y.strides();
  TapProblem p;
  p.element = element_of(x.dtype());
  p.groups = g.groups;
  p.batch = g.batch;
  p.outputs = o;
  p.inputs = c;
  p.taps = g.kernel;
  p.columns = g.out_length;
  p.in_length = g.in_length;
  p.first = -g.pad_left;
  p.between = g.dilation;
  p.step = g.stride;
  p.input = {c * xs[1], xs[0], xs[1], xs[2]};
  p.weight = {o * ws[0], ws[0], ws[1], ws[2]};
  p.output = {o * ys[1], ys[0], ys[1], ys[2]};
  if (bias.defined()) {
    p.start = kernels::Start::kBias;
    p.bias = {o * bias.stride(0), bias.stride(0)};
  }
  const Operands operands{.input = impl_of(x).raw(),
                          .weight = impl_of(weight).raw(),
                          .bias = bias.defined() ? impl_of(bias).raw() : nullptr,
                          .output = impl_of(y).raw()};
  // A weight with gaps or repeats is packed at each call: its bytes are not one block that could be compared.
  run_problem(p, operands, x.dtype(), weight, weight.is_contiguous() ? cache : nullptr);
  return y;
}

// The positions i = q, q + stride, ... of the input (phase q) are reached by the taps k with (q + pad_left - k *
// dilation) divisible by the stride: k0, k0 + stride/gcd, ... At such a tap, position q + j*stride takes the gradient
// at (q + pad_left - k*dilation) / stride + j. There are at most `kernel` phases with taps, whatever the stride.
Tensor run_input_grad(const Tensor& grad, const Tensor& weight, const ConvGeometry& g) {
  Tensor dx = make_tensor({g.batch, g.in_channels, g.in_length}, grad.dtype(), grad.device());
  if (grad.device().is_meta() || dx.numel() == 0) return dx;
  const DType dtype = grad.dtype();
  const std::int64_t c = g.in_channels_per_group(), o = g.out_channels_per_group();
  const std::int64_t common = std::gcd(g.stride, g.dilation), tap_step = g.stride / common;
  const Shape& gs = grad.strides();
  const Shape& ws = weight.strides();
  const Shape& ds = dx.strides();
  TapProblem p;
  p.element = element_of(dtype);
  p.groups = g.groups;
  p.batch = g.batch;
  p.outputs = c;
  p.inputs = o;
  p.in_length = g.out_length;
  p.between = -(g.dilation / common);
  p.step = 1;
  p.input = {o * gs[1], gs[0], gs[1], gs[2]};
  p.conjugate_weight = true;

  // Phases without taps get no problem: their zeros are written beforehand.
  if (common != 1 || g.kernel < tap_step) {
    std::memset(impl_of(dx).raw(), 0, static_cast<std::size_t>(dx.numel()) * element_size(dtype));
  }
  for (std::int64_t k0 = 0; k0 < std::min(g.kernel, tap_step); ++k0) {
    const Wide offset = Wide{k0} * g.dilation - g.pad_left;
    const Wide phase = (offset % g.stride + g.stride) % g.stride;
    if (phase >= g.in_length) continue;
    const auto q = static_cast<std::int64_t>(phase);
    p.taps = (g.kernel - 1 - k0) / tap_step + 1;
    p.columns = ceil_div(g.in_length - q, g.stride);
    p.first = static_cast<std::int64_t>((phase - offset) / g.stride);
    // A tap or column step is only meant, and only safe to compute, where there is a second one.
    p.weight = {o * ws[0], ws[1], ws[0], p.taps > 1 ? ws[2] * tap_step : 1};
    p.output = {c * ds[1], ds[0], ds[1], p.columns > 1 ? g.stride : 1};
    const Operands operands{.input = impl_of(grad).raw(),
                            .weight = advance(impl_of(weight).raw(), k0 * ws[2], dtype),
                            .bias = nullptr,
                            .output = const_cast<void*>(advance(impl_of(dx).raw(), q, dtype))};
    run_problem(p, operands, dtype, weight, nullptr);
  }
  return dx;
}

Tensor run_weight_grad(const Tensor& grad, const Tensor& x, const ConvGeometry& g) {
  Tensor dw = make_tensor({g.out_channels, g.in_channels_per_group(), g.kernel}, grad.dtype(), grad.device());
  if (grad.device().is_meta() || dw.numel() == 0) return dw;
  const std::int64_t c = g.in_channels_per_group(), o = g.out_channels_per_group();
  const Shape& gs = grad.strides();
  const Shape& xs = x.strides();
  const Shape& ds = dw.strides();
  TapProblem p;
  p.element = element_of(grad.dtype());
  p.groups = g.groups;
  p.batch = c;
  p.outputs = o;
  p.inputs = g.batch;
  p.taps = g.out_length;
  p.columns = g.kernel;
  p.in_length = g.in_length;
  p.first = -g.pad_left;
  p.between = g.stride;
  p.step = g.dilation;
  p.input = {c * xs[1], xs[1], xs[0], xs[2]};
  p.weight = {o * gs[1], gs[1], gs[0], gs[2]};
  p.output = {o * ds[0], ds[1], ds[0], ds[2]};
  p.conjugate_input = true;
  const Operands operands{
      .input = impl_of(x).raw(), .weight = impl_of(grad).raw(), .bias = nullptr, .output = impl_of(dw).raw()};
  run_problem(p, operands, grad.dtype(), grad, nullptr);
  return dw;
}

}  // namespace conv1d
