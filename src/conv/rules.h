// What a call of conv1d or conv_transpose1d may look like: every check, in PyTorch's order, with PyTorch's text.
// Lengths and texts are decided here and nowhere else.
#pragma once

#include <string_view>
#include <vector>

#include <conv1d/nn/options.h>
#include <conv1d/tensor.h>

#include "conv/geometry.h"

namespace conv1d {

/// Checks a call and returns its numbers, for an input taken as a batch (a 2-D one as a batch of one).
/// Raises what PyTorch raises; docs/differences.md lists where we raise and PyTorch crashes or answers nonsense.
ConvGeometry check_conv1d(const Tensor& input, const Tensor& weight, const Tensor& bias, const Conv1dArgs& args);

/// The same for the transposed convolution, whose geometry is that of the convolution that it is the input gradient of.
ConvGeometry check_conv_transpose1d(const Tensor& input, const Tensor& weight, const Tensor& bias,
                                    const ConvTranspose1dArgs& args);

/// What the length of a transposed layer's output depends on.
struct OutputSizes {
  std::int64_t kernel = 1, stride = 1, padding = 0, dilation = 1;
};
/// The output padding that makes the output of `input` as long as `output_size` says: one number, or the sizes of the
/// whole output. ValueError where there is none.
std::int64_t check_output_size(const Tensor& input, const std::vector<std::int64_t>& output_size,
                               const OutputSizes& sizes);

/// The constructors' checks that both layers share.
void check_conv_groups(std::int64_t in_channels, std::int64_t out_channels, std::int64_t groups);

void check_conv_transpose1d_options(std::int64_t in_channels, std::int64_t out_channels, std::int64_t groups,
                                    std::string_view padding_mode);

/// The constructor's checks on integers, in PyTorch's order: ValueErrors.
void check_conv1d_options(std::int64_t in_channels, std::int64_t out_channels, const Conv1dArgs& args,
                          std::string_view padding_mode);

}  // namespace conv1d
