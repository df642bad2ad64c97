// Views and changes in place: who gets which history, and what is refused.
#include <conv1d/ops.h>
#include <gtest/gtest.h>

#include "support/graph_text.h"
#include "support/throws.h"

namespace conv1d {
namespace {

using testing::graph_text;

const std::string kBefore = "MulBackward0(AccumulateGrad, None)";
const std::string kSlices = "CopySlices(" + kBefore + ", None)";

struct Views : ::testing::Test {
  Tensor leaf = ones({2, 3}, {.requires_grad = true});
  Tensor base = leaf * 1;
};

TEST_F(Views, AChangedViewShowsInItsBaseAndInOtherViews) {
  Tensor row = base[0];
  const Tensor other = base[1], flat = base.view({6});
  row.mul_(2);
  EXPECT_EQ(graph_text(base), kSlices);
  EXPECT_EQ(graph_text(row), "AsStridedBackward0(" + kSlices + ")");
  EXPECT_EQ(graph_text(other), "AsStridedBackward0(" + kSlices + ")");
  EXPECT_EQ(graph_text(flat), "AsStridedBackward0(" + kSlices + ")");
  EXPECT_EQ(graph_text(base[1]), "SelectBackward0(" + kSlices + ")");  // a new view has its own name again
  EXPECT_EQ(base.at<float>({0, 0}), 2);
}

TEST_F(Views, AChangedBaseShowsInItsViews) {
  const Tensor part = base.view({6}).slice(0, 1, 4);
  base.mul_(2);
  EXPECT_EQ(graph_text(part), "AsStridedBackward0(MulBackward0(" + kBefore + ", None))");
}

TEST_F(Views, PartsOfComplexNumbers) {
  const Tensor z = ones({3}, {.dtype = complex64, .requires_grad = true});
  Tensor y = z * 1, part = y.real();
  part.mul_(2);
  EXPECT_EQ(graph_text(y), kSlices);
  EXPECT_EQ(graph_text(part), "AsStridedBackward0(ViewAsRealBackward0(" + kSlices + "))");
}

TEST_F(Views, ATensorWithoutGradientJoinsTheGraphWithItsViews) {
  Tensor plain = zeros({3});
  const Tensor view = plain[0];
  EXPECT_FALSE(view.requires_grad());
  plain.add_(ones({3}, {.requires_grad = true}));
  EXPECT_TRUE(view.requires_grad());
  EXPECT_EQ(graph_text(view), "AsStridedBackward0(AddBackward0(None, AccumulateGrad))");
}

TEST_F(Views, DetachSharesNumbersButNotHistory) {
  Tensor apart = base.detach();
  apart.add_(1);
  EXPECT_EQ(graph_text(base), kBefore);
  EXPECT_EQ(base.at<float>({0, 0}), 2);
  EXPECT_FALSE(apart.requires_grad());
}

TEST_F(Views, ChangesWithoutGradKeepHistory) {
  const Tensor view = base[0];
  {
    const NoGradGuard guard;
    base.add_(1);
  }
  EXPECT_EQ(graph_text(base), kBefore);
  EXPECT_EQ(graph_text(view), "AsStridedBackward0(" + kBefore + ")");
}

TEST_F(Views, ReshapedCopiesAreNoViews) {
  Tensor copy = leaf.t().reshape({6});
  copy.add_(1);
  EXPECT_EQ(graph_text(copy), "AddBackward0(UnsafeViewBackward0(CloneBackward0(TBackward0(AccumulateGrad))), None)");
}

TEST_F(Views, LeavesAreNotChanged) {
  const char* kLeaf = "a leaf Variable that requires grad is being used in an in-place operation.";
  const char* kView = "a view of a leaf Variable that requires grad is being used in an in-place operation.";
  EXPECT_ERROR(RuntimeError, kLeaf, leaf.add_(1));
  EXPECT_ERROR(RuntimeError, kLeaf, leaf.copy_(base));
  EXPECT_ERROR(RuntimeError, kLeaf, leaf.uniform_());
  EXPECT_ERROR(RuntimeError, kView, leaf[0].add_(1));
  EXPECT_ERROR(RuntimeError, kView, leaf.expand({2, 2, 3}).zero_());
  EXPECT_EQ(leaf.at<float>({0, 0}), 1);
  const NoGradGuard guard;
  leaf.add_(1);
  leaf[0].add_(1);
  EXPECT_EQ(leaf.at<float>({0, 0}), 3);
  EXPECT_TRUE(leaf.is_leaf());
}

TEST_F(Views, RepeatedElementsAreNotChanged) {
  const char* kText =
      "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
      "Please "
      "clone() the tensor before performing the operation.";
  EXPECT_ERROR(RuntimeError, kText, base[0].expand({2, 3}).add_(1));
  EXPECT_ERROR(RuntimeError, kText, zeros({3}).expand({2, 3}).uniform_());
  EXPECT_EQ(zeros({3}).expand({2, 3}).fill_(1).sum().item<float>(), 6);  // one number everywhere does no harm
}

TEST_F(Views, ViewsMadeWithoutGrad) {
  const std::string advice =
      "Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by moving "
      "both the "
      "view and the inplace either both inside the no_grad block (if you don't want the inplace to be tracked) or both "
      "outside "
      "(if you want the inplace to be tracked).";
  Tensor view, of_leaf, plain = zeros({3}), of_plain;
  {
    const NoGradGuard guard;
    view = base[0];
    of_leaf = leaf[0];
    of_plain = plain.slice(0, 0, 2);
  }
  EXPECT_TRUE(of_leaf.requires_grad());  // as in PyTorch 2.13
  EXPECT_EQ(graph_text(view), "None");
  const std::string direct =
      "A view was created in no_grad mode and is being modified inplace with grad mode enabled. ";
  EXPECT_ERROR(RuntimeError, direct + advice, view.add_(1));
  EXPECT_ERROR(RuntimeError, direct + advice, of_plain.add_(ones({2}, {.requires_grad = true})));
  plain.add_(ones({3}, {.requires_grad = true}));
  EXPECT_ERROR(
      RuntimeError,
      "A view was created in no_grad mode and its base or another view of its base has been modified inplace with grad "
      "mode enabled. " +
          advice,
      of_plain.grad_fn());
}

TEST_F(Views, DataThatWasSetApart) {
  Tensor row = base[0];
  row.set_data(ones({1000}, {.dtype = float64}));
  base.mul_(2);
  EXPECT_ERROR(RuntimeError,
               "a view of dtype float64 and its base of dtype float32 no longer share memory: one of them had its "
               ".data set",
               row.sum().backward());
  EXPECT_ERROR(
      RuntimeError,
      "Attempted to call `variable.set_data(tensor)`, but `variable` and `tensor` have incompatible tensor type.",
      row.set_data(ones({3}, {.device = Device("meta")})));
}

}  // namespace
}  // namespace conv1d
