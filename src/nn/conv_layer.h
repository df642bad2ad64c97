// What Conv1d and ConvTranspose1d share: how their parameters are made and drawn, and how they print.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <conv1d/nn/module.h>
#include <conv1d/nn/options.h>

namespace conv1d::nn {

/// (channels..., taps...), not yet drawn.
Parameter conv_weight(Shape channels, const Ints& kernel_size, const TensorOptions& options);

/// Draws the weight, then the bias (which may be undefined), with PyTorch's bits.
void draw_conv_parameters(const Parameter& weight, const Parameter& bias, Generator* generator);

/// "2, 3, kernel_size=(5,), stride=(1,), ...": what stands between the parentheses of a printed layer.
class ConvText {
 public:
  ConvText(std::int64_t in_channels, std::int64_t out_channels, const std::vector<std::int64_t>& kernel_size,
           const std::vector<std::int64_t>& stride);
  void add(std::string_view name, std::string_view value);
  /// Nothing where all values are the default.
  void add_unless(std::string_view name, const std::vector<std::int64_t>& values, std::int64_t usual);
  void add_rest(std::int64_t groups, bool bias);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace conv1d::nn
