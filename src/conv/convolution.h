// conv1d(), conv_transpose1d() and their gradients, as recorded operations.
#pragma once

#include <conv1d/nn/functional.h>

#include "conv/geometry.h"

namespace conv1d {

// The three derivatives of one trilinear form (conv/lower.h), on batched tensors that were checked. Each is recorded
// with a gradient made of the other two, so that gradients of gradients exist to any order. x is the layer's input and
// grad its output's gradient, also of a transposed layer (g.transposed), for which `convolution` is what is an input
// gradient otherwise, and the other way round.
Tensor convolution(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvGeometry& g, PlanCache* cache);
Tensor conv_input_grad(const Tensor& grad, const Tensor& weight, const ConvGeometry& g);
Tensor conv_weight_grad(const Tensor& grad, const Tensor& x, const ConvGeometry& g);

}  // namespace conv1d
