// With precision "highest" an output's bits depend on the layer alone: not on the batch, the length, the position, the
// number of threads, the family, or the instruction set among those with FMA.
#include <gtest/gtest.h>

#include <complex>
#include <cstring>
#include <type_traits>
#include <vector>

#include <conv1d/dtype.h>
#include <conv1d/threads.h>

#include "kernels/kernel.h"
#include "kernels/plan.h"
#include "reference/layers.h"

namespace conv1d::kernels::testing {
namespace {

/// In [-1, 1), both parts of complex numbers.
template <class T> std::vector<T> numbers(std::int64_t count, std::mt19937_64& random) {
  if constexpr (std::is_same_v<T, std::complex<float>> || std::is_same_v<T, std::complex<double>>) {
    std::vector<T> result;
    for (const double part : random_values<double>(count, random)) {
      result.emplace_back(part, static_cast<double>(random() >> 12) * 0x1p-51 - 1);
    }
    return result;
  } else if constexpr (std::is_same_v<T, float> || std::is_same_v<T, double>) {
    return random_values<T>(count, random);
  } else {
    const std::vector<float> wide = random_values<float>(count, random);
    return {wide.begin(), wide.end()};
  }
}

template <class T> struct Data {
  std::vector<T> input, weight, bias;
  Data(const Layer& l, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    input = numbers<T>(l.batch * l.in_channels * l.length, random);
    weight = numbers<T>(l.out_channels * l.in_channels / l.groups * l.kernel_size, random);
    bias = numbers<T>(l.out_channels, random);
  }
};

/// Calls test(a number, its element) for every type that rounds.
template <class Test> void for_each_type(Test&& test) {
  test(float{}, Element::kFloat32);
  test(double{}, Element::kFloat64);
  test(std::complex<float>{}, Element::kComplex64);
  test(std::complex<double>{}, Element::kComplex128);
  test(Half{}, Element::kFloat16);
  test(BFloat16{}, Element::kBFloat16);
}

template <class T>
std::vector<T> compute(const Layer& l, Element element, const Data<T>& data, const ChooseOptions& options,
                       const T* input = nullptr) {
  const TapProblem p = forward(l, element);
  std::vector<T> output(static_cast<std::size_t>(l.batch * l.out_channels * l.out_length()));
  const Plan plan = make_plan(p, options);
  execute(plan, {input ? input : data.input.data(), data.weight.data(), data.bias.data(), output.data()});
  return output;
}

template <class T> bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

std::vector<Layer> layers() {
  return {
      {.batch = 3, .in_channels = 37, .length = 300, .out_channels = 25, .kernel_size = 3, .padding = 1},
      {.batch = 2, .in_channels = 5, .length = 401, .out_channels = 7, .kernel_size = 300, .padding = 40},
      {.batch = 2,
       .in_channels = 6,
       .length = 500,
       .out_channels = 11,
       .kernel_size = 9,
       .stride = 4,
       .padding = 3,
       .dilation = 3},
      {.batch = 2, .in_channels = 12, .length = 130, .out_channels = 12, .kernel_size = 5, .padding = 2, .groups = 12},
      {.batch = 4, .in_channels = 300, .length = 60, .out_channels = 9, .kernel_size = 1},
      {.batch = 1, .in_channels = 16, .length = 1500, .out_channels = 1, .kernel_size = 7, .padding = 3}};
}

template <class T> void expect_same_bits(Element element, Isa isa) {
  std::uint64_t seed = 1;
  for (const Layer& l : layers()) {
    SCOPED_TRACE(::testing::Message() << "layer " << seed << ", " << isa_name(isa));
    const Data<T> data(l, seed++);
    const ChooseOptions options{.isa = isa, .kernel = {}, .precision = Precision::kHighest};
    const std::vector<T> whole = compute(l, element, data, options);

    for (const int threads : {2, 3, 5}) {
      ChooseOptions more = options;
      more.threads = threads;
      EXPECT_TRUE(same_bits(whole, compute(l, element, data, more))) << threads << " threads";
    }

    Layer single = l;
    single.batch = 1;
    const std::size_t per_entry = whole.size() / static_cast<std::size_t>(l.batch);
    for (std::int64_t b = 0; b < l.batch; ++b) {
      const std::vector<T> alone =
          compute(single, element, data, options, data.input.data() + b * l.in_channels * l.length);
      const auto begin = whole.begin() + static_cast<std::ptrdiff_t>(per_entry) * b;
      EXPECT_TRUE(same_bits(std::vector<T>(begin, begin + static_cast<std::ptrdiff_t>(per_entry)), alone))
          << "batch entry " << b;
    }

    // A stretch of the output, computed from the same input: another length, other positions.
    const TapProblem p = forward(l, element);
    for (const std::int64_t from : {1, 7, 18}) {
      for (const std::int64_t columns : {1, 5, 29}) {
        if (from + columns > p.columns) continue;
        TapProblem part = p;
        part.first += from * p.step;
        part.columns = columns;
        std::vector<T> output(whole.size());
        execute(make_plan(part, options),
                {data.input.data(), data.weight.data(), data.bias.data(), output.data() + from});
        for (std::int64_t row = 0; row < l.batch * l.out_channels; ++row) {
          const auto at = static_cast<std::size_t>(row * p.columns + from);
          ASSERT_EQ(std::memcmp(&output[at], &whole[at], static_cast<std::size_t>(columns) * sizeof(T)), 0)
              << "row " << row << ", columns " << from << " to " << from + columns;
        }
      }
    }
  }
}

TEST(Bits, DoNotDependOnBatchLengthPositionOrThreads) {
  set_num_threads(3);
  for (const Isa isa : supported_isas()) {
    for_each_type([isa]<class T>(T, Element element) { expect_same_bits<T>(element, isa); });
  }
}

template <class T> void expect_same_families(Element element) {
  std::uint64_t seed = 100;
  for (const Layer& l : layers()) {
    const Data<T> data(l, seed++);
    std::vector<T> first;
    for (const Isa isa : supported_isas()) {
      if (isa == Isa::kBaseline) continue;  // it has no FMA
      for (const Kernel* kernel : registry()) {
        if (!kernel->direct_sum || kernel->name == "plain") continue;
        const ChooseOptions options{.isa = isa, .kernel = kernel->name, .precision = Precision::kHighest};
        const std::vector<T> output = compute(l, element, data, options);
        if (first.empty()) first = output;
        EXPECT_TRUE(same_bits(first, output)) << kernel->name << ", " << isa_name(isa) << ", layer " << seed;
      }
    }
  }
}

TEST(Bits, DoNotDependOnFamilyOrInstructionSet) {
  for_each_type([]<class T>(T, Element element) { expect_same_families<T>(element); });
}

}  // namespace
}  // namespace conv1d::kernels::testing
