// The door for programs with their own buffers: audio, sensors, other frameworks. Raw pointers in, numbers out, no
// tensors.
//
//   conv1d::Plan plan({.in_channels = 1, .length = 256 + 63, .out_channels = 1, .kernel_size = 64}, filter);
//   std::vector<std::byte> scratch(plan.scratch_bytes());
//   plan.run(block, result, scratch.data());   // in the audio thread: no allocation, no lock, no thread, no exception
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <conv1d/dtype.h>

namespace conv1d {

/// A layer applied to an input of one known shape: weights packed, algorithm chosen, all memory sized.
///
/// Immutable after construction: any number of threads may call run() at once, each with an output and scratch memory
/// of its own.
class Plan {
 public:
  struct Options {
    std::int64_t in_channels;   ///< of the input
    std::int64_t length;        ///< of a row of the input
    std::int64_t out_channels;  ///< of the output
    std::int64_t kernel_size;   ///< taps
    std::int64_t batch = 1;
    std::int64_t stride = 1;
    std::int64_t padding = 0;       ///< zeros before each row, and behind it
    std::int64_t padding_end = -1;  ///< zeros behind each row, where they are others; -1: as many as before it
    std::int64_t dilation = 1;
    std::int64_t groups = 1;
    DType dtype = float32;         ///< any but bool; integers wrap around
    bool relu = false;             ///< negative results become zero; real types
    bool fixed_order = false;      ///< direct sums only: the same input gives the same bits in whatever block it comes;
                                   ///< implied by set_float32_conv_precision("highest")
    std::string_view kernel = {};  ///< the algorithm, one of kernels(); empty: the one with the lowest estimated cost

    // Distances in elements; 0: as in a contiguous array of [batch, channels, length].
    std::int64_t in_batch_stride = 0, in_channel_stride = 0, out_batch_stride = 0, out_channel_stride = 0;
  };

  /// `weight`: contiguous [out_channels, in_channels / groups, kernel_size]; `bias`: [out_channels], or null. Both are
  /// copied. RuntimeError for sizes that make no layer, or whose arithmetic overflows, and for a `kernel` that does not
  /// exist or does not take this layer.
  Plan(const Options& options, const void* weight, const void* bias = nullptr);
  ~Plan();
  Plan(Plan&&) noexcept;
  Plan& operator=(Plan&&) noexcept;

  /// Names of all algorithms, in alphabetical order.
  static std::span<const std::string_view> kernels();

  /// Columns of the output: (length + paddings - dilation*(kernel_size - 1) - 1) / stride + 1.
  std::int64_t out_length() const noexcept;
  /// Bytes of scratch memory for run(), of any alignment.
  std::size_t scratch_bytes() const noexcept;
  /// Bytes of packed weights that this plan keeps.
  std::size_t kept_bytes() const noexcept;
  /// The name of the algorithm: "direct", "depthwise", ...
  std::string_view kernel() const noexcept;

  /// Computes on the calling thread alone. Neither allocates nor locks; `in` and `out` must not overlap.
  void run(const void* in, void* out, void* scratch) const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace conv1d
