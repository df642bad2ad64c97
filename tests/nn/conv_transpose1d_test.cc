// The transposed layer as an object: what it refuses, how it prints, its first numbers, the wanted output size.
#include <gtest/gtest.h>

#include <sstream>

#include <conv1d/conv1d.h>

#include "support/throws.h"

namespace conv1d::testing {
namespace {

using nn::ConvTranspose1d;

TEST(ConvTranspose1d, RefusesInPyTorchsOrder) {
  EXPECT_ERROR(ValueError, "Only \"zeros\" padding mode is supported for ConvTranspose1d",
               ConvTranspose1d(1, 3, 1, {.groups = 0, .padding_mode = "reflect"}));
  EXPECT_ERROR(ValueError, "groups must be a positive integer", ConvTranspose1d(1, 3, 1, {.groups = 0}));
  EXPECT_ERROR(ValueError, "in_channels must be divisible by groups", ConvTranspose1d(3, 5, 1, {.groups = 2}));
  EXPECT_ERROR(ValueError, "out_channels must be divisible by groups", ConvTranspose1d(2, 3, 1, {.groups = 2}));
  EXPECT_ERROR(RuntimeError, "Trying to create tensor with negative dimension -1: [-1, 3, 1]",
               ConvTranspose1d(-1, 3, 1));
  EXPECT_ERROR(RuntimeError, "Only Tensors of floating point and complex dtype can require gradients",
               ConvTranspose1d(1, 3, 1, {.dtype = int64}));
}

TEST(ConvTranspose1d, PrintsItself) {
  const auto text = [](const ConvTranspose1d& m) { return (std::ostringstream() << m).str(); };
  EXPECT_EQ(text(ConvTranspose1d(1, 3, 1)), "ConvTranspose1d(1, 3, kernel_size=(1,), stride=(1,))");
  EXPECT_EQ(
      text(ConvTranspose1d(
          4, 6, {5}, {.stride = 2, .padding = 3, .output_padding = 1, .groups = 2, .bias = false, .dilation = 4})),
      "ConvTranspose1d(4, 6, kernel_size=(5,), stride=(2,), padding=(3,), dilation=(4,), output_padding=(1,), "
      "groups=2, bias=False)");
}

TEST(ConvTranspose1d, StartsWithPyTorchsBits) {
  manual_seed(42);
  const ConvTranspose1d m(2, 3, 4);
  EXPECT_EQ(m.weight().sizes(), (Shape{2, 3, 4}));
  EXPECT_EQ(m.weight().at<float>({0, 0, 0}), 0x1.c40012p-3f);
  EXPECT_EQ(m.weight().at<float>({1, 2, 3}), 0x1.883078p-3f);
  EXPECT_EQ(m.bias().at<float>({0}), -0x1.d2ae50p-3f);
  EXPECT_EQ(m.bias().at<float>({2}), -0x1.4de238p-4f);
}

TEST(ConvTranspose1d, MakesTheWantedOutputSize) {
  const ConvTranspose1d m(2, 3, 4, {.stride = 3, .padding = 1});
  const Tensor x = randn({5, 2, 6});
  EXPECT_EQ(m(x).sizes(), (Shape{5, 3, 17}));
  EXPECT_EQ(m(x, {18}).sizes(), (Shape{5, 3, 18}));
  EXPECT_EQ(m(x, {99, 99, 19}).sizes(), (Shape{5, 3, 19}));
  EXPECT_EQ(m(x.select(0, 0), {99, 19}).sizes(), (Shape{3, 19}));
  EXPECT_TRUE(equal(m(x, {19}).slice(2, 0, 17), m(x)));
  EXPECT_ERROR(ValueError,
               "requested an output size of [20], but valid sizes range from [17] to [19] (for an input of "
               "torch.Size([6]))",
               m(x, {20}));
  EXPECT_ERROR(ValueError,
               "requested an output size of [16], but valid sizes range from [17] to [19] (for an input of "
               "torch.Size([6]))",
               m(x, {1, 1, 16}));
  EXPECT_ERROR(ValueError, "ConvTranspose1D: for 3D input, output_size must have 1 or 3 elements (got 2)",
               m(x, {1, 17}));
  EXPECT_ERROR(ValueError, "ConvTranspose1D: for 2D input, output_size must have 1 or 2 elements (got 0)",
               m(x.select(0, 0), std::vector<std::int64_t>{}));
  EXPECT_ERROR(IndexError, "Dimension out of range (expected to be in range of [-1, 0], but got 1)",
               m(randn({3}), {9}));
  EXPECT_ERROR(IndexError, "tuple index out of range", ConvTranspose1d(2, 3, std::vector<std::int64_t>{})(x, {9}));
}

TEST(ConvTranspose1d, LooksAtItsNumbersWhenCalled) {
  const Tensor x = zeros({1, 1, 6});
  EXPECT_ERROR(RuntimeError, "non-positive stride is not supported", ConvTranspose1d(1, 3, 1, {.stride = 0})(x));
  EXPECT_ERROR(RuntimeError, "negative padding is not supported", ConvTranspose1d(1, 3, 1, {.padding = -1})(x));
  EXPECT_ERROR(RuntimeError, "dilation should be greater than zero", ConvTranspose1d(1, 3, 1, {.dilation = 0})(x));
  EXPECT_ERROR(RuntimeError, "weight should have at least three dimensions",
               ConvTranspose1d(1, 3, std::vector<std::int64_t>{})(x));
  EXPECT_ERROR(RuntimeError, "non-empty 2D or 4D weight tensor expected, but got: [2, 0, 1, 3]",
               nn::functional::conv_transpose1d(zeros({1, 6, 6}), zeros({6, 0, 3}), {}, {.groups = 3}));
}

TEST(ConvTranspose1d, IsAModule) {
  ConvTranspose1d a(2, 3, 4, {.stride = 2});
  ConvTranspose1d b(2, 3, 4, {.stride = 2});
  b.load_state_dict(a.state_dict());
  const Tensor x = randn({1, 2, 9});
  EXPECT_TRUE(equal(a(x), b(x)));
  EXPECT_EQ(a.named_parameters().size(), 2U);
  a.to(float64);
  EXPECT_EQ(a(x.to(float64)).dtype(), float64);
  const ConvTranspose1d meta(2, 3, 4, {.device = "meta"});
  EXPECT_EQ(meta(zeros({7, 2, 9}, {.device = "meta"})).sizes(), (Shape{7, 3, 12}));
  b(x).square().sum().backward();
  EXPECT_EQ(b.weight().grad().sizes(), (Shape{2, 3, 4}));
}

}  // namespace
}  // namespace conv1d::testing
