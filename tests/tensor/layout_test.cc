#include "tensor/layout.h"

#include <algorithm>
#include <limits>
#include <random>

#include "support/throws.h"
#include "tensor/impl.h"

namespace conv1d {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

TEST(InferShape, FillsInTheMissingSize) {
  EXPECT_EQ(infer_shape({2, -1}, 6), (Shape{2, 3}));
  EXPECT_EQ(infer_shape({-1}, 0), (Shape{0}));
  EXPECT_EQ(infer_shape({3, 0}, 0), (Shape{3, 0}));
  EXPECT_EQ(infer_shape({}, 1), Shape{});
}

TEST(InferShape, RefusesInPyTorchsWords) {
  EXPECT_ERROR(RuntimeError, "shape '[2, -1]' is invalid for input of size 3", infer_shape({2, -1}, 3));
  EXPECT_ERROR(RuntimeError, "shape '[2, 2]' is invalid for input of size 6", infer_shape({2, 2}, 6));
  EXPECT_ERROR(RuntimeError, "only one dimension can be inferred", infer_shape({-1, -1}, 6));
  EXPECT_ERROR(RuntimeError, "invalid shape dimension -2 at index 0 of shape [-2, 3]", infer_shape({-2, 3}, 6));
  EXPECT_ERROR(RuntimeError,
               "cannot reshape tensor of 0 elements into shape [-1, 0] because the unspecified dimension size -1 can "
               "be any value "
               "and is ambiguous",
               infer_shape({-1, 0}, 0));
  EXPECT_ERROR(RuntimeError, "shape '[4611686018427387904, 4]' is invalid for input of size 6",
               infer_shape({kMax / 2 + 1, 4}, 6));
}

TEST(ViewStrides, KnowsWhatIsAView) {
  EXPECT_EQ(view_strides({2, 6}, {6, 1}, {3, 4}), (Shape{4, 1}));
  EXPECT_EQ(view_strides({4, 6}, {12, 2}, {4, 2, 3}), (Shape{12, 6, 2}));
  EXPECT_EQ(view_strides({3, 4}, {1, 3}, {12}), std::nullopt);
  EXPECT_EQ(view_strides({3, 4}, {1, 3}, {3, 2, 2}), (Shape{1, 6, 3}));
  EXPECT_EQ(view_strides({3, 4}, {0, 0}, {12}), (Shape{0}));
  EXPECT_EQ(view_strides({}, {}, {1, 1}), (Shape{1, 1}));
  EXPECT_EQ(view_strides({0, 3}, {1, 0}, {0, 3}), (Shape{1, 0}));
  EXPECT_EQ(view_strides({0, 3}, {1, 0}, {3, 0, 2}), (Shape{2, 2, 1}));
}

TEST(Broadcast, JoinsShapesFromTheRight) {
  EXPECT_EQ(broadcast_shape({3, 1}, {4}), (Shape{3, 4}));
  EXPECT_EQ(broadcast_shape({}, {2, 0}), (Shape{2, 0}));
  EXPECT_EQ(broadcast_shape({1}, {0}), (Shape{0}));
  EXPECT_EQ(broadcast_strides({3, 1}, {1, 7}, {2, 3, 4}), (Shape{0, 1, 0}));
  EXPECT_ERROR(RuntimeError,
               "The size of tensor a (2) must match the size of tensor b (4) at non-singleton dimension 0",
               broadcast_shape({2, 3}, {4, 3}));
}

// The strides that PyTorch 2.13 gives torch.empty_like() of such tensors.
TEST(DenseStrides, AreThoseOfPyTorch) {
  EXPECT_EQ(dense_strides({5, 3, 4}, {1, 20, 5}), (Shape{1, 20, 5}));
  EXPECT_EQ(dense_strides({3, 4}, {1, 0}), (Shape{4, 1}));
  EXPECT_EQ(dense_strides({3, 2}, {8, 2}), (Shape{2, 1}));
  EXPECT_EQ(dense_strides({4, 6}, {2, 8}), (Shape{1, 4}));
  EXPECT_EQ(dense_strides({7, 3, 5}, {1, 0, 7}), (Shape{1, 7, 21}));
  EXPECT_EQ(dense_strides({4, 3}, {0, 1}), (Shape{3, 1}));
  EXPECT_EQ(dense_strides({0, 3}, {1, 3}), (Shape{1, 3}));
}

TEST(Layout, DenseAndRepeatedAgainstCounting) {
  std::mt19937 random(1);
  int dense = 0, repeated = 0;
  for (int round = 0; round < 3000; ++round) {
    Shape sizes(random() % 4), strides(sizes.size());
    for (std::size_t i = 0; i < sizes.size(); ++i) sizes[i] = 1 + random() % 3, strides[i] = random() % 7;
    std::vector<int> hits(100, 0);
    std::int64_t count = 1, last = 0;
    for (std::size_t i = 0; i < sizes.size(); ++i) count *= sizes[i], last += (sizes[i] - 1) * strides[i];
    for (std::int64_t n = 0; n < count; ++n) {
      std::int64_t rest = n, place = 0;
      for (std::size_t i = sizes.size(); i-- > 0; rest /= sizes[i]) place += rest % sizes[i] * strides[i];
      ++hits[static_cast<std::size_t>(place)];
    }
    const bool each_once = *std::max_element(hits.begin(), hits.end()) == 1;
    EXPECT_EQ(is_dense(sizes, strides), each_once && count == last + 1);
    EXPECT_TRUE(each_once || has_repeats(sizes, strides));
    dense += is_dense(sizes, strides);
    repeated += has_repeats(sizes, strides);
  }
  EXPECT_GT(dense, 100);
  EXPECT_GT(repeated, 100);
  EXPECT_FALSE(has_repeats({4, 3}, {3, 1}));
  EXPECT_FALSE(has_repeats({4, 3}, {1, 9}));
}

}  // namespace
}  // namespace conv1d
