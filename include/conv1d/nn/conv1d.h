// The layer: a convolution over one dimension that holds its weight and bias.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <conv1d/nn/module.h>
#include <conv1d/nn/options.h>
#include <conv1d/nn/plan_cache.h>
#include <conv1d/tensor.h>

namespace conv1d::nn {

/// The arguments with defaults: `nn::Conv1d layer(2, 3, 5, {.padding = "same", .dilation = 2});`
struct Conv1dOptions {
  Ints stride = 1;                     ///< samples from one output to the next
  Padding padding = 0;                 ///< samples added on each side, or "same", "valid"
  Ints dilation = 1;                   ///< samples from one tap to the next
  std::int64_t groups = 1;             ///< independent blocks of channels
  bool bias = true;                    ///< whether a learnable number is added to each output channel
  std::string padding_mode = "zeros";  ///< "zeros", "reflect", "replicate" or "circular"
  Device device = {};
  std::optional<DType> dtype = {};  ///< default_dtype() where not given; floating point or complex
};

/// (N, in_channels, L) -> (N, out_channels, L_out), or without N. See functional::conv1d for the formula, the lengths
/// and what calling it raises.
///
/// weight  (out_channels, in_channels / groups, kernel_size), uniform in +-1/sqrt(in_channels / groups * kernel_size)
/// bias    (out_channels), likewise
/// Both have the bits that PyTorch draws after the same manual_seed().
class Conv1d : public Module {
 public:
  /// ValueError where groups is not positive or does not divide both channels, for unknown strings, and for "same" with
  /// a stride; RuntimeError for negative or impossibly large sizes and for integer dtypes. Stride, padding and dilation
  /// are only looked at when the layer is called, as in PyTorch.
  Conv1d(std::int64_t in_channels, std::int64_t out_channels, Ints kernel_size, const Conv1dOptions& options = {});

  Tensor forward(const Tensor& input) const override;

  /// The name of the family of algorithms that forward(input) would take (functional::conv1d_kernel), padding included.
  std::string kernel_for(const Tensor& input) const;

  /// Bytes of weights arranged for the kernels that this layer keeps: see set_kept_memory().
  std::size_t kept_bytes() const { return cache_.kept_bytes(); }

  std::string type_name() const override { return "Conv1d"; }
  std::string extra_repr() const override;

  /// Draws the weight, then the bias, anew.
  void reset_parameters(Generator* generator = nullptr);

  std::int64_t in_channels() const { return in_channels_; }
  std::int64_t out_channels() const { return out_channels_; }
  const std::vector<std::int64_t>& kernel_size() const { return kernel_size_.values(); }
  const std::vector<std::int64_t>& stride() const { return args_.stride.values(); }
  const Padding& padding() const { return args_.padding; }
  const std::vector<std::int64_t>& dilation() const { return args_.dilation.values(); }
  std::int64_t groups() const { return args_.groups; }
  const std::string& padding_mode() const { return padding_mode_; }
  const Parameter& weight() const { return weight_; }
  const Parameter& bias() const { return bias_; }  ///< undefined where options.bias was false

 private:
  std::int64_t in_channels_;
  std::int64_t out_channels_;
  Ints kernel_size_;
  Conv1dArgs args_;
  std::string padding_mode_;
  std::vector<std::int64_t> pad_amounts_;  ///< for functional::pad, in modes other than zeros
  Parameter weight_;
  Parameter bias_;
  mutable PlanCache cache_;  ///< safe to use from several threads at once
};

}  // namespace conv1d::nn
