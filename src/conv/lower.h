// From a layer's tensors to the kernels. conv/passes.h says what each of the three passes computes.
#pragma once

#include <string_view>

#include <conv1d/nn/plan_cache.h>
#include <conv1d/tensor.h>

#include "conv/geometry.h"

namespace conv1d {

// None of these records. Tensors are batched, of one dtype, and fit the geometry; any strides. `bias` may be undefined,
// and belongs to the pass that is the layer itself: forward, or the input gradient where g.transposed. `cache` may be
// null.
Tensor run_forward(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvGeometry& g, PlanCache* cache);
Tensor run_input_grad(const Tensor& grad, const Tensor& weight, const Tensor& bias, const ConvGeometry& g,
                      PlanCache* cache);
Tensor run_weight_grad(const Tensor& grad, const Tensor& x, const ConvGeometry& g);

/// The name of the family that the layer itself (run_forward(), or run_input_grad() where g.transposed) takes for most
/// of its time, where packed weights may be kept; "none" where there is nothing to compute. Only sizes and strides are
/// looked at: tensors may be on meta.
std::string_view layer_kernel(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvGeometry& g);

}  // namespace conv1d
