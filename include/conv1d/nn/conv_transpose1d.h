// The transposed layer: the gradient of a convolution with respect to its input, as a layer of its own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <conv1d/nn/module.h>
#include <conv1d/nn/options.h>
#include <conv1d/nn/plan_cache.h>
#include <conv1d/tensor.h>

namespace conv1d::nn {

/// The arguments with defaults, in PyTorch's order: `nn::ConvTranspose1d layer(2, 3, 4, {.stride = 2, .padding = 1});`
struct ConvTranspose1dOptions {
  Ints stride = 1;                     ///< samples from what one input adds to the output to what the next one adds
  Ints padding = 0;                    ///< samples cut off on each side of the output
  Ints output_padding = 0;             ///< samples more at the output's end, fewer than stride or than dilation
  std::int64_t groups = 1;             ///< independent blocks of channels
  bool bias = true;                    ///< whether a learnable number is added to each output channel
  Ints dilation = 1;                   ///< samples from one tap to the next
  std::string padding_mode = "zeros";  ///< no other is served, as in PyTorch
  Device device = {};
  std::optional<DType> dtype = {};  ///< default_dtype() where not given; floating point or complex
};

/// (N, in_channels, L) -> (N, out_channels, L_out), or without N. See functional::conv_transpose1d for the formula, the
/// lengths and what calling it raises.
///
/// weight  (in_channels, out_channels / groups, kernel_size), uniform in +-1/sqrt(out_channels / groups * kernel_size)
/// bias    (out_channels), likewise
/// Both have the bits that PyTorch draws after the same manual_seed().
class ConvTranspose1d : public Module {
 public:
  /// ValueError for a padding mode other than "zeros" and where groups is not positive or does not divide both
  /// channels; RuntimeError for negative or impossibly large sizes and for integer dtypes. The other numbers are only
  /// looked at when the layer is called, as in PyTorch.
  ConvTranspose1d(std::int64_t in_channels, std::int64_t out_channels, Ints kernel_size,
                  const ConvTranspose1dOptions& options = {});

  Tensor forward(const Tensor& input) const override;
  /// An output of this size: its length alone, or all its sizes, of which only the length is looked at. Takes the place
  /// of output_padding. ValueError where no output padding makes that length.
  Tensor forward(const Tensor& input, const std::vector<std::int64_t>& output_size) const;
  using Module::operator();
  Tensor operator()(const Tensor& input, const std::vector<std::int64_t>& output_size) const {
    return forward(input, output_size);
  }

  /// The name of the family of algorithms that forward() would take for most of its time
  /// (functional::conv_transpose1d_kernel).
  std::string kernel_for(const Tensor& input) const;
  std::string kernel_for(const Tensor& input, const std::vector<std::int64_t>& output_size) const;

  /// Bytes of weights arranged for the kernels that this layer keeps: see set_kept_memory().
  std::size_t kept_bytes() const { return cache_.kept_bytes(); }

  std::string type_name() const override { return "ConvTranspose1d"; }
  std::string extra_repr() const override;

  /// Draws the weight, then the bias, anew.
  void reset_parameters(Generator* generator = nullptr);

  std::int64_t in_channels() const { return in_channels_; }
  std::int64_t out_channels() const { return out_channels_; }
  const std::vector<std::int64_t>& kernel_size() const { return kernel_size_.values(); }
  const std::vector<std::int64_t>& stride() const { return args_.stride.values(); }
  const std::vector<std::int64_t>& padding() const { return args_.padding.values(); }
  const std::vector<std::int64_t>& output_padding() const { return args_.output_padding.values(); }
  const std::vector<std::int64_t>& dilation() const { return args_.dilation.values(); }
  std::int64_t groups() const { return args_.groups; }
  const Parameter& weight() const { return weight_; }
  const Parameter& bias() const { return bias_; }  ///< undefined where options.bias was false

 private:
  ConvTranspose1dArgs args_for(const Tensor& input, const std::vector<std::int64_t>& output_size) const;

  std::int64_t in_channels_;
  std::int64_t out_channels_;
  Ints kernel_size_;
  ConvTranspose1dArgs args_;
  Parameter weight_;
  Parameter bias_;
  mutable PlanCache cache_;  ///< safe to use from several threads at once
};

}  // namespace conv1d::nn
