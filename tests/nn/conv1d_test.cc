// The layer as an object: what its constructor refuses, how it prints, which numbers it starts with.
#include <gtest/gtest.h>

#include <bit>
#include <sstream>

#include <conv1d/conv1d.h>

#include "support/throws.h"

namespace conv1d::testing {
namespace {

using nn::Conv1d;

/// The warnings of a scope.
class Warnings {
 public:
  Warnings() : before_(set_warning_handler([this](const std::string& text) { texts.push_back(text); })) {}
  ~Warnings() { set_warning_handler(before_); }
  std::vector<std::string> texts;

 private:
  WarningHandler before_;
};

TEST(Conv1d, RefusesInPyTorchsOrder) {
  EXPECT_ERROR(ValueError, "groups must be a positive integer",
               Conv1d(1, 3, 1, {.padding = "bar", .groups = 0, .padding_mode = "foo"}));
  EXPECT_ERROR(ValueError, "in_channels must be divisible by groups", Conv1d(3, 5, 1, {.padding = "bar", .groups = 2}));
  EXPECT_ERROR(ValueError, "out_channels must be divisible by groups",
               Conv1d(2, 3, 1, {.padding = "bar", .groups = 2}));
  EXPECT_ERROR(ValueError, "Invalid padding string 'bar', should be one of {'same', 'valid'}",
               Conv1d(1, 3, 1, {.padding = "bar", .padding_mode = "foo"}));
  EXPECT_ERROR(ValueError, "Invalid padding string \"f'o\\n\", should be one of {'same', 'valid'}",
               Conv1d(1, 3, 1, {.padding = "f'o\n"}));
  EXPECT_ERROR(ValueError, "padding='same' is not supported for strided convolutions",
               Conv1d(1, 3, 1, {.stride = {1, 2}, .padding = "same", .padding_mode = "foo"}));
  EXPECT_ERROR(ValueError,
               "padding_mode must be one of {'zeros', 'reflect', 'replicate', 'circular'}, but got padding_mode='foo'",
               Conv1d(-1, 3, 1, {.padding_mode = "foo"}));
  EXPECT_ERROR(RuntimeError, "Trying to create tensor with negative dimension -1: [3, -1, 1]",
               Conv1d(-1, 3, 1, {.dtype = int64}));
  EXPECT_ERROR(RuntimeError, "Storage size calculation overflowed with sizes=[3, 1, 4611686018427387904]",
               Conv1d(1, 3, std::int64_t{1} << 62, {.dtype = int64}));
  EXPECT_ERROR(RuntimeError, "Only Tensors of floating point and complex dtype can require gradients",
               Conv1d(1, 3, 1, {.dtype = int64}));
}

TEST(Conv1d, LooksAtStridePaddingAndDilationWhenCalled) {
  const Tensor x = zeros({1, 1, 6});
  EXPECT_ERROR(RuntimeError, "non-positive stride is not supported", Conv1d(1, 3, 1, {.stride = 0})(x));
  EXPECT_ERROR(RuntimeError, "negative padding is not supported", Conv1d(1, 3, 1, {.padding = -1})(x));
  EXPECT_ERROR(RuntimeError, "dilation should be greater than zero", Conv1d(1, 3, 1, {.dilation = 0})(x));
  EXPECT_ERROR(RuntimeError,
               "Expected 4-dimensional input for 4-dimensional weight [3, 1, 1, 2], but got 3-dimensional input of "
               "size [1, 1, 6] instead",
               Conv1d(1, 3, {1, 2})(x));
  EXPECT_ERROR(RuntimeError, "weight should have at least three dimensions",
               Conv1d(1, 3, std::vector<std::int64_t>{})(x));
}

TEST(Conv1d, PrintsItself) {
  const auto text = [](const Conv1d& m) {
    std::ostringstream out;
    out << m;
    return out.str();
  };
  EXPECT_EQ(text(Conv1d(1, 3, 1)), "Conv1d(1, 3, kernel_size=(1,), stride=(1,))");
  EXPECT_EQ(
      text(Conv1d(4, 6, {5},
                  {.stride = 2, .padding = 3, .dilation = 4, .groups = 2, .bias = false, .padding_mode = "circular"})),
      "Conv1d(4, 6, kernel_size=(5,), stride=(2,), padding=(3,), dilation=(4,), groups=2, bias=False, "
      "padding_mode=circular)");
  EXPECT_EQ(text(Conv1d(1, 3, 1, {.padding = "same"})), "Conv1d(1, 3, kernel_size=(1,), stride=(1,), padding=same)");
  EXPECT_EQ(text(Conv1d(1, 3, {1, 2}, {.stride = {1, 2}, .padding = {0, 0}, .dilation = {1, 1}})),
            "Conv1d(1, 3, kernel_size=(1, 2), stride=(1, 2))");
}

std::uint32_t bits(const Tensor& t, const Shape& index) { return std::bit_cast<std::uint32_t>(t.at<float>(index)); }

TEST(Conv1d, StartsWithPyTorchsBits) {
  manual_seed(42);
  const Conv1d m(1, 3, 1);
  EXPECT_EQ(m.weight().at<float>({0, 0, 0}), 0x1.877198p-1f);
  EXPECT_EQ(m.weight().at<float>({1, 0, 0}), 0x1.a8f6ccp-1f);
  EXPECT_EQ(m.weight().at<float>({2, 0, 0}), -0x1.dfca40p-3f);
  EXPECT_EQ(m.bias().at<float>({0}), 0x1.d65438p-1f);
  EXPECT_EQ(m.bias().at<float>({1}), -0x1.c0b960p-3f);
  EXPECT_EQ(m.bias().at<float>({2}), 0x1.9d4470p-3f);
  manual_seed(42);
  EXPECT_EQ(bits(Conv1d(3, 5, 4).weight(), {0, 0, 0}), std::bit_cast<std::uint32_t>(0x1.c40012p-3f));
  manual_seed(42);
  const Conv1d half(3, 3, 2, {.dtype = float16});
  EXPECT_EQ(half.weight().to(float64).at<double>({0, 0, 0}), 0.31201171875);
  EXPECT_EQ(half.weight().to(float64).at<double>({0, 1, 0}), -0.09564208984375);
  manual_seed(42);
  const Conv1d brain(3, 3, 2, {.dtype = bfloat16});
  EXPECT_EQ(brain.weight().to(float64).at<double>({0, 0, 1}), 0.337890625);
}

TEST(Conv1d, WithoutElementsWarnsAndDrawsTheBias) {
  Warnings warnings;
  manual_seed(42);
  const Conv1d m(0, 3, 1);
  EXPECT_EQ(warnings.texts, std::vector<std::string>{"Initializing zero-element tensors is a no-op"});
  EXPECT_TRUE(equal(m.bias(), zeros({3})));
  EXPECT_FALSE(std::signbit(m.bias().at<float>({0})));
  EXPECT_NEAR(rand({1}).item<float>(), 0.9593, 1e-4);  // the fourth number of this seed
  EXPECT_EQ(m(zeros({2, 0, 6})).sizes(), (Shape{2, 3, 6}));
}

TEST(Conv1d, OnMetaDrawsNothing) {
  manual_seed(42);
  const Conv1d m(2, 3, 5, {.device = "meta"});
  EXPECT_NEAR(rand({1}).item<float>(), 0.8823, 1e-4);
  EXPECT_EQ(m(zeros({7, 2, 9}, {.device = "meta"})).sizes(), (Shape{7, 3, 5}));
  EXPECT_TRUE(m.weight().requires_grad());
}

TEST(Conv1d, PaddingModesPadFirst) {
  const Tensor x = arange(1, 7).to(float32).reshape({1, 1, 6});
  const auto layer = [](const Conv1d& m) {
    nn::init::ones_(m.weight());
    nn::init::zeros_(m.bias());
  };
  const Conv1d reflect(1, 1, 3, {.padding = 1, .padding_mode = "reflect"});
  layer(reflect);
  EXPECT_TRUE(equal(reflect(x), tensor<float>({5, 6, 9, 12, 15, 16}, {{1, 1, 6}})));
  const Conv1d circular(1, 1, 4, {.padding = "same", .padding_mode = "circular"});
  layer(circular);
  EXPECT_TRUE(equal(circular(x), tensor<float>({12, 10, 14, 18, 16, 14}, {{1, 1, 6}})));
  EXPECT_ERROR(RuntimeError, "Padding value causes wrapping around more than once.", circular(zeros({1, 1})));
  // Later texts show the padded length.
  EXPECT_ERROR(RuntimeError,
               "Given groups=1, weight of size [1, 1, 3], expected input[1, 2, 8] to have 1 channels, but got 2 "
               "channels instead",
               reflect(zeros({1, 2, 6})));
}

TEST(Conv1d, TakesEveryFormOfItsArguments) {
  const Tensor x = zeros({1, 2, 12});
  const int variable = 1;
  EXPECT_EQ(Conv1d(2, 3, 3, {.stride = 1, .padding = 0})(x).sizes(), (Shape{1, 3, 10}));
  EXPECT_EQ(Conv1d(2, 3, {3}, {.stride = {2}, .padding = {variable}, .dilation = {2}})(x).sizes(), (Shape{1, 3, 5}));
  EXPECT_EQ(Conv1d(2, 3, 3, {.padding = variable})(x).sizes(), (Shape{1, 3, 12}));
  EXPECT_EQ(Conv1d(2, 3, 3, {.padding = std::string("valid")})(x).sizes(), (Shape{1, 3, 10}));
  EXPECT_EQ(Conv1d(2, 3, 3, {.padding = {}})(x).sizes(), (Shape{1, 3, 10}));
}

}  // namespace
}  // namespace conv1d::testing
