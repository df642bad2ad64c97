// The name of the algorithm that a layer takes: for the padded length, at once after a change of precision, and without
// computing.
#include <gtest/gtest.h>

#include <functional>

#include <conv1d/conv1d.h>

namespace conv1d::testing {
namespace {

namespace F = nn::functional;

class KernelFor : public ::testing::Test {
 protected:
  void TearDown() override { set_float32_conv_precision("high"); }
};

TEST_F(KernelFor, NamesWhatIsTaken) {
  const nn::Conv1d layer(16, 16, 40);
  const Tensor x = zeros({1, 16, 4000});
  const std::string fast = layer.kernel_for(x);
  EXPECT_EQ(fast, F::conv1d_kernel(x, layer.weight(), layer.bias()));
  EXPECT_EQ(layer.kernel_for(x.select(0, 0)), fast) << "one sample";
  EXPECT_EQ(layer.kernel_for(zeros({0, 16, 4000})), "none");
  EXPECT_EQ(layer.kept_bytes(), 0U) << "nothing was computed";
  EXPECT_EQ(F::conv1d_kernel(randint(0, 9, {1, 2, 9}), randint(0, 9, {2, 2, 3})), "plain");
  EXPECT_THROW(layer.kernel_for(zeros({1, 15, 4000})), RuntimeError);
  EXPECT_THROW(layer.kernel_for(zeros({1, 16, 39})), RuntimeError);
}

TEST_F(KernelFor, OfATransposedLayerNamesWhatTakesMostOfItsTime) {
  const nn::ConvTranspose1d dense(16, 12, 5);
  const Tensor x = zeros({1, 16, 4000});
  // The same sums as those of a convolution with the weight turned around.
  EXPECT_EQ(dense.kernel_for(x), F::conv1d_kernel(x, zeros({12, 16, 5}), dense.bias(), {.padding = 4}));
  EXPECT_EQ(dense.kernel_for(x.select(0, 0)), dense.kernel_for(x));
  EXPECT_EQ(dense.kernel_for(zeros({0, 16, 4000})), "none");
  EXPECT_EQ(dense.kept_bytes(), 0U) << "nothing was computed";
  EXPECT_THROW(dense.kernel_for(zeros({1, 15, 4000})), RuntimeError);

  // A stride beyond the taps leaves gaps: writing the bias there is a step of its own, and not the layer's name.
  const nn::ConvTranspose1d sparse(16, 16, 3, {.stride = 4});
  EXPECT_NE(sparse.kernel_for(x), "none");
  EXPECT_EQ(sparse.kernel_for(x, {16000}), sparse.kernel_for(x));
  EXPECT_THROW(sparse.kernel_for(x, {17000}), ValueError);
}

TEST_F(KernelFor, CountsThePaddedLength) {
  const Tensor x = zeros({1, 2, 64});
  for (const char* mode : {"reflect", "replicate", "circular"}) {
    const nn::Conv1d layer(2, 2, 33, {.padding = 16, .padding_mode = mode});
    EXPECT_EQ(layer.kernel_for(x), F::conv1d_kernel(zeros({1, 2, 96}), layer.weight(), layer.bias())) << mode;
    EXPECT_EQ(layer.kernel_for(x.clone().requires_grad_()), layer.kernel_for(x.detach()));
  }
  EXPECT_THROW(nn::Conv1d(2, 2, 3, {.padding = 64, .padding_mode = "reflect"}).kernel_for(x), RuntimeError);
}

// `piece`: what of the output, from column `first` on, reads nothing but samples 100 to 300.
template <class Layer>
void follows_the_precision(const char* before,
                           const std::function<Tensor(const Tensor& y, std::int64_t first)>& piece) {
  const NoGradGuard guard;
  manual_seed(5);
  const Layer layer(16, 16, 40);
  const Tensor x = randn({1, 16, 4000});
  const Tensor fast = layer(x);
  const std::string name = layer.kernel_for(x);
  set_float32_conv_precision("highest");
  EXPECT_NE(layer.kernel_for(x), name);
  const Tensor direct = layer(x);
  EXPECT_FALSE(equal(direct, fast)) << "the plan of the first call was taken again";
  EXPECT_TRUE(equal(piece(layer(x.slice(2, 100, 300)), 0), piece(direct, 100)));
  set_float32_conv_precision(before);
  EXPECT_EQ(layer.kernel_for(x), name);
  EXPECT_TRUE(equal(layer(x), fast));
}

TEST_F(KernelFor, FollowsThePrecisionAtOnce) {
  follows_the_precision<nn::Conv1d>("medium",
                                    [](const Tensor& y, std::int64_t first) { return y.slice(2, first, first + 161); });
}

TEST_F(KernelFor, OfATransposedLayerFollowsThePrecisionAtOnce) {
  follows_the_precision<nn::ConvTranspose1d>(
      "high", [](const Tensor& y, std::int64_t first) { return y.slice(2, first + 39, first + 200); });
}

}  // namespace
}  // namespace conv1d::testing
