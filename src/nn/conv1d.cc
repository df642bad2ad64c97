#include <conv1d/nn/conv1d.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include <conv1d/nn/functional.h>
#include <conv1d/nn/init.h>

#include "base/check.h"
#include "conv/geometry.h"
#include "conv/rules.h"

namespace conv1d::nn {
namespace {

std::int64_t saturated(Wide value) {
  return static_cast<std::int64_t>(
      std::clamp<Wide>(value, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()));
}

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

// "(1,)", "(1, 2)", "()": a Python tuple.
std::string tuple_text(const std::vector<std::int64_t>& values) {
  std::string text = "(";
  for (std::size_t i = 0; i < values.size(); ++i) text += (i ? ", " : "") + std::to_string(values[i]);
  return text + (values.size() == 1 ? ",)" : ")");
}

Conv1dArgs unpadded(Conv1dArgs args) {
  args.padding = 0;
  return args;
}

bool all_are(const std::vector<std::int64_t>& values, std::int64_t value) {
  return std::all_of(values.begin(), values.end(), [value](std::int64_t v) { return v == value; });
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
  const TensorOptions tensor_options{.dtype = options.dtype, .device = options.device};
  Shape sizes{out_channels, in_channels / options.groups};
  sizes.insert(sizes.end(), kernel_size_.values().begin(), kernel_size_.values().end());
  weight_ = Parameter(empty(sizes, tensor_options));
  register_parameter("weight", weight_);
  if (options.bias) {
    bias_ = Parameter(empty({out_channels}, tensor_options));
    register_parameter("bias", bias_);
  }
  reset_parameters();
}

void Conv1d::reset_parameters(Generator* generator) {
  // sqrt(5) makes the bound 1/sqrt(fan_in), but for the last bits.
  init::kaiming_uniform_(weight_, {.a = std::sqrt(5.0), .generator = generator});
  if (!bias_.defined()) return;
  const auto fan_in = static_cast<double>(init::calculate_fans(weight_).fan_in);
  // Without inputs the bias is zero, and takes its numbers from the generator all the same.
  if (fan_in == 0)
    init::uniform_(bias_, 0, 0, generator);
  else
    init::uniform_(bias_, -1 / std::sqrt(fan_in), 1 / std::sqrt(fan_in), generator);
}

Tensor Conv1d::forward(const Tensor& input) const {
  if (padding_mode_ == "zeros") return functional::conv1d(input, weight_, bias_, args_, &cache_);
  const Tensor padded = functional::pad(input, pad_amounts_, {.mode = padding_mode_});
  return functional::conv1d(padded, weight_, bias_, unpadded(args_), &cache_);
}

std::string Conv1d::kernel_for(const Tensor& input) const {
  if (padding_mode_ == "zeros") return functional::kernel_for(input, weight_, bias_, args_);
  // On meta the padded input has its sizes and no numbers; all operands have to be there.
  const auto shape_of = [](const Tensor& t) { return t.defined() ? t.detach().to(Device(Device::Type::Meta)) : t; };
  const Tensor padded = functional::pad(shape_of(input), pad_amounts_, {.mode = padding_mode_});
  return functional::kernel_for(padded, shape_of(weight_), shape_of(bias_), unpadded(args_));
}

std::string Conv1d::extra_repr() const {
  std::string text = cat_text(in_channels_, ", ", out_channels_, ", kernel_size=", tuple_text(kernel_size()),
                              ", stride=", tuple_text(stride()));
  if (padding().is_string())
    text += ", padding=" + padding().string();
  else if (!all_are(padding().values(), 0))
    text += ", padding=" + tuple_text(padding().values());
  if (!all_are(dilation(), 1)) text += ", dilation=" + tuple_text(dilation());
  if (groups() != 1) text += ", groups=" + std::to_string(groups());
  if (!bias_.defined()) text += ", bias=False";
  if (padding_mode_ != "zeros") text += ", padding_mode=" + padding_mode_;
  return text;
}

}  // namespace conv1d::nn
