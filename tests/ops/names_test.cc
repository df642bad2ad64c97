// The history of every operation: names and edges as PyTorch 2.13 shows them (grad_fn, next_functions).
#include <conv1d/ops.h>
#include <gtest/gtest.h>

#include "support/graph_text.h"

namespace conv1d {
namespace {

using testing::graph_text;

struct Leaves {
  Tensor x = ones({2, 3}, {.requires_grad = true}), b = ones({2, 3}, {.requires_grad = true}), k = ones({2, 3});
  Tensor wide = ones({2, 1, 3}, {.requires_grad = true});
  Tensor c = ones({2, 3}, {.dtype = complex64, .requires_grad = true});
  Tensor number = ones({}, {.requires_grad = true});
};

TEST(Names, Arithmetic) {
  const Leaves l;
  const std::string leaf = "AccumulateGrad", two = "(AccumulateGrad, AccumulateGrad)", left = "(AccumulateGrad, None)";
  EXPECT_EQ(graph_text(l.x + l.b), "AddBackward0" + two);
  EXPECT_EQ(graph_text(l.x + 1), "AddBackward0" + left);
  EXPECT_EQ(graph_text(1 + l.x), "AddBackward0" + left);
  EXPECT_EQ(graph_text(l.x - l.b), "SubBackward0" + two);
  EXPECT_EQ(graph_text(l.x - 1), "SubBackward0" + left);
  EXPECT_EQ(graph_text(1 - l.x), "RsubBackward1(AccumulateGrad)");
  EXPECT_EQ(graph_text(l.x * l.b), "MulBackward0" + two);
  EXPECT_EQ(graph_text(l.x * 2), "MulBackward0" + left);
  EXPECT_EQ(graph_text(l.k * l.x), "MulBackward0(None, AccumulateGrad)");
  EXPECT_EQ(graph_text(l.x / l.b), "DivBackward0" + two);
  EXPECT_EQ(graph_text(l.x / 2), "DivBackward0" + left);
  EXPECT_EQ(graph_text(2 / l.x), "MulBackward0(ReciprocalBackward0(AccumulateGrad), None)");
  EXPECT_EQ(graph_text(-l.x), "NegBackward0(AccumulateGrad)");
  EXPECT_EQ(graph_text(l.x.pow(2)), "PowBackward0(AccumulateGrad)");
  EXPECT_EQ(graph_text(l.x.square()), "PowBackward0(AccumulateGrad)");
  EXPECT_EQ(graph_text(l.x.pow(l.b)), "PowBackward1" + two);
  EXPECT_EQ(graph_text(rpow(l.x, 2)), "PowBackward2(AccumulateGrad)");
  EXPECT_EQ(graph_text(l.k + l.k), "None");
}

TEST(Names, FunctionsAndReductions) {
  const Leaves l;
  EXPECT_EQ(graph_text(l.x.exp()), "ExpBackward0(AccumulateGrad)");
  EXPECT_EQ(graph_text(l.x.log()), "LogBackward0(AccumulateGrad)");
  EXPECT_EQ(graph_text(l.x.sqrt()), "SqrtBackward0(AccumulateGrad)");
  EXPECT_EQ(graph_text(l.c.abs()), "AbsBackward0(AccumulateGrad)");
  EXPECT_EQ(graph_text(l.x.relu()), "ReluBackward0(AccumulateGrad)");
  EXPECT_EQ(graph_text(l.x.tanh()), "TanhBackward0(AccumulateGrad)");
  EXPECT_EQ(graph_text(l.x.sigmoid()), "SigmoidBackward0(AccumulateGrad)");
  EXPECT_EQ(graph_text(l.x.sum()), "SumBackward0(AccumulateGrad)");
  EXPECT_EQ(graph_text(l.x.sum({0, 1})), "SumBackward1(AccumulateGrad)");
  EXPECT_EQ(graph_text(l.x.mean()), "MeanBackward0(AccumulateGrad)");
  EXPECT_EQ(graph_text(l.x.mean({0})), "MeanBackward1(AccumulateGrad)");
  EXPECT_EQ(graph_text(l.x.max()), "MaxBackward1(AccumulateGrad)");
  EXPECT_EQ(graph_text(l.x.min()), "MinBackward1(AccumulateGrad)");
  EXPECT_EQ(graph_text(max(l.x, 0).values), "MaxBackward0(AccumulateGrad)");
  EXPECT_EQ(graph_text(max(l.x, 0).indices), "None");
  EXPECT_EQ(graph_text(l.x.argmax()), "None");
  EXPECT_EQ(graph_text(gt(l.x, 0)), "None");
  EXPECT_EQ(graph_text(mse_loss(l.x, l.b)), "MseLossBackward0(AccumulateGrad, AccumulateGrad)");
  EXPECT_EQ(graph_text(cat({l.x, l.k})), "CatBackward0(AccumulateGrad, None)");
  EXPECT_EQ(graph_text(stack({l.x, l.b})), "StackBackward0(AccumulateGrad, AccumulateGrad)");
  EXPECT_EQ(graph_text(complex(l.x, l.b)), "ComplexBackward0(AccumulateGrad, AccumulateGrad)");
}

TEST(Names, Shapes) {
  const Leaves l;
  const std::string of_t = "(TBackward0(AccumulateGrad))";
  EXPECT_EQ(graph_text(l.x.view({6})), "ViewBackward0(AccumulateGrad)");
  EXPECT_EQ(graph_text(l.x.reshape({2, 3})), "ViewBackward0(AccumulateGrad)");
  EXPECT_EQ(graph_text(l.x.t().reshape({6})), "UnsafeViewBackward0(CloneBackward0" + of_t + ")");
  EXPECT_EQ(graph_text(l.x.t().reshape({3, 2})), "ReshapeAliasBackward0" + of_t);
  EXPECT_EQ(graph_text(l.x.flatten()), "ViewBackward0(AccumulateGrad)");
  EXPECT_TRUE(l.x.flatten(0, 0).is_same(l.x));
  EXPECT_EQ(graph_text(l.number.flatten()), "ViewBackward0(AccumulateGrad)");
  EXPECT_EQ(graph_text(l.wide.squeeze()), "SqueezeBackward0(AccumulateGrad)");
  EXPECT_EQ(graph_text(l.wide.squeeze(0)), "SqueezeBackward1(AccumulateGrad)");
  EXPECT_EQ(graph_text(l.x.unsqueeze(0)), "UnsqueezeBackward0(AccumulateGrad)");
  EXPECT_EQ(graph_text(l.x.transpose(0, 1)), "TransposeBackward0(AccumulateGrad)");
  EXPECT_EQ(graph_text(l.x.permute({1, 0})), "PermuteBackward0(AccumulateGrad)");
  EXPECT_EQ(graph_text(l.x.expand({2, 3})), "ExpandBackward0(AccumulateGrad)");
  EXPECT_EQ(graph_text(l.x[0][0]), "SelectBackward0(SelectBackward0(AccumulateGrad))");
  EXPECT_EQ(graph_text(l.x.slice(0)), "SliceBackward0(AccumulateGrad)");
  EXPECT_EQ(graph_text(l.c.real()), "SelectBackward0(ViewAsRealBackward0(AccumulateGrad))");
  EXPECT_EQ(graph_text(l.c.conj()), "ConjBackward0(AccumulateGrad)");
  EXPECT_TRUE(l.x.conj().is_same(l.x));
  EXPECT_TRUE(l.x.real().is_same(l.x));
  EXPECT_TRUE(l.x.contiguous().is_same(l.x));
  EXPECT_EQ(graph_text(l.x.t().contiguous()), "CloneBackward0" + of_t);
  EXPECT_TRUE(l.x.to(float32).is_same(l.x));
  EXPECT_EQ(graph_text(l.x.to(float64)), "ToCopyBackward0(AccumulateGrad)");
  EXPECT_EQ(graph_text(l.x.to(int32)), "None");
  EXPECT_EQ(graph_text(l.x.clone()), "CloneBackward0(AccumulateGrad)");
  EXPECT_EQ(graph_text(l.x.detach()), "None");
}

TEST(Names, InPlace) {
  const Leaves l;
  const std::string before = "MulBackward0(AccumulateGrad, None)";
  const auto after = [&](auto change) {
    Tensor r = l.x * 1;
    change(r);
    return graph_text(r);
  };
  EXPECT_EQ(after([](Tensor& r) { r.add_(1); }), "AddBackward0(" + before + ", None)");
  EXPECT_EQ(after([&](Tensor& r) { r.add_(l.b); }), "AddBackward0(" + before + ", AccumulateGrad)");
  EXPECT_EQ(after([&](Tensor& r) { r.sub_(l.b); }), "SubBackward0(" + before + ", AccumulateGrad)");
  EXPECT_EQ(after([](Tensor& r) { r.mul_(2); }), "MulBackward0(" + before + ", None)");
  EXPECT_EQ(after([](Tensor& r) { r.div_(2); }), "DivBackward0(" + before + ", None)");
  EXPECT_EQ(after([](Tensor& r) { r.zero_(); }), "ZeroBackward0(" + before + ")");
  EXPECT_EQ(after([](Tensor& r) { r.fill_(2); }), "FillBackward2(" + before + ")");
  EXPECT_EQ(after([&](Tensor& r) { r.copy_(l.b); }), "CopyBackwards(" + before + ", AccumulateGrad)");
  EXPECT_EQ(after([](Tensor& r) { r.uniform_(); }), "UniformBackward0(" + before + ")");
  EXPECT_EQ(after([](Tensor& r) { r.normal_(); }), "NormalBackward0(" + before + ")");
  Tensor fresh = l.k.clone();
  EXPECT_EQ(graph_text(fresh.mul_(l.b)), "MulBackward0(None, AccumulateGrad)");
}

}  // namespace
}  // namespace conv1d
