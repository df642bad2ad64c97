#include <conv1d/kernels.h>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <limits>
#include <new>
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
  refused([](Plan::Options& o) { o.dtype = bool_; });
  refused([](Plan::Options& o) { o.dilation = kHuge; });
  refused([](Plan::Options& o) { o.padding = kHuge; });
  refused([](Plan::Options& o) { o.batch = kHuge; });
  refused([](Plan::Options& o) { o.in_channel_stride = kHuge; });
  refused([](Plan::Options& o) { o.out_channel_stride = 2; });
}

}  // namespace
}  // namespace conv1d
