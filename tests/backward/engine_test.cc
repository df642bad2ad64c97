// The walk: what may be asked, where gradients end, and how deep, wide and parallel it may be.
#include <atomic>
#include <thread>

#include <conv1d/ops.h>
#include <gtest/gtest.h>

#include "support/graph_text.h"
#include "support/throws.h"

namespace conv1d {
namespace {

constexpr const char* kSecondTime =
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already been "
    "freed). "
    "Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify "
    "retain_graph=True if "
    "you need to backward through the graph a second time or if you need to access saved tensors after calling "
    "backward.";

Tensor leaf(const Shape& shape = {3}, DType dtype = float32) {
  return ones(shape, {.dtype = dtype, .requires_grad = true});
}
float first(const Tensor& x) { return x.flatten().at<float>({0}); }

TEST(Backward, WhatCannotBeAsked) {
  const char* kNoGraph = "element 0 of tensors does not require grad and does not have a grad_fn";
  EXPECT_ERROR(RuntimeError, kNoGraph, ones({3}).backward());
  EXPECT_ERROR(RuntimeError, kNoGraph, (leaf() * 2).detach().sum().backward());
  EXPECT_ERROR(RuntimeError, "grad can be implicitly created only for scalar outputs", (leaf() * 2).backward());
  EXPECT_ERROR(RuntimeError, "grad can be implicitly created only for real scalar outputs but got torch.complex64",
               leaf({1}, complex64).sum().backward());
  EXPECT_ERROR(RuntimeError,
               "Mismatch in shape: grad_output[0] has a shape of torch.Size([2, 2]) and output[0] has a shape of "
               "torch.Size([3]).",
               (leaf() * 2).backward(ones({2, 2})));
  EXPECT_ERROR(
      RuntimeError,
      "For complex Tensors, both grad_output and output are required to have the same dtype. Mismatch in dtype: "
      "grad_output[0] has a dtype of torch.complex64 and output[0] has a dtype of torch.float32.",
      (leaf() * 2).backward(ones({3}, {.dtype = complex64})));
  EXPECT_ERROR(RuntimeError, "invalid gradient at index 0 - expected device cpu but got meta",
               (leaf() * 2).backward(ones({3}, {.device = "meta"})));
  EXPECT_ERROR(RuntimeError, "got 2 tensors and 1 gradients", autograd::backward({leaf(), leaf()}, {ones({3})}));
}

TEST(Backward, AGraphServesOnce) {
  const Tensor a = leaf(), y = a * 2, loss = y.sum();
  loss.backward();
  EXPECT_ERROR(RuntimeError, kSecondTime, loss.backward());
  const Tensor kept = (a * a).sum();
  kept.backward({}, true);
  kept.backward();
  EXPECT_ERROR(RuntimeError, kSecondTime, kept.backward());
  const Tensor nothing_saved = (a + 1).sum();
  nothing_saved.backward();
  nothing_saved.backward();
}

TEST(Backward, LeavesSumUp) {
  const Tensor a = leaf();
  (a * 2).sum().backward();
  const Tensor grad = a.grad();
  EXPECT_EQ(first(grad), 2);
  (a * 3).sum().backward();
  EXPECT_TRUE(a.grad().is_same(grad));
  EXPECT_EQ(first(grad), 5);
  EXPECT_FALSE(grad.requires_grad());
}

TEST(Backward, GradOwnsItsMemory) {
  const Tensor a = leaf(), g = full({3}, 2.0f);
  a.backward(g);
  EXPECT_NE(a.grad().data<float>(), g.data<float>());
  const Tensor b = leaf({2, 3}), c = leaf({2, 3});
  (b + c).sum().backward();
  EXPECT_EQ(b.grad().strides(), (Shape{3, 1}));
  EXPECT_NE(b.grad().data<float>(), c.grad().data<float>());
  b.grad().mul_(7);
  EXPECT_EQ(first(c.grad()), 1);
}

TEST(Backward, GradIsLaidOutAsItsLeaf) {
  Tensor a = ones({3, 4}).t();
  a.requires_grad_();
  (a * ones({4, 3})).sum().backward();
  EXPECT_EQ(a.grad().strides(), a.strides());
}

TEST(Backward, GivenGradientsAreCast) {
  const Tensor a = leaf({2}, float16), y = a * 2;
  y.backward(ones({2}, {.dtype = float64}));
  EXPECT_EQ(a.grad().dtype(), float16);
  EXPECT_EQ(first(a.grad()), 2);
}

TEST(Backward, SeveralOutputsAndPathsMeet) {
  const Tensor a = leaf(), b = a * 2, c = b * 3;
  autograd::backward({b.sum(), c.sum(), b.sum()});
  EXPECT_EQ(first(a.grad()), 2 + 6 + 2);
}

TEST(Backward, UnusedOutputsOfAnOperationAreZero) {
  const Tensor a = leaf({2, 3});
  const auto found = max(a, 1);
  (found.values * 1).sum().backward();
  EXPECT_EQ(a.grad().sum().item<float>(), 2);
}

TEST(Backward, GraphOfTheGradient) {
  std::vector<std::string> warnings;
  const WarningHandler before = set_warning_handler([&](const std::string& text) { warnings.push_back(text); });
  const Tensor a = leaf();
  (a * a).sum().backward({}, false, true);
  (a * a).sum().backward({}, false, true);
  set_warning_handler(before);
  EXPECT_TRUE(a.grad().requires_grad());
  EXPECT_EQ(first(a.grad()), 4);
  ASSERT_FALSE(warnings.empty());
  EXPECT_EQ(warnings[0].substr(0, 44), "Using backward() with create_graph=True will");
  const std::vector<Tensor> second = autograd::grad({a.grad().sum()}, {a});
  EXPECT_EQ(first(second[0]), 4);
  const_cast<Tensor&>(a).set_grad({});  // breaks the cycle
}

TEST(Backward, FailureLeavesGradientsAlone) {
  const Tensor a = leaf();
  Tensor y = a.exp();
  const Tensor loss = y.sum();
  y.detach().add_(1);
  EXPECT_THROW(loss.backward(), RuntimeError);
  EXPECT_FALSE(a.grad().defined());
}

// ---- autograd::grad
// --------------------------------------------------------------------------------------------------

TEST(Grad, WhatCannotBeAsked) {
  const Tensor a = leaf(), unused = leaf();
  EXPECT_ERROR(RuntimeError, "`inputs` argument to `grad()` cannot be empty.", autograd::grad({a.sum()}, {}));
  EXPECT_ERROR(RuntimeError, "One of the differentiated Tensors does not require grad",
               autograd::grad({a.sum()}, {ones({2})}));
  EXPECT_ERROR(
      RuntimeError,
      "The differentiated Tensor at index 1 appears to not have been used in the graph. Set allow_unused=True if this "
      "is the desired behavior.",
      autograd::grad({a.sum()}, {a, unused}));
  EXPECT_FALSE(autograd::grad({a.sum()}, {a, unused}, {}, false, false, true)[1].defined());
}

TEST(Grad, LeavesStayUntouched) {
  const Tensor a = leaf(), b = a * 2;
  const std::vector<Tensor> grads = autograd::grad({b.sum()}, {a, b, b});
  EXPECT_EQ(first(grads[0]), 2);
  EXPECT_EQ(first(grads[1]), 1);
  EXPECT_EQ(first(grads[2]), 1);
  EXPECT_FALSE(a.grad().defined());
  EXPECT_EQ(first(autograd::grad({a}, {a}, {full({3}, 4.0f)})[0]), 4);
}

TEST(Grad, OnlyWhatLeadsToTheInputsIsComputed) {
  const Tensor a = leaf(), b = leaf();
  Tensor y = b.exp();
  const Tensor loss = (a * 2).sum() + y.sum();
  y.detach().add_(1);  // b's path would raise
  EXPECT_EQ(first(autograd::grad({loss}, {a})[0]), 2);
}

TEST(Grad, HigherOrders) {
  const Tensor x = full({1}, 2.0, {.dtype = float64, .requires_grad = true});
  Tensor y = x.pow(4);
  const double expected[] = {4 * 8, 12 * 4, 24 * 2, 24};
  for (const double value : expected) {
    y = autograd::grad({y}, {x}, {}, true, true)[0];
    EXPECT_DOUBLE_EQ(y.item<double>(), value);
  }
}

// ---- deep, wide, parallel
// --------------------------------------------------------------------------------------------

constexpr int kDeep = 100000;

TEST(Deep, ChainsOfEveryKind) {
  const Tensor a = leaf();
  Tensor sum = a, product = a, changed = a * 1, viewed = a * 1;
  for (int i = 0; i < kDeep; ++i) {
    sum = sum + a;
    product = product * 1;
    changed.add_(1);
    viewed = viewed.view({3});
  }
  sum.sum().backward();
  EXPECT_EQ(first(a.grad()), kDeep + 1);
  for (const Tensor& y : {product, changed, viewed}) {
    EXPECT_EQ(first(autograd::grad({y.sum()}, {a}, {}, false, true)[0]), 1);
  }
}

TEST(Deep, WideSums) {
  const Tensor a = leaf({1});
  std::vector<Tensor> terms;
  for (int i = 0; i < 10000; ++i) terms.push_back(a * 2);
  cat(terms).sum().backward();
  EXPECT_EQ(first(a.grad()), 20000);
}

void in_threads(int count, const std::function<void(int)>& task) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back(task, i);
  for (std::thread& thread : threads) thread.join();
}

TEST(Parallel, ForwardAndBackwardOnSharedLeaves) {
  const Tensor weight = leaf({64}), bias = leaf({1});
  in_threads(8, [&](int i) {
    for (int step = 0; step < 50; ++step) {
      const Tensor x = full({4, 64}, static_cast<float>(i + 1));
      ((x * weight).relu() + bias).sum().backward();
    }
  });
  EXPECT_EQ(first(weight.grad()), 50 * 4 * (8 * 9 / 2));
  EXPECT_EQ(first(bias.grad()), 8 * 50 * 4 * 64);
}

TEST(Parallel, WalksThroughOneGraph) {
  const Tensor a = leaf({64});
  const Tensor shared = (a * a).exp().log();
  std::atomic<int> right{0};
  in_threads(8, [&](int) {
    for (int step = 0; step < 20; ++step) {
      const Tensor grad = autograd::grad({(shared * 2).sum()}, {a}, {}, true)[0];
      if (std::abs(first(grad) - 4) < 1e-4) ++right;
    }
  });
  EXPECT_EQ(right, 8 * 20);
}

TEST(Parallel, ViewsOfAChangedBase) {
  const Tensor a = leaf({8});
  Tensor y = a * 1;
  const Tensor view = y.slice(0, 2, 6);
  y.mul_(3);
  in_threads(8, [&](int) {
    for (int step = 0; step < 20; ++step) autograd::grad({(view * 2).sum()}, {a}, {}, true);
  });
  EXPECT_EQ(autograd::grad({view.sum()}, {a})[0].at<float>({2}), 3);
}

TEST(Backward, AnOutputWhoseDataWasSet) {
  const Tensor a = leaf();
  Tensor y = a * 2;
  y.set_data(ones({5}));
  EXPECT_ERROR(RuntimeError,
               "Function MulBackward0 returned an invalid gradient at index 0 - got [5] but expected shape compatible "
               "with [3]",
               y.backward(ones({5})));
  EXPECT_FALSE(a.grad().defined());
}

}  // namespace
}  // namespace conv1d
