#include "conv/passes.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"
#include "base/sizes.h"
#include "kernels/element.h"

namespace conv1d {
namespace {

using kernels::Element;
using kernels::Start;
using kernels::TapProblem;

// A step that is never taken says nothing; as 1 it lets the kernels for the plain case serve.
PassStep plain_where_single(PassStep step) {
  if (step.problem.taps <= 1) step.problem.between = 1;
  if (step.problem.columns <= 1) step.problem.step = 1;
  return step;
}

void start_from(TapProblem* p, std::optional<std::int64_t> bias_stride) {
  p->start = bias_stride ? Start::kBias : Start::kZero;
  if (bias_stride) p->bias = {p->outputs * *bias_stride, *bias_stride};
}

}  // namespace

Element element_of(DType dtype) {
  if (const std::optional<Element> element = kernels::element_of(dtype)) return *element;
  fail<NotImplementedError>("\"slow_conv2d_cpu\" not implemented for 'Bool'");
}

bool is_near(const TapProblem& p) {
  const auto magnitude = [](std::int64_t v) { return v < 0 ? -Wide{v} : Wide{v}; };
  const Wide reach = magnitude(p.first) + magnitude(p.between) * std::max<std::int64_t>(p.taps - 1, 0) +
                     magnitude(p.step) * std::max<std::int64_t>(p.columns - 1, 0);
  return reach < Wide{1} << 61;
}

PassStep forward_step(Element element, const ConvGeometry& g, const Strides3& x, const Strides3& weight,
                      std::optional<std::int64_t> bias, const Strides3& y) {
  const std::int64_t c = g.in_channels_per_group(), o = g.out_channels_per_group();
  PassStep step;
  TapProblem& p = step.problem;
  p.element = element;
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
  p.input = {c * x.middle, x.outer, x.middle, x.inner};
  p.weight = {o * weight.outer, weight.outer, weight.middle, weight.inner};
  p.output = {o * y.middle, y.outer, y.middle, y.inner};
  p.conjugate_weight = g.transposed;
  start_from(&p, bias);
  return plain_where_single(step);
}

// The positions i = q, q + stride, ... of the input (phase q) are reached by the taps k with (q + pad_left - k *
// dilation) divisible by the stride: k0, k0 + stride/gcd, ... At such a tap, position q + j*stride takes the gradient
// at (q + pad_left - k*dilation) / stride + j. There are at most `kernel` phases with taps, whatever the stride.
InputGradSteps input_grad_steps(Element element, const ConvGeometry& g, const Strides3& grad, const Strides3& weight,
                                std::optional<std::int64_t> bias, const Strides3& dx) {
  const std::int64_t c = g.in_channels_per_group(), o = g.out_channels_per_group();
  const std::int64_t common = std::gcd(g.stride, g.dilation), tap_step = g.stride / common;
  TapProblem p;
  p.element = element;
  p.groups = g.groups;
  p.batch = g.batch;
  p.outputs = c;
  p.inputs = o;
  p.in_length = g.out_length;
  p.between = -(g.dilation / common);
  p.step = 1;
  p.input = {o * grad.middle, grad.outer, grad.middle, grad.inner};
  p.conjugate_weight = !g.transposed;
  start_from(&p, bias);

  InputGradSteps result;
  if (common != 1 || g.kernel < tap_step) {
    result.zero_first = !bias;
    if (bias) {
      PassStep all{.problem = p};
      all.problem.taps = 0;
      all.problem.between = 1;
      all.problem.columns = g.in_length;
      all.problem.output = {c * dx.middle, dx.outer, dx.middle, dx.inner};
      result.steps.push_back(plain_where_single(all));
    }
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
    p.weight = {o * weight.outer, weight.middle, weight.outer, p.taps > 1 ? weight.inner * tap_step : 1};
    p.output = {c * dx.middle, dx.outer, dx.middle, p.columns > 1 ? g.stride * dx.inner : 1};
    result.steps.push_back(
        plain_where_single({.problem = p, .weight_offset = k0 * weight.inner, .output_offset = q * dx.inner}));
  }
  return result;
}

PassStep weight_grad_step(Element element, const ConvGeometry& g, const Strides3& grad, const Strides3& x,
                          const Strides3& dw) {
  const std::int64_t c = g.in_channels_per_group(), o = g.out_channels_per_group();
  PassStep step;
  TapProblem& p = step.problem;
  p.element = element;
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
  p.input = {c * x.middle, x.middle, x.outer, x.inner};
  p.weight = {o * grad.middle, grad.middle, grad.outer, grad.inner};
  p.output = {o * dw.outer, dw.middle, dw.outer, dw.inner};
  p.conjugate_input = !g.transposed;
  p.conjugate_weight = g.transposed;
  return plain_where_single(step);
}

}  // namespace conv1d
