// Two thousand random layers against the definition, forward and all gradients: every argument, dtype and padding mode,
// with views as inputs. A failure names the seed: --gtest_filter=RandomLayers.* with CONV1D_TEST_SEED=<seed> runs that
// layer alone.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <sstream>

#include "conv/naive.h"

namespace conv1d::testing {
namespace {

namespace F = nn::functional;
using Random = std::mt19937_64;

std::int64_t pick(Random& random, std::int64_t low, std::int64_t high) {
  return std::uniform_int_distribution<std::int64_t>(low, high)(random);
}
template <class T> T one_of(Random& random, const std::vector<T>& values) {
  return values[static_cast<std::size_t>(pick(random, 0, static_cast<std::int64_t>(values.size()) - 1))];
}

struct Case {
  Layer layer;
  Padding padding = 0;
  DType dtype = float32;
  bool bias = true;
  bool unbatched = false;
  std::string text(std::uint64_t seed) const {
    std::ostringstream out;
    out << "seed " << seed << ": " << name(dtype) << " N=" << layer.batch << " C=" << layer.in_channels
        << " O=" << layer.out_channels << " L=" << layer.length << " K=" << layer.kernel << " stride=" << layer.stride
        << " dilation=" << layer.dilation << " groups=" << layer.groups << " padding=(" << layer.left << ", "
        << layer.right << ") mode=" << layer.mode << " bias=" << bias << " unbatched=" << unbatched;
    return out.str();
  }
};

Case random_case(Random& random) {
  Case c;
  Layer& p = c.layer;
  c.dtype =
      one_of<DType>(random, {float32, float32, float32, float64, float64, complex64, complex128, float16, bfloat16});
  p.groups = one_of<std::int64_t>(random, {1, 1, 1, 2, 3, 5});
  p.in_channels = p.groups * pick(random, 1, 5);
  p.out_channels = p.groups * pick(random, 1, 5);
  p.batch = one_of<std::int64_t>(random, {0, 1, 1, 2, 3});
  p.kernel = one_of<std::int64_t>(random, {1, 2, 3, 3, 5, 8, 17});
  p.stride = one_of<std::int64_t>(random, {1, 1, 1, 2, 3, 4, 7, 100});
  p.dilation = one_of<std::int64_t>(random, {1, 1, 1, 2, 3, 6});
  p.mode = one_of<std::string>(random, {"zeros", "zeros", "zeros", "reflect", "replicate", "circular"});
  p.length = pick(random, 1, 60);
  c.bias = pick(random, 0, 2) > 0;
  c.unbatched = p.batch == 1 && pick(random, 0, 1) == 1;
  const std::int64_t longest = p.mode == "zeros" || p.mode == "replicate" ? 70
                               : p.mode == "reflect"                      ? p.length - 1
                                                                          : p.length;
  if (p.mode == "zeros" && pick(random, 0, 4) == 0) {
    p.stride = 1;
    p.left = p.dilation * (p.kernel - 1) / 2;
    p.right = p.dilation * (p.kernel - 1) - p.left;
    c.padding = "same";
  } else {
    p.left = p.right = std::min(longest, pick(random, 0, p.kernel * p.dilation));
    c.padding = p.left;
  }
  // What is still too short gets as many samples as it takes.
  const std::int64_t missing = p.dilation * (p.kernel - 1) + 1 - p.padded();
  if (missing > 0) p.length += missing;
  return c;
}

/// Small whole numbers over 8: exact in every dtype, so that only sums round.
Tensor random_tensor(Random& random, const Shape& shape, DType dtype) {
  Tensor t = zeros(shape, {.dtype = complex128});
  for (Number& v : t.mutable_span<Number>()) {
    v = {static_cast<double>(pick(random, -16, 16)) / 8,
         is_complex(dtype) ? static_cast<double>(pick(random, -16, 16)) / 8 : 0};
  }
  return is_complex(dtype) ? t.to(dtype) : t.real().to(dtype);
}

/// The same numbers under other strides: transposed memory, every second element, or a row repeated by expand().
Tensor as_view(Random& random, const Tensor& t) {
  const NoGradGuard guard;
  switch (pick(random, 0, 3)) {
    case 0:
      return t.transpose(1, 2).contiguous().transpose(1, 2);
    case 1: {
      Tensor wide = zeros({t.size(0), t.size(1), 2 * t.size(2) + 1}, {.dtype = t.dtype()});
      Tensor view = wide.slice(2, 1, {}, 2);
      view.copy_(t);
      return view;
    }
    default:
      return t;
  }
}

double epsilon(DType dtype) {
  switch (dtype) {
    case DType::Float16:
      return 0x1p-10;
    case DType::BFloat16:
      return 0x1p-7;
    case DType::Float64:
    case DType::Complex128:
      return 0x1p-52;
    default:
      return 0x1p-23;
  }
}

void expect_close(const char* what, const Tensor& actual, const Sums& expected, DType dtype) {
  const Numbers values = numbers(actual);
  ASSERT_EQ(values.size(), expected.value.size()) << what;
  EXPECT_EQ(actual.dtype(), dtype) << what;
  double largest = 0;  // families that work on tiles spread rounding over an output's neighbours
  for (const double m : expected.magnitude) largest = std::max(largest, m);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double error = std::abs(values[i] - expected.value[i]);
    ASSERT_LE(error, 4 * epsilon(dtype) * largest)
        << what << " element " << i << ": " << values[i] << " instead of " << expected.value[i];
  }
}

void run_case(std::uint64_t seed) {
  Random random(seed);
  const Case c = random_case(random);
  const Layer& p = c.layer;
  SCOPED_TRACE(c.text(seed));
  Tensor x = as_view(random, random_tensor(random, {p.batch, p.in_channels, p.length}, c.dtype));
  if (c.unbatched) x = x.select(0, 0);
  Tensor w = as_view(random, random_tensor(random, {p.out_channels, p.in_per_group(), p.kernel}, c.dtype));
  Tensor b = c.bias ? random_tensor(random, {p.out_channels}, c.dtype) : Tensor();
  x.requires_grad_();
  w.requires_grad_();
  if (c.bias) b.requires_grad_();

  Conv1dArgs args{.stride = p.stride, .padding = c.padding, .dilation = p.dilation, .groups = p.groups};
  Tensor input = x;
  if (p.mode != "zeros") {
    input = F::pad(x, {p.left, p.right}, {.mode = p.mode});
    args.padding = 0;
  }
  PlanCache cache;
  const Tensor y = F::conv1d(input, w, b, args, pick(random, 0, 1) ? &cache : nullptr);
  const Shape expected_shape =
      c.unbatched ? Shape{p.out_channels, p.out_length()} : Shape{p.batch, p.out_channels, p.out_length()};
  ASSERT_EQ(y.sizes(), expected_shape);
  EXPECT_TRUE(y.is_contiguous());
  const Numbers xs = numbers(x), ws = numbers(w);
  expect_close("output", y, naive_forward(p, xs, ws, c.bias ? numbers(b) : Numbers{}), c.dtype);

  const Tensor g = random_tensor(random, y.sizes(), c.dtype);
  y.backward(g);
  const Numbers gs = numbers(g);
  expect_close("gradient of the input", x.grad(), naive_input_grad(p, gs, ws), c.dtype);
  expect_close("gradient of the weight", w.grad(), naive_weight_grad(p, gs, xs), c.dtype);
  if (c.bias) expect_close("gradient of the bias", b.grad(), naive_bias_grad(p, gs), c.dtype);
}

TEST(RandomLayers, ForwardAndGradientsAreTheDefinition) {
  set_warning_handler([](const std::string&) {});
  if (const char* seed = std::getenv("CONV1D_TEST_SEED")) return run_case(std::strtoull(seed, nullptr, 10));
  for (std::uint64_t seed = 0; seed < 2000 && !::testing::Test::HasFailure(); ++seed) run_case(seed);
}

TEST(RandomLayers, IntegersAreExactAndWrapAround) {
  Random random(7);
  for (int i = 0; i < 200; ++i) {
    const Case c = random_case(random);
    const Layer& p = c.layer;
    if (p.mode != "zeros" || p.groups != 1) continue;
    for (const DType dtype : {uint8, int8, int16, int32, int64}) {
      if (dtype != int64 && p.dilation > 1) continue;
      const Tensor x = randint(-1000, 1000, {p.batch, p.in_channels, p.length}).to(dtype);
      const Tensor w = randint(-1000, 1000, {p.out_channels, p.in_channels, p.kernel}).to(dtype);
      const Tensor y = F::conv1d(x, w, {}, {.stride = p.stride, .padding = c.padding, .dilation = p.dilation});
      std::vector<std::int64_t> sums(static_cast<std::size_t>(y.numel()));
      const Numbers xs = numbers(x), ws = numbers(w);
      p.for_each_product([&](std::size_t o, std::size_t in, std::size_t k) {
        sums[o] += static_cast<std::int64_t>(xs[in].real()) * static_cast<std::int64_t>(ws[k].real());
      });
      const Tensor expected = tensor<std::int64_t>(std::span<const std::int64_t>(sums), y.sizes()).to(dtype);
      ASSERT_TRUE(equal(y, expected)) << c.text(0) << " " << name(dtype);
    }
  }
  // Beyond 2^53, where doubles end, at a dilation, and beyond 2^63, where it wraps.
  const Tensor big = tensor<std::int64_t>({(std::int64_t{1} << 61) + 1, 3, std::int64_t{1} << 61}, {{1, 1, 3}});
  const Tensor y = F::conv1d(big, ones({1, 1, 2}, {.dtype = int64}), {}, {.dilation = 2});
  EXPECT_EQ(y.item<std::int64_t>(), (std::int64_t{1} << 62) + 1);
  const Tensor wrapped = F::conv1d(big, full({1, 1, 3}, 4, {.dtype = int64}));
  EXPECT_EQ(wrapped.item<std::int64_t>(), 16);
}

}  // namespace
}  // namespace conv1d::testing
