// The four modes against literal numbers, and what each refuses.
#include <gtest/gtest.h>

#include <limits>

#include <conv1d/conv1d.h>

#include "support/throws.h"

namespace conv1d::testing {
namespace {

namespace F = nn::functional;
using Floats = std::vector<float>;
constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max(),
                       kSmallest = std::numeric_limits<std::int64_t>::min();

Tensor one_to_six() { return tensor<float>({1, 2, 3, 4, 5, 6}, {{1, 6}}); }

Floats padded(const std::vector<std::int64_t>& amounts, const std::string& mode) {
  const Tensor y = F::pad(one_to_six(), amounts, {.mode = mode});
  return {y.span<float>().begin(), y.span<float>().end()};
}

TEST(Pad, Values) {
  EXPECT_EQ(padded({2, 3}, "constant"), (Floats{0, 0, 1, 2, 3, 4, 5, 6, 0, 0, 0}));
  EXPECT_EQ(padded({2, 3}, "reflect"), (Floats{3, 2, 1, 2, 3, 4, 5, 6, 5, 4, 3}));
  EXPECT_EQ(padded({2, 3}, "replicate"), (Floats{1, 1, 1, 2, 3, 4, 5, 6, 6, 6, 6}));
  EXPECT_EQ(padded({2, 3}, "circular"), (Floats{5, 6, 1, 2, 3, 4, 5, 6, 1, 2, 3}));
}

TEST(Pad, NegativeAmountsCrop) {
  EXPECT_EQ(padded({-2, 3}, "constant"), (Floats{3, 4, 5, 6, 0, 0, 0}));
  EXPECT_EQ(padded({-2, 3}, "reflect"), (Floats{3, 4, 5, 6, 5, 4, 3}));
  EXPECT_EQ(padded({-2, 3}, "replicate"), (Floats{3, 4, 5, 6, 6, 6, 6}));
  EXPECT_EQ(padded({-2, 3}, "circular"), (Floats{3, 4, 5, 6, 3, 4, 5}));
  EXPECT_EQ(padded({5, -7}, "reflect"), (Floats{6, 5, 4, 3}));
  EXPECT_EQ(padded({-7, 5}, "reflect"), (Floats{4, 3, 2, 1}));
  EXPECT_EQ(padded({7, -12}, "replicate"), (Floats{1}));
  EXPECT_EQ(padded({-7, 9}, "replicate"), (Floats(8, 6)));
  EXPECT_EQ(padded({3, -3}, "circular"), (Floats{1, 2, 3, 1, 2, 3}));
  EXPECT_EQ(padded({-6, 0}, "circular"), Floats{});
  EXPECT_EQ(padded({-6, 0}, "constant"), Floats{});
}

TEST(Pad, SeveralDimensions) {
  const Tensor x = arange(1, 7).reshape({1, 2, 3});
  EXPECT_TRUE(equal(F::pad(x, {1, 0, 0, 1}, {.value = 9.0}),
                    tensor<std::int64_t>({9, 1, 2, 3, 9, 4, 5, 6, 9, 9, 9, 9}, {{1, 3, 4}})));
  EXPECT_TRUE(equal(F::pad(x, {1, 0, 1, 0}, {.mode = "reflect"}),
                    tensor<std::int64_t>({5, 4, 5, 6, 2, 1, 2, 3, 5, 4, 5, 6}, {{1, 3, 4}})));
  EXPECT_TRUE(
      equal(F::pad(x, {-1, 0, 1, 0}, {.mode = "replicate"}), tensor<std::int64_t>({2, 3, 2, 3, 5, 6}, {{1, 3, 2}})));
  EXPECT_EQ(F::pad(zeros({2, 3, 4, 5}), {1, 1, 1, 1, 2, 2}, {.mode = "circular"}).sizes(), (Shape{2, 7, 6, 7}));
}

TEST(Pad, AllDTypesAndAlwaysNewMemory) {
  for (const DType dtype :
       {uint8, int8, int16, int32, int64, float16, bfloat16, float32, float64, complex64, complex128}) {
    const Tensor x = one_to_six().to(dtype);
    for (const char* mode : {"constant", "reflect", "replicate", "circular"}) {
      const Tensor y = F::pad(x, {0, 0}, {.mode = mode});
      EXPECT_TRUE(equal(x, y));
      const Tensor grown = F::pad(x.expand({3, 6}), {1, 1}, {.mode = mode});
      EXPECT_EQ(grown.dtype(), dtype);
      EXPECT_EQ(grown.sizes(), (Shape{3, 8}));
    }
  }
  Tensor x = one_to_six();
  const Tensor y = F::pad(x, {0, 0});
  x.fill_(0);
  EXPECT_EQ(y.at<float>({0, 5}), 6);
  EXPECT_TRUE(F::pad(one_to_six().to(bool_), {1, 1}, {.mode = "circular"}).dtype() == bool_);
  EXPECT_EQ(F::pad(zeros({0, 1, 6}), {1, 1}, {.mode = "reflect"}).sizes(), (Shape{0, 1, 8}));
  EXPECT_EQ(F::pad(zeros({2, 0, 6}), {1, 1}, {.mode = "circular"}).sizes(), (Shape{2, 0, 8}));
  EXPECT_EQ(F::pad(zeros({2, 6}, {.device = "meta"}), {1, 1}, {.mode = "reflect"}).sizes(), (Shape{2, 8}));
}

void expect_refused(const std::string& text, const Tensor& x, const std::vector<std::int64_t>& amounts,
                    const F::PadOptions& options) {
  EXPECT_ERROR(RuntimeError, text, F::pad(x, amounts, options));
}

TEST(Pad, Refuses) {
  EXPECT_ERROR(NotImplementedError, "Unrecognised padding mode foo",
               F::pad(one_to_six(), {1}, {.mode = "foo", .value = 1}));
  expect_refused("Padding length must be divisible by 2", one_to_six(), {1}, {});
  expect_refused(
      "Padding length should be less than or equal to two times the input dimension but got padding length 2 and input "
      "of dimension 0",
      full({}, 1.0f), {1, 1}, {.mode = "reflect"});
  expect_refused("Padding mode \"reflect\" doesn't take in value argument", zeros({6}), {1, 1},
                 {.mode = "reflect", .value = 1});
  EXPECT_ERROR(
      NotImplementedError,
      "Padding size 2 is not supported for 1D input tensor.\nSupported combinations for non-constant padding:\n"
      "  - 2D or 3D input: padding size = 2 (pads last dimension)\n"
      "  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n"
      "  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)",
      F::pad(zeros({6}), {1, 1}, {.mode = "circular"}));
  expect_refused("narrow(): length must be non-negative.", one_to_six(), {-3, -4}, {});
  expect_refused("narrow(): length must be non-negative.", one_to_six(), {-7, 8}, {});
  expect_refused(
      "Expected 2D or 3D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, but "
      "got: [1, 0]",
      zeros({1, 0}), {5, 5}, {.mode = "reflect"});
  expect_refused(
      "Argument #4: Padding size should be less than the corresponding input dimension, but got: padding (6, 6) at "
      "dimension 1 of input [1, 6]",
      one_to_six(), {6, 6}, {.mode = "reflect"});
  expect_refused("input (W: 6) is too small. Calculated output W: -4", one_to_six(), {-5, -5}, {.mode = "replicate"});
  EXPECT_ERROR(NotImplementedError, "\"reflection_pad1d\" not implemented for 'Bool'",
               F::pad(one_to_six().to(bool_), {1, 1}, {.mode = "reflect"}));
  expect_refused("Padding value causes wrapping around more than once.", one_to_six(), {7, 0}, {.mode = "circular"});
  expect_refused("Negative padding value is resulting in an empty dimension", one_to_six(), {-3, -4},
                 {.mode = "circular"});
  expect_refused("value cannot be converted to type uint8_t without overflow", one_to_six().to(uint8), {1, 1},
                 {.value = 300});
}

// Where PyTorch returns uninitialised memory, nonsense or an unrelated text.
TEST(Pad, RefusesToRepeatWhatWasCropped) {
  for (const auto& [before, after] :
       std::vector<std::pair<std::int64_t, std::int64_t>>{{-6, 4}, {6, -6}, {-5, 2}, {-1, 6}, {-7, 1}, {4, -3}}) {
    expect_refused("Padding value causes wrapping around more than once.", one_to_six(), {before, after},
                   {.mode = "circular"});
  }
}

TEST(Pad, NothingOverflows) {
  for (const char* mode : {"constant", "reflect", "replicate", "circular"}) {
    for (const std::int64_t a : {kSmallest, -kLargest, kLargest, kLargest / 2 + 1}) {
      for (const std::int64_t b : {kSmallest, std::int64_t{5}, kLargest, kLargest / 2 + 1}) {
        // (-2^63 + 1, 2^63 - 1) leaves six samples when replicated; everything else is too little or too much.
        try {
          EXPECT_LE(F::pad(one_to_six(), {a, b}, {.mode = mode}).numel(), 7) << mode << " " << a << " " << b;
        } catch (const RuntimeError&) {
        }
      }
    }
  }
}

TEST(Pad, AGradientOfAnotherSizeIsRefused) {
  const Tensor y = F::pad(one_to_six().requires_grad_(), {1, 1}, {.mode = "reflect"});
  EXPECT_ERROR(RuntimeError, "Expected a gradient of size [1, 8] in the gradient of pad, but got size [1]",
               y.grad_fn()->apply({ones({1})}));
}

}  // namespace
}  // namespace conv1d::testing
