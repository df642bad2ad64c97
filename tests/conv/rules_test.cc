// Which calls are refused, in which order, with which text; PyTorch's own rows stand in tests/errors.
#include <gtest/gtest.h>

#include <limits>

#include <conv1d/conv1d.h>

#include "conv/geometry.h"
#include "support/throws.h"

namespace conv1d::testing {
namespace {

namespace F = nn::functional;
constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();

Tensor zeros_of(const Shape& shape, DType dtype = float32, Device device = {}) {
  return zeros(shape, {.dtype = dtype, .device = device});
}

/// A call with one fault: each spoils one thing. Faults are in the order in which they must be found.
struct Call {
  Shape input{2, 2, 6};
  Shape weight{4, 2, 3};
  Shape bias{4};
  DType input_dtype = float32, weight_dtype = float32, bias_dtype = float32;
  Conv1dArgs args;
  Tensor run() const {
    return F::conv1d(zeros_of(input, input_dtype), zeros_of(weight, weight_dtype), zeros_of(bias, bias_dtype), args);
  }
};
struct Fault {
  std::string text;
  void (*spoil)(Call& call);
};

// Each fault leaves the later ones possible; all pairs are tried: the first of the two must be named.
const std::vector<Fault>& faults() {
  static const std::vector<Fault> kFaults = {
      {"Input type (float) and bias type (double) should be the same", [](Call& c) { c.bias_dtype = float64; }},
      {"Expected 2D (unbatched) or 3D (batched) input to conv1d, but got input of size: [6]",
       [](Call& c) { c.input = {6}; }},
      {"weight should have at least three dimensions", [](Call& c) { c.weight = {4, 2}; }},
      {"non-positive groups is not supported", [](Call& c) { c.args.groups = 0; }},
      {"expected stride to be a single integer value or a list of 1 values to match the convolution dimensions, but "
       "got stride=[1, 1]",
       [](Call& c) { c.args.stride = {1, 1}; }},
      {"expected padding to be a single integer value or a list of 1 values to match the convolution dimensions, but "
       "got padding=[]",
       [](Call& c) { c.args.padding = std::vector<std::int64_t>{}; }},
      {"expected dilation to be a single integer value or a list of 1 values to match the convolution dimensions, but "
       "got dilation=[1, 1]",
       [](Call& c) { c.args.dilation = {1, 1}; }},
      {"negative padding is not supported", [](Call& c) { c.args.padding = -1; }},
      {"non-positive stride is not supported", [](Call& c) { c.args.stride = 0; }},
      {"dilation should be greater than zero", [](Call& c) { c.args.dilation = 0; }},
      {"Given groups=8, expected weight to be at least 8 at dimension 0, but got weight of size [4, 2, 3] instead",
       [](Call& c) { c.args.groups = 8; }},
      {"Given groups=3, expected weight to be divisible by 3 at dimension 0, but got weight of size [[4, 2, 3]] "
       "instead",
       [](Call& c) { c.args.groups = 3; }},
      {"Given groups=1, weight of size [4, 2, 3], expected input[2, 3, 6] to have 2 channels, but got 3 channels "
       "instead",
       [](Call& c) { c.input = {2, 3, 6}; }},
      {"Given weight of size [4, 2, 3], expected bias to be 1-dimensional with 4 elements, but got bias of size [3] "
       "instead",
       [](Call& c) { c.bias = {3}; }},
      {"Given padding=4611686018427387904 at dimension 0 , expected padding to be at most 4611686018427387903",
       [](Call& c) { c.args.padding = std::int64_t{1} << 62; }},
      {"Calculated padded input size per channel: (2). Kernel size: (3). Kernel size can't be greater than actual "
       "input size",
       [](Call& c) { c.input = {2, 2, 2}; }},
      {"Input type (torch.FloatTensor) and weight type (torch.DoubleTensor) should be the same",
       [](Call& c) { c.weight_dtype = float64; }},
  };
  return kFaults;
}

TEST(Rules, EachFaultIsNamed) {
  for (const Fault& fault : faults()) {
    Call call;
    fault.spoil(call);
    EXPECT_ERROR(RuntimeError, fault.text, call.run());
  }
  EXPECT_EQ(Call().run().sizes(), (Shape{2, 4, 4}));
}

TEST(Rules, OfTwoFaultsTheEarlierIsNamed) {
  int pairs = 0;
  for (std::size_t i = 0; i < faults().size(); ++i) {
    for (std::size_t j = 0; j < faults().size(); ++j) {
      // Applied in both orders: a fault that overwrites the other leaves one fault, and says nothing.
      Call one, two;
      faults()[i].spoil(one);
      faults()[j].spoil(one);
      faults()[j].spoil(two);
      faults()[i].spoil(two);
      const std::string a = text_of<RuntimeError>([&] { one.run(); }), b = text_of<RuntimeError>([&] { two.run(); });
      if (a != b) continue;
      ++pairs;
      // Texts that quote a size show the other fault's size; the beginning tells them apart.
      const std::string& earlier = faults()[std::min(i, j)].text;
      EXPECT_EQ(a.substr(0, 18), earlier.substr(0, 18))
          << earlier << "\nand " << faults()[std::max(i, j)].text << "\ngave " << a;
    }
  }
  EXPECT_GT(pairs, 200);
}

TEST(Rules, StringPadding) {
  const Tensor x = zeros_of({2, 2, 6}), w = zeros_of({4, 2, 3});
  EXPECT_ERROR(RuntimeError, "Invalid padding string: 'foo'", F::conv1d(x, w, {}, {.padding = "foo"}));
  EXPECT_ERROR(RuntimeError, "padding='same' is not supported for strided convolutions",
               F::conv1d(x, w, {}, {.stride = 2, .padding = "same"}));
  EXPECT_ERROR(RuntimeError, "stride cannot broadcast to 1 dimensions",
               F::conv1d(x, w, {}, {.stride = {1, 1}, .padding = "same"}));
  EXPECT_ERROR(RuntimeError, "dilation cannot broadcast to 1 dimensions",
               F::conv1d(x, w, {}, {.padding = "same", .dilation = {1, 1}}));
  EXPECT_ERROR(RuntimeError,
               "Expected 4-dimensional input for 4-dimensional weight[4, 2, 3, 3], but got 3-dimensional input of size "
               "[2, 2, 6] instead",
               F::conv1d(x, zeros_of({4, 2, 3, 3}), {}, {.padding = "same"}));
  EXPECT_ERROR(RuntimeError, "negative padding is not supported",
               F::conv1d(x, w, {}, {.padding = "same", .dilation = -1}));
  EXPECT_ERROR(RuntimeError, "dilation should be greater than zero",
               F::conv1d(x, zeros_of({4, 2, 1}), {}, {.padding = "same", .dilation = -1}));
  EXPECT_ERROR(RuntimeError,
               "Calculated padded input size per channel: (2). Kernel size: (3). Kernel size can't be greater than "
               "actual input size",
               F::conv1d(zeros_of({2, 2, 0}), w, {}, {.padding = "same"}));
  // The bias's dtype comes last, after the weight's.
  EXPECT_ERROR(RuntimeError, "Input type (torch.FloatTensor) and bias type (torch.DoubleTensor) should be the same",
               F::conv1d(x, w, zeros_of({4}, float64), {.padding = "valid"}));
  EXPECT_ERROR(RuntimeError, "Input type (torch.FloatTensor) and weight type (torch.DoubleTensor) should be the same",
               F::conv1d(x, zeros_of({4, 2, 3}, float64), zeros_of({4}, float64), {.padding = "same"}));
  EXPECT_ERROR(RuntimeError, "Input type (CPUComplexFloatType) and bias type (torch.FloatTensor) should be the same",
               F::conv1d(x.to(complex64), w.to(complex64), zeros_of({3}), {.padding = "bad"}));
}

TEST(Rules, DTypes) {
  const auto call = [](DType x, DType w, std::int64_t dilation = 1) {
    F::conv1d(zeros_of({1, 1, 6}, x), zeros_of({1, 1, 3}, w), {}, {.dilation = dilation});
  };
  EXPECT_ERROR(NotImplementedError, "\"slow_conv2d_cpu\" not implemented for 'Bool'", call(bool_, float32));
  EXPECT_ERROR(NotImplementedError, "\"slow_conv_dilated<>\" not implemented for 'Bool'", call(bool_, bool_, 2));
  EXPECT_ERROR(NotImplementedError, "\"slow_conv_dilated<>\" not implemented for 'Short'", call(int16, int16, 2));
  EXPECT_ERROR(RuntimeError, "Input type (CPUComplexFloatType) and weight type (torch.FloatTensor) should be the same",
               call(complex64, float32));
  EXPECT_ERROR(RuntimeError, "Input type (torch.LongTensor) and weight type (CPUBFloat16Type) should be the same",
               call(int64, bfloat16));
  for (const DType dtype :
       {uint8, int8, int16, int32, int64, float16, bfloat16, float32, float64, complex64, complex128}) {
    EXPECT_NO_THROW(call(dtype, dtype)) << name(dtype);
  }
  EXPECT_NO_THROW(call(int64, int64, 2));
}

TEST(Rules, EmptyInputs) {
  EXPECT_EQ(F::conv1d(zeros_of({0, 2, 6}), zeros_of({4, 2, 3})).sizes(), (Shape{0, 4, 4}));
  EXPECT_EQ(F::conv1d(zeros_of({0, 1, 0}), zeros_of({3, 1, 2}), {}, {.padding = 2}).sizes(), (Shape{0, 3, 3}));
  EXPECT_ERROR(RuntimeError, "Only zero batch or zero channel inputs are supported, but got input shape: [1, 1, 1, 0]",
               F::conv1d(zeros_of({1, 0}), zeros_of({3, 1, 1}), {}, {.padding = 1}));
  for (const Shape& shape : {Shape{1, 1, 6}, Shape{0, 1, 6}}) {
    EXPECT_ERROR(RuntimeError, "kernel size should be greater than zero",
                 F::conv1d(zeros_of(shape), zeros_of({3, 1, 0})));
  }
  EXPECT_ERROR(RuntimeError, "kernel size should be greater than zero",
               F::conv1d(zeros_of({1, 0, 6}), zeros_of({3, 0, 0})));
  EXPECT_ERROR(RuntimeError, "Input type (torch.FloatTensor) and weight type (torch.DoubleTensor) should be the same",
               F::conv1d(zeros_of({0, 1, 6}), zeros_of({3, 1, 1}, float64)));
}

TEST(Rules, WithoutInputChannelsEachOutputIsItsBias) {
  Tensor x = zeros_of({2, 0, 5});
  Tensor w = zeros_of({3, 0, 2});
  Tensor b = tensor<float>({1, 2, 3});
  for (Tensor* t : {&x, &w, &b}) t->requires_grad_();
  const Tensor y = F::conv1d(x, w, b);
  ASSERT_EQ(y.sizes(), (Shape{2, 3, 4}));
  EXPECT_EQ(y.at<float>({1, 2, 3}), 3);
  y.sum().backward();
  EXPECT_TRUE(equal(b.grad(), tensor<float>({8, 8, 8})));
  EXPECT_EQ(w.grad().sizes(), (Shape{3, 0, 2}));
  EXPECT_EQ(x.grad().sizes(), (Shape{2, 0, 5}));
  EXPECT_EQ(F::conv1d(zeros_of({0, 5}), zeros_of({3, 0, 2})).sum().item<float>(), 0);
}

TEST(Rules, NothingOverflows) {
  const Tensor x = tensor<float>({1, 2, 3, 4, 5, 6}, {{1, 1, 6}}), w3 = ones({3, 1, 3});
  EXPECT_ERROR(RuntimeError,
               "Calculated padded input size per channel: (6). Kernel size: (9223372036854775809). Kernel size can't "
               "be greater than "
               "actual input size",
               F::conv1d(x, w3, {}, {.dilation = std::int64_t{1} << 62}));
  EXPECT_ERROR(RuntimeError,
               "Calculated padded input size per channel: (6). Kernel size: (18446744073709551615). Kernel size can't "
               "be greater than "
               "actual input size",
               F::conv1d(x, w3, {}, {.dilation = kLargest}));
  EXPECT_ERROR(RuntimeError, "Storage size calculation overflowed with sizes=[1, 3, 9223372036854775810]",
               F::conv1d(x, w3, {}, {.padding = (std::int64_t{1} << 62) - 1}));
  EXPECT_ERROR(RuntimeError,
               "Given padding=9223372036854775803 at dimension 0 , expected padding to be at most 4611686018427387903",
               F::conv1d(x, w3, {}, {.padding = kLargest - 4}));
  // A long stride takes the first window only, a far dilation with 'same' the middle tap only.
  for (const std::int64_t stride :
       {std::int64_t{1} << 31, (std::int64_t{1} << 32) + 1, std::int64_t{1} << 62, kLargest}) {
    EXPECT_TRUE(allclose(F::conv1d(x, w3, {}, {.stride = stride}), full({1, 3, 1}, 6.0f)));
  }
  for (const std::int64_t dilation : {std::int64_t{1} << 40, std::int64_t{1} << 62, kLargest, kLargest - 1}) {
    for (const std::int64_t kernel : {3, 5}) {
      EXPECT_TRUE(allclose(F::conv1d(x, ones({1, 1, kernel}), {}, {.padding = "same", .dilation = dilation}), x))
          << dilation;
    }
    EXPECT_TRUE(
        allclose(F::conv1d(x, ones({1, 1, 4}), {}, {.padding = "same", .dilation = dilation}), zeros({1, 1, 6})));
  }
  // Padding, dilation and stride far beyond the input. Column 0 meets it with tap 1 at sample 3, column 1 with tap 0 at
  // sample 0.
  const std::int64_t far = std::int64_t{1} << 61;
  Tensor input = x.clone().requires_grad_(), weight = tensor<float>({1, 10}, {{1, 1, 2}}).requires_grad_();
  const Tensor y = F::conv1d(input, weight, {}, {.stride = far, .padding = far, .dilation = far + 3});
  EXPECT_TRUE(allclose(y, tensor<float>({40, 1}, {{1, 1, 2}}))) << to_string(y);
  y.sum().backward();
  EXPECT_TRUE(allclose(input.grad(), tensor<float>({1, 0, 0, 10, 0, 0}, {{1, 1, 6}})));
  EXPECT_TRUE(allclose(weight.grad(), tensor<float>({1, 4}, {{1, 1, 2}})));
}

TEST(Rules, FarStridesHaveTheRightGradient) {
  for (const std::int64_t stride : {std::int64_t{1} << 16, std::int64_t{1} << 28, std::int64_t{1} << 30, kLargest}) {
    Tensor x = ones({4, 1, 1000}).requires_grad_(), w = tensor<float>({2, 3, 4}, {{1, 1, 3}}).requires_grad_();
    F::conv1d(x, w, {}, {.stride = stride, .padding = 1}).sum().backward();
    EXPECT_EQ(x.grad().sum().item<float>(), 4 * 7) << stride;
    EXPECT_EQ(x.grad().at<float>({3, 0, 1}), 4);
    EXPECT_TRUE(allclose(w.grad(), tensor<float>({0, 4, 4}, {{1, 1, 3}})));
  }
}

TEST(Rules, MetaTensorsHaveShapes) {
  const auto meta = [](const Shape& shape) { return zeros_of(shape, float32, "meta"); };
  const Tensor y = F::conv1d(meta({2, 2, 9}), meta({4, 2, 3}), meta({4}), {.stride = 2});
  EXPECT_TRUE(y.device().is_meta());
  EXPECT_EQ(y.sizes(), (Shape{2, 4, 4}));
  EXPECT_EQ(F::conv1d(meta({2, 9}), zeros_of({4, 2, 3})).sizes(), (Shape{4, 7}));
  EXPECT_ERROR(RuntimeError, "Invalid channel dimensions", F::conv1d(meta({2, 3, 9}), meta({4, 2, 3})));
  EXPECT_ERROR(RuntimeError, "Invalid channel dimensions",
               F::conv1d(meta({2, 3, 9}), meta({4, 2, 3}), {}, {.groups = 0}));
  EXPECT_ERROR(RuntimeError, "Tensor on device meta is not on the expected device cpu!",
               F::conv1d(zeros_of({2, 2, 9}), meta({4, 2, 3})));
  EXPECT_ERROR(RuntimeError, "Tensor on device meta is not on the expected device cpu!",
               F::conv1d(zeros_of({2, 2, 9}), zeros_of({4, 2, 3}), meta({4})));
}

template <class F> std::string hint_of(const F& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.hint();
  }
  return "nothing was raised";
}

TEST(Rules, HintsSayWhatWasMeant) {
  const Tensor w = zeros_of({4, 2, 3});
  const auto hint = [&](const Shape& input, const Conv1dArgs& args = {}, DType dtype = float32) {
    return hint_of([&] { F::conv1d(zeros_of(input, dtype), w, {}, args); });
  };
  EXPECT_NE(hint({8, 100, 2}).find("x.transpose(1, 2)"), std::string::npos);
  EXPECT_NE(hint({100, 2}).find("x.t()"), std::string::npos);
  EXPECT_NE(hint({100}).find("unsqueeze"), std::string::npos);
  EXPECT_NE(hint({1, 2, 5, 5}).find("4 dimensions"), std::string::npos);
  EXPECT_NE(hint({1, 2, 5}, {}, float64).find("The input is float64, the weight is float32"), std::string::npos);
  EXPECT_NE(hint({1, 2, 2}).find("The kernel covers dilation * (kernel_size - 1) + 1 = 3 samples; the input has 2"),
            std::string::npos);
  EXPECT_NE(hint({1, 2, 9}, {.groups = 3}).find("must be a multiple of groups"), std::string::npos);
  EXPECT_NE(hint({1, 2, 9}, {.groups = 2}).find("groups=1"), std::string::npos);
  EXPECT_NE(hint_of([&] { F::conv1d(zeros_of({8, 100}), zeros_of({4, 1, 3})); }).find("x.unsqueeze(1)"),
            std::string::npos);
}

TEST(Rules, SamePaddingWithAnOddZeroWarnsOnceAProcess) {
  std::vector<std::string> warnings;
  const WarningHandler before = set_warning_handler([&](const std::string& text) { warnings.push_back(text); });
  for (int i = 0; i < 2; ++i) F::conv1d(zeros_of({1, 6}), zeros_of({1, 1, 2}), {}, {.padding = "same"});
  set_warning_handler(before);
  // Another test of this process may have been the first.
  EXPECT_LE(warnings.size(), 1u);
}

TEST(Geometry, WideNumbersAsText) {
  EXPECT_EQ(decimal(0), "0");
  EXPECT_EQ(decimal(-17), "-17");
  EXPECT_EQ(decimal(Wide{kLargest} * 4), "36893488147419103228");
  EXPECT_EQ(decimal(-(Wide{1} << 100)), "-1267650600228229401496703205376");
}

}  // namespace
}  // namespace conv1d::testing
