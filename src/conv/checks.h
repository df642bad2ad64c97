// Checks that both convolutions share, with PyTorch's texts. conv/rules.cc and conv/rules_transposed.cc have the
// orders.
#pragma once

#include <cstdint>
#include <vector>

#include <conv1d/tensor.h>

#include "base/check.h"
#include "conv/geometry.h"

namespace conv1d {

/// The call as the checks see it. `x` are the input's sizes as a batch.
struct Call {
  const char* function;
  bool transposed;
  const Tensor& input;
  const Tensor& weight;
  const Tensor& bias;
  Shape x;

  const Shape& w() const { return weight.sizes(); }
  bool meta() const { return input.device().is_meta(); }
};

/// Sizes of an input with its batch dimension; RuntimeError unless it has two or three.
Shape batched_sizes(const Tensor& input, const char* function);

void check_same_type(DType input, const char* other_name, DType other);
/// A weight of three dimensions or more: fewer are named before all numbers, more after.
void check_has_taps(const Call& call);
void check_weight_rank(const Call& call, const char* before_shape);
void check_list(const Call& call, const char* name, const std::vector<std::int64_t>& values);
bool any_below(const std::vector<std::int64_t>& values, std::int64_t bound);
void check_steps(const std::vector<std::int64_t>& stride, const std::vector<std::int64_t>& dilation);
/// The groups divide the weight's first dimension.
void check_groups_fit(const Call& call, std::int64_t groups);
/// `given`: how the text begins.
void check_bias_size(const Call& call, Wide channels, const char* given);
void check_padding_bound(Wide padding);
/// A batch of inputs of length 0 has nothing to compute with.
void check_not_empty(const Call& call);
/// A meta tensor has no numbers: PyTorch would compute with uninitialised memory here.
void check_devices(const Call& call);

/// The value, or the nearest that 64 bits hold.
std::int64_t saturated(Wide value);
/// The output's length in 64 bits; RuntimeError where it has not so many.
std::int64_t representable(const Call& call, std::int64_t channels, Wide length);

}  // namespace conv1d
