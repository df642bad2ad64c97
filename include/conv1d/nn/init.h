// Initial values, drawn as PyTorch draws them: the same seed gives the same bits. None of these is recorded, so that
// parameters that require gradients can be set. Each returns the tensor it was given.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <conv1d/tensor.h>

namespace conv1d::nn::init {

/// Numbers that meet in one output (fan_in), and outputs that one number meets (fan_out).
struct Fans {
  std::int64_t fan_in = 0;
  std::int64_t fan_out = 0;
};
/// Of a weight (out, in, taps...). ValueError where it has fewer than two dimensions.
Fans calculate_fans(const Tensor& weight);

/// The factor by which a nonlinearity ("linear", "conv1d", "sigmoid", "tanh", "relu", "leaky_relu", "selu") shrinks a
/// signal. `slope` is leaky_relu's, 0.01 where not given. ValueError for other names.
double calculate_gain(std::string_view nonlinearity, std::optional<double> slope = {});

struct KaimingOptions {
  double a = 0;                      ///< leaky_relu's slope
  std::string_view mode = "fan_in";  ///< or "fan_out"
  std::string_view nonlinearity = "leaky_relu";
  Generator* generator = nullptr;  ///< default_generator() where null
};

Tensor uniform_(const Tensor& tensor, double a = 0, double b = 1, Generator* generator = nullptr);
Tensor normal_(const Tensor& tensor, double mean = 0, double std = 1, Generator* generator = nullptr);
Tensor constant_(const Tensor& tensor, const Scalar& value);
Tensor zeros_(const Tensor& tensor);
Tensor ones_(const Tensor& tensor);

/// Uniform in +-gain * sqrt(3 / fan). Warns and does nothing where the tensor has no elements.
Tensor kaiming_uniform_(const Tensor& tensor, const KaimingOptions& options = {});
/// Normal with standard deviation gain / sqrt(fan). Warns and does nothing where the tensor has no elements.
Tensor kaiming_normal_(const Tensor& tensor, const KaimingOptions& options = {});
/// Uniform in +-gain * sqrt(6 / (fan_in + fan_out)).
Tensor xavier_uniform_(const Tensor& tensor, double gain = 1, Generator* generator = nullptr);
/// Normal with standard deviation gain * sqrt(2 / (fan_in + fan_out)).
Tensor xavier_normal_(const Tensor& tensor, double gain = 1, Generator* generator = nullptr);

}  // namespace conv1d::nn::init
