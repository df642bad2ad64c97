// The door for frameworks: the same numbers as for our own tensors, refusals instead of errors, memory within its
// bound.
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include <conv1d/conv1d.h>
#include <conv1d/guest.h>

namespace conv1d::testing {
namespace {

namespace F = nn::functional;

/// A tensor's memory as a guest would hand it in. Views may have any strides.
guest::Array array_of(const Tensor& t) {
  guest::Array a{.data = nullptr, .dtype = t.dtype(), .sizes = {1, 1, 1}};
  a.data = t.dtype() == float64 ? static_cast<const void*>(t.data<double>()) : t.data<float>();
  const auto rank = static_cast<std::size_t>(t.dim());
  for (std::size_t d = 0; d < rank; ++d) {
    a.sizes[3 - rank + d] = t.sizes()[d];
    a.strides[3 - rank + d] = t.strides()[d];
  }
  return a;
}

Tensor output_of(const guest::Pass& pass, DType dtype) {
  const guest::Sizes& s = sizes_of(pass);
  return full({s[0], s[1], s[2]}, std::numeric_limits<double>::quiet_NaN(), {.dtype = dtype});
}

void* memory_of(Tensor& t) {
  return t.dtype() == float64 ? static_cast<void*>(t.mutable_data<double>()) : t.mutable_data<float>();
}

Tensor forward(guest::Layer& layer, const Tensor& x, const Tensor& w, const Tensor& b) {
  const guest::Array xa = array_of(x), wa = array_of(w), ba = b.defined() ? array_of(b) : guest::Array{};
  const auto pass = layer.forward(xa, wa, b.defined() ? &ba : nullptr);
  if (!pass) return {};
  Tensor y = output_of(*pass, x.dtype());
  layer.run(*pass, {xa.data, wa.data, ba.data, memory_of(y)});
  return y;
}

Tensor input_grad(guest::Layer& layer, const Tensor& grad, const Tensor& w, std::int64_t length) {
  const guest::Array ga = array_of(grad), wa = array_of(w);
  const auto pass = layer.input_grad(ga, wa, length);
  if (!pass) return {};
  Tensor dx = output_of(*pass, grad.dtype());
  layer.run(*pass, {ga.data, wa.data, nullptr, memory_of(dx)});
  return dx;
}

Tensor weight_grad(guest::Layer& layer, const Tensor& grad, const Tensor& x, std::int64_t kernel) {
  const guest::Array ga = array_of(grad), xa = array_of(x);
  const auto pass = layer.weight_grad(ga, xa, kernel);
  if (!pass) return {};
  Tensor dw = output_of(*pass, grad.dtype());
  layer.run(*pass, {ga.data, xa.data, nullptr, memory_of(dw)});
  return dw;
}

double largest(const Tensor& t) { return t.numel() ? t.abs().max().item<double>() : 0; }
double difference(const Tensor& a, const Tensor& b) {
  EXPECT_EQ(a.sizes(), b.sizes());
  return largest(a.to(float64).add_(b.to(float64).neg()));
}

struct Random {
  std::mt19937 engine;
  std::int64_t operator()(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(engine);
  }
};

TEST(GuestLayer, ComputesAsTensorsDo) {
  Random random{std::mt19937(11)};
  manual_seed(11);
  for (int i = 0; i < 200; ++i) {
    const std::int64_t groups = random(1, 3), c = random(1, 7), o = random(1, 7), k = random(1, 9), d = random(1, 3);
    const guest::Settings s{.stride = random(1, 4), .pad_left = random(0, 5), .dilation = d, .groups = groups};
    guest::Settings settings = s;
    settings.pad_right = s.pad_left;
    const std::int64_t length = d * (k - 1) + 1 + random(0, 60);
    Tensor x = randn({2, length, groups * c}).transpose(1, 2);
    Tensor w = randn({groups * o, c, k}), b = randn({groups * o});
    x.requires_grad_(), w.requires_grad_(), b.requires_grad_();
    const Tensor y = F::conv1d(x, w, b, {.stride = s.stride, .padding = s.pad_left, .dilation = d, .groups = groups});
    const Tensor grad = randn(y.sizes());
    y.backward(grad);

    guest::Layer layer(settings);
    EXPECT_LT(difference(forward(layer, x.detach(), w.detach(), b.detach()), y.detach()), 1e-4);
    EXPECT_LT(difference(input_grad(layer, grad, w.detach(), length), x.grad()), 1e-4);
    EXPECT_LT(difference(weight_grad(layer, grad, x.detach(), k), w.grad()), 1e-3);
    Tensor db = zeros({groups * o});
    ASSERT_TRUE(guest::bias_grad(array_of(grad), db.mutable_data<float>()));
    EXPECT_LT(difference(db, b.grad()), 1e-4);
  }
}

TEST(GuestLayer, TransposedIsTheInputGradientOfTheSameSettings) {
  Random random{std::mt19937(12)};
  manual_seed(12);
  for (int i = 0; i < 200; ++i) {
    const std::int64_t groups = random(1, 3), in = random(1, 6), out = random(1, 6), k = random(1, 9), d = random(1, 3);
    guest::Settings settings{.stride = random(1, 5), .dilation = d, .groups = groups, .transposed = true};
    settings.pad_left = settings.pad_right = random(0, (d * (k - 1)) / 2);
    settings.output_padding = random(0, std::max(settings.stride, d) - 1);
    const std::int64_t length = random(1, 40);
    const std::int64_t out_length =
        (length - 1) * settings.stride - 2 * settings.pad_left + d * (k - 1) + 1 + settings.output_padding;
    if (out_length < 1) continue;
    const Tensor x = randn({2, groups * in, length}, {.dtype = float64});
    const Tensor w = randn({groups * in, out, k}, {.dtype = float64}), b = randn({groups * out}, {.dtype = float64});
    guest::Layer layer(settings);
    const Tensor y = forward(layer, x, w, b);
    ASSERT_TRUE(y.defined());

    // sum(grad * layer(z)) for whatever z is that input gradient's pairing with z.
    Tensor z = zeros({2, groups * out, out_length}, {.dtype = float64, .requires_grad = true});
    const Tensor all =
        F::conv1d(z, w, {}, {.stride = settings.stride, .padding = settings.pad_left, .dilation = d, .groups = groups});
    all.slice(2, 0, length).backward(x);
    EXPECT_LT(difference(y, z.grad().add_(b.unsqueeze(0).unsqueeze(2).expand(y.sizes()))), 1e-12);

    const Tensor grad = randn(y.sizes(), {.dtype = float64});
    Tensor ws = w.clone().requires_grad_();
    const Tensor back =
        F::conv1d(grad, ws, {},
                  {.stride = settings.stride, .padding = settings.pad_left, .dilation = d, .groups = groups})
            .slice(2, 0, length);
    back.backward(x);
    EXPECT_LT(difference(input_grad(layer, grad, w, length), back.detach()), 1e-12);
    EXPECT_LT(difference(weight_grad(layer, grad, x, k), ws.grad()), 1e-11);
  }
}

TEST(GuestLayer, RefusesWhatMakesNoLayer) {
  const Tensor x = randn({1, 4, 10}), w = randn({6, 2, 3}), b = randn({6});
  const guest::Settings good{.groups = 2};
  guest::Layer served(good);
  EXPECT_TRUE(forward(served, x, w, b).defined());
  constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();
  std::vector<guest::Settings> wrong(9, good);
  wrong[0].stride = 0;
  wrong[1].dilation = 0;
  wrong[2].groups = 0;
  wrong[3].groups = 3;
  wrong[4].pad_left = -1;
  wrong[5].dilation = 5;
  wrong[6].dilation = kHuge;
  wrong[7].pad_left = wrong[7].pad_right = kHuge;
  wrong[8].groups = kHuge;
  for (const guest::Settings& settings : wrong) {
    guest::Layer layer(settings);
    EXPECT_FALSE(forward(layer, x, w, b).defined());
    guest::Settings turned = settings;
    turned.transposed = true;
    guest::Layer transposed(turned);
    EXPECT_FALSE(forward(transposed, x, w, b).defined());
  }
  EXPECT_FALSE(forward(served, randn({1, 5, 10}), w, b).defined());
  EXPECT_FALSE(forward(served, x, w, randn({5})).defined());
  EXPECT_FALSE(forward(served, x.to(float64), w, b).defined());
  EXPECT_FALSE(forward(served, zeros({0, 4, 10}), w, b).defined());
  EXPECT_FALSE(input_grad(served, randn({1, 6, 8}), w, 11).defined()) << "a length that has another output";
  EXPECT_FALSE(weight_grad(served, randn({1, 6, 8}), x, 4).defined());
}

TEST(GuestLayer, KeepsWithinItsBoundAndGivesBack) {
  const std::size_t start = kept_memory();
  const Tensor x = randn({1, 32, 200}), w = randn({32, 32, 7});
  const std::size_t bytes = 32 * 32 * 7 * 4;
  {
    guest::Layer layer({});
    const Tensor y = forward(layer, x, w, {});
    EXPECT_GT(layer.kept_bytes(), 0U);
    EXPECT_EQ(kept_memory() - start, layer.kept_bytes());
    EXPECT_LE(layer.kept_bytes(), 8 * bytes);
    set_kept_memory(0);
    EXPECT_EQ(kept_memory(), 0U);
    EXPECT_LT(difference(forward(layer, x, w, {}), y), 1e-3) << "served without keeping";
    EXPECT_EQ(layer.kept_bytes(), 0U);
    set_kept_memory(std::size_t{1} << 30);
    layer.clear();
    forward(layer, x, w, {});
    EXPECT_GT(layer.kept_bytes(), 0U);
  }
  EXPECT_EQ(kept_memory(), start);
}

TEST(GuestLayer, KeepsAgainWhenThereIsRoom) {
  const Tensor x = rand({1, 16, 2000}), w = rand({32, 16, 9});
  guest::Layer layer({});
  set_kept_memory(0);
  const Tensor alone = forward(layer, x, w, {});
  EXPECT_EQ(layer.kept_bytes(), 0U);
  set_kept_memory(std::size_t{1} << 30);
  forward(layer, x, w, {});
  EXPECT_GT(layer.kept_bytes(), 0U);
  EXPECT_LE(difference(forward(layer, x, w, {}), alone), 1e-4);
}

TEST(GuestLayer, PacksFromTheSecondCallOnWhereToldSo) {
  const Tensor x = rand({1, 16, 2000}), w = rand({32, 16, 9});
  guest::Layer layer({}, false);
  const Tensor alone = forward(layer, x, w, {});
  EXPECT_EQ(layer.kept_bytes(), 0U);
  EXPECT_LE(difference(forward(layer, x, w, {}), alone), 1e-4);
  EXPECT_GT(layer.kept_bytes(), 0U);
}

TEST(GuestLayer, RefusesThousandsOfPhases) {
  guest::Layer layer({.stride = 5000, .transposed = true});
  const Tensor x = rand({1, 1, 4}), w = rand({1, 1, 5000});
  EXPECT_EQ(layer.forward(array_of(x), array_of(w), nullptr), nullptr);
}

TEST(GuestLayer, SeesEveryChangeOfAWeight) {
  guest::Layer layer({});
  const Tensor x = randn({1, 16, 100});
  Tensor w = randn({16, 16, 5});
  for (std::int64_t i = 0; i < 40; ++i) {
    EXPECT_LT(difference(forward(layer, x, w, {}), F::conv1d(x, w)), 1e-3) << i;
    w.mutable_data<float>()[i * 31 % w.numel()] += i % 2 == 0 ? 1 : -1;
  }
}

}  // namespace
}  // namespace conv1d::testing
