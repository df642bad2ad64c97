#include "random/fill.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "golden/raw.h"
#include "support/crc32.h"
#include "support/throws.h"
#include "tensor/copy.h"
#include "tensor/impl.h"

namespace conv1d {
namespace {

constexpr std::array kFloats = {float16, bfloat16, float32, float64, complex64, complex128};
constexpr std::array kIntegersAndFloats = {int8, int16, int32, int64, float16, bfloat16, float32, float64};
constexpr double kInf = std::numeric_limits<double>::infinity(), kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min(), kMax = std::numeric_limits<std::int64_t>::max();

std::uint32_t crc(const Tensor& tensor, std::uint32_t before) {
  const Tensor dense = raw_contiguous(tensor);
  return testing::crc32(impl_of(dense).raw(), static_cast<std::size_t>(dense.numel()) * dense.element_size(), before);
}

// make_raw.py says which calls these are.
TEST(Uniform, HasPyTorchsBits) {
  for (std::size_t d = 0; d < kFloats.size(); ++d) {
    std::uint32_t value = 0;
    const auto add = [&](std::int64_t n) {
      Generator generator(static_cast<std::uint64_t>(n));
      const Tensor x = empty({n}, {.dtype = kFloats[d]});
      fill_uniform(x, 0, 1, &generator);
      value = crc(x, value);
    };
    for (std::int64_t n = 0; n <= 100; ++n) add(n);
    for (const std::int64_t n : {1000, 1023, 4096, 20000}) add(n);
    Generator negative(static_cast<std::uint64_t>(-1)), wide(std::uint64_t{1} << 63);
    const Tensor shifted = empty({500}, {.dtype = kFloats[d]});
    fill_uniform(shifted, -0.37, 1.91, &negative);
    value = crc(shifted, value);
    const Tensor permuted = make_view(empty({4, 3, 5}, {.dtype = kFloats[d]}), {5, 4, 3}, {1, 15, 5}, 0);
    fill_uniform(permuted, -1e-3, 2e-3, &wide);
    EXPECT_EQ(crc(permuted, value), golden::kUniform[d]) << name(kFloats[d]);
  }
}

TEST(Normal, HasPyTorchsBitsWhereTheyDependOnTheDoubleMathsLibraryAlone) {
  for (std::size_t d = 0; d < kFloats.size(); ++d) {
    const bool wide = real_of(kFloats[d]) == float64;
    std::uint32_t value = 0;
    for (std::int64_t n = 0; n < (wide ? 101 : kFloats[d] == complex64 ? 8 : 16); ++n) {
      Generator generator(static_cast<std::uint64_t>(n));
      const Tensor x = empty({n}, {.dtype = kFloats[d]});
      fill_normal(x, 0.3, 1.7, &generator);
      value = crc(x, value);
    }
    EXPECT_EQ(value, golden::kNormal[d]) << name(kFloats[d]);
  }
}

TEST(Normal, LongFloatsAreThoseOfPyTorchButForTheLastBits) {
  // torch.manual_seed(3); torch.empty(20).normal_()
  const float expected[] = {-0.0766442940f, 0.3598815203f};
  Generator generator(3);
  const Tensor x = empty({20});
  fill_normal(x, 0, 1, &generator);
  for (std::int64_t i = 0; i < 2; ++i) EXPECT_NEAR(x.at<float>({i}), expected[i], 1e-6);
}

TEST(Uniform, ReachesStridedElementsOnlyAndInTheOrderOfMemory) {
  Generator a(9), b(9);
  const Tensor base = full({3, 4}, 7.0), dense = empty({3, 2});
  fill_uniform(make_view(base, {2, 3}, {2, 4}, 0), 0, 1, &a);
  fill_uniform(dense, 0, 1, &b);
  for (std::int64_t i = 0; i < 3; ++i) {
    for (std::int64_t j = 0; j < 2; ++j) EXPECT_EQ(base.at<float>({i, 2 * j}), dense.at<float>({i, j}));
    EXPECT_EQ(base.at<float>({i, 1}), 7);
    EXPECT_EQ(base.at<float>({i, 3}), 7);
  }
}

TEST(Uniform, NeverGivesTheUpperBound) {
  Generator generator(1);
  const Tensor x = empty({100000}, {.dtype = bfloat16});
  fill_uniform(x, 0, 1, &generator);
  for (const BFloat16 value : x.span<BFloat16>()) ASSERT_LT(static_cast<float>(value), 1.0f);
}

TEST(Uniform, RefusesInPyTorchsWordsAndDrawsNothing) {
  Generator generator(1), untouched(1);
  const auto uniform = [&](DType dtype, double from, double to) {
    fill_uniform(empty({3}, {.dtype = dtype}), from, to, &generator);
  };
  EXPECT_ERROR(RuntimeError, "uniform_ expects to return a [from, to) range, but found from=1 > to=0",
               uniform(float32, 1, 0));
  EXPECT_ERROR(RuntimeError, "uniform_ expects to return a [from, to) range, but found from=4.94066e-324 > to=0",
               uniform(float32, 5e-324, 0));
  EXPECT_ERROR(RuntimeError, "to is out of bounds for float", uniform(complex64, 0, kInf));
  EXPECT_ERROR(RuntimeError, "from is out of bounds for double", uniform(float64, kNan, 1));
  EXPECT_ERROR(RuntimeError, "to is out of bounds for c10::Half", uniform(float16, 0, 70000));
  EXPECT_ERROR(RuntimeError, "to is out of bounds for c10::BFloat16", uniform(bfloat16, 0, 3.4e38));
  EXPECT_ERROR(RuntimeError,
               "uniform_ expects to-from <= std::numeric_limits<Float>::max(), but found to=3e+38 and from=-3e+38 "
               "which result in "
               "to-from to exceed the limit",
               uniform(float32, -3e38, 3e38));
  EXPECT_ERROR(NotImplementedError, "\"check_uniform_bounds\" not implemented for 'Long'", uniform(int64, 0, 1));
  EXPECT_ERROR(RuntimeError, "normal expects std >= 0.0, but found std -1", fill_normal(empty({3}), 0, -1, &generator));
  EXPECT_ERROR(RuntimeError, "normal expects std >= 0.0, but found std nan",
               fill_normal(empty({3}), 0, kNan, &generator));
  EXPECT_ERROR(NotImplementedError, "\"normal_kernel_cpu\" not implemented for 'Bool'",
               fill_normal(empty({3}, {.dtype = bool_}), 0, 1, &generator));
  fill_uniform(empty({3}, {.device = "meta"}), 1, 0, &generator);
  EXPECT_EQ(generator.random32(), untouched.random32());
}

TEST(Randint, HasPyTorchsBits) {
  const std::pair<std::int64_t, std::int64_t> ranges[] = {
      {0, 10},     {-5, 7}, {0, (1 << 28) - 1}, {0, 1 << 28}, {-(std::int64_t{1} << 40), std::int64_t{1} << 41},
      {kMin, kMax}};
  for (std::size_t d = 0; d < kIntegersAndFloats.size(); ++d) {
    const DType dtype = kIntegersAndFloats[d];
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < (dtype == int64 ? 6u : 2u); ++i) {
      Generator generator(7);
      value = crc(randint(ranges[i].first, ranges[i].second, {50}, {.dtype = dtype}, &generator), value);
    }
    EXPECT_EQ(value, golden::kRandint[d]) << name(dtype);
  }
}

TEST(Randint, RefusesAndWarnsInPyTorchsWords) {
  std::string warned;
  const WarningHandler before =
      set_warning_handler([&](const std::string& text) { warned += text.substr(0, 88) + ";"; });
  EXPECT_ERROR(RuntimeError, "random_ expects 'from' to be less than 'to', but got from=5 >= to=5", randint(5, 5, {2}));
  EXPECT_ERROR(RuntimeError, "to - 1 is out of bounds for unsigned char", randint(0, 300, {2}, {.dtype = uint8}));
  EXPECT_ERROR(RuntimeError, "from is out of bounds for unsigned char", randint(-1, 5, {2}, {.dtype = uint8}));
  EXPECT_ERROR(RuntimeError, "to - 1 is out of bounds for bool", randint(0, 3, {2}, {.dtype = bool_}));
  EXPECT_ERROR(RuntimeError, "to - 1 is out of bounds for c10::Half", randint(0, 1 << 17, {2}, {.dtype = float16}));
  EXPECT_ERROR(RuntimeError, "check_random_bounds handles only integral, floating-point and boolean types",
               randint(0, 5, {2}, {.dtype = complex64}));
  EXPECT_ERROR(
      RuntimeError,
      "random_ expects 'from' casted to dtype to be less than 'to' casted to dtype, but got from=-181462368256 >= "
      "to=-182050789559",
      randint(-182319225016, -182050789559, {2}, {.dtype = bfloat16}));
  EXPECT_EQ(warned, "");
  randint(0, 300, {2}, {.dtype = bfloat16});
  EXPECT_EQ(warned, "to - 1 is out of bounds [-(2^8), 2^8]. Due to precision limitations c10::BFloat16 can su;");
  set_warning_handler(before);
}

TEST(Randperm, HasPyTorchsBitsAndIsAPermutation) {
  std::uint32_t value = 0;
  for (std::int64_t n = 0; n < 200; ++n) {
    Generator generator(static_cast<std::uint64_t>(n));
    const Tensor x = randperm(n, {}, &generator);
    std::vector<bool> seen(static_cast<std::size_t>(n));
    for (const std::int64_t i : x.span<std::int64_t>()) seen.at(static_cast<std::size_t>(i)) = true;
    EXPECT_EQ(std::count(seen.begin(), seen.end(), true), n);
    value = crc(x, value);
  }
  EXPECT_EQ(value, golden::kRandperm);
  EXPECT_ERROR(RuntimeError, "Trying to create tensor with negative dimension -1: [-1]", randperm(-1));
  EXPECT_ERROR(RuntimeError, "value cannot be converted to type uint8_t without overflow",
               randperm(300, {.dtype = uint8}));
  EXPECT_ERROR(RuntimeError, "n cannot be greater than 2049 for Half type.", randperm(2050, {.dtype = float16}));
  EXPECT_ERROR(NotImplementedError, "\"randperm\" not implemented for 'Bool'", randperm(3, {.dtype = bool_}));
}

}  // namespace
}  // namespace conv1d
