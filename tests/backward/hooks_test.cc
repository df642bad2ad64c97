// What hangs on gradients: functions, and computed tensors that keep theirs.
#include <thread>
#include <vector>

#include <conv1d/autograd.h>
#include <conv1d/ops.h>
#include <gtest/gtest.h>

#include "support/throws.h"

namespace conv1d {
namespace {

Tensor leaf() { return ones({3}, {.requires_grad = true}); }
float first(const Tensor& x) { return x.at<float>({0}); }

TEST(RetainGrad, KeepsTheGradientOfAComputedTensor) {
  const Tensor x = leaf();
  Tensor y = x * 2;
  EXPECT_FALSE(y.retains_grad());
  y.retain_grad();
  y.retain_grad();  // once is enough
  EXPECT_TRUE(y.retains_grad());
  (y * 3).sum().backward({}, true);
  EXPECT_EQ(first(y.grad()), 3);
  EXPECT_EQ(first(x.grad()), 6);
  const Tensor held = y.grad();
  (y * 3).sum().backward({}, true);
  EXPECT_EQ(first(y.grad()), 6);
  EXPECT_EQ(first(held), 3);
  EXPECT_ERROR(RuntimeError, "can't retain_grad on Tensor that has requires_grad=False", ones({3}).retain_grad());
}

TEST(RetainGrad, FollowsATensorThroughChangesInPlace) {
  const Tensor x = leaf();
  Tensor y = x * 2, view = y.slice(0, 1);
  y.retain_grad();
  view.retain_grad();
  view.mul_(5);
  y.sum().backward();
  EXPECT_EQ(first(y.grad()), 1);
  EXPECT_EQ(x.grad().at<float>({2}), 10);
}

TEST(RetainGrad, LeavesATensorThatIsGone) {
  const Tensor x = leaf();
  Tensor z;
  {
    Tensor y = x * 2;
    y.retain_grad();
    z = y.sum();
  }
  z.backward();
  EXPECT_EQ(first(x.grad()), 2);
}

TEST(BackwardInputs, AddsIntoThoseAlone) {
  const Tensor x = leaf(), w = leaf();
  const Tensor y = x * w;
  autograd::backward({y.sum()}, {}, true, false, {x, x, y});
  EXPECT_EQ(first(x.grad()), 1);
  EXPECT_EQ(first(y.grad()), 1);
  EXPECT_FALSE(w.grad().defined());
}

TEST(Hooks, SeeAndReplaceGradients) {
  const Tensor x = leaf();
  const Tensor y = x * 2;
  int seen = 0;
  autograd::add_hook(y, [&](const Tensor&) { return ++seen, Tensor(); });
  autograd::add_hook(y, [](const Tensor& grad) { return grad * 10; });
  autograd::add_hook(x, [](const Tensor& grad) { return grad + 1; });
  y.sum().backward();
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(first(x.grad()), 21);
  (x * 1).sum().backward();  // a leaf's hooks outlive the graph
  EXPECT_EQ(first(x.grad()), 23);
}

TEST(Hooks, MayNotChangeWhatAGradientIs) {
  const Tensor x = leaf(), y = x * 2;
  autograd::add_hook(y, [](const Tensor& grad) { return grad.slice(0, 1); });
  EXPECT_ERROR(RuntimeError, "hook has changed the size of value", y.sum().backward());
  EXPECT_ERROR(RuntimeError, "cannot register a hook on a tensor that doesn't require gradient",
               autograd::add_hook(ones({3}), {}));
}

TEST(Hooks, MayBeAddedWhileOthersWalk) {
  const Tensor x = leaf(), y = x * 2;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        autograd::add_hook(y, [](const Tensor&) { return Tensor(); });
        autograd::grad({y.sum()}, {x}, {}, true);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(first(autograd::grad({y.sum()}, {x})[0]), 2);
}

TEST(Identity, PassesGradientsThroughItsFunction) {
  const Tensor x = leaf(), w = leaf();
  const std::vector<Tensor> out = autograd::identity(
      "Twice", {x, w}, [](const std::vector<Tensor>& grads) { return std::vector<Tensor>{grads[0] * 2, grads[1]}; });
  EXPECT_EQ(out[0].grad_fn()->name(), "Twice");
  (out[0] * 3).sum().backward();
  EXPECT_EQ(first(x.grad()), 6);
  EXPECT_FALSE(w.grad().defined());
}

}  // namespace
}  // namespace conv1d
