// The three passes of a convolution as problems of the one form that kernels know (kernels/problem.h). Pure arithmetic
// on extents and strides: neither tensors nor memory, so that tensors of ours and memory of guests go the same way.
//
// The passes are the partial derivatives of one trilinear form, sum(grad * conv(x, w)); conjugates make the complex
// ones PyTorch's gradients (of a real function, steepest ascent). For a convolution:
//   forward      y[n,o,l]  = bias[o] + sum over c, k of  w[o,c,k] * x[n,c, l*stride - pad_left + k*dilation]
//   input_grad   dx[n,c,i] = bias[c] + sum over o, k of  conj(w[o,c,k]) * grad[n,o,l]
//                            where i = l*stride - pad_left + k*dilation
//   weight_grad  dw[o,c,k] = sum over n, l           of  grad[n,o,l] * conj(x[n,c, l*stride - pad_left + k*dilation])
// The input gradient of a convolution is the transposed convolution; only as that it has a bias. There (g.transposed)
// the conjugates change places: input_grad is the forward pass and conjugates nothing, forward is the input's gradient
// and takes conj(w), and weight_grad takes conj(grad), since "grad" is the transposed layer's input.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <conv1d/dtype.h>

#include "conv/geometry.h"
#include "kernels/problem.h"

namespace conv1d {

/// NotImplementedError for bool.
kernels::Element element_of(DType dtype);

/// Strides, in elements, of (batch, channel, length) or of a weight's (out, in, tap).
struct Strides3 {
  std::int64_t outer = 0, middle = 0, inner = 1;
};
inline constexpr Strides3 contiguous_strides3(std::int64_t middle_size, std::int64_t inner_size) {
  return {middle_size * inner_size, inner_size, 1};
}

/// One problem of a pass, and how many elements into its weight and its output it begins.
struct PassStep {
  kernels::TapProblem problem;
  std::int64_t weight_offset = 0;
  std::int64_t output_offset = 0;
};

PassStep forward_step(kernels::Element element, const ConvGeometry& g, const Strides3& x, const Strides3& weight,
                      std::optional<std::int64_t> bias, const Strides3& y);
PassStep weight_grad_step(kernels::Element element, const ConvGeometry& g, const Strides3& grad, const Strides3& x,
                          const Strides3& dw);

struct InputGradSteps {
  /// Positions between the phases are reached by no tap: the output has to hold zeros beforehand, or, where there is a
  /// bias, the first step writes that everywhere.
  bool zero_first = false;
  std::vector<PassStep> steps;
};

/// One step for each phase of the stride that has taps.
InputGradSteps input_grad_steps(kernels::Element element, const ConvGeometry& g, const Strides3& grad,
                                const Strides3& weight, std::optional<std::int64_t> bias, const Strides3& dx);

/// Kernels add positions up without asking whether they overflow (their contract: below 2^62, partial sums included).
/// Strides, paddings or dilations near 2^63 make a problem that is not near.
bool is_near(const kernels::TapProblem& problem);

}  // namespace conv1d
