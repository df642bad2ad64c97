// Saved tensors, flags, grad mode, and how histories are freed.
#include <thread>

#include <conv1d/ops.h>
#include <gtest/gtest.h>

#include "autograd/meta.h"
#include "autograd/record.h"
#include "support/graph_text.h"
#include "support/throws.h"

namespace conv1d {
namespace {

std::string modified(const std::string& what, int version, int expected) {
  return "one of the variables needed for gradient computation has been modified by an inplace operation: " + what +
         " is at version " + std::to_string(version) + "; expected version " + std::to_string(expected) +
         " instead. Hint: enable anomaly detection to find the operation that failed to compute its gradient, with "
         "torch.autograd.set_detect_anomaly(True, check_nan=False).";
}

Tensor leaf(const Shape& shape = {3}) { return ones(shape, {.requires_grad = true}); }

TEST(Saved, ChangedResultsAreFound) {
  Tensor y = leaf().exp();
  y.add_(1);
  EXPECT_ERROR(RuntimeError, modified("[torch.FloatTensor [3]], which is output 0 of Exp,", 1, 0), y.sum().backward());
}

TEST(Saved, ChangedResultsThatStayTheirOwn) {
  Tensor y = leaf().exp();
  const Tensor loss = y.sum();
  y.detach().add_(1);
  EXPECT_ERROR(RuntimeError, modified("[torch.FloatTensor [3]], which is output 0 of Exp,", 1, 0), loss.backward());
}

TEST(Saved, OperationsAreNamedAsInPyTorch) {
  Tensor y = leaf({2, 2}).max(), z = leaf() * 1;
  const Tensor product = y * y;
  y.detach().add_(1);
  EXPECT_ERROR(RuntimeError, modified("[torch.FloatTensor []], which is output 0 of Max1,", 1, 0), product.backward());
  z.copy_(leaf());
  const Tensor square = (z * z).sum();
  z.detach().add_(1);
  EXPECT_ERROR(RuntimeError,
               modified("[torch.FloatTensor [3]], which is output 0 of torch::autograd::CopyBackwards,", 2, 1),
               square.backward());
}

TEST(Saved, ChangedOperandsAreFound) {
  const Tensor a = leaf();
  Tensor k = zeros({3}, {.dtype = float32});
  const Tensor loss = (a * k).sum();
  k.add_(1);
  EXPECT_ERROR(RuntimeError, modified("[torch.FloatTensor [3]]", 1, 0), loss.backward());
  Tensor b = a * 1;
  b[0].fill_(1);
  const Tensor square = (b * b).sum();
  b[0].fill_(2);
  EXPECT_ERROR(RuntimeError,
               modified("[torch.FloatTensor [3]], which is output 0 of torch::autograd::CopySlices,", 2, 1),
               square.backward());
  Tensor flat = (a * 1).view({3, 1}).squeeze(1);
  const Tensor other = (flat * flat).sum();
  flat.add_(1);
  EXPECT_ERROR(RuntimeError, modified("[torch.FloatTensor [3]], which is output 0 of AsStrided,", 1, 0),
               other.backward());
}

TEST(Saved, DataViewsHaveAVersionOfTheirOwn) {
  Tensor a = leaf();
  const Tensor loss = (a * a).sum();
  a.data_view().fill_(5);
  loss.backward();  // wrong numbers, as in PyTorch: .data says that the caller knows
  EXPECT_EQ(a.grad().at<float>({0}), 10);
}

TEST(Saved, NumbersThatTheOperationItselfOverwroteAreFound) {
  const Tensor a = leaf({2, 2});
  Tensor b = a * 1;
  const Tensor column = b.t().slice(0, 0, 1);  // strided: PyTorch cannot tell that it overlaps, and computes
  b.mul_(column);
  EXPECT_ERROR(RuntimeError, modified("[torch.FloatTensor [1, 2]], which is output 0 of AsStrided,", 1, 0),
               b.sum().backward());
}

TEST(Saved, AChangeInPlaceMakesNoCycle) {
  std::weak_ptr<Node> node;
  {
    const Tensor a = leaf();
    Tensor y = a * 1;
    const Tensor z = y * a;
    y.add_(z);
    Tensor k = zeros({3});
    const Tensor u = k * a;
    k.add_(u);
    node = z.grad_fn();
    EXPECT_FALSE(node.expired());
  }
  EXPECT_TRUE(node.expired());
}

TEST(Saved, ResultsSavedByTheirOwnNodeMakeNoCycle) {
  std::weak_ptr<Node> node;
  {
    const Tensor y = leaf().exp();
    node = y.grad_fn();
  }
  EXPECT_TRUE(node.expired());
}

TEST(Flags, RequiresGrad) {
  Tensor a = zeros({2});
  EXPECT_FALSE(a.requires_grad());
  EXPECT_TRUE(a.requires_grad_().requires_grad());
  EXPECT_TRUE(a.is_leaf());
  Tensor y = a * 2;
  EXPECT_TRUE(y.requires_grad() && !y.is_leaf());
  EXPECT_TRUE(y.requires_grad_().requires_grad());
  EXPECT_ERROR(
      RuntimeError,
      "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a subgraph "
      "that doesn't require differentiation use var_no_grad = var.detach().",
      y.requires_grad_(false));
  EXPECT_FALSE(a.requires_grad_(false).requires_grad());
  EXPECT_ERROR(RuntimeError, "only Tensors of floating point dtype can require gradients",
               zeros({2}, {.dtype = int64}).requires_grad_());
  zeros({2}, {.dtype = int64}).requires_grad_(false);
}

TEST(Flags, GradModeIsTheThreadsOwn) {
  const NoGradGuard guard;
  EXPECT_FALSE(is_grad_enabled());
  EXPECT_FALSE((leaf() * 2).requires_grad());
  std::thread([] { EXPECT_TRUE(is_grad_enabled()); }).join();
  {
    const GradGuard on(true);
    EXPECT_TRUE((leaf() * 2).requires_grad());
  }
  EXPECT_FALSE(is_grad_enabled());
}

TEST(Flags, SetGrad) {
  Tensor a = zeros({2});
  EXPECT_FALSE(a.grad().defined());
  const Tensor g = ones({2});
  a.set_grad(g);
  EXPECT_TRUE(a.grad().is_same(g));
  a.set_grad({});
  EXPECT_FALSE(a.grad().defined());
  EXPECT_ERROR(RuntimeError, "can't assign Variable as its own grad", a.set_grad(a));
  EXPECT_ERROR(RuntimeError,
               "attempting to assign a gradient of size '[3]' to a tensor of size '[2]'. Please ensure that the "
               "gradient and the "
               "tensor are the same size",
               a.set_grad(ones({3})));
  EXPECT_ERROR(
      RuntimeError,
      "attempting to assign a gradient with dtype 'double' to a tensor with grad_dtype 'Float'. The gradient must "
      "match "
      "the tensor's grad_dtype (defaults to the tensor's dtype). You can set the tensor's grad_dtype attribute with a "
      "specific dtype, or None to allow any dtype. Set grad_dtype with caution. Diverging the dtypes of a tensor and "
      "its "
      "gradient may break downstream systems that assume they match.",
      a.set_grad(ones({2}, {.dtype = float64})));
  EXPECT_ERROR(RuntimeError,
               "attempting to assign a gradient with device type 'meta' to a tensor with device type 'cpu'. Please "
               "ensure that the "
               "gradient and the tensor are on the same device",
               a.set_grad(ones({2}, {.device = "meta"})));
}

TEST(Flags, GradOfAResultWarns) {
  std::vector<std::string> warnings;
  const WarningHandler before = set_warning_handler([&](const std::string& text) { warnings.push_back(text); });
  const Tensor y = leaf() * 2;
  EXPECT_FALSE(y.grad().defined());
  leaf().grad();
  set_warning_handler(before);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0].substr(0, 75), "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed");
}

TEST(Freeing, LongHistoriesNeedNoStack) {
  constexpr int kLength = 100000;
  const Tensor a = leaf();
  Tensor plain = a, viewed = a * 1, changed = a * 1, saved = a;
  for (int i = 0; i < kLength; ++i) {
    plain = plain + 1;
    viewed = viewed.view({3});
    changed.add_(1);
    saved = saved * saved;
  }
  EXPECT_TRUE(plain.requires_grad() && viewed.requires_grad() && changed.requires_grad() && saved.requires_grad());
}

TEST(Freeing, AcrossThreads) {
  Tensor y = leaf();
  for (int i = 0; i < 100000; ++i) y = y + 1;
  std::thread([y = std::move(y)]() mutable { y = Tensor(); }).join();
}

TEST(Accumulators, ThreadsThatRunForwardShareOne) {
  const Tensor weight = leaf();
  std::vector<std::shared_ptr<Node>> nodes(16);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < 200; ++k) nodes[i] = (weight * 2).grad_fn()->next[0].node;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& node : nodes) EXPECT_EQ(node, gradient_edge(weight).node);
}

}  // namespace
}  // namespace conv1d
