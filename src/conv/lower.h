// From a layer to the kernels: each of the three passes as problems of the one form that kernels know
// (kernels/problem.h).
//
// The passes are the partial derivatives of one trilinear form, sum(grad * conv(x, w)); conjugates make the complex
// ones PyTorch's gradients (of a real function, steepest ascent):
//   forward      y[n,o,l]  = bias[o] + sum over c, k of  w[o,c,k] * x[n,c, l*stride - pad_left + k*dilation]
//   input_grad   dx[n,c,i] = sum over o, k           of  conj(w[o,c,k]) * grad[n,o,l]       where i = l*stride -
//   pad_left + k*dilation weight_grad  dw[o,c,k] = sum over n, l           of  grad[n,o,l] * conj(x[n,c, l*stride -
//   pad_left + k*dilation])
#pragma once

#include <conv1d/nn/plan_cache.h>
#include <conv1d/tensor.h>

#include "conv/geometry.h"

namespace conv1d {

// None of these records. Tensors are batched, of one dtype, and fit the geometry; any strides. `bias` may be undefined.
Tensor run_forward(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvGeometry& g, PlanCache* cache);
Tensor run_input_grad(const Tensor& grad, const Tensor& weight, const ConvGeometry& g);
Tensor run_weight_grad(const Tensor& grad, const Tensor& x, const ConvGeometry& g);

}  // namespace conv1d
