// The transposed convolution: against the definition, random layers with all gradients; its checks in their order.
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "conv/naive.h"
#include "support/gradcheck.h"
#include "support/throws.h"

namespace conv1d::testing {
namespace {

namespace F = nn::functional;
constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();

struct Random {
  std::mt19937_64 engine;
  std::int64_t operator()(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(engine);
  }
};

struct Layer {
  std::int64_t batch, in, out, length, kernel, stride, padding, output_padding, dilation, groups;

  std::int64_t out_length() const {
    return (length - 1) * stride - 2 * padding + dilation * (kernel - 1) + 1 + output_padding;
  }
  /// Calls f(output, input, weight), flat indices, for every product of the definition.
  template <class Visit> void for_each_product(Visit&& f) const {
    const std::int64_t in_group = in / groups, out_group = out / groups;
    for (std::int64_t n = 0; n < batch; ++n)
      for (std::int64_t c = 0; c < in; ++c)
        for (std::int64_t l = 0; l < length; ++l)
          for (std::int64_t o = 0; o < out_group; ++o)
            for (std::int64_t k = 0; k < kernel; ++k) {
              const std::int64_t at = l * stride - padding + k * dilation;
              if (at < 0 || at >= out_length()) continue;
              const std::int64_t channel = c / in_group * out_group + o;
              f(static_cast<std::size_t>((n * out + channel) * out_length() + at),
                static_cast<std::size_t>((n * in + c) * length + l),
                static_cast<std::size_t>((c * out_group + o) * kernel + k));
            }
  }
  ConvTranspose1dArgs args() const {
    return {
        .stride = stride, .padding = padding, .output_padding = output_padding, .groups = groups, .dilation = dilation};
  }
};

Layer random_layer(Random& random) {
  Layer p{};
  p.groups = random(1, 3);
  p.in = p.groups * random(1, 5);
  p.out = p.groups * random(1, 5);
  p.batch = random(0, 3);
  p.kernel = random(0, 3) ? random(1, 6) : random(7, 20);
  p.stride = random(0, 3) ? random(1, 4) : random(5, 30);
  p.dilation = random(0, 1) ? 1 : random(1, 7);
  p.padding = random(0, 1) ? 0 : random(0, p.dilation * p.kernel);
  p.output_padding = random(0, 1) ? 0 : random(0, std::max(p.stride, p.dilation) - 1);
  p.length = random(1, 40);
  while (p.out_length() < 1) ++p.length;
  return p;
}

void expect_close(const char* what, const Tensor& actual, const Sums& expected) {
  const Numbers values = numbers(actual);
  ASSERT_EQ(values.size(), expected.value.size()) << what;
  double largest = 0;
  for (const double m : expected.magnitude) largest = std::max(largest, m);
  const double epsilon = actual.dtype() == float32 || actual.dtype() == complex64 ? 0x1p-22 : 0x1p-51;
  for (std::size_t i = 0; i < values.size(); ++i) {
    ASSERT_LE(std::abs(values[i] - expected.value[i]), 4 * epsilon * largest) << what << " element " << i;
  }
}

TEST(Transposed, RandomLayersAreTheDefinitionForwardAndBackward) {
  for (std::uint64_t seed = 0; seed < 600 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Random random{std::mt19937_64(seed)};
    manual_seed(seed);
    const Layer p = random_layer(random);
    const DType dtype = std::vector<DType>{float32, float32, float64, complex64, complex128}[random(0, 4)];
    Tensor x = random(0, 2) ? randn({p.batch, p.in, p.length}, {.dtype = dtype})
                            : randn({p.batch, p.length, p.in}, {.dtype = dtype}).transpose(1, 2);
    Tensor w = randn({p.in, p.out / p.groups, p.kernel}, {.dtype = dtype});
    Tensor b = random(0, 1) ? randn({p.out}, {.dtype = dtype}) : Tensor();
    x.requires_grad_(), w.requires_grad_();
    if (b.defined()) b.requires_grad_();
    PlanCache cache;
    const Tensor y = F::conv_transpose1d(x, w, b, p.args(), random(0, 1) ? &cache : nullptr);
    ASSERT_EQ(y.sizes(), (Shape{p.batch, p.out, p.out_length()}));
    EXPECT_TRUE(y.is_contiguous());
    const Tensor grad = randn(y.sizes(), {.dtype = dtype});
    y.backward(grad);

    const Numbers xs = numbers(x), ws = numbers(w), gs = numbers(grad);
    Sums output(y.numel()), dx(x.numel()), dw(w.numel()), db(p.out);
    const auto channel = [&](std::size_t i) {
      return i / static_cast<std::size_t>(p.out_length()) % static_cast<std::size_t>(p.out);
    };
    for (std::size_t i = 0; i < gs.size(); ++i) {
      if (b.defined()) output.add(i, numbers(b)[channel(i)]);
      db.add(channel(i), gs[i]);
    }
    p.for_each_product([&](std::size_t o, std::size_t i, std::size_t k) {
      output.add(o, xs[i] * ws[k]);
      dx.add(i, gs[o] * std::conj(ws[k]));
      dw.add(k, gs[o] * std::conj(xs[i]));
    });
    expect_close("output", y, output);
    expect_close("gradient of the input", x.grad(), dx);
    expect_close("gradient of the weight", w.grad(), dw);
    if (b.defined()) expect_close("gradient of the bias", b.grad(), db);
  }
}

TEST(Transposed, GradientsOfGradientsAgreeWithDifferences) {
  struct Setting {
    ConvTranspose1dArgs args;
    Shape x, w, b;
  };
  const Setting settings[] = {
      {{}, {2, 2, 4}, {2, 3, 3}, {3}},
      {{.stride = 2, .padding = 1, .output_padding = 1}, {1, 2, 4}, {2, 2, 3}, {2}},
      {{.stride = 3, .groups = 2}, {1, 4, 3}, {4, 1, 2}, {2}},
      {{.stride = 2, .padding = 2, .output_padding = 3, .dilation = 4}, {1, 2, 3}, {2, 2, 3}, {2}},
      {{.padding = 1}, {2, 5}, {2, 2, 4}, {2}},
  };
  for (const Setting& s : settings) {
    for (const DType dtype : {float64, complex128}) {
      const auto layer = [&](const std::vector<Tensor>& t) { return F::conv_transpose1d(t[0], t[1], t[2], s.args); };
      check_gradients_twice(layer, {sample(s.x, dtype, 1), sample(s.w, dtype, 2), sample(s.b, dtype, 3)});
    }
  }
}

TEST(Transposed, IntegersAreExactAndWrapAround) {
  const Tensor x = tensor<std::int64_t>({(std::int64_t{1} << 61) + 1, 3}, Shape{1, 1, 2});
  const Tensor w = tensor<std::int64_t>({1, 4}, Shape{1, 1, 2});
  EXPECT_TRUE(
      equal(F::conv_transpose1d(x, w, {}, {.dilation = 2}),
            tensor<std::int64_t>({(std::int64_t{1} << 61) + 1, 3, std::numeric_limits<std::int64_t>::min() + 4, 12},
                                 Shape{1, 1, 4})));
}

TEST(Transposed, HalvesAreSummedInFloat) {
  for (const DType dtype : {float16, bfloat16}) {
    const Tensor y = F::conv_transpose1d(full({1, 4096, 1}, 0.25).to(dtype), ones({4096, 1, 1}).to(dtype));
    EXPECT_EQ(y.to(float32).item<float>(), 1024.0F);
  }
}

TEST(Transposed, KeepsOnePackingForAllPhases) {
  PlanCache cache;
  const Tensor w = randn({16, 16, 8}), x = randn({1, 16, 100});
  const ConvTranspose1dArgs args{.stride = 4, .padding = 2};
  const Tensor y = F::conv_transpose1d(x, w, {}, args, &cache);
  const std::size_t kept = cache.kept_bytes();
  EXPECT_GE(kept, static_cast<std::size_t>(w.numel()) * sizeof(float));
  EXPECT_TRUE(equal(F::conv_transpose1d(x, w, {}, args, &cache), y));
  EXPECT_EQ(cache.kept_bytes(), kept);
  // The same memory seen as another layer's weight: not the same copy.
  F::conv_transpose1d(x, w, {}, {.stride = 2}, &cache);
  F::conv1d(x, w, {}, {}, &cache);
  EXPECT_TRUE(equal(F::conv_transpose1d(x, w, {}, args, &cache), y));
  for (std::int64_t length = 1; length < 200; ++length)
    F::conv_transpose1d(randn({1, 16, length}), w, {}, args, &cache);
  EXPECT_LE(cache.kept_bytes(), PlanCache::kMaxKept * 16 * static_cast<std::size_t>(w.numel()) * sizeof(float));
  Tensor(w).mul_(2);
  EXPECT_TRUE(equal(F::conv_transpose1d(x, w, {}, args, &cache), F::conv_transpose1d(x, w, {}, args)));
}

TEST(Transposed, HasPyTorchsNodes) {
  const Tensor x = randn({1, 2, 4}).requires_grad_(), w = randn({2, 3, 3}).requires_grad_();
  EXPECT_EQ(F::conv_transpose1d(x, w).grad_fn()->name(), "ConvolutionBackward0");
  EXPECT_EQ(F::conv_transpose1d(x.select(0, 0), w).grad_fn()->name(), "SqueezeBackward1");
  const Tensor z = F::conv_transpose1d(x.to(complex64), w.to(complex64));
  EXPECT_EQ(z.grad_fn()->name(), "AddBackward0");
}

TEST(Transposed, WhatTheGeometryNoLongerDescribesIsRefused) {
  const Tensor x = randn({1, 2, 4}).requires_grad_();
  Tensor w = randn({2, 3, 3}).requires_grad_();
  const Tensor y = F::conv_transpose1d(x, w);
  w.set_data(ones({1, 1, 1}));
  EXPECT_ERROR(RuntimeError,
               "Expected the weight in the gradient of conv_transpose1d to be of size [2, 3, 3], but got size "
               "[1, 1, 1]",
               y.sum().backward());
}

/// A call with one fault: each spoils one thing. Faults are in the order in which they must be found.
struct Call {
  Shape input{2, 4, 6}, weight{4, 2, 3}, bias{4};
  DType weight_dtype = float32, bias_dtype = float32;
  ConvTranspose1dArgs args{.groups = 2};
  Tensor run() const {
    return F::conv_transpose1d(zeros(input), zeros(weight, {.dtype = weight_dtype}), zeros(bias, {.dtype = bias_dtype}),
                               args);
  }
};
struct Fault {
  const char* text;
  void (*spoil)(Call& call);
};
const Fault kFaults[] = {
    {"Expected 2D (unbatched) or 3D (batched) input to conv_transpose1d, but got input of size: [6]",
     [](Call& c) { c.input = {6}; }},
    {"weight should have at least three dimensions", [](Call& c) { c.weight = {4, 2}; }},
    {"non-positive groups is not supported", [](Call& c) { c.args.groups = 0; }},
    {"expected stride to be a single integer value or a list of 1 values", [](Call& c) { c.args.stride = {1, 1}; }},
    {"expected padding to be a single integer value or a list of 1 values",
     [](Call& c) { c.args.padding = std::vector<std::int64_t>{}; }},
    {"expected dilation to be a single integer value or a list of 1 values", [](Call& c) { c.args.dilation = {1, 1}; }},
    {"expected output_padding to be a single integer value or a list of 1 values",
     [](Call& c) { c.args.output_padding = {1, 1}; }},
    {"negative padding is not supported", [](Call& c) { c.args.padding = -1; }},
    {"negative output_padding is not supported", [](Call& c) { c.args.output_padding = -1; }},
    {"non-positive stride is not supported", [](Call& c) { c.args.stride = 0; }},
    {"dilation should be greater than zero", [](Call& c) { c.args.dilation = 0; }},
    {"Given groups=8, expected weight to be at least 8 at dimension 0", [](Call& c) { c.args.groups = 8; }},
    {"Given groups=3, expected weight to be divisible by 3 at dimension 0", [](Call& c) { c.args.groups = 3; }},
    {"Given padding=9223372036854775807 at dimension 0 , expected padding to be at most 4611686018427387903",
     [](Call& c) { c.args.padding = kLargest; }},
    {"Given transposed=1, weight of size [4, 2, 3], expected input[2, 5, 6] to have 4 channels, but got 5 channels",
     [](Call& c) { c.input[1] = 5; }},
    {"Given transposed=1, weight of size [4, 2, 3], expected bias to be 1-dimensional with 4 elements",
     [](Call& c) { c.bias = {3}; }},
    {"output padding must be smaller than either stride or dilation, but got output_padding_height: 0 "
     "output_padding_width: 1 ",
     [](Call& c) { c.args.output_padding = 1; }},
    {"Given input size per channel: (1 x 6). Calculated output size per channel: (1 x ",
     [](Call& c) { c.args.padding = 100; }},
    {"Input type (torch.FloatTensor) and weight type (torch.DoubleTensor) should be the same",
     [](Call& c) { c.weight_dtype = float64; }},
    {"Input type (torch.FloatTensor) and bias type (torch.DoubleTensor) should be the same",
     [](Call& c) { c.bias_dtype = float64; }},
};

TEST(Transposed, FaultsAreFoundInPyTorchsOrder) {
  EXPECT_EQ(Call().run().sizes(), (Shape{2, 4, 8}));
  for (std::size_t first = 0; first < std::size(kFaults); ++first) {
    for (std::size_t second = std::size(kFaults); second-- > first;) {
      Call call;
      kFaults[second].spoil(call);
      kFaults[first].spoil(call);
      const std::string text = text_of<RuntimeError>([&] { call.run(); });
      // The earlier fault, but for what a later one has changed within its text.
      const std::string begin = std::string(kFaults[first].text).substr(0, 60);
      EXPECT_TRUE(text.starts_with(first == second ? kFaults[first].text : begin.substr(0, begin.find('['))))
          << text << "\n  instead of " << kFaults[first].text << "\n  beside " << kFaults[second].text;
    }
  }
}

TEST(Transposed, StepsOfAnySize) {
  const Tensor x = full({1, 1, 1}, 2.0), w = tensor<float>({3, 5}, Shape{1, 1, 2});
  EXPECT_TRUE(equal(F::conv_transpose1d(x, w, {}, {.stride = kLargest}), tensor<float>({6, 10}, Shape{1, 1, 2})));
  EXPECT_TRUE(
      equal(F::conv_transpose1d(x, w.slice(2, 0, 1), {}, {.dilation = kLargest}), tensor<float>({6}, Shape{1, 1, 1})));
  // Taps that lie 2^62 apart, of which the padding leaves the middle one.
  const Tensor three = tensor<float>({1, 7, 1}, Shape{1, 1, 3});
  EXPECT_TRUE(equal(
      F::conv_transpose1d(x, three, {}, {.padding = (std::int64_t{1} << 61) - 1, .dilation = std::int64_t{1} << 61}),
      tensor<float>({0, 14, 0}, Shape{1, 1, 3})));
  EXPECT_THROW(F::conv_transpose1d(x, w, {}, {.dilation = kLargest}), RuntimeError);
  EXPECT_THROW(F::conv_transpose1d(ones({1, 1, 3}), w, {}, {.stride = kLargest}), RuntimeError);
}

}  // namespace
}  // namespace conv1d::testing
