// Views, copies, reductions: values, layouts and errors as PyTorch 2.13's.
#include <cmath>
#include <limits>
#include <numeric>

#include <conv1d/ops.h>
#include <conv1d/random.h>
#include <gtest/gtest.h>

#include "support/throws.h"

namespace conv1d {
namespace {

Tensor counted(const Shape& shape, DType dtype = float32) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  return arange(0, count, 1, {.dtype = dtype}).view(shape);
}

std::vector<float> floats(const Tensor& x) {
  const Tensor y = x.to(float32).contiguous();
  return {y.span<float>().begin(), y.span<float>().end()};
}
using Floats = std::vector<float>;

std::string out_of_range(int low, int high, int dim) {
  return "Dimension out of range (expected to be in range of [" + std::to_string(low) + ", " + std::to_string(high) +
         "], but got " + std::to_string(dim) + ")";
}

TEST(Shapes, ShareTheirBase) {
  const Tensor x = counted({2, 3});
  for (const Tensor& view : {x.view({3, 2}), x.reshape({-1}), x.flatten(), x.t(), x.transpose(0, 1), x.permute({1, 0}),
                             x.unsqueeze(0), x.squeeze(), x.expand({4, 2, 3}), x[0], x.slice(1, 1)}) {
    EXPECT_GE(view.data<float>(), x.data<float>());
    EXPECT_LT(view.data<float>(), x.data<float>() + 6);
  }
}

TEST(Shapes, Values) {
  const Tensor x = counted({2, 3, 4});
  EXPECT_EQ(floats(x.transpose(0, 2)[1]), (Floats{1, 13, 5, 17, 9, 21}));
  EXPECT_EQ(floats(x.permute({2, 0, 1})[0]), (Floats{0, 4, 8, 12, 16, 20}));
  EXPECT_EQ(floats(x[-1][2]), (Floats{20, 21, 22, 23}));
  EXPECT_EQ(floats(x.slice(2, -3, -1)[0][0]), (Floats{1, 2}));
  EXPECT_EQ(floats(x.slice(2, 1, 100, 2)[1][1]), (Floats{17, 19}));
  EXPECT_EQ(x.slice(1, 5, 1).sizes(), (Shape{2, 0, 4}));
  EXPECT_EQ(x.slice(0, 0, 2, std::numeric_limits<std::int64_t>::max()).sizes(), (Shape{1, 3, 4}));
  EXPECT_EQ(x.flatten(1).sizes(), (Shape{2, 12}));
  EXPECT_EQ(x.flatten(0, 1).sizes(), (Shape{6, 4}));
  EXPECT_EQ(ones({}).flatten().sizes(), (Shape{1}));
  EXPECT_EQ(ones({2, 1, 3, 1}).squeeze().sizes(), (Shape{2, 3}));
  EXPECT_EQ(ones({2, 1, 3, 1}).squeeze(-1).sizes(), (Shape{2, 1, 3}));
  EXPECT_EQ(ones({2, 1}).squeeze(0).sizes(), (Shape{2, 1}));
  EXPECT_EQ(x.unsqueeze(-1).strides(), (Shape{12, 4, 1, 1}));
  EXPECT_EQ(x.unsqueeze(1).strides(), (Shape{12, 12, 4, 1}));
  EXPECT_EQ(ones({3}).expand({2, -1}).strides(), (Shape{0, 1}));
  EXPECT_EQ(ones({2, 0}).view({0, 7}).sizes(), (Shape{0, 7}));
  EXPECT_EQ(ones({3}).t().sizes(), (Shape{3}));
}

TEST(Shapes, Errors) {
  const Tensor x = ones({2, 3}), six = ones({6});
  EXPECT_ERROR(RuntimeError, "shape '[4, -1]' is invalid for input of size 6", six.view({4, -1}));
  EXPECT_ERROR(RuntimeError, "shape '[4]' is invalid for input of size 6", six.reshape({4}));
  EXPECT_ERROR(RuntimeError, "only one dimension can be inferred", six.reshape({-1, -1}));
  EXPECT_ERROR(RuntimeError, "invalid shape dimension -2 at index 0 of shape [-2, 3]", x.view({-2, 3}));
  EXPECT_ERROR(RuntimeError,
               "cannot reshape tensor of 0 elements into shape [-1, 0] because the unspecified dimension size -1 can "
               "be any value "
               "and is ambiguous",
               ones({2, 0}).view({-1, 0}));
  EXPECT_ERROR(
      RuntimeError,
      "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
      "contiguous subspaces). Use .reshape(...) instead.",
      x.t().view({-1}));
  EXPECT_ERROR(IndexError, out_of_range(-1, 0, 1), six.transpose(0, 1));
  EXPECT_ERROR(IndexError, out_of_range(-2, 1, 5), x.squeeze(5));
  EXPECT_ERROR(IndexError, out_of_range(-3, 2, 5), x.unsqueeze(5));
  EXPECT_ERROR(IndexError, out_of_range(-2, 1, 2), x.flatten(2));
  EXPECT_ERROR(RuntimeError, "flatten() has invalid args: start_dim cannot come after end_dim", x.flatten(1, 0));
  EXPECT_ERROR(RuntimeError, "t() expects a tensor with <= 2 dimensions, but self is 3D", ones({2, 3, 4}).t());
  EXPECT_ERROR(RuntimeError, "permute(): duplicate dims are not allowed.", x.permute({0, -2}));
  EXPECT_ERROR(
      RuntimeError,
      "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering "
      "of dimensions i.e. input.dim() = 2 is not equal to len(dims) = 1",
      x.permute({0}));
  EXPECT_ERROR(RuntimeError,
               "The expanded size of the tensor (2) must match the existing size (3) at non-singleton dimension 0.  "
               "Target sizes: "
               "[2].  Tensor sizes: [3]",
               ones({3}).expand({2}));
  EXPECT_ERROR(
      RuntimeError,
      "expand(torch.FloatTensor{[2, 3]}, size=[3]): the number of sizes provided (1) must be greater or equal to the "
      "number of dimensions in the tensor (2)",
      x.expand({3}));
  EXPECT_ERROR(RuntimeError,
               "The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension 0",
               x.expand({-1, 2, 3}));
  EXPECT_ERROR(IndexError, "select(): index 2 out of range for tensor of size [2, 3] at dimension 0", x.select(0, 2));
  EXPECT_ERROR(IndexError, "select() cannot be applied to a 0-dim tensor.", ones({}).select(0, 0));
  EXPECT_ERROR(RuntimeError, "numel: integer multiplication overflow", ones({1}).expand({std::int64_t{1} << 62, 4}));
}

TEST(Copies, CatAndStack) {
  const Tensor x = counted({2, 2});
  EXPECT_EQ(floats(cat({x, x.t()}, 1)), (Floats{0, 1, 0, 2, 2, 3, 1, 3}));
  EXPECT_EQ(floats(stack({x, x.t()}, -1)), (Floats{0, 0, 1, 2, 2, 1, 3, 3}));
  EXPECT_EQ(cat({x, ones({0})}).sizes(), (Shape{2, 2}));
  EXPECT_EQ(cat({ones({2}), ones({2}, {.dtype = int64})}).dtype(), float32);
  EXPECT_EQ(cat({ones({2}, {.dtype = int64}), ones({1}, {.dtype = float16})}).dtype(), float16);
  EXPECT_ERROR(ValueError, "torch.cat(): expected a non-empty list of Tensors", cat({}));
  EXPECT_ERROR(RuntimeError, "zero-dimensional tensor (at position 0) cannot be concatenated",
               cat({ones({}), ones({})}));
  EXPECT_ERROR(RuntimeError, "Tensors must have same number of dimensions: got 2 and 1", cat({x, ones({2})}));
  EXPECT_ERROR(RuntimeError,
               "Sizes of tensors must match except in dimension 0. Expected size 3 but got size 4 for tensor number 1 "
               "in the list.",
               cat({ones({2, 3}), ones({2, 4})}));
  EXPECT_ERROR(RuntimeError, "stack expects a non-empty TensorList", stack({}));
  EXPECT_ERROR(RuntimeError, "stack expects each tensor to be equal size, but got [2] at entry 0 and [3] at entry 1",
               stack({ones({2}), ones({3})}));
}

TEST(Copies, ConversionsAndParts) {
  EXPECT_EQ(tensor<float>({1.7f, -1.7f}).to(int32).at<int>({1}), -1);
  const Tensor z = complex(tensor<float>({1, 2}), tensor<float>({3, 4}));
  EXPECT_EQ(floats(z.imag()), (Floats{3, 4}));
  EXPECT_EQ(floats(z.conj().imag()), (Floats{-3, -4}));
  Tensor real = z.real();
  real.fill_(9);
  EXPECT_EQ(z.at<std::complex<float>>({1}), std::complex<float>(9, 4));
  EXPECT_ERROR(RuntimeError, "Expected object of scalar type Float but got scalar type Double for second argument",
               complex(ones({2}), ones({2}, {.dtype = float64})));
}

// ---- reductions
// ------------------------------------------------------------------------------------------------------

TEST(Sum, ValuesAndDtypes) {
  const Tensor x = counted({2, 3, 4});
  EXPECT_EQ(floats(x.sum({0, 2})), (Floats{60, 92, 124}));
  EXPECT_EQ(floats(x.mean({0, 2})), (Floats{7.5f, 11.5f, 15.5f}));
  EXPECT_EQ(floats(x.transpose(0, 2).sum({1})), (Floats{12, 48, 15, 51, 18, 54, 21, 57}));
  EXPECT_EQ(x.sum({1}, true).sizes(), (Shape{2, 1, 4}));
  EXPECT_EQ(x.sum(Shape{}).item<float>(), 276);
  EXPECT_EQ(ones({3}, {.dtype = uint8}).sum().dtype(), int64);
  EXPECT_EQ(ones({3}, {.dtype = bool_}).sum().item<int>(), 3);
  EXPECT_EQ(ones({3}, {.dtype = float16}).sum().dtype(), float16);
  EXPECT_EQ(zeros({0}).sum().item<float>(), 0);
  EXPECT_EQ(zeros({2, 0}).sum({1}).sizes(), (Shape{2}));
  EXPECT_TRUE(std::isnan(zeros({0}).mean().item<float>()));
  EXPECT_EQ(full({}, 2.0f).sum({0}).item<float>(), 2);
  EXPECT_EQ((full({2}, std::complex<float>(1, 2))).sum().item<std::complex<float>>(), std::complex<float>(2, 4));
}

TEST(Sum, LongSumsStayAccurate) {
  EXPECT_EQ(full({1000003}, 0.1f).sum().item<float>(), 100000.3046875f);
  const Tensor x = full({1000003}, 0.1, {.dtype = float64});
  EXPECT_NEAR(x.sum().item<double>(), 100000.3, 1e-9);
  EXPECT_NEAR(x.view({1, -1}).expand({3, -1}).sum({1}).at<double>({2}), 100000.3, 1e-9);
  EXPECT_EQ(full({100000}, 1.0f, {.dtype = float16}).sum().item<float>(), std::numeric_limits<float>::infinity());
}

TEST(Sum, Errors) {
  EXPECT_ERROR(IndexError, out_of_range(-2, 1, 5), ones({2, 3}).sum({5}));
  EXPECT_ERROR(IndexError, out_of_range(-2, 1, 5), ones({2, 3}).mean({5}));
  EXPECT_ERROR(RuntimeError, "dim 0 appears multiple times in the list of dims", ones({2, 3}).sum({0, -2}));
  EXPECT_ERROR(
      RuntimeError,
      "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: Long",
      ones({3}, {.dtype = int64}).mean());
}

TEST(Extrema, ValuesAndPlaces) {
  const Tensor x = tensor<float>({3, 1, 2, 5, 4, 5}, Shape{2, 3});
  EXPECT_EQ(x.max().item<float>(), 5);
  EXPECT_EQ(x.min().item<float>(), 1);
  EXPECT_EQ(x.argmax().item<int>(), 3);
  EXPECT_EQ(x.t().argmax().item<int>(), 1);
  EXPECT_EQ(floats(max(x, 1).indices), (Floats{0, 0}));
  EXPECT_EQ(floats(min(x, 0).values), (Floats{3, 1, 2}));
  EXPECT_EQ(floats(x.argmax(1)), (Floats{0, 0}));
  EXPECT_EQ(x.argmax(1, true).sizes(), (Shape{2, 1}));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(tensor<float>({1, nan, 3}).max().item<float>()));
  EXPECT_EQ(tensor<float>({1, nan, 3}).argmax().item<int>(), 1);
  EXPECT_EQ(max(zeros({3, 0}), 0).values.sizes(), (Shape{0}));
  EXPECT_EQ(counted({4}, int64).max().dtype(), int64);
}

TEST(Extrema, GradientsOfEquals) {
  const Tensor x = tensor<float>({1, 3, 3}).requires_grad_();
  x.max().backward();
  EXPECT_EQ(floats(x.grad()), (Floats{0, 0.5f, 0.5f}));
  const_cast<Tensor&>(x).set_grad({});
  max(x, 0).values.backward();
  EXPECT_EQ(floats(x.grad()), (Floats{0, 1, 0}));
}

TEST(Extrema, Errors) {
  EXPECT_ERROR(
      RuntimeError,
      "max(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' "
      "argument.",
      zeros({0}).max());
  EXPECT_ERROR(IndexError, "argmax(): Expected reduction dim to be specified for input.numel() == 0.",
               zeros({0}).argmax());
  EXPECT_ERROR(IndexError, "max(): Expected reduction dim 0 to have non-zero size.", max(zeros({0, 3}), 0));
  EXPECT_ERROR(NotImplementedError, "\"max_all\" not implemented for 'ComplexFloat'",
               zeros({2}, {.dtype = complex64}).max());
  EXPECT_ERROR(RuntimeError, "argmax(): does not support bool input", zeros({2}, {.dtype = bool_}).argmax());
  EXPECT_ERROR(RuntimeError, "max(): does not support complex input", max(zeros({2}, {.dtype = complex64}), 0));
}

TEST(Gradients, AtPlacesWithoutOne) {
  const auto slope = [](const Tensor& x, auto f) {
    f(x).sum().backward();
    return x.grad().template at<float>({0});
  };
  const auto zero = [] { return zeros({1}, {.requires_grad = true}); };
  EXPECT_EQ(slope(zero(), [](const Tensor& x) { return x.abs(); }), 0);
  EXPECT_EQ(slope(zero(), [](const Tensor& x) { return x.sqrt(); }), std::numeric_limits<float>::infinity());
  EXPECT_EQ(slope(zero(), [](const Tensor& x) { return x.pow(0); }), 0);
  EXPECT_EQ(slope(zero(), [](const Tensor& x) { return x.pow(x); }), 0);
  EXPECT_EQ(slope(zero(), [](const Tensor& x) { return rpow(x, 0); }), 0);
  EXPECT_EQ(slope(zero(), [](const Tensor& x) { return x.relu(); }), 0);
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor x = tensor<float>({inf, -1, nan}).requires_grad_();
  (x.relu() * full({}, inf)).sum().backward();
  EXPECT_EQ(floats(x.grad()), (Floats{inf, 0, inf}));
}

TEST(Loss, MeanSquaredError) {
  std::vector<std::string> warnings;
  const WarningHandler before = set_warning_handler([&](const std::string& text) { warnings.push_back(text); });
  const Tensor x = tensor<float>({1, 2, 3, 4, 5, 6}, Shape{2, 3}), y = tensor<float>({1, 0, 1});
  EXPECT_EQ(mse_loss(x, x).item<float>(), 0);
  EXPECT_TRUE(warnings.empty());
  EXPECT_FLOAT_EQ(mse_loss(x, y).item<float>(), (0 + 4 + 4 + 9 + 25 + 25) / 6.0f);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0],
            "Using a target size (torch.Size([3])) that is different to the input size (torch.Size([2, 3])). This will "
            "likely lead "
            "to incorrect results due to broadcasting. Please ensure they have the same size.");
  EXPECT_EQ(mse_loss(x, y, "sum").item<float>(), 67);
  EXPECT_EQ(mse_loss(x, y, "none").sizes(), (Shape{2, 3}));
  EXPECT_ERROR(RuntimeError,
               "The size of tensor a (3) must match the size of tensor b (2) at non-singleton dimension 1",
               mse_loss(x, ones({2, 2})));
  EXPECT_ERROR(ValueError, "foo is not a valid value for reduction", mse_loss(x, x, "foo"));
  EXPECT_ERROR(NotImplementedError, "\"mse_cpu\" not implemented for 'Long'", mse_loss(x.to(int64), x.to(int64)));
  set_warning_handler(before);
}

TEST(Random, InPlace) {
  manual_seed(42);
  Tensor x = empty({3});
  x.uniform_();
  const Tensor again = empty({3});
  manual_seed(42);
  EXPECT_TRUE(equal(x, Tensor(again).uniform_()));
  EXPECT_ERROR(RuntimeError, "uniform_ expects to return a [from, to) range, but found from=2 > to=1",
               x.uniform_(2, 1));
  EXPECT_ERROR(NotImplementedError, "\"check_uniform_bounds\" not implemented for 'Long'",
               zeros({3}, {.dtype = int64}).uniform_());
}

}  // namespace
}  // namespace conv1d
