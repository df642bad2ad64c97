#include <conv1d/roof.h>

#include <gtest/gtest.h>

#include <vector>

#include <conv1d/error.h>

#include "kernels/isa.h"

namespace conv1d {
namespace {

// Whether figures are right shows only beside a layer's; here, that they are figures.
TEST(Roof, MeasuresPeaks) {
  EXPECT_GT(measure_peak(float32, 1e-4), 1e8);
  EXPECT_GT(measure_peak(float64, 1e-4), 1e8);
  EXPECT_THROW(measure_peak(int32, 1e-4), RuntimeError);
  EXPECT_EQ(instruction_set(), kernels::isa_name(kernels::current_isa()));
}

TEST(Roof, CopiesWhatItTimes) {
  const std::vector<float> from = {1, 2, 3, 4, 5};
  std::vector<float> to(5);
  const double begin = thread_seconds();
  EXPECT_GE(measure_copies(from.data(), to.data(), 4 * sizeof(float), 3), 0);
  EXPECT_GE(thread_seconds(), begin);
  EXPECT_EQ(to, (std::vector<float>{1, 2, 3, 4, 0}));
}

}  // namespace
}  // namespace conv1d
