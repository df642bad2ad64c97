// Lengths and offsets of a convolution, computed so that nothing overflows.
#pragma once

#include <cstdint>
#include <string>

namespace conv1d {

/// Wide enough for dilation * (kernel - 1) and length + 2 * padding of any 64-bit arguments.
using Wide = __int128;

std::string decimal(Wide value);

/// The numbers of one convolution, checked. (batch, in_channels, in_length) -> (batch, out_channels, out_length).
/// The transposed convolution of the same numbers goes the other way: what is named "in" here is its output.
struct ConvGeometry {
  std::int64_t batch = 0;
  std::int64_t in_channels = 0;
  std::int64_t in_length = 0;
  std::int64_t out_channels = 0;
  std::int64_t out_length = 0;
  std::int64_t kernel = 0;
  std::int64_t groups = 1;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t pad_left = 0;
  bool transposed = false;

  std::int64_t in_channels_per_group() const { return in_channels / groups; }
  std::int64_t out_channels_per_group() const { return out_channels / groups; }
};

/// Samples that one application of the kernel covers: dilation * (kernel - 1) + 1.
constexpr Wide kernel_extent(std::int64_t kernel, std::int64_t dilation) { return Wide{dilation} * (kernel - 1) + 1; }

/// floor((padded - extent) / stride) + 1, for padded >= extent and stride >= 1.
constexpr Wide output_length(Wide padded, Wide extent, std::int64_t stride) { return (padded - extent) / stride + 1; }

/// Length of a transposed convolution's output: the shortest input that a convolution makes `length` outputs of, and
/// `output_padding` more. Below 1 where the padding leaves nothing.
constexpr Wide transposed_length(Wide length, Wide extent, std::int64_t stride, Wide pads, Wide output_padding) {
  return (length - 1) * stride - pads + extent + output_padding;
}

/// Zeros on each side that keep the length: the odd one on the right, as in PyTorch.
struct SamePadding {
  Wide left = 0;
  Wide right = 0;
};
constexpr SamePadding same_padding(std::int64_t kernel, std::int64_t dilation) {
  const Wide total = Wide{dilation} * (kernel - 1);
  return {total / 2, total - total / 2};
}

/// With 'same' padding: a dilation that reads the same samples and whose products with the kernel stay small. Of taps
/// that lie a whole length apart only the middle one (odd kernels) meets the input, however far away the others are.
constexpr std::int64_t same_dilation(std::int64_t dilation, std::int64_t length) {
  const Wide far = 2 * (Wide{length} + 1) + dilation % 2;  // as odd as the dilation: halves are rounded alike
  return dilation < far ? dilation : static_cast<std::int64_t>(far);
}

}  // namespace conv1d
