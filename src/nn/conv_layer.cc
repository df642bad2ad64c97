#include "nn/conv_layer.h"

#include <algorithm>
#include <cmath>

#include <conv1d/nn/init.h>

#include "base/check.h"

namespace conv1d::nn {
namespace {

// "(1,)", "(1, 2)", "()": a Python tuple.
std::string tuple_text(const std::vector<std::int64_t>& values) {
  std::string text = "(";
  for (std::size_t i = 0; i < values.size(); ++i) text += (i ? ", " : "") + std::to_string(values[i]);
  return text + (values.size() == 1 ? ",)" : ")");
}

}  // namespace

Parameter conv_weight(Shape channels, const Ints& kernel_size, const TensorOptions& options) {
  channels.insert(channels.end(), kernel_size.values().begin(), kernel_size.values().end());
  return Parameter(empty(channels, options));
}

void draw_conv_parameters(const Parameter& weight, const Parameter& bias, Generator* generator) {
  // sqrt(5) makes the bound 1/sqrt(fan_in), but for the last bits.
  init::kaiming_uniform_(weight, {.a = std::sqrt(5.0), .generator = generator});
  if (!bias.defined()) return;
  const auto fan_in = static_cast<double>(init::calculate_fans(weight).fan_in);
  // Without inputs the bias is zero, and takes its numbers from the generator all the same.
  const double bound = fan_in == 0 ? 0 : 1 / std::sqrt(fan_in);
  init::uniform_(bias, bound == 0 ? 0 : -bound, bound, generator);
}

ConvText::ConvText(std::int64_t in_channels, std::int64_t out_channels, const std::vector<std::int64_t>& kernel_size,
                   const std::vector<std::int64_t>& stride)
    : text_(cat_text(in_channels, ", ", out_channels, ", kernel_size=", tuple_text(kernel_size),
                     ", stride=", tuple_text(stride))) {}

void ConvText::add(std::string_view name, std::string_view value) { text_ += cat_text(", ", name, "=", value); }

void ConvText::add_unless(std::string_view name, const std::vector<std::int64_t>& values, std::int64_t usual) {
  const bool all = std::all_of(values.begin(), values.end(), [usual](std::int64_t value) { return value == usual; });
  if (!all) add(name, tuple_text(values));
}

void ConvText::add_rest(std::int64_t groups, bool bias) {
  if (groups != 1) add("groups", std::to_string(groups));
  if (!bias) add("bias", "False");
}

}  // namespace conv1d::nn
