#include <conv1d/nn/conv1d.h>

#include <algorithm>

#include <conv1d/nn/functional.h>

#include "conv/checks.h"
#include "conv/rules.h"
#include "nn/conv_layer.h"

namespace conv1d::nn {
namespace {

/// PyTorch's _reversed_padding_repeated_twice: (left, right) of the last dimension first.
std::vector<std::int64_t> pad_amounts(const Conv1dArgs& args, const Ints& kernel_size) {
  std::vector<std::int64_t> amounts;
  if (!args.padding.is_string()) {
    const std::vector<std::int64_t>& padding = args.padding.values();
    for (auto p = padding.rbegin(); p != padding.rend(); ++p) amounts.insert(amounts.end(), 2, *p);
    return amounts;
  }
  const std::vector<std::int64_t>&kernel = kernel_size.values(), &dilation = args.dilation.values();
  if (args.padding.string() == "valid") return std::vector<std::int64_t>(2 * kernel.size(), 0);
  for (std::size_t i = std::min(kernel.size(), dilation.size()); i-- > 0;) {
    const Wide total = Wide{dilation[i]} * (kernel[i] - 1);
    const Wide left = total / 2 - (total % 2 < 0 ? 1 : 0);  // Python's //, which rounds down
    amounts.push_back(saturated(left));
    amounts.push_back(saturated(total - left));
  }
  return amounts;
}

Conv1dArgs unpadded(Conv1dArgs args) {
  args.padding = 0;
  return args;
}

}  // namespace

Conv1d::Conv1d(std::int64_t in_channels, std::int64_t out_channels, Ints kernel_size, const Conv1dOptions& options)
    : in_channels_(in_channels),
      out_channels_(out_channels),
      kernel_size_(std::move(kernel_size)),
      args_{
          .stride = options.stride, .padding = options.padding, .dilation = options.dilation, .groups = options.groups},
      padding_mode_(options.padding_mode) {
  check_conv1d_options(in_channels, out_channels, args_, padding_mode_);
  pad_amounts_ = pad_amounts(args_, kernel_size_);
  const TensorOptions made{.dtype = options.dtype, .device = options.device};
  weight_ = conv_weight({out_channels, in_channels / options.groups}, kernel_size_, made);
  register_parameter("weight", weight_);
  if (options.bias) {
    bias_ = Parameter(empty({out_channels}, made));
    register_parameter("bias", bias_);
  }
  reset_parameters();
}

void Conv1d::reset_parameters(Generator* generator) { draw_conv_parameters(weight_, bias_, generator); }

Tensor Conv1d::forward(const Tensor& input) const {
  if (padding_mode_ == "zeros") return functional::conv1d(input, weight_, bias_, args_, &cache_);
  const Tensor padded = functional::pad(input, pad_amounts_, {.mode = padding_mode_});
  return functional::conv1d(padded, weight_, bias_, unpadded(args_), &cache_);
}

std::string Conv1d::kernel_for(const Tensor& input) const {
  if (padding_mode_ == "zeros") return functional::conv1d_kernel(input, weight_, bias_, args_);
  // On meta the padded input has its sizes and no numbers; all operands have to be there.
  const auto shape_of = [](const Tensor& t) { return t.defined() ? t.detach().to(Device(Device::Type::Meta)) : t; };
  const Tensor padded = functional::pad(shape_of(input), pad_amounts_, {.mode = padding_mode_});
  return functional::conv1d_kernel(padded, shape_of(weight_), shape_of(bias_), unpadded(args_));
}

std::string Conv1d::extra_repr() const {
  ConvText text(in_channels_, out_channels_, kernel_size(), stride());
  if (padding().is_string())
    text.add("padding", padding().string());
  else
    text.add_unless("padding", padding().values(), 0);
  text.add_unless("dilation", dilation(), 1);
  text.add_rest(groups(), bias_.defined());
  if (padding_mode_ != "zeros") text.add("padding_mode", padding_mode_);
  return text.text();
}

}  // namespace conv1d::nn
