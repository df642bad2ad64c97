// The formulas are in double and in this order, on which the last bits of the weights depend.
#include <conv1d/nn/init.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include <conv1d/autograd.h>
#include <conv1d/nn/texts.h>

#include "base/check.h"
#include "base/sizes.h"

namespace conv1d::nn::init {
namespace {

std::int64_t saturated_product(std::int64_t a, const Shape& sizes) {
  Shape factors(sizes.begin() + 2, sizes.end());
  factors.push_back(a);
  return checked_product(factors).value_or(std::numeric_limits<std::int64_t>::max());
}

bool has_no_elements(const Tensor& tensor) {
  if (tensor.numel() != 0) return false;
  warn(texts::kZeroElements);
  return true;
}

double kaiming_std(const Tensor& tensor, const KaimingOptions& options) {
  const Fans fans = calculate_fans(tensor);
  check<ValueError>(options.mode == "fan_in" || options.mode == "fan_out", "Mode ", options.mode,
                    " not supported, please use one of ['fan_in', 'fan_out']");
  const double fan = static_cast<double>(options.mode == "fan_in" ? fans.fan_in : fans.fan_out);
  return calculate_gain(options.nonlinearity, options.a) / std::sqrt(fan);
}

double xavier_std(const Tensor& tensor, double gain) {
  const Fans fans = calculate_fans(tensor);
  return gain * std::sqrt(2.0 / (static_cast<double>(fans.fan_in) + static_cast<double>(fans.fan_out)));
}

}  // namespace

Fans calculate_fans(const Tensor& weight) {
  check<ValueError>(weight.dim() >= 2,
                    "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions");
  const Shape& sizes = weight.sizes();
  return {saturated_product(sizes[1], sizes), saturated_product(sizes[0], sizes)};
}

double calculate_gain(std::string_view nonlinearity, std::optional<double> slope) {
  constexpr std::string_view kOnes[] = {"linear",           "conv1d",           "conv2d",           "conv3d",
                                        "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "sigmoid"};
  if (std::find(std::begin(kOnes), std::end(kOnes), nonlinearity) != std::end(kOnes)) return 1;
  if (nonlinearity == "tanh") return 5.0 / 3;
  if (nonlinearity == "relu") return std::sqrt(2.0);
  if (nonlinearity == "leaky_relu") {
    const double s = slope.value_or(0.01);
    return std::sqrt(2.0 / (1 + s * s));
  }
  if (nonlinearity == "selu") return 3.0 / 4;
  fail<ValueError>(cat_text("Unsupported nonlinearity ", nonlinearity));
}

Tensor uniform_(const Tensor& tensor, double a, double b, Generator* generator) {
  const NoGradGuard guard;
  Tensor handle = tensor;
  handle.uniform_(a, b, generator);
  return tensor;
}

Tensor normal_(const Tensor& tensor, double mean, double std, Generator* generator) {
  const NoGradGuard guard;
  Tensor handle = tensor;
  handle.normal_(mean, std, generator);
  return tensor;
}

Tensor constant_(const Tensor& tensor, const Scalar& value) {
  const NoGradGuard guard;
  Tensor handle = tensor;
  handle.fill_(value);
  return tensor;
}

Tensor zeros_(const Tensor& tensor) { return constant_(tensor, 0); }
Tensor ones_(const Tensor& tensor) { return constant_(tensor, 1); }

Tensor kaiming_uniform_(const Tensor& tensor, const KaimingOptions& options) {
  if (has_no_elements(tensor)) return tensor;
  const double bound = std::sqrt(3.0) * kaiming_std(tensor, options);
  return uniform_(tensor, -bound, bound, options.generator);
}

Tensor kaiming_normal_(const Tensor& tensor, const KaimingOptions& options) {
  if (has_no_elements(tensor)) return tensor;
  return normal_(tensor, 0, kaiming_std(tensor, options), options.generator);
}

Tensor xavier_uniform_(const Tensor& tensor, double gain, Generator* generator) {
  const double bound = std::sqrt(3.0) * xavier_std(tensor, gain);
  return uniform_(tensor, -bound, bound, generator);
}

Tensor xavier_normal_(const Tensor& tensor, double gain, Generator* generator) {
  return normal_(tensor, 0, xavier_std(tensor, gain), generator);
}

}  // namespace conv1d::nn::init
