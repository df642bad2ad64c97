#include "print/layout.h"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace conv1d::print {
namespace {

std::string laid_out(const Shape& sizes, const PrintOptions& options = {}, std::size_t width = 1) {
  std::int64_t numel = 1;
  for (const std::int64_t size : sizes) numel *= size;
  int n = 0;
  return lay_out(shown_axes(sizes, numel, options), width, 7, options, [&] { return std::to_string(n++ % 10); });
}

std::vector<std::int64_t> offsets(const Shape& sizes, const Shape& strides, const PrintOptions& options = {}) {
  std::int64_t numel = 1;
  for (const std::int64_t size : sizes) numel *= size;
  std::vector<std::int64_t> found;
  for_each_shown(shown_axes(sizes, numel, options), strides, [&](std::int64_t offset) { found.push_back(offset); });
  return found;
}
using Offsets = std::vector<std::int64_t>;

TEST(ShownAxes, CutsOnlyAboveTheThresholdAndTwiceTheEdge) {
  EXPECT_FALSE(shown_axes({1000}, 1000, {})[0].cut);
  EXPECT_TRUE(shown_axes({1001}, 1001, {})[0].cut);
  const std::vector<Axis> axes = shown_axes({200, 6}, 1200, {});
  EXPECT_TRUE(axes[0].cut);
  EXPECT_FALSE(axes[1].cut);
  EXPECT_EQ(axes[0].shown(), 6);
  EXPECT_EQ(axes[0].position(2), 2);
  EXPECT_EQ(axes[0].position(3), 197);
  EXPECT_FALSE(shown_axes({2000}, 2000, {.threshold = std::numeric_limits<double>::infinity()})[0].cut);
  EXPECT_FALSE(shown_axes({2000}, 2000, {.edgeitems = std::numeric_limits<std::int64_t>::max()})[0].cut);
}

TEST(ShownAxes, TakesANegativeEdgeAsASliceOfPythonDoes) {
  const std::vector<Axis> axes = shown_axes({9}, 9, {.threshold = 5, .edgeitems = -7});
  EXPECT_EQ(offsets({9}, {1}, {.threshold = 5, .edgeitems = -7}), (Offsets{0, 1, 7, 8}));
  EXPECT_EQ(axes[0].shown(), 4);
  EXPECT_EQ(shown_axes({9}, 9, {.threshold = 5, .edgeitems = -9})[0].shown(), 0);
  EXPECT_EQ(shown_axes({9}, 9, {.threshold = 5, .edgeitems = std::numeric_limits<std::int64_t>::min()})[0].shown(), 0);
}

TEST(ForEachShown, FollowsStridesInOrder) {
  EXPECT_EQ(offsets({2, 3}, {3, 1}), (Offsets{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(offsets({2, 3}, {1, 2}), (Offsets{0, 2, 4, 1, 3, 5}));
  EXPECT_EQ(offsets({2, 2}, {0, 1}), (Offsets{0, 1, 0, 1}));
  EXPECT_EQ(offsets({}, {}), (Offsets{0}));
  EXPECT_EQ(offsets({2, 0}, {1, 1}), (Offsets{}));
  EXPECT_EQ(offsets({9}, {2}, {.threshold = 5, .edgeitems = 2}), (Offsets{0, 2, 14, 16}));
}

TEST(LayOut, BreaksLinesWhereTheWidthIsFull) {
  EXPECT_EQ(laid_out({3}), "[0, 1, 2]");
  EXPECT_EQ(laid_out({5}, {.linewidth = 13}), "[0, 1,\n        2, 3,\n        4]");
  EXPECT_EQ(laid_out({2}, {.linewidth = 0}), "[0,\n        1]");
  EXPECT_EQ(laid_out({2}, {.linewidth = std::numeric_limits<std::int64_t>::min()}), "[0,\n        1]");
  EXPECT_EQ(laid_out({2}, {.linewidth = std::numeric_limits<std::int64_t>::max()}), "[0, 1]");
}

TEST(LayOut, SeparatesDimensionsByLineFeeds) {
  EXPECT_EQ(laid_out({}), "0");
  EXPECT_EQ(laid_out({2, 2}), "[[0, 1],\n        [2, 3]]");
  EXPECT_EQ(laid_out({2, 1, 2}), "[[[0, 1]],\n\n        [[2, 3]]]");
}

TEST(LayOut, PutsDotsForWhatIsCut) {
  const PrintOptions options = {.threshold = 5, .edgeitems = 1};
  EXPECT_EQ(laid_out({6}, options), "[0,  ..., 1]");
  EXPECT_EQ(laid_out({3, 3}, options), "[[0,  ..., 1],\n        ...,\n        [2,  ..., 3]]");
  EXPECT_EQ(laid_out({6}, {.threshold = 5, .edgeitems = 0}), "[...]");
  EXPECT_EQ(laid_out({3, 3}, {.threshold = 5, .edgeitems = 0}), "[...]");
}

TEST(LayOut, TakesAnyNumberOfDimensions) {
  const std::string text = laid_out(Shape(100000, 1));
  EXPECT_EQ(text.size(), 200001U);
}

TEST(WithSuffixes, StartsALineWhereTheSuffixWouldNotFit) {
  const PrintOptions options = {.linewidth = 30};
  EXPECT_EQ(with_suffixes("tensor(", "1.", {}, options), "tensor(1.)");
  EXPECT_EQ(with_suffixes("tensor(", "1.", {"dtype=torch.f16"}, options), "tensor(1., dtype=torch.f16)");
  EXPECT_EQ(with_suffixes("tensor(", "1.", {"dtype=torch.flo16"}, options), "tensor(1., dtype=torch.flo16)");
  EXPECT_EQ(with_suffixes("tensor(", "1.", {"dtype=torch.float16"}, options),
            "tensor(1.,\n       dtype=torch.float16)");
  EXPECT_EQ(with_suffixes("tensor(", "[1.,\n        2.]", {"a=1", "requires_grad=True"}, options),
            "tensor([1.,\n        2.], a=1,\n       requires_grad=True)");
}

}  // namespace
}  // namespace conv1d::print
