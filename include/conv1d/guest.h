// The door for frameworks with tensors of their own: their memory comes in as pointers, sizes and strides, results go
// into memory of theirs. A Layer keeps plans and packed weights from one call to the next. (<conv1d/kernels.h> is the
// door for programs with one shape and fixed weights.)
//
//   guest::Layer layer({.stride = 2, .pad_left = 1, .pad_right = 1});
//   if (auto pass = layer.forward(x, weight, &bias)) {        // null: not served, the framework answers by itself
//     guest::Array y = new_array(guest::sizes_of(*pass));     // contiguous
//     layer.run(*pass, {x.data, weight.data, bias.data, y.data});
//   }
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include <conv1d/dtype.h>

namespace conv1d::guest {

using Sizes = std::array<std::int64_t, 3>;

/// Somebody's tensor: (batch, channels, length), or a weight (out, in / groups, taps); a bias has sizes {1, 1,
/// channels}. Strides count elements and are not negative.
struct Array {
  const void* data = nullptr;
  DType dtype = DType::Float32;
  Sizes sizes{};
  Sizes strides{};
};

struct Settings {
  std::int64_t stride = 1;
  std::int64_t pad_left = 0;
  std::int64_t pad_right = 0;
  std::int64_t dilation = 1;
  std::int64_t groups = 1;
  std::int64_t output_padding = 0;  ///< transposed layers only
  bool transposed = false;          ///< the weight is (in, out / groups, taps) and the pads are cut from the output
  bool operator==(const Settings&) const = default;
};

class Pass;  // readied for operands of one shape and layout

/// The operands' memory, in the order in which the pass was asked for.
struct Pointers {
  const void* first = nullptr;   ///< x, or the gradient of the output
  const void* second = nullptr;  ///< the weight; for a weight's gradient x
  const void* bias = nullptr;
  void* output = nullptr;  ///< contiguous, of the pass's sizes
};

/// Any number of threads may call a layer at once.
class Layer {
 public:
  /// Without `packs_at_first` weights are packed from the second call on, since the first may be the only one.
  explicit Layer(const Settings& settings, bool packs_at_first = true);
  ~Layer();
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;

  const Settings& settings() const;

  // Each readies a pass, or finds it ready; null where sizes, dtypes or settings are not served (whether they are in
  // error or merely unusual is the framework's business). Nothing is thrown but std::bad_alloc.
  std::shared_ptr<const Pass> forward(const Array& x, const Array& weight, const Array* bias);
  std::shared_ptr<const Pass> input_grad(const Array& grad, const Array& weight, std::int64_t in_length);
  std::shared_ptr<const Pass> weight_grad(const Array& grad, const Array& x, std::int64_t kernel);

  /// Computes. Packed weights are kept for forward passes alone, and used again where a hash of all bytes of the weight
  /// says that they hold its numbers.
  void run(const Pass& pass, const Pointers& pointers);

  /// Bytes of packed weights kept at the moment, and their release. <conv1d/kept_memory.h> bounds them.
  std::size_t kept_bytes() const;
  void clear();

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

/// Sizes of a pass's output.
const Sizes& sizes_of(const Pass& pass);

/// The name of the family of algorithms that computes a pass: "direct", "fft_tile", ... (of a pass in several steps:
/// that which takes most of the time).
std::string_view kernel_of(const Pass& pass);

/// Sums a gradient over batch and length into `out`, one number a channel. False where the dtype is not served.
bool bias_grad(const Array& grad, void* out);

/// How many passes of each kind have been computed in this process: what was served, where falling back is silent.
struct Served {
  std::uint64_t forward = 0, input_grad = 0, weight_grad = 0;
};
Served served();

/// Threads of the framework: from now on the whole library's parts run on them. `run` calls task(context, part) once
/// for each part in [0, parts) and returns when all are done; it is never called where count() is 1.
struct Threads {
  int (*count)() = nullptr;
  void (*run)(int parts, void (*task)(void* context, int part) noexcept, void* context) = nullptr;
};
void use_threads(const Threads& threads);

}  // namespace conv1d::guest
