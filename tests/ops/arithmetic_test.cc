// Values, dtypes and errors of arithmetic and comparisons; expected values are PyTorch 2.13's.
#include <cmath>
#include <limits>

#include <conv1d/ops.h>
#include <gtest/gtest.h>

#include "support/throws.h"

namespace conv1d {
namespace {

constexpr DType kAll[] = {bool_,   uint8,    int8,    int16,   int32,     int64,
                          float16, bfloat16, float32, float64, complex64, complex128};
const float kInf = std::numeric_limits<float>::infinity(), kNan = std::numeric_limits<float>::quiet_NaN();

template <class T> std::vector<T> values(const Tensor& x) {
  const Tensor y = x.contiguous();
  return {y.span<T>().begin(), y.span<T>().end()};
}
template <> std::vector<bool> values(const Tensor& x) {
  const Tensor y = x.contiguous();
  return std::vector<bool>(y.data<bool>(), y.data<bool>() + y.numel());
}

TEST(Promotion, OfTwoTypes) {
  const int expected[12][12] = {
      {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11},           {1, 1, 3, 3, 4, 5, 6, 7, 8, 9, 10, 11},
      {2, 3, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11},           {3, 3, 3, 3, 4, 5, 6, 7, 8, 9, 10, 11},
      {4, 4, 4, 4, 4, 5, 6, 7, 8, 9, 10, 11},           {5, 5, 5, 5, 5, 5, 6, 7, 8, 9, 10, 11},
      {6, 6, 6, 6, 6, 6, 6, 8, 8, 9, 10, 11},           {7, 7, 7, 7, 7, 7, 8, 7, 8, 9, 10, 11},
      {8, 8, 8, 8, 8, 8, 8, 8, 8, 9, 10, 11},           {9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 11, 11},
      {10, 10, 10, 10, 10, 10, 10, 10, 10, 11, 10, 11}, {11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11}};
  for (int a = 0; a < 12; ++a) {
    for (int b = 0; b < 12; ++b) EXPECT_EQ(promote_types(kAll[a], kAll[b]), kAll[expected[a][b]]) << a << ", " << b;
  }
}

TEST(Promotion, TensorsOutrankNumbers) {
  // With a 0-d tensor of each type; 10 for float16 with complex numbers: there is no complex32 here.
  const int expected[12][12] = {
      {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11},           {1, 1, 1, 1, 1, 1, 6, 7, 8, 9, 10, 11},
      {2, 2, 2, 2, 2, 2, 6, 7, 8, 9, 10, 11},           {3, 3, 3, 3, 3, 3, 6, 7, 8, 9, 10, 11},
      {4, 4, 4, 4, 4, 4, 6, 7, 8, 9, 10, 11},           {5, 5, 5, 5, 5, 5, 6, 7, 8, 9, 10, 11},
      {6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 10, 10},           {7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 10, 10},
      {8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 10, 10},           {9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 11, 11},
      {10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10}, {11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11}};
  const int numbers[12][4] = {{0, 5, 8, 10}, {1, 1, 8, 10}, {2, 2, 8, 10},    {3, 3, 8, 10},
                              {4, 4, 8, 10}, {5, 5, 8, 10}, {6, 6, 6, 10},    {7, 7, 7, 10},
                              {8, 8, 8, 10}, {9, 9, 9, 11}, {10, 10, 10, 10}, {11, 11, 11, 11}};
  const Scalar scalars[] = {true, 1, 1.5, std::complex<double>(0, 1)};
  for (int a = 0; a < 12; ++a) {
    const Tensor x = zeros({2}, {.dtype = kAll[a]}), zero_dim = zeros({}, {.dtype = kAll[a]});
    for (int b = 0; b < 12; ++b) {
      EXPECT_EQ(result_type(x, zeros({}, {.dtype = kAll[b]})), kAll[expected[a][b]]) << a << ", " << b;
      EXPECT_EQ(result_type(zeros({}, {.dtype = kAll[b]}), x), kAll[expected[a][b]]) << a << ", " << b;
    }
    for (int b = 0; b < 4; ++b) {
      EXPECT_EQ(result_type(x, scalars[b]), kAll[numbers[a][b]]) << a << ", " << b;
      EXPECT_EQ(result_type(zero_dim, scalars[b]), kAll[numbers[a][b]]) << a << ", " << b;
    }
  }
}

TEST(Arithmetic, IntegersWrapAndBoolsAreLogic) {
  EXPECT_EQ(values<std::uint8_t>(tensor<std::uint8_t>({200}) + 300), (std::vector<std::uint8_t>{244}));
  EXPECT_EQ(values<std::uint8_t>(tensor<std::uint8_t>({200}) * tensor<std::uint8_t>({2})),
            (std::vector<std::uint8_t>{144}));
  EXPECT_EQ((tensor<std::int64_t>({std::numeric_limits<std::int64_t>::max()}) + 1).at<std::int64_t>({0}),
            std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(values<std::int8_t>(tensor<std::int8_t>({-128}).abs()), (std::vector<std::int8_t>{-128}));
  EXPECT_EQ(values<bool>(tensor<bool>({true, false}) + tensor<bool>({true, false})), (std::vector<bool>{true, false}));
  EXPECT_EQ((tensor<bool>({true}) * 2).dtype(), int64);
  EXPECT_EQ(values<float>(tensor<std::int64_t>({-7, 7}) / 2), (std::vector<float>{-3.5f, 3.5f}));
  EXPECT_EQ((tensor<double>({7}) / 2).dtype(), float64);
}

TEST(Arithmetic, Broadcasting) {
  const Tensor a = tensor<float>({1, 2, 3}, Shape{3, 1}), b = tensor<float>({10, 20});
  EXPECT_EQ(values<float>(a + b), (std::vector<float>{11, 21, 12, 22, 13, 23}));
  EXPECT_EQ((ones({0, 1}) + ones({3})).sizes(), (Shape{0, 3}));
  const Tensor big = arange(0, 24, 1, {.dtype = float32}).reshape({2, 3, 4});
  EXPECT_EQ(values<float>(big.transpose(0, 2) - big.permute({2, 1, 0})), std::vector<float>(24, 0));
  EXPECT_EQ(values<float>(big.slice(2, 0, 4, 2) + tensor<float>({100, 200, 300}, Shape{3, 1})),
            (std::vector<float>{100, 102, 204, 206, 308, 310, 112, 114, 216, 218, 320, 322}));
  EXPECT_ERROR(RuntimeError,
               "The size of tensor a (3) must match the size of tensor b (2) at non-singleton dimension 1",
               ones({2, 3}) + ones({2, 2}));
}

TEST(Arithmetic, ResultsLieInMemoryAsTheirOperands) {
  const Tensor t = ones({3, 4}).t();
  EXPECT_EQ((t + 1).strides(), (Shape{1, 4}));
  EXPECT_EQ((t + ones({4, 3})).strides(), (Shape{1, 4}));
  EXPECT_EQ((ones({4, 3}) + t).strides(), (Shape{3, 1}));
  EXPECT_EQ((ones({3}) + t).strides(), (Shape{1, 4}));
  EXPECT_EQ((ones({2, 3, 4}).transpose(0, 2) + ones({2})).strides(), (Shape{1, 4, 12}));
  EXPECT_EQ(gt(t, 0).strides(), (Shape{1, 4}));
  EXPECT_EQ(t.clone().strides(), (Shape{1, 4}));
  EXPECT_EQ(t.to(float64).strides(), (Shape{1, 4}));
  EXPECT_EQ((ones({3, 1}).expand({3, 4}) + 1).strides(), (Shape{4, 1}));
}

TEST(Arithmetic, HalvesMeetNumbersUnrounded) {
  // 0.1 and 1.1 as float16, multiplied in float and rounded once; with 1.1 rounded first it would be 0.11.
  const Half tenth(0.1f);
  const Tensor x = tensor<Half>({tenth});
  EXPECT_EQ((x * 1.1).at<float>({0}), static_cast<float>(Half(static_cast<float>(tenth) * 1.1f)));
  EXPECT_EQ((x * full({}, 1.1f)).at<float>({0}), static_cast<float>(Half(static_cast<float>(tenth) * 1.1f)));
}

TEST(Arithmetic, ComplexNumbers) {
  using C = std::complex<float>;
  EXPECT_EQ((tensor<C>({C(1, 2)}) * tensor<C>({C(3, -4)})).at<C>({0}), C(11, 2));
  const C quotient = (tensor<C>({C(1, 2)}) / tensor<C>({C(3, -4)})).at<C>({0});
  EXPECT_NEAR(quotient.real(), -0.2f, 1e-7);
  EXPECT_NEAR(quotient.imag(), 0.4f, 1e-7);
  const C infinite = (tensor<C>({C(kInf, 1)}) * C(1, 1)).at<C>({0});
  EXPECT_TRUE(std::isinf(infinite.real()) && std::isinf(infinite.imag()));
  const C small = (tensor<C>({C(1e20f, 1)}) * C(1, 1e-20f)).at<C>({0});
  EXPECT_EQ(small, C(1e20f, 2));
  EXPECT_EQ(tensor<C>({C(3, 4)}).abs().at<float>({0}), 5);
  EXPECT_EQ((tensor<float>({1}) * std::complex<double>(0, 1)).dtype(), complex64);
}

TEST(Arithmetic, Powers) {
  EXPECT_EQ(values<std::int64_t>(tensor<std::int64_t>({2, 3, -2}).pow(tensor<std::int64_t>({3, -1, -2}))),
            (std::vector<std::int64_t>{8, 0, 0}));
  EXPECT_EQ(values<std::int8_t>(tensor<std::int8_t>({2, 3}).pow(7)), (std::vector<std::int8_t>{-128, -117}));
  EXPECT_EQ(values<std::int64_t>(rpow(tensor<std::int64_t>({1, 2, -1}), 2)), (std::vector<std::int64_t>{2, 4, 0}));
  EXPECT_EQ(tensor<std::int64_t>({4}).pow(0.5).at<float>({0}), 2);
  EXPECT_EQ(values<float>(tensor<float>({4, 0.5f}).pow(-1)), (std::vector<float>{0.25f, 2}));
  EXPECT_ERROR(RuntimeError, "Integers to negative integer powers are not allowed.",
               zeros({3}, {.dtype = int64}).pow(-1));
}

TEST(Arithmetic, Functions) {
  const Tensor x = tensor<float>({-1.5f, 0, 2, kNan});
  const std::vector<float> sigmoid = values<float>(x.sigmoid());
  EXPECT_NEAR(sigmoid[0], 0.18242553f, 1e-7);
  EXPECT_EQ(sigmoid[1], 0.5f);
  EXPECT_TRUE(std::isnan(sigmoid[3]));
  const std::vector<float> relu = values<float>(x.relu());
  EXPECT_EQ(relu[0], 0);
  EXPECT_EQ(relu[2], 2);
  EXPECT_TRUE(std::isnan(relu[3]));
  EXPECT_EQ(tensor<std::int64_t>({1}).exp().dtype(), float32);
  EXPECT_EQ(tensor<Half>({Half(1), Half(2)}).exp().at<float>({1}), 7.390625f);
  EXPECT_ERROR(NotImplementedError, "clamp is not supported for complex types", ones({3}, {.dtype = complex64}).relu());
  EXPECT_ERROR(RuntimeError, "Boolean inputs not supported for relu", ones({3}, {.dtype = bool_}).relu());
  EXPECT_ERROR(NotImplementedError, "\"abs_cpu\" not implemented for 'Bool'", ones({3}, {.dtype = bool_}).abs());
  EXPECT_ERROR(RuntimeError, "imag is not implemented for tensors with non-complex dtypes.", ones({3}).imag());
}

TEST(Arithmetic, BoolsHaveNoDifference) {
  const Tensor b = zeros({3}, {.dtype = bool_});
  const std::string two =
      "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
      "`logical_xor()` operator instead.";
  EXPECT_ERROR(RuntimeError, two, b - b);
  EXPECT_ERROR(RuntimeError, two, b - true);
  EXPECT_ERROR(
      RuntimeError,
      "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, use the "
      "`~` or `logical_not()` operator instead.",
      1 - b);
  EXPECT_ERROR(RuntimeError,
               "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use "
               "the `~` or "
               "`logical_not()` operator instead.",
               -b);
}

TEST(Arithmetic, Alpha) {
  EXPECT_EQ(add(ones({1}), ones({1}), 2.5).at<float>({0}), 3.5f);
  EXPECT_EQ(sub(ones({1}), ones({1}), 3).at<float>({0}), -2);
  EXPECT_ERROR(RuntimeError, "For integral input tensors, argument alpha must not be a floating point number.",
               add(ones({1}, {.dtype = int64}), ones({1}, {.dtype = int64}), 1.5));
  EXPECT_ERROR(RuntimeError, "For non-complex input tensors, argument alpha must not be a complex number.",
               add(ones({1}), ones({1}), std::complex<double>(0, 1)));
  EXPECT_ERROR(RuntimeError, "Boolean alpha only supported for Boolean results.", add(ones({1}), ones({1}), true));
}

TEST(Comparisons, ValuesAndErrors) {
  EXPECT_EQ(values<bool>(eq(tensor<float>({1, 2}), tensor<std::int64_t>({1, 3}))), (std::vector<bool>{true, false}));
  EXPECT_EQ(values<bool>(lt(tensor<std::int64_t>({1, 2}), 1.5)), (std::vector<bool>{true, false}));
  EXPECT_EQ(values<bool>(ge(tensor<float>({1, kNan, 3}), 2)), (std::vector<bool>{false, false, true}));
  EXPECT_EQ(values<bool>(ne(tensor<std::complex<float>>({{0, 1}}), std::complex<double>(0, 1))),
            (std::vector<bool>{false}));
  EXPECT_ERROR(NotImplementedError, "\"lt_cpu\" not implemented for 'ComplexFloat'",
               lt(ones({3}, {.dtype = complex64}), 1));
  EXPECT_FALSE(gt(ones({2}, {.requires_grad = true}), 0).requires_grad());
}

TEST(Comparisons, WholeTensors) {
  EXPECT_TRUE(equal(ones({2}), ones({2})));
  EXPECT_FALSE(equal(ones({2}), ones({1, 2})));
  EXPECT_TRUE(equal(ones({2}), ones({2}, {.dtype = int64})));
  EXPECT_FALSE(equal(tensor<float>({kNan}), tensor<float>({kNan})));
  EXPECT_TRUE(equal(ones({3, 2}).t(), ones({2, 3})));
  const Tensor nan = tensor<float>({1, kNan}), inf = tensor<float>({kInf});
  EXPECT_FALSE(allclose(nan, nan));
  EXPECT_TRUE(allclose(nan, nan, 1e-5, 1e-8, true));
  EXPECT_TRUE(allclose(inf, inf));
  EXPECT_FALSE(allclose(inf, -inf));
  EXPECT_FALSE(allclose(tensor<float>({1}), tensor<float>({1.00002f})));
  EXPECT_TRUE(allclose(tensor<float>({1}), tensor<float>({1.000001f})));
  EXPECT_ERROR(RuntimeError, "Float did not match Double", allclose(ones({2}), ones({2}, {.dtype = float64})));
  EXPECT_ERROR(RuntimeError, "rtol must be greater than or equal to zero, but got -1",
               allclose(ones({2}), ones({2}), -1));
}

TEST(InPlace, ValuesAndVersions) {
  Tensor x = tensor<float>({1, 2, 3});
  (x.add_(1).mul_(2)).sub_(tensor<float>({1})).div_(tensor<float>({1, 1, 7}));
  EXPECT_EQ(values<float>(x), (std::vector<float>{3, 5, 1}));
  EXPECT_EQ(x.version(), 4u);
  x.fill_(7).zero_();
  x.copy_(tensor<std::int64_t>({5}));
  EXPECT_EQ(x.version(), 7u);
  EXPECT_EQ(values<float>(x), (std::vector<float>{5, 5, 5}));
  Tensor n = zeros({2}, {.dtype = int32});
  n.add_(tensor<std::int64_t>({3, 4}));
  EXPECT_EQ(values<std::int32_t>(n), (std::vector<std::int32_t>{3, 4}));
  EXPECT_EQ(x.clone().version(), 0u);
}

TEST(InPlace, ThroughStrides) {
  Tensor x = zeros({2, 3});
  Tensor column = x.t().select(0, 1);
  column.add_(tensor<float>({1, 2}));
  x.t().slice(0, 2).add_(5);
  EXPECT_EQ(values<float>(x), (std::vector<float>{0, 1, 5, 0, 2, 5}));
  Tensor square = arange(0, 4, 1, {.dtype = float32}).reshape({2, 2});
  square.add_(square.t().slice(0, 0, 2).unsqueeze(0).expand({1, 2, 2}).select(0, 0).clone());
  EXPECT_EQ(values<float>(square), (std::vector<float>{0, 3, 3, 6}));
}

TEST(InPlace, ErrorsLeaveEverythingAsItWas) {
  Tensor n = zeros({3}, {.dtype = int64}), x = zeros({3}), b = zeros({3}, {.dtype = bool_});
  EXPECT_ERROR(RuntimeError, "result type Float can't be cast to the desired output type Long", n.add_(1.5));
  EXPECT_ERROR(RuntimeError, "result type Float can't be cast to the desired output type Long", n.div_(2));
  EXPECT_ERROR(RuntimeError, "result type ComplexFloat can't be cast to the desired output type Float",
               x.add_(std::complex<double>(0, 1)));
  EXPECT_ERROR(RuntimeError, "result type Long can't be cast to the desired output type Bool", b.add_(1));
  EXPECT_ERROR(RuntimeError, "output with shape [3] doesn't match the broadcast shape [2, 3]", x.add_(zeros({2, 3})));
  EXPECT_ERROR(RuntimeError, "output with shape [3] doesn't match the broadcast shape [2, 3]", x.copy_(zeros({2, 3})));
  EXPECT_ERROR(RuntimeError, "value cannot be converted to type float without overflow",
               x.fill_(std::complex<double>(0, 1)));
  EXPECT_ERROR(
      RuntimeError,
      "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory "
      "location. Please clone() the tensor before performing the operation.",
      x.slice(0, 1).add_(x.slice(0, 0, 2)));
  EXPECT_EQ(x.version() + n.version() + b.version(), 0u);
}

TEST(Remainder, HasTheDivisorsSignAndGoesWithTheQuotient) {
  for (const std::int64_t b : {3, -3, 1, -1}) {
    for (std::int64_t a = -7; a <= 7; ++a) {
      const Tensor x = full({1}, a), f = x.to(float64);
      const auto quotient = floor_divide(x, b).item<std::int64_t>();
      const auto rest = remainder(x, b).item<std::int64_t>();
      EXPECT_EQ(quotient * b + rest, a);
      EXPECT_TRUE(rest == 0 || (rest < 0) == (b < 0)) << a << " % " << b;
      EXPECT_EQ(floor_divide(f, b).item<double>(), static_cast<double>(quotient));
      EXPECT_EQ(remainder(f, b).item<double>(), static_cast<double>(rest));
    }
  }
  const Tensor lowest = full({1}, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(remainder(lowest, -1).item<std::int64_t>(), 0);
  EXPECT_ERROR(RuntimeError, "ZeroDivisionError", remainder(lowest, 0));
  EXPECT_ERROR(RuntimeError, "ZeroDivisionError", floor_divide(lowest, zeros({1}, {.dtype = int64})));
  EXPECT_ERROR(NotImplementedError, "\"remainder_cpu\" not implemented for 'Bool'",
               remainder(ones({1}, {.dtype = bool_}), true));
}

TEST(Bitwise, OfIntegersAndBooleans) {
  const Tensor a = tensor<std::int64_t>({12, -1, 5}), b = tensor<std::int64_t>({10, 7, 5});
  EXPECT_EQ(values<std::int64_t>(bitwise_and(a, b)), (std::vector<std::int64_t>{8, 7, 5}));
  EXPECT_EQ(values<std::int64_t>(bitwise_or(a, 1)), (std::vector<std::int64_t>{13, -1, 5}));
  EXPECT_EQ(values<std::int64_t>(bitwise_xor(a, b)), (std::vector<std::int64_t>{6, -8, 0}));
  EXPECT_EQ(values<std::int64_t>(bitwise_not(a)), (std::vector<std::int64_t>{-13, 0, -6}));
  EXPECT_EQ(bitwise_not(full({1}, 5, {.dtype = uint8})).item<int>(), 250);
  EXPECT_EQ(bitwise_not(ones({1}, {.dtype = bool_})).item<bool>(), false);
  EXPECT_ERROR(NotImplementedError, "\"bitwise_and_cpu\" not implemented for 'Float'", bitwise_and(ones({1}), 1));
}

TEST(Sum, OfIntegersIsExactAtEveryLengthAndStride) {
  for (const DType dtype : {uint8, int8, int16, int32, int64}) {
    for (const std::int64_t n : {7, 8, 255, 256, 257, 300, 512, 2000}) {
      const Tensor x = full({n, 2}, 100, {.dtype = dtype});
      EXPECT_EQ(x.sum().item<std::int64_t>(), 200 * n) << name(dtype) << " " << n;
      EXPECT_EQ(x.select(1, 0).sum().item<std::int64_t>(), 100 * n) << name(dtype) << " " << n;
    }
  }
}

TEST(Meta, ShapesWithoutNumbers) {
  const Tensor m = zeros({2}, {.device = "meta"});
  EXPECT_TRUE((m + full({}, 1.0f)).device().is_meta());
  EXPECT_EQ((m + zeros({3, 1}, {.device = "meta"})).sizes(), (Shape{3, 2}));
  EXPECT_TRUE(m.sum().device().is_meta() && m.relu().device().is_meta() && gt(m, 0).device().is_meta());
  EXPECT_ERROR(RuntimeError, "Tensor on device cpu is not on the expected device meta!", m + zeros({2}));
  EXPECT_ERROR(RuntimeError, "Tensor on device meta is not on the expected device cpu!", zeros({2}) + m);
  EXPECT_ERROR(NotImplementedError, "Cannot copy out of meta tensor; no data!", m.to(Device("cpu")));
  EXPECT_TRUE(zeros({2}).to(Device("meta")).device().is_meta());
}

}  // namespace
}  // namespace conv1d
