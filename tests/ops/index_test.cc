// Choosing elements by tensors; expected values are PyTorch 2.13's.
#include <conv1d/autograd.h>
#include <conv1d/indexing.h>
#include <conv1d/ops.h>
#include <gtest/gtest.h>

#include "support/throws.h"

namespace conv1d {
namespace {

std::vector<std::int64_t> integers(const Tensor& x) {
  const Tensor y = x.to(int64).contiguous();
  return {y.span<std::int64_t>().begin(), y.span<std::int64_t>().end()};
}

Tensor twelve() { return arange(0, 12).reshape({3, 4}); }
Tensor at(std::initializer_list<std::int64_t> places) { return tensor<std::int64_t>(places); }

TEST(Index, ChoosesAlongOneDimension) {
  EXPECT_EQ(integers(index(twelve(), {at({0, -1})})), (std::vector<std::int64_t>{0, 1, 2, 3, 8, 9, 10, 11}));
  EXPECT_EQ(integers(index(twelve(), {Tensor(), at({2, 2})})), (std::vector<std::int64_t>{2, 2, 6, 6, 10, 10}));
  EXPECT_EQ(index(twelve(), {at({})}).sizes(), (Shape{0, 4}));
}

TEST(Index, BroadcastsIndices) {
  EXPECT_EQ(integers(index(twelve(), {at({0, 2}), at({1, 3})})), (std::vector<std::int64_t>{1, 11}));
  const Tensor column = at({0, 2}).reshape({2, 1});
  EXPECT_EQ(integers(index(twelve(), {column, at({1, 3})})), (std::vector<std::int64_t>{1, 3, 9, 11}));
}

TEST(Index, PlacesTheirDimensions) {
  const Tensor x = arange(0, 24).reshape({2, 3, 4});
  EXPECT_EQ(index(x, {Tensor(), at({0, 1, 2, 0, 1}).reshape({5, 1}), at({0, 1})}).sizes(),
            (Shape{2, 5, 2}));                                                           // where they stood
  EXPECT_EQ(index(x, {at({0, 1, 1}), Tensor(), at({0, 1, 2})}).sizes(), (Shape{3, 3}));  // in front
}

TEST(Index, MasksStandForTheirDimensions) {
  const Tensor x = twelve();
  EXPECT_EQ(integers(index(x, {gt(x, 8)})), (std::vector<std::int64_t>{9, 10, 11}));
  EXPECT_EQ(integers(index(x, {tensor<bool>({true, false, true}), at({0})})), (std::vector<std::int64_t>{0, 8}));
}

TEST(Index, OfAView) {
  const Tensor x = twelve().t().slice(0, 1);  // (3, 3), columns of the original
  EXPECT_EQ(integers(index(x, {at({0, 2})})), (std::vector<std::int64_t>{1, 5, 9, 3, 7, 11}));
}

TEST(Index, RefusesWhatDoesNotFit) {
  EXPECT_ERROR(IndexError, "index 7 is out of bounds for dimension 0 with size 3", index(twelve(), {at({7})}));
  EXPECT_ERROR(IndexError, "index -5 is out of bounds for dimension 1 with size 4",
               index(twelve(), {Tensor(), at({-5})}));
  EXPECT_ERROR(IndexError, "shape mismatch: indexing tensors could not be broadcast together with shapes [2], [3]",
               index(twelve(), {at({0, 1}), at({0, 1, 2})}));
  EXPECT_ERROR(IndexError,
               "The shape of the mask [2] at index 0 does not match the shape of the indexed tensor [3, 4] at index 0",
               index(twelve(), {tensor<bool>({true, false})}));
  EXPECT_ERROR(IndexError, "too many indices for tensor of dimension 2", index(twelve(), {at({0}), at({0}), at({0})}));
}

TEST(Index, GradientAddsWhereAnElementWasChosenTwice) {
  Tensor x = arange(0., 4., 1.).requires_grad_();
  index(x, {at({0, 0, 3})}).square().sum().backward();
  EXPECT_EQ(integers(x.grad()), (std::vector<std::int64_t>{0, 0, 0, 6}));
  x.set_grad({});
  index(x, {at({1, 1})}).sum().backward();
  EXPECT_EQ(integers(x.grad()), (std::vector<std::int64_t>{0, 2, 0, 0}));
}

TEST(IndexPut, WritesAndKeepsTheRest) {
  Tensor x = twelve();
  index_put_(x, {at({0, 2})}, tensor<std::int64_t>({-1}));
  EXPECT_EQ(integers(x), (std::vector<std::int64_t>{-1, -1, -1, -1, 4, 5, 6, 7, -1, -1, -1, -1}));
  EXPECT_ERROR(RuntimeError,
               "shape mismatch: value tensor of shape [3] cannot be broadcast to indexing result of shape [2, 4]",
               index_put_(x, {at({0, 2})}, at({1, 2, 3})));
}

TEST(IndexPut, IsPartOfTheHistory) {
  Tensor x = arange(0., 4., 1.).requires_grad_(), v = full({}, 5.0).requires_grad_();
  Tensor y = mul(x, 2);
  index_put_(y, {at({0, 0})}, mul(v, 3));
  y.square().sum().backward();
  EXPECT_EQ(integers(x.grad()), (std::vector<std::int64_t>{0, 8, 16, 24}));
}

TEST(Alias, SharesTheElements) {
  Tensor x = zeros({2}), y = alias(x);
  y.fill_(3);
  EXPECT_FALSE(y.is_same(x));
  EXPECT_EQ(integers(x), (std::vector<std::int64_t>{3, 3}));
}

}  // namespace
}  // namespace conv1d
