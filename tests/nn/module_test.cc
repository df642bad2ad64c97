// Modules: parameters, children, state, conversion, printing.
#include <gtest/gtest.h>

#include <sstream>

#include <conv1d/conv1d.h>

#include "support/throws.h"

namespace conv1d::testing {

// A user's own module, outside the library's namespaces in spirit.
struct Net : nn::Module {
  std::shared_ptr<nn::Conv1d> first = register_module("first", nn::Conv1d(1, 2, 3, {.padding = "same"}));
  std::shared_ptr<nn::Sequential> rest =
      register_module("rest", nn::Sequential(nn::ReLU(), nn::Conv1d(2, 1, 1, {.bias = false})));
  nn::Parameter scale{ones({1})};
  Net() { register_parameter("scale", scale); }
  Tensor forward(const Tensor& x) const override { return (*rest)((*first)(x)) * scale; }
};

namespace {

std::vector<std::string> names(const nn::Module& m) {
  std::vector<std::string> out;
  for (const auto& [name, parameter] : m.named_parameters()) out.push_back(name);
  return out;
}

TEST(Module, ListsParametersOwnFirst) {
  const Net net;
  EXPECT_EQ(names(net), (std::vector<std::string>{"scale", "first.weight", "first.bias", "rest.1.weight"}));
  EXPECT_EQ(net.parameters().size(), 4u);
}

TEST(Module, PrintsAsATree) {
  EXPECT_EQ(Net().repr(),
            "Net(\n  (first): Conv1d(1, 2, kernel_size=(3,), stride=(1,), padding=same)\n  (rest): Sequential(\n    "
            "(0): ReLU()\n"
            "    (1): Conv1d(2, 1, kernel_size=(1,), stride=(1,), bias=False)\n  )\n)");
  EXPECT_EQ(nn::Sequential().repr(), "Sequential()");
  std::ostringstream out;
  out << nn::Sequential(nn::Tanh(), nn::Sigmoid()) << nn::Parameter(zeros({2}));
  EXPECT_EQ(
      out.str(),
      "Sequential(\n  (0): Tanh()\n  (1): Sigmoid()\n)Parameter containing:\ntensor([0., 0.], requires_grad=True)");
}

TEST(Module, LearnsASmoothing) {
  manual_seed(1);
  nn::Conv1d layer(1, 1, 3, {.padding = 1});
  const Tensor x = randn({4, 1, 50});
  const Tensor target = nn::functional::conv1d(x, tensor<float>({0.25, 0.5, 0.25}, {{1, 1, 3}}), {}, {.padding = 1});
  for (int step = 0; step < 200; ++step) {
    layer.zero_grad();
    nn::functional::mse_loss(layer(x), target).backward();
    const NoGradGuard guard;
    for (nn::Parameter& p : layer.parameters()) p.sub_(p.grad() * 0.2);
  }
  EXPECT_TRUE(allclose(layer.weight(), tensor<float>({0.25, 0.5, 0.25}, {{1, 1, 3}}), 1e-3, 1e-3))
      << to_string(layer.weight());
}

TEST(Module, StateGoesRound) {
  Net a, b;
  const nn::IncompatibleKeys keys = b.load_state_dict(a.state_dict());
  EXPECT_TRUE(keys.missing_keys.empty() && keys.unexpected_keys.empty());
  const Tensor x = randn({1, 1, 9});
  EXPECT_TRUE(equal(a(x), b(x)));
  nn::StateDict state = a.state_dict();
  EXPECT_FALSE(state[0].second.requires_grad());
  state[0].second.fill_(7);  // shares memory
  EXPECT_EQ(a.scale.item<float>(), 7);
}

TEST(Module, LoadingIsAllOrNothing) {
  nn::Conv1d m(1, 3, 1);
  const Tensor before = m.weight().detach().clone();
  EXPECT_ERROR(RuntimeError,
               "Error(s) in loading state_dict for Conv1d:\n\tsize mismatch for bias: copying a param with shape "
               "torch.Size([2]) from "
               "checkpoint, the shape in current model is torch.Size([3]).",
               m.load_state_dict({{"weight", zeros({3, 1, 1})}, {"bias", zeros({2})}}));
  EXPECT_TRUE(equal(m.weight(), before));
}

TEST(Module, LoadingNamesEverything) {
  nn::Conv1d m(1, 3, 1);
  EXPECT_ERROR(RuntimeError,
               "Error(s) in loading state_dict for Conv1d:\n\tMissing key(s) in state_dict: \"bias\". \n\tUnexpected "
               "key(s) in state_dict: "
               "\"foo\", \"bar\". \n\tsize mismatch for weight: copying a param with shape torch.Size([1]) from "
               "checkpoint, the shape in "
               "current model is torch.Size([3, 1, 1]).",
               m.load_state_dict({{"foo", zeros({1})}, {"weight", zeros({1})}, {"bar", zeros({1})}}));
  EXPECT_ERROR(RuntimeError,
               "Error(s) in loading state_dict for Conv1d:\n\tWhile copying the parameter named \"weight\", expected "
               "torch.Tensor or "
               "Tensor-like object from checkpoint but received <class 'NoneType'>",
               m.load_state_dict({{"weight", Tensor()}}, false));
  const nn::IncompatibleKeys keys =
      m.load_state_dict({{"weight", ones({3, 1, 1}, {.dtype = float64})}, {"x", zeros({1})}}, false);
  EXPECT_EQ(keys.missing_keys, std::vector<std::string>{"bias"});
  EXPECT_EQ(keys.unexpected_keys, std::vector<std::string>{"x"});
  EXPECT_TRUE(equal(m.weight(), ones({3, 1, 1})));
  nn::Sequential net(nn::Conv1d(1, 2, 3), nn::Sequential(nn::Conv1d(2, 1, 1)));
  EXPECT_ERROR(
      RuntimeError,
      "Error(s) in loading state_dict for Sequential:\n\tMissing key(s) in state_dict: \"0.bias\", \"1.0.bias\". "
      "\n\tUnexpected "
      "key(s) in state_dict: \"x.y\", \"0.foo\". \n\tsize mismatch for 1.0.weight: copying a param with shape "
      "torch.Size([1]) from "
      "checkpoint, the shape in current model is torch.Size([1, 2, 1]).",
      net.load_state_dict(
          {{"0.weight", zeros({2, 1, 3})}, {"x.y", zeros({1})}, {"1.0.weight", zeros({1})}, {"0.foo", zeros({1})}}));
}

TEST(Module, ConvertsInPlace) {
  nn::Conv1d m(1, 3, 1);
  const nn::Parameter weight = m.weight();
  m(ones({1, 4})).sum().backward();
  m.to(float64);
  EXPECT_EQ(weight.dtype(), float64);
  EXPECT_EQ(weight.grad().dtype(), float64);
  EXPECT_TRUE(weight.requires_grad() && weight.is_leaf());
  EXPECT_EQ(m(ones({1, 4}, {.dtype = float64})).dtype(), float64);
  EXPECT_ERROR(TypeError,
               "nn.Module.to only accepts floating point or complex dtypes, but got desired dtype=torch.int64",
               m.to(int64));
  m.to(Device("meta"));
  EXPECT_TRUE(weight.device().is_meta());
  EXPECT_EQ(text_of<NotImplementedError>([&] { m.to(Device("cpu")); }).substr(0, 40),
            "Cannot copy out of meta tensor; no data!");
}

TEST(Module, SwitchesModesAndGradients) {
  Net net;
  net.eval();
  EXPECT_FALSE(net.is_training() || net.first->is_training());
  net.requires_grad_(false);
  EXPECT_FALSE(net(zeros({1, 1, 4})).requires_grad());
  net.requires_grad_();
  net(ones({1, 1, 4})).sum().backward();
  EXPECT_TRUE(net.scale.grad().defined());
  net.zero_grad();
  EXPECT_FALSE(net.scale.grad().defined());
  EXPECT_ERROR(NotImplementedError, "Module [Module] is missing the required \"forward\" function",
               nn::Module()(zeros({1})));
  EXPECT_ERROR(RuntimeError, "Only Tensors of floating point and complex dtype can require gradients",
               nn::Parameter(zeros({1}, {.dtype = int64})));
}

TEST(Init, GainsFansAndErrors) {
  EXPECT_EQ(nn::init::calculate_gain("leaky_relu", std::sqrt(5.0)), 0x1.279a74590331cp-1);
  EXPECT_EQ(nn::init::calculate_gain("tanh"), 5.0 / 3);
  EXPECT_ERROR(ValueError, "Unsupported nonlinearity foo", nn::init::calculate_gain("foo"));
  EXPECT_EQ(nn::init::calculate_fans(zeros({4, 3, 5})).fan_in, 15);
  EXPECT_EQ(nn::init::calculate_fans(zeros({4, 3, 5})).fan_out, 20);
  EXPECT_ERROR(ValueError, "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions",
               nn::init::kaiming_uniform_(zeros({3})));
  EXPECT_ERROR(ValueError, "Mode foo not supported, please use one of ['fan_in', 'fan_out']",
               nn::init::kaiming_uniform_(zeros({3, 2}), {.mode = "foo"}));
}

}  // namespace
}  // namespace conv1d::testing
