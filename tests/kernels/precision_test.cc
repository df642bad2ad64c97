// The process's precision: which families it leaves, and that it counts at once.
#include <conv1d/precision.h>

#include <gtest/gtest.h>

#include <vector>

#include <conv1d/error.h>
#include <conv1d/kernels.h>

#include "kernels/kernel.h"
#include "reference/layers.h"

namespace conv1d::kernels::testing {
namespace {

class ConvPrecision : public ::testing::Test {
 protected:
  void TearDown() override { set_float32_conv_precision("high"); }
};

TEST_F(ConvPrecision, HasThreeNames) {
  EXPECT_EQ(get_float32_conv_precision(), "high");
  for (const char* name : {"highest", "medium", "high"}) {
    set_float32_conv_precision(name);
    EXPECT_EQ(get_float32_conv_precision(), name);
  }
  try {
    set_float32_conv_precision("HIGHEST");
    FAIL();
  } catch (const RuntimeError& error) {
    EXPECT_STREQ(error.what(), "HIGHEST is not one of 'highest', 'high', or 'medium'");
  }
  EXPECT_EQ(get_float32_conv_precision(), "high");
}

TEST_F(ConvPrecision, HighestLeavesDirectSumsForEveryDType) {
  set_float32_conv_precision("highest");
  for (const Element element : {Element::kFloat32, Element::kFloat64, Element::kComplex64, Element::kComplex128,
                                Element::kFloat16, Element::kBFloat16, Element::kInt64}) {
    for (const std::int64_t taps : {3, 17, 300}) {
      const Layer l{.batch = 2, .in_channels = 16, .length = 2000, .out_channels = 16, .kernel_size = taps};
      EXPECT_TRUE(make_plan(forward(l, element), default_options()).kernel->direct_sum);
    }
  }
  const std::vector<float> weight(16 * 16 * 40);
  const conv1d::Plan::Options options{.in_channels = 16, .length = 4000, .out_channels = 16, .kernel_size = 40};
  const conv1d::Plan direct(options, weight.data());
  set_float32_conv_precision("high");
  EXPECT_NE(conv1d::Plan(options, weight.data()).kernel(), direct.kernel());
}

}  // namespace
}  // namespace conv1d::kernels::testing
