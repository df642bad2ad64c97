// Gradients against finite differences, gradients of gradients, the graph that is shown, and what is not computed.
#include <gtest/gtest.h>

#include <functional>

#include "conv/naive.h"
#include "support/throws.h"

namespace conv1d::testing {
namespace {

namespace F = nn::functional;
using Function = std::function<Tensor(const std::vector<Tensor>&)>;

Tensor leaf(const Shape& shape, DType dtype) { return randn(shape, {.dtype = dtype}).requires_grad_(); }

/// A real number that depends on every output: sum of real(f * conj(v)).
double probe(const Function& f, const std::vector<Tensor>& inputs, const Tensor& v) {
  const NoGradGuard guard;
  const Numbers a = numbers(f(inputs)), b = numbers(v);
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::real(a[i] * std::conj(b[i]));
  return sum;
}

/// PyTorch's gradient of a complex number is d/d(real) + i * d/d(imaginary).
void expect_gradients(const char* what, const Function& f, const std::vector<Tensor>& inputs) {
  const Tensor y = f(inputs);
  const Tensor v = randn(y.sizes(), {.dtype = y.dtype()});
  const std::vector<Tensor> gradients = autograd::grad({y}, inputs, {v}, true, false, true);
  constexpr double kStep = 1e-6;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Numbers gradient =
        gradients[i].defined() ? numbers(gradients[i]) : Numbers(static_cast<std::size_t>(inputs[i].numel()));
    for (std::size_t e = 0; e < gradient.size(); ++e) {
      const auto slope = [&](Number direction) {
        double value[2];
        for (const int side : {0, 1}) {
          std::vector<Tensor> moved = inputs;
          Tensor wide = inputs[i].detach().to(complex128).clone();
          wide.mutable_span<Number>()[e] += direction * (side == 0 ? -kStep : kStep);
          moved[i] = inputs[i].is_complex() ? wide : wide.real().contiguous();
          value[side] = probe(f, moved, v);
        }
        return (value[1] - value[0]) / (2 * kStep);
      };
      const Number expected{slope({1, 0}), inputs[i].is_complex() ? slope({0, 1}) : 0};
      ASSERT_NEAR(std::abs(gradient[e] - expected), 0, 1e-6 * (1 + std::abs(expected)))
          << what << ", input " << i << ", element " << e;
    }
  }
}

/// The gradient as a function of the inputs and of v, for gradients of gradients.
Function gradient_of(const Function& f, std::size_t count) {
  return [f, count](const std::vector<Tensor>& arguments) {
    // Fresh leaves where a finite difference moved them: the inner gradient needs a graph whatever the grad mode
    // outside.
    const GradGuard guard(true);
    std::vector<Tensor> inputs(arguments.begin(), arguments.begin() + static_cast<std::ptrdiff_t>(count));
    for (Tensor& t : inputs) {
      if (!t.requires_grad()) t = t.detach().requires_grad_();
    }
    const Tensor y = f(inputs);
    std::vector<Tensor> gradients = autograd::grad({y}, inputs, {arguments.back()}, true, true, true);
    std::vector<Tensor> flat;
    for (const Tensor& g : gradients) {
      if (g.defined()) flat.push_back(g.reshape({-1}));
    }
    return cat(flat);
  };
}

struct Setting {
  const char* what;
  Conv1dArgs args;
  Shape x, w;
};
const Setting kSettings[] = {
    {"plain", {}, {2, 2, 6}, {3, 2, 3}},
    {"stride and padding", {.stride = 2, .padding = 1}, {2, 2, 7}, {2, 2, 3}},
    {"stride over gaps", {.stride = 3}, {1, 1, 9}, {1, 1, 2}},
    {"dilation and stride with a common divisor", {.stride = 2, .padding = 2, .dilation = 4}, {1, 2, 9}, {2, 2, 3}},
    {"groups", {.padding = 1, .groups = 2}, {2, 4, 5}, {4, 2, 2}},
    {"depthwise", {.dilation = 2, .groups = 3}, {1, 3, 6}, {3, 1, 2}},
    {"same, uneven", {.padding = "same"}, {1, 2, 4}, {2, 2, 4}},
    {"one sample", {.padding = 1}, {2, 5}, {2, 2, 3}},
    {"padding wider than the input", {.stride = 2, .padding = 9}, {1, 1, 3}, {2, 1, 3}},
};

class Gradients : public ::testing::TestWithParam<DType> {
  void SetUp() override {
    set_warning_handler([](const std::string&) {});
    manual_seed(3);
  }
};

TEST_P(Gradients, AgreeWithFiniteDifferences) {
  for (const Setting& s : kSettings) {
    const Function f = [&](const std::vector<Tensor>& t) { return F::conv1d(t[0], t[1], t[2], s.args); };
    expect_gradients(s.what, f, {leaf(s.x, GetParam()), leaf(s.w, GetParam()), leaf({s.w[0]}, GetParam())});
  }
}

TEST_P(Gradients, OfGradientsAgreeWithFiniteDifferences) {
  for (const Setting& s : kSettings) {
    const Function f = [&](const std::vector<Tensor>& t) { return F::conv1d(t[0], t[1], t[2], s.args); };
    const std::vector<Tensor> inputs{leaf(s.x, GetParam()), leaf(s.w, GetParam()), leaf({s.w[0]}, GetParam())};
    std::vector<Tensor> arguments = inputs;
    arguments.push_back(leaf(f(inputs).sizes(), GetParam()));
    expect_gradients(s.what, gradient_of(f, inputs.size()), arguments);
  }
}

TEST_P(Gradients, OfPaddingAgreeWithFiniteDifferences) {
  struct Pads {
    const char* mode;
    std::vector<std::int64_t> amounts;
  };
  for (const Pads& p :
       {Pads{"constant", {2, 1}}, Pads{"constant", {-1, 3}}, Pads{"reflect", {3, 2}}, Pads{"reflect", {-2, 3}},
        Pads{"replicate", {5, 4}}, Pads{"replicate", {-2, 3}}, Pads{"circular", {5, 5}}, Pads{"circular", {-2, 3}}}) {
    const Function f = [&](const std::vector<Tensor>& t) { return F::pad(t[0], p.amounts, {.mode = p.mode}); };
    const Tensor x = leaf({2, 1, 5}, GetParam());
    expect_gradients(p.mode, f, {x});
    expect_gradients(p.mode, gradient_of(f, 1), {x, leaf(f({x}).sizes(), GetParam())});
  }
}

INSTANTIATE_TEST_SUITE_P(DTypes, Gradients, ::testing::Values(float64, complex128),
                         [](const auto& info) { return std::string(name(info.param)); });

// "A(B(), C())": a node and what it hands its gradient to, leaves as "Leaf", nobody as "None".
std::string graph(const std::shared_ptr<Node>& node, int depth = 2) {
  if (!node) return "None";
  if (node->name() == "AccumulateGrad") return "Leaf";
  std::string text = node->name();
  if (depth == 0) return text;
  text += "(";
  for (std::size_t i = 0; i < node->next.size(); ++i) text += (i ? ", " : "") + graph(node->next[i].node, depth - 1);
  return text + ")";
}

TEST(Graph, HasPyTorchsNames) {
  const Tensor x = leaf({1, 2, 6}, float32), x2 = leaf({2, 6}, float32), w = leaf({3, 2, 3}, float32),
               b = leaf({3}, float32);
  EXPECT_EQ(graph(F::conv1d(x, w, b).grad_fn()), "ConvolutionBackward0(Leaf, Leaf, Leaf)");
  EXPECT_EQ(graph(F::conv1d(x.detach(), w).grad_fn()), "ConvolutionBackward0(None, Leaf, None)");
  EXPECT_EQ(graph(F::conv1d(x2, w, b).grad_fn()),
            "SqueezeBackward1(ConvolutionBackward0(UnsqueezeBackward0, Leaf, Leaf))");
  const Tensor cx = leaf({1, 2, 6}, complex64), cw = leaf({3, 2, 3}, complex64);
  EXPECT_EQ(graph(F::conv1d(cx, cw).grad_fn(), 1), "AddBackward0(SubBackward0, MulBackward1)");
  EXPECT_EQ(graph(F::pad(x, {1, 1}).grad_fn()), "ConstantPadNdBackward0(Leaf)");
  EXPECT_EQ(graph(F::pad(x, {1, 1}, {.mode = "reflect"}).grad_fn()), "ReflectionPad1DBackward0(Leaf)");
  EXPECT_EQ(graph(F::pad(x, {1, 1}, {.mode = "replicate"}).grad_fn()), "ReplicationPad1DBackward0(Leaf)");
  EXPECT_EQ(F::pad(x, {1, 1}, {.mode = "circular"}).grad_fn()->name(), "CopySlices");
  const Tensor g = autograd::grad({F::conv1d(x, w, b).square().sum()}, {x}, {}, true, true)[0];
  EXPECT_EQ(g.grad_fn()->name(), "ConvolutionBackwardBackward0");
  EXPECT_EQ(F::conv1d(x.detach(), w.detach()).grad_fn(), nullptr);
  const NoGradGuard guard;
  EXPECT_EQ(F::conv1d(x, w, b).grad_fn(), nullptr);
}

TEST(Graph, WalkedTwiceOrWrittenToInBetweenRaises) {
  Tensor x = leaf({1, 1, 6}, float32), w = leaf({1, 1, 3}, float32);
  const Tensor y = F::conv1d(x, w).sum();
  y.backward();
  EXPECT_EQ(text_of<RuntimeError>([&] { y.backward(); }).substr(0, 52),
            "Trying to backward through the graph a second time (");
  const Tensor z = F::conv1d(x, w).sum();
  {
    const NoGradGuard guard;
    w.add_(1);
  }
  EXPECT_EQ(text_of<RuntimeError>([&] { z.backward(); }).substr(0, 98),
            "one of the variables needed for gradient computation has been modified by an inplace operation: [t");
}

TEST(Graph, EmptyBatchesHaveZeroGradients) {
  Tensor x = leaf({0, 2, 6}, float32), w = leaf({3, 2, 3}, float32), b = leaf({3}, float32);
  F::conv1d(x, w, b).sum().backward();
  EXPECT_EQ(x.grad().sizes(), (Shape{0, 2, 6}));
  EXPECT_TRUE(equal(w.grad(), zeros({3, 2, 3})));
  EXPECT_TRUE(equal(b.grad(), zeros({3})));
}

TEST(Graph, PaddingAddsNothingAlsoUnderAnInfiniteWeight) {
  const float inf = std::numeric_limits<float>::infinity();
  for (const DType dtype : {float32, float64}) {
    const Tensor y = F::conv1d(ones({1, 1, 5}, {.dtype = dtype}), full({1, 1, 3}, inf).to(dtype), {}, {.padding = 1});
    EXPECT_TRUE(equal(y, full({1, 1, 5}, inf).to(dtype))) << to_string(y);
  }
}

TEST(Graph, ComplexProductsKeepInfinities) {
  const double inf = std::numeric_limits<double>::infinity();
  const Tensor y =
      F::conv1d(tensor<Number>({Number{inf, 0}}, {{1, 1, 1}}), tensor<Number>({Number{1, 1}}, {{1, 1, 1}}));
  EXPECT_EQ(y.item<Number>().real(), inf);
}

TEST(Graph, WhatTheGeometryNoLongerDescribesIsRefused) {
  const auto layer = [](Tensor& x, Tensor& w) {
    return F::conv1d(x = leaf({1, 2, 8}, float32), w = leaf({2, 2, 3}, float32));
  };
  Tensor x, w;
  Tensor y = layer(x, w);
  w.set_data(ones({1, 1, 1}));
  EXPECT_ERROR(RuntimeError,
               "Expected the weight in the gradient of conv1d to be of size [2, 2, 3], but got size [1, 1, 1]",
               y.sum().backward());
  y = layer(x, w);
  x.set_data(ones({3}));
  EXPECT_ERROR(RuntimeError, "Expected the input in the gradient of conv1d to be of size [1, 2, 8], but got size [3]",
               y.sum().backward());
  y = layer(x, w);
  w.set_data(ones({2, 2, 3}, {.dtype = float64}));
  EXPECT_ERROR(RuntimeError, "expected scalar type Double but found Float", y.sum().backward());
  y = layer(x, w);
  EXPECT_ERROR(RuntimeError,
               "Expected the output's gradient in the gradient of conv1d to be of size [1, 2, 6], but got size [1]",
               y.grad_fn()->apply({ones({1})}));
}

}  // namespace
}  // namespace conv1d::testing
