// What a call of conv1d may look like: every check, in PyTorch's order, with PyTorch's text. Lengths and texts are
// decided here and nowhere else.
#pragma once

#include <conv1d/nn/options.h>
#include <conv1d/tensor.h>

#include "conv/geometry.h"

namespace conv1d {

/// Checks a call and returns its numbers, for an input taken as a batch (a 2-D one as a batch of one).
/// Raises what PyTorch raises; docs/differences.md lists where we raise and PyTorch crashes or answers nonsense.
ConvGeometry check_conv1d(const Tensor& input, const Tensor& weight, const Tensor& bias, const Conv1dArgs& args);

/// The constructor's checks on integers, in PyTorch's order: ValueErrors.
void check_conv1d_options(std::int64_t in_channels, std::int64_t out_channels, const Conv1dArgs& args,
                          std::string_view padding_mode);

}  // namespace conv1d
