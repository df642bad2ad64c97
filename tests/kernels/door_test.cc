#include <conv1d/kernels.h>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <limits>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include <conv1d/error.h>

namespace {
std::atomic<long> allocations{0};
}

// Counted: run() promises to allocate nothing. Not inlined: GCC would see malloc() freed by delete, and warn.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* memory = std::malloc(bytes ? bytes : 1)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace conv1d {
namespace {

TEST(Door, FiltersABlock) {
  const std::vector<float> filter = {1, 2, 3}, bias = {10};
  const Plan plan({.in_channels = 1, .length = 6, .out_channels = 1, .kernel_size = 3, .padding = 1}, filter.data(),
                  bias.data());
  ASSERT_EQ(plan.out_length(), 6);
  const std::vector<float> in = {1, 0, 0, 2, 0, 0};
  std::vector<float> out(6);
  std::vector<std::byte> scratch(plan.scratch_bytes());
  plan.run(in.data(), out.data(), scratch.data());
  EXPECT_EQ(out, (std::vector<float>{12, 11, 16, 14, 12, 10}));
}

TEST(Door, KeepsToItsStridesAndCopiesItsWeights) {
  // Two interleaved batch entries of two channels, rows five apart.
  std::vector<double> weight = {1, -1};
  Plan plan({.in_channels = 1,
             .length = 3,
             .out_channels = 1,
             .kernel_size = 2,
             .batch = 2,
             .dtype = float64,
             .relu = true,
             .in_batch_stride = 5,
             .out_batch_stride = 4},
            weight.data());
  weight = {0, 0};
  const std::vector<double> in = {5, 1, 2, 77, 77, 1, 2, 0};
  std::vector<double> out(6, -7);
  std::vector<std::byte> scratch(plan.scratch_bytes());
  const Plan moved = std::move(plan);
  moved.run(in.data(), out.data(), scratch.data());
  EXPECT_EQ(out, (std::vector<double>{4, 0, -7, -7, 0, 2}));
}

TEST(Door, AllocatesNothingInRun) {
  const std::vector<float> weight(64 * 64 * 5, 0.5F), in(64 * 500, 1.0F);
  for (const std::int64_t groups : {1, 64}) {
    for (const bool fixed_order : {false, true}) {
      const Plan plan({.in_channels = 64,
                       .length = 500,
                       .out_channels = 64,
                       .kernel_size = 5,
                       .groups = groups,
                       .fixed_order = fixed_order},
                      weight.data());
      std::vector<float> out(static_cast<std::size_t>(64 * plan.out_length()));
      std::vector<std::byte> scratch(plan.scratch_bytes() + 1);
      plan.run(in.data(), out.data(), scratch.data());
      const long before = allocations.load();
      plan.run(in.data(), out.data(), scratch.data() + 1);  // any alignment will do
      EXPECT_EQ(allocations.load(), before) << plan.kernel();
      EXPECT_GT(plan.kept_bytes(), 0U);
      EXPECT_NEAR(out.front(), 0.5F * 5 * 64 / static_cast<float>(groups), 1e-3F);
    }
  }
}

TEST(Door, PadsTheTwoEndsDifferently) {
  const std::vector<float> filter = {1, 10, 100}, in = {1, 2, 3, 4};
  const auto filtered = [&](std::int64_t padding, std::int64_t padding_end) {
    const Plan plan({.in_channels = 1,
                     .length = 4,
                     .out_channels = 1,
                     .kernel_size = 3,
                     .padding = padding,
                     .padding_end = padding_end},
                    filter.data());
    std::vector<float> out(static_cast<std::size_t>(plan.out_length()));
    std::vector<std::byte> scratch(plan.scratch_bytes());
    plan.run(in.data(), out.data(), scratch.data());
    return out;
  };
  EXPECT_EQ(filtered(2, 0), (std::vector<float>{100, 210, 321, 432}));  // causal
  EXPECT_EQ(filtered(0, 1), (std::vector<float>{321, 432, 43}));
  EXPECT_EQ(filtered(1, -1), filtered(1, 1));
}

TEST(Door, TakesAKernelByItsName) {
  const std::vector<float> weight(8 * 8 * 3, 1.0F);
  const auto plan_of = [&](std::string_view kernel, DType dtype = float32, bool fixed_order = false) {
    return Plan({.in_channels = 8,
                 .length = 40,
                 .out_channels = 8,
                 .kernel_size = 3,
                 .dtype = dtype,
                 .fixed_order = fixed_order,
                 .kernel = kernel},
                weight.data());
  };
  const auto message = [&](std::string_view kernel, DType dtype, bool fixed_order) -> std::string {
    try {
      plan_of(kernel, dtype, fixed_order);
    } catch (const RuntimeError& error) {
      return error.what();
    }
    return "no error";
  };
  int taken = 0;
  for (const std::string_view name : Plan::kernels()) {
    const std::string refusal = message(name, float32, false);
    if (refusal != "no error") {
      EXPECT_EQ(refusal, "the kernel \"" + std::string(name) + "\" does not take this layer");
      continue;
    }
    ++taken;
    const Plan plan = plan_of(name);
    EXPECT_EQ(plan.kernel(), name);
    const std::vector<float> in(8 * 40, 1.0F);
    std::vector<float> out(8 * 38);
    std::vector<std::byte> scratch(plan.scratch_bytes());
    plan.run(in.data(), out.data(), scratch.data());
    for (const float y : out) ASSERT_NEAR(y, 24, 1e-4) << name;
  }
  EXPECT_GE(taken, 2);
  EXPECT_EQ(message("plain", int16, false), "no error");
  EXPECT_EQ(message("direct", int16, false), "the kernel \"direct\" does not take this layer");
  EXPECT_EQ(message("fft_tile", float32, true), "the kernel \"fft_tile\" does not take this layer in a fixed order");
  const std::string unknown = message("nonsense", float32, false);
  EXPECT_EQ(unknown.find("there is no kernel \"nonsense\": choose one of "), 0U) << unknown;
  EXPECT_NE(unknown.find("direct"), std::string::npos) << unknown;
}

TEST(Door, RefusesSizesThatMakeNoLayer) {
  const float weight[64] = {};
  const Plan::Options good{.in_channels = 2, .length = 9, .out_channels = 2, .kernel_size = 3};
  EXPECT_NO_THROW(Plan(good, weight));
  const auto refused = [&](auto change) {
    Plan::Options options = good;
    change(options);
    EXPECT_THROW(Plan(options, weight), RuntimeError);
  };
  constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();
  refused([](Plan::Options& o) { o.kernel_size = 0; });
  refused([](Plan::Options& o) { o.kernel_size = 10; });
  refused([](Plan::Options& o) { o.stride = 0; });
  refused([](Plan::Options& o) { o.groups = 3; });
  refused([](Plan::Options& o) { o.length = -1; });
  refused([](Plan::Options& o) { o.padding = -1; });
  refused([](Plan::Options& o) { o.padding_end = -2; });
  refused([](Plan::Options& o) { o.dtype = bool_; });
  refused([](Plan::Options& o) { o.dilation = kHuge; });
  refused([](Plan::Options& o) { o.padding = kHuge; });
  refused([](Plan::Options& o) { o.batch = kHuge; });
  refused([](Plan::Options& o) { o.in_channel_stride = kHuge; });
  refused([](Plan::Options& o) { o.out_channel_stride = 2; });
}

}  // namespace
}  // namespace conv1d
