// Contiguous layers as problems, and vectors to compute them on: for tests that look at numbers rather than at memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <random>
#include <vector>

#include "kernels/plan.h"

namespace conv1d::kernels::testing {

struct Layer {
  std::int64_t batch = 1, in_channels = 1, length = 1, out_channels = 1, kernel_size = 1;
  std::int64_t stride = 1, padding = 0, dilation = 1, groups = 1;
  std::int64_t out_length() const { return (length + 2 * padding - dilation * (kernel_size - 1) - 1) / stride + 1; }
};

inline TapProblem forward(const Layer& l, Element element = Element::kFloat32, Start start = Start::kBias) {
  TapProblem p;
  p.element = element;
  p.groups = l.groups;
  p.batch = l.batch;
  p.outputs = l.out_channels / l.groups;
  p.inputs = l.in_channels / l.groups;
  p.taps = l.kernel_size;
  p.columns = l.out_length();
  p.in_length = l.length;
  p.first = -l.padding;
  p.between = l.dilation;
  p.step = l.stride;
  p.input = {p.inputs * l.length, l.in_channels * l.length, l.length, 1};
  p.weight = {p.outputs * p.inputs * p.taps, p.inputs * p.taps, p.taps, 1};
  p.bias = {p.outputs, 1};
  p.output = {p.outputs * p.columns, l.out_channels * p.columns, p.columns, 1};
  p.start = start;
  return p;
}

/// dW of the layer: the input is x, the weight is the gradient of the output.
inline TapProblem weight_gradient(const Layer& l, Element element = Element::kFloat32) {
  const std::int64_t out_length = l.out_length();
  TapProblem p;
  p.element = element;
  p.groups = l.groups;
  p.batch = l.in_channels / l.groups;
  p.outputs = l.out_channels / l.groups;
  p.inputs = l.batch;
  p.taps = out_length;
  p.columns = l.kernel_size;
  p.in_length = l.length;
  p.first = -l.padding;
  p.between = l.stride;
  p.step = l.dilation;
  p.input = {p.batch * l.length, l.length, l.in_channels * l.length, 1};
  p.weight = {p.outputs * out_length, out_length, l.out_channels * out_length, 1};
  p.output = {p.outputs * p.batch * l.kernel_size, l.kernel_size, p.batch * l.kernel_size, 1};
  return p;
}

/// Bytes at an address that kernels accept.
class Aligned {
 public:
  explicit Aligned(std::size_t bytes)
      : data_(static_cast<std::byte*>(::operator new(bytes + 1, std::align_val_t{kAlignment}))) {}
  ~Aligned() { ::operator delete(data_, std::align_val_t{kAlignment}); }
  Aligned(const Aligned&) = delete;
  Aligned& operator=(const Aligned&) = delete;
  std::byte* data() const { return data_; }

 private:
  std::byte* data_;
};

inline void execute(const Plan& plan, const Operands& operands) {
  const Aligned packed(plan.packed_bytes), scratch(plan.scratch_bytes);
  pack_weights(plan, operands.weight, packed.data());
  run(plan, operands, packed.data(), scratch.data());
}

/// Numbers in [-1, 1).
template <class T> std::vector<T> random_values(std::int64_t count, std::mt19937_64& random) {
  std::uniform_real_distribution<double> uniform(-1, 1);
  std::vector<T> values(static_cast<std::size_t>(count));
  for (T& value : values) value = static_cast<T>(uniform(random));
  return values;
}

}  // namespace conv1d::kernels::testing
