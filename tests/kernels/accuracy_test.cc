// How large errors are, and where they may be, in every instruction set of the machine: beside the direct sum, whose
// errors are PyTorch's (tests/python/test_numerics.py compares with PyTorch itself).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/kernel.h"
#include "reference/layers.h"
#include "reference/random_problem.h"
#include "reference/tap_reference.h"

namespace conv1d::kernels::testing {
namespace {

constexpr int kLayers = 300;
constexpr double kSmall = 1e-6;  // of the largest output: nobody's concern

Layer random_layer(Random& random) {
  Layer l{.batch = pick(random, 1, 2),
          .in_channels = pick(random, 1, 32),
          .length = pick(random, 20, 200),
          .out_channels = pick(random, 1, 20),
          .kernel_size = pick(random, 1, 16)};
  switch (pick(random, 0, 5)) {
    case 0:  // many taps
      l.in_channels = pick(random, 1, 3), l.out_channels = pick(random, 1, 3);
      l.kernel_size = pick(random, 17, 300), l.length = 500;
      break;
    case 1:
      l.stride = pick(random, 2, 5);
      break;
    case 2:
      l.dilation = pick(random, 2, 9);
      break;
    case 3:
      l.groups = l.in_channels = l.out_channels = pick(random, 2, 24);
      break;
    default:
      break;
  }
  l.length = std::max(l.length, l.dilation * (l.kernel_size - 1) + 1);
  l.padding = pick(random, 0, l.dilation * (l.kernel_size - 1) / 2);
  return l;
}

std::vector<Layer> layers() {
  // Deep sums, where partial sums show what they are worth.
  std::vector<Layer> result = {
      {.in_channels = 2048, .length = 40, .out_channels = 4, .kernel_size = 3, .padding = 1},
      {.in_channels = 2048, .length = 24, .out_channels = 4, .kernel_size = 1},
      {.in_channels = 1, .length = 4300, .out_channels = 1, .kernel_size = 4096, .padding = 30},
      {.in_channels = 3, .length = 1500, .out_channels = 2, .kernel_size = 1024, .padding = 200},
      {.in_channels = 256, .length = 200, .out_channels = 4, .kernel_size = 16, .stride = 4}};
  Random random(11);
  while (result.size() < kLayers) result.push_back(random_layer(random));
  return result;
}

std::string text_of(const Layer& l) {
  return describe(forward(l));  // the strides are superfluous, and name the layer exactly
}

/// One layer's operands, its exact outputs, and which of them read a large sample.
class Case {
 public:
  Case(const Layer& layer, std::uint64_t seed) : layer_(layer), problem_(forward(layer)), random_(seed) {
    input_ = random_values<float>(layer.batch * layer.in_channels * layer.length, random_);
    weight_ = random_values<float>(layer.out_channels * problem_.inputs * layer.kernel_size, random_);
    bias_ = std::vector<float>(static_cast<std::size_t>(layer.out_channels));
    output_ = std::vector<float>(static_cast<std::size_t>(layer.batch * layer.out_channels * layer.out_length()));
    exact_ = compute_exactly();
    is_read_.resize(exact_.size());
  }

  /// Scales the input, and puts one large sample into it.
  void make_uneven(float scale, float spike) {
    for (float& x : input_) x *= scale;
    float& sample = input_[random_() % input_.size()];
    sample = 2 * spike;
    const std::vector<long double> other = compute_exactly();
    sample = spike;
    exact_ = compute_exactly();
    for (std::size_t i = 0; i < exact_.size(); ++i) is_read_[i] = exact_[i] != other[i];
  }

  /// The largest error of outputs that do not read the spike; below 0 where the family does not take the layer.
  double error_of(std::string_view kernel, Isa isa) {
    const Plan plan = make_plan(problem_, {.isa = isa, .kernel = kernel});
    if (kernel_name(plan) != kernel) return -1;
    execute(plan, operands());
    long double largest = 0;
    for (std::size_t i = 0; i < output_.size(); ++i) {
      if (std::isnan(output_[i])) return std::numeric_limits<double>::infinity();
      if (!is_read_[i]) largest = std::max(largest, std::fabs(output_[i] - exact_[i]));
    }
    return static_cast<double>(largest);
  }

  double largest() const {
    long double result = 0;
    for (std::size_t i = 0; i < exact_.size(); ++i) {
      if (!is_read_[i]) result = std::max(result, std::fabs(exact_[i]));
    }
    return static_cast<double>(result);
  }

 private:
  Operands operands() { return {input_.data(), weight_.data(), bias_.data(), output_.data()}; }
  std::vector<long double> compute_exactly() {
    std::vector<long double> result;
    for (const auto& value : reference::compute(problem_, operands()).values) result.push_back(value.real());
    return result;
  }

  Layer layer_;
  TapProblem problem_;
  Random random_;
  std::vector<float> input_, weight_, bias_, output_;
  std::vector<long double> exact_;
  std::vector<bool> is_read_;
};

/// Families whose error is more than so many times the direct sum's.
std::string failures(Case& c, const Layer& layer, double times) {
  std::string found;
  for (const Isa isa : supported_isas()) {
    const double allowed = std::max(times * c.error_of("direct", isa), kSmall * c.largest());
    for (const Kernel* kernel : registry()) {
      if (kernel->last_resort) continue;
      const double error = c.error_of(kernel->name, isa);
      if (error <= allowed) continue;
      found += std::string(kernel->name) + ", " + std::string(isa_name(isa)) + ": " + std::to_string(error / allowed) +
               " times what is allowed: " + text_of(layer) + "\n";
    }
  }
  return found;
}

TEST(Accuracy, ErrorsAreAtMostTwiceTheDirectSums) {
  std::uint64_t seed = 0;
  for (const Layer& layer : layers()) {
    Case c(layer, ++seed);
    EXPECT_EQ(failures(c, layer, 2), "");
  }
}

TEST(Accuracy, LargeSamplesDoNotDrownOutputsThatDoNotReadThem) {
  std::uint64_t seed = 1000;
  for (const Layer& layer : layers()) {
    Case c(layer, ++seed);
    if (seed % 2 == 0)
      c.make_uneven(1e-3F, 1e4F);
    else
      c.make_uneven(1, 1e6F);
    EXPECT_EQ(failures(c, layer, 16), "");
  }
}

}  // namespace
}  // namespace conv1d::kernels::testing
