// Convolution, padding, activations and losses as functions: PyTorch's torch.nn.functional.
//
//   namespace F = conv1d::nn::functional;
//   Tensor y = F::conv1d(x, weight, bias, {.stride = 2, .padding = 1});
#pragma once

#include <optional>
#include <string>

#include <conv1d/nn/options.h>
#include <conv1d/nn/plan_cache.h>
#include <conv1d/tensor.h>

namespace conv1d::nn::functional {

/// Cross-correlation along the last dimension:
///   output[n, o, l] = bias[o] + sum over c, k of weight[o, c, k] * input[n, c, l*stride - padding + k*dilation]
///
/// input   (N, C, L), or (C, L) for one sample; its strides do not matter
/// weight  (O, C / groups, K), of the input's dtype
/// bias    (O), or undefined for none
/// returns (N, O, floor((L + 2*padding - dilation*(K-1) - 1) / stride) + 1), contiguous; without N for one sample
///
/// float16, bfloat16 (summed in float32), float32, float64, complex64, complex128; int64 exactly, smaller integers
/// wrapping around (dilation 1 only). Differentiable in all three tensors, to any order.
///
/// Raises RuntimeError where shapes, numbers or dtypes do not fit, NotImplementedError for bool, with PyTorch's texts;
/// the exception's hint() says in plain words what was probably meant.
///
/// `cache` keeps the weight arranged for the kernels between calls with the same weight (plan_cache.h); layers hand in
/// theirs.
Tensor conv1d(const Tensor& input, const Tensor& weight, const Tensor& bias = {}, const Conv1dArgs& args = {},
              PlanCache* cache = nullptr);

/// The gradient of conv1d() with respect to its input, as a layer: each input sample adds the kernel to the output,
/// `stride` samples after the one before it.
///   output[n, o, l*stride - padding + k*dilation] += weight[c, o, k] * input[n, c, l]     (and bias[o] everywhere)
///
/// input   (N, C, L), or (C, L) for one sample; its strides do not matter
/// weight  (C, O / groups, K), of the input's dtype
/// bias    (O), or undefined for none
/// returns (N, O, (L - 1)*stride - 2*padding + dilation*(K-1) + output_padding + 1), contiguous; without N for one
///         sample
///
/// Dtypes, gradients, errors and `cache` as for conv1d(), but of the integers int64 alone, at any dilation.
Tensor conv_transpose1d(const Tensor& input, const Tensor& weight, const Tensor& bias = {},
                        const ConvTranspose1dArgs& args = {}, PlanCache* cache = nullptr);

/// The name of the family of algorithms that conv1d() would take: "direct", "depthwise", "fft_tile", ...; "none" where
/// the result is empty. Nothing is computed: only sizes, strides and dtypes count, and tensors may all be on meta.
/// Raises what conv1d() raises.
std::string conv1d_kernel(const Tensor& input, const Tensor& weight, const Tensor& bias = {},
                          const Conv1dArgs& args = {});

/// Likewise of conv_transpose1d(). That computes the outputs between two strides separately: the name is of the family
/// that takes most of the time; "none" also where no input reaches an output.
std::string conv_transpose1d_kernel(const Tensor& input, const Tensor& weight, const Tensor& bias = {},
                                    const ConvTranspose1dArgs& args = {});

/// What pad() takes besides the tensor and the amounts.
struct PadOptions {
  std::string mode = "constant";     ///< "constant", "reflect", "replicate" or "circular"
  std::optional<double> value = {};  ///< constant only; 0 where not given
};

/// Longer (or, for negative amounts, shorter) at both ends. `pad` names amounts from the last dimension on:
/// {left, right, top, bottom, ...}.
///
///            1..6 by (2, 3)          amounts
/// constant   0 0 [1..6] 0 0 0        any, in any dimensions
/// reflect    3 2 [1..6] 5 4 3        less than the length
/// replicate  1 1 [1..6] 6 6 6        any
/// circular   5 6 [1..6] 1 2 3        up to the length
///
/// All but constant pad the last one, two or three dimensions of a tensor that has one or two more.
/// Always new memory. Differentiable, to any order. RuntimeError and NotImplementedError with PyTorch's texts.
Tensor pad(const Tensor& input, const std::vector<std::int64_t>& pad, const PadOptions& options = {});

Tensor relu(const Tensor& input);
Tensor tanh(const Tensor& input);
Tensor sigmoid(const Tensor& input);

struct MseLossOptions {
  std::string reduction = "mean";  ///< "mean", "sum" or "none"
};

/// (input - target)^2, averaged, summed or as it is. Shapes broadcast, with a warning where they differ.
/// ValueError for another reduction, RuntimeError where shapes do not broadcast.
Tensor mse_loss(const Tensor& input, const Tensor& target, const MseLossOptions& options = {});

}  // namespace conv1d::nn::functional
