// Samples that PyTorch 2.13 printed.
#include <conv1d/print.h>

#include <complex>
#include <limits>
#include <sstream>

#include <gtest/gtest.h>

#include <conv1d/autograd.h>

namespace conv1d {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity(), kNan = std::numeric_limits<double>::quiet_NaN();

class Print : public testing::Test {
 protected:
  void TearDown() override {
    set_print_options({});
    set_default_dtype(float32);
  }
};

TEST_F(Print, Floats) {
  EXPECT_EQ(to_string(tensor<float>({8, -3})), "tensor([ 8., -3.])");
  EXPECT_EQ(to_string(tensor<float>({1e8F})), "tensor([100000000.])");
  EXPECT_EQ(to_string(tensor<float>({1e-4F})), "tensor([1.0000e-04])");
  EXPECT_EQ(to_string(tensor<double>({1e-4})), "tensor([0.0001], dtype=torch.float64)");
  EXPECT_EQ(to_string(tensor<float>({static_cast<float>(kNan), 1.5F})), "tensor([   nan, 1.5000])");
  EXPECT_EQ(to_string(tensor<float>({0.F, -0.F, 1.5F})), "tensor([0.0000, -0.0000, 1.5000])");
}

TEST_F(Print, Halves) {
  EXPECT_EQ(to_string(tensor<Half>({Half(65504.F), Half(1.F)})),
            "tensor([6.5504e+04, 1.0000e+00], dtype=torch.float16)");
  EXPECT_EQ(to_string(tensor<BFloat16>({BFloat16(0.1F)})), "tensor([0.1001], dtype=torch.bfloat16)");
}

TEST_F(Print, IntegersAndBool) {
  EXPECT_EQ(to_string(tensor<std::int64_t>({5, -60})), "tensor([  5, -60])");
  EXPECT_EQ(to_string(tensor<bool>({true, false})), "tensor([ True, False])");
  EXPECT_EQ(to_string(tensor<std::uint8_t>({255})), "tensor([255], dtype=torch.uint8)");
  EXPECT_EQ(to_string(tensor<std::int8_t>({-128})), "tensor([-128], dtype=torch.int8)");
}

TEST_F(Print, Complex) {
  using C = std::complex<float>;
  EXPECT_EQ(to_string(tensor<C>({C(3, 4), C(1.5F, -2)})), "tensor([3.0000+4.j, 1.5000-2.j])");
  EXPECT_EQ(to_string(tensor<C>({C(static_cast<float>(kNan), static_cast<float>(kInf))})), "tensor([nan+infj])");
  EXPECT_EQ(to_string(tensor<std::complex<double>>({1.0})), "tensor([1.+0.j], dtype=torch.complex128)");
}

TEST_F(Print, ShapesFromNoneToThree) {
  EXPECT_EQ(to_string(tensor<float>({2.5F}, Shape{})), "tensor(2.5000)");
  EXPECT_EQ(to_string(tensor<std::int64_t>({1, 2, 3, 4}, Shape{2, 2})), "tensor([[1, 2],\n        [3, 4]])");
  EXPECT_EQ(to_string(tensor<std::int64_t>({1, 2}, Shape{2, 1, 1})), "tensor([[[1]],\n\n        [[2]]])");
}

TEST_F(Print, Views) {
  const Tensor x = tensor<std::int64_t>({1, 2, 3, 4, 5, 6}, Shape{2, 3});
  EXPECT_EQ(to_string(x.t()), "tensor([[1, 4],\n        [2, 5],\n        [3, 6]])");
  EXPECT_EQ(to_string(x.select(1, 1)), "tensor([2, 5])");
  EXPECT_EQ(to_string(x.slice(1, 0, 3, 2)), "tensor([[1, 3],\n        [4, 6]])");
}

TEST_F(Print, Summaries) {
  EXPECT_EQ(to_string(arange(0, 1001)), "tensor([   0,    1,    2,  ...,  998,  999, 1000])");
  set_print_options({.threshold = 5, .edgeitems = 1});
  EXPECT_EQ(to_string(arange(0, 6)), "tensor([0,  ..., 5])");
  set_print_options({.threshold = 5, .edgeitems = 0});
  EXPECT_EQ(to_string(arange(0, 6)), "tensor([...], size=(6,))");
}

TEST_F(Print, LongLinesAreBrokenAtEightyColumns) {
  const std::string text = to_string(zeros({30}));  // zeros are not measured, so this line is as long as in PyTorch
  EXPECT_EQ(text.substr(0, text.find('\n')).size(), 80U + 23U);
}

TEST_F(Print, EmptyAndMeta) {
  EXPECT_EQ(to_string(zeros({0})), "tensor([])");
  EXPECT_EQ(to_string(zeros({2, 0})), "tensor([], size=(2, 0))");
  EXPECT_EQ(to_string(zeros({0}, {.dtype = int64})), "tensor([], dtype=torch.int64)");
  EXPECT_EQ(to_string(zeros({3, 6}, {.device = "meta"})), "tensor(..., device='meta', size=(3, 6))");
  EXPECT_EQ(to_string(zeros({2}, {.dtype = float64, .device = "meta"})),
            "tensor(..., device='meta', size=(2,), dtype=torch.float64)");
  EXPECT_EQ(to_string(Tensor()), "[ Tensor (undefined) ]");
}

TEST_F(Print, DefaultDtypeDecidesWhatIsNamed) {
  set_default_dtype(float64);
  EXPECT_EQ(to_string(tensor<double>({1.5})), "tensor([1.5000])");
  EXPECT_EQ(to_string(tensor<float>({1.5F})), "tensor([1.5000], dtype=torch.float32)");
  EXPECT_EQ(to_string(tensor<std::complex<double>>({1.0})), "tensor([1.+0.j])");
}

TEST_F(Print, History) {
  Tensor x = tensor<float>({1, 2});
  x.requires_grad_();
  EXPECT_EQ(to_string(x), "tensor([1., 2.], requires_grad=True)");
  EXPECT_EQ(to_string(x.neg()), "tensor([-1., -2.], grad_fn=<NegBackward0>)");
  EXPECT_EQ(to_string(x.detach()), "tensor([1., 2.])");
}

TEST_F(Print, Options) {
  set_print_options({.precision = 2, .linewidth = 20, .sci_mode = true});
  EXPECT_EQ(to_string(tensor<float>({1.5F, static_cast<float>(kInf)})), "tensor([1.50e+00,\n             inf])");
  EXPECT_EQ(print_options().precision, 2);
  EXPECT_EQ(print_options().threshold, 1000);
}

TEST_F(Print, Streams) {
  std::ostringstream out;
  out << tensor<float>({1}) << '\n';
  EXPECT_EQ(out.str(), "tensor([1.])\n");
}

}  // namespace
}  // namespace conv1d
