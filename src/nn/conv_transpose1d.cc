#include <conv1d/nn/conv_transpose1d.h>

#include <conv1d/nn/functional.h>

#include "base/check.h"
#include "conv/rules.h"
#include "nn/conv_layer.h"

namespace conv1d::nn {
namespace {

// A list without numbers fails here as Python's indexing does.
std::int64_t first(const Ints& list) {
  check<IndexError>(!list.values().empty(), "tuple index out of range");
  return list.values()[0];
}

}  // namespace

ConvTranspose1d::ConvTranspose1d(std::int64_t in_channels, std::int64_t out_channels, Ints kernel_size,
                                 const ConvTranspose1dOptions& options)
    : in_channels_(in_channels),
      out_channels_(out_channels),
      kernel_size_(std::move(kernel_size)),
      args_{.stride = options.stride,
            .padding = options.padding,
            .output_padding = options.output_padding,
            .groups = options.groups,
            .dilation = options.dilation} {
  check_conv_transpose1d_options(in_channels, out_channels, options.groups, options.padding_mode);
  const TensorOptions made{.dtype = options.dtype, .device = options.device};
  weight_ = conv_weight({in_channels, out_channels / options.groups}, kernel_size_, made);
  register_parameter("weight", weight_);
  if (options.bias) {
    bias_ = Parameter(empty({out_channels}, made));
    register_parameter("bias", bias_);
  }
  reset_parameters();
}

void ConvTranspose1d::reset_parameters(Generator* generator) { draw_conv_parameters(weight_, bias_, generator); }

Tensor ConvTranspose1d::forward(const Tensor& input) const {
  return functional::conv_transpose1d(input, weight_, bias_, args_, &cache_);
}

Tensor ConvTranspose1d::forward(const Tensor& input, const std::vector<std::int64_t>& output_size) const {
  return functional::conv_transpose1d(input, weight_, bias_, args_for(input, output_size), &cache_);
}

std::string ConvTranspose1d::kernel_for(const Tensor& input) const {
  return functional::conv_transpose1d_kernel(input, weight_, bias_, args_);
}

std::string ConvTranspose1d::kernel_for(const Tensor& input, const std::vector<std::int64_t>& output_size) const {
  return functional::conv_transpose1d_kernel(input, weight_, bias_, args_for(input, output_size));
}

ConvTranspose1dArgs ConvTranspose1d::args_for(const Tensor& input, const std::vector<std::int64_t>& output_size) const {
  ConvTranspose1dArgs args = args_;
  args.output_padding = check_output_size(input, output_size,
                                          {.kernel = first(kernel_size_),
                                           .stride = first(args_.stride),
                                           .padding = first(args_.padding),
                                           .dilation = first(args_.dilation)});
  return args;
}

std::string ConvTranspose1d::extra_repr() const {
  ConvText text(in_channels_, out_channels_, kernel_size(), stride());
  text.add_unless("padding", padding(), 0);
  text.add_unless("dilation", dilation(), 1);
  text.add_unless("output_padding", output_padding(), 0);
  text.add_rest(groups(), bias_.defined());
  return text.text();
}

}  // namespace conv1d::nn
