// NaN and infinity reach exactly the outputs whose receptive field holds them, and padding adds nothing, in every
// family.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "kernels/kernel.h"
#include "kernels/plan.h"
#include "reference/layers.h"
#include "reference/tap_reference.h"

namespace conv1d::kernels::testing {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::vector<Layer> layers() {
  return {
      {.batch = 1, .in_channels = 3, .length = 70, .out_channels = 6, .kernel_size = 3, .padding = 2},
      {.batch = 2, .in_channels = 40, .length = 90, .out_channels = 40, .kernel_size = 3, .padding = 1},
      {.batch = 2, .in_channels = 32, .length = 200, .out_channels = 32, .kernel_size = 7, .padding = 9, .dilation = 3},
      {.batch = 1, .in_channels = 9, .length = 80, .out_channels = 9, .kernel_size = 5, .padding = 2, .groups = 9},
      {.batch = 1, .in_channels = 24, .length = 300, .out_channels = 30, .kernel_size = 40, .padding = 20},
      {.batch = 1, .in_channels = 1, .length = 3000, .out_channels = 1, .kernel_size = 700, .padding = 350},
      {.batch = 1, .in_channels = 20, .length = 200, .out_channels = 20, .kernel_size = 9, .stride = 2, .padding = 4}};
}

// Both infinite, both NaN, or both finite and near.
::testing::AssertionResult same_class(float got, long double want) {
  if (std::isnan(got) == std::isnan(want) && std::isinf(got) == std::isinf(want) &&
      (!std::isfinite(want) || std::abs(got - want) < 1e-3L)) {
    return ::testing::AssertionSuccess();
  }
  return ::testing::AssertionFailure() << got << " instead of " << static_cast<double>(want);
}

void expect_definition(const TapProblem& p, const Operands& operands, const reference::TapOutput& expected) {
  const float* output = static_cast<const float*>(operands.output);
  std::size_t index = 0;
  for (std::int64_t g = 0; g < p.groups; ++g) {
    for (std::int64_t b = 0; b < p.batch; ++b) {
      for (std::int64_t m = 0; m < p.outputs; ++m) {
        for (std::int64_t j = 0; j < p.columns; ++j, ++index) {
          const float got = output[g * p.output.group + b * p.output.batch + m * p.output.output + j];
          ASSERT_TRUE(same_class(got, expected.values[index].real()))
              << "group " << g << " batch " << b << " row " << m << " column " << j;
        }
      }
    }
  }
}

// `change` puts special values into the operands.
template <class Change> void expect_classes(Change&& change) {
  std::uint64_t seed = 0;
  for (const Layer& l : layers()) {
    std::mt19937_64 random(++seed);
    const TapProblem p = forward(l);
    std::vector<float> input = random_values<float>(l.batch * l.in_channels * l.length, random);
    std::vector<float> weight = random_values<float>(l.out_channels * p.inputs * l.kernel_size, random);
    const std::vector<float> bias = random_values<float>(l.out_channels, random);
    change(input, weight, random);
    std::vector<float> output(static_cast<std::size_t>(l.batch * l.out_channels * l.out_length()));
    const Operands operands{input.data(), weight.data(), bias.data(), output.data()};
    const reference::TapOutput expected = reference::compute(p, operands);
    for (const Isa isa : supported_isas()) {
      for (const Kernel* kernel : registry()) {
        const Plan plan = make_plan(p, {.isa = isa, .kernel = kernel->name});
        if (kernel_name(plan) != kernel->name) continue;
        SCOPED_TRACE(::testing::Message() << kernel->name << ", " << isa_name(isa) << ", layer " << seed);
        execute(plan, operands);
        expect_definition(p, operands, expected);
      }
    }
  }
}

TEST(SpecialValues, OfTheInputReachTheOutputsThatReadThem) {
  expect_classes([](std::vector<float>& input, std::vector<float>&, std::mt19937_64& random) {
    input[random() % input.size()] = kNan;
    input[random() % input.size()] = kInfinity;
    input[random() % input.size()] = -kInfinity;
  });
}

TEST(SpecialValues, OfTheWeightReachTheirRowAndMeetNoPadding) {
  expect_classes([](std::vector<float>&, std::vector<float>& weight, std::mt19937_64& random) {
    weight[random() % weight.size()] = kInfinity;
    weight[random() % weight.size()] = kInfinity;
  });
  expect_classes([](std::vector<float>&, std::vector<float>& weight, std::mt19937_64&) { weight.front() = kInfinity; });
  expect_classes([](std::vector<float>&, std::vector<float>& weight, std::mt19937_64&) { weight.back() = kNan; });
}

TEST(SpecialValues, AreLeftAloneByRelu) {
  for (const Isa isa : supported_isas()) {
    for (const Kernel* kernel : registry()) {
      const Layer l{.batch = 1, .in_channels = 1, .length = 50, .out_channels = 1, .kernel_size = 1};
      TapProblem p = forward(l);
      p.finish = Finish::kRelu;
      std::vector<float> input(50, -1.0F), weight{1}, bias{0}, output(50);
      input[3] = kNan;
      input[4] = 2;
      input[40] = kInfinity;
      execute(make_plan(p, {.isa = isa, .kernel = kernel->name}),
              {input.data(), weight.data(), bias.data(), output.data()});
      EXPECT_TRUE(std::isnan(output[3]));
      EXPECT_EQ(output[4], 2);
      EXPECT_EQ(output[5], 0);
      EXPECT_EQ(output[40], kInfinity);
    }
  }
}

// Complex: an infinity in one part of a factor stays out of the part that it does not enter.
TEST(SpecialValues, StayInTheirPartOfAComplexNumber) {
  for (const Isa isa : supported_isas()) {
    for (const Kernel* kernel : registry()) {
      const Layer l{.batch = 1, .in_channels = 1, .length = 20, .out_channels = 1, .kernel_size = 1};
      const TapProblem p = forward(l, Element::kComplex64);
      using C = std::complex<float>;
      std::vector<C> input(20, C{1e-30F, 1e10F}), weight{C{1, 1e-10F}}, bias{C{0, 0}}, output(20);
      input[7] = {kInfinity, 1};
      execute(make_plan(p, {.isa = isa, .kernel = kernel->name}),
              {input.data(), weight.data(), bias.data(), output.data()});
      EXPECT_EQ(output[7].real(), kInfinity);
      EXPECT_EQ(output[7].imag(), kInfinity);  // 1 * 1 + 1e-10 * infinity
      EXPECT_NEAR(output[0].real(), -1, 1e-5) << "small parts survive: Gauss's three products would lose them";
    }
  }
}

}  // namespace
}  // namespace conv1d::kernels::testing
