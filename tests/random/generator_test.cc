#include <conv1d/random.h>

#include <thread>
#include <vector>

#include "random/fill.h"
#include "support/throws.h"

namespace conv1d {
namespace {

TEST(Generator, IsTheReferenceTwister) {
  // The first numbers of Matsumoto and Nishimura's generator for the seed 5489.
  Generator generator(5489);
  EXPECT_EQ(generator.random32(), 3499211612u);
  EXPECT_EQ(generator.random32(), 581869302u);
  EXPECT_EQ(generator.random64(), (std::uint64_t{3890346734u} << 32) | 3586334585u);
}

TEST(Generator, KeepsAllBitsOfTheSeedAndUsesThirtyTwo) {
  Generator a(static_cast<std::uint64_t>(-1)), b(0xffffffffu);
  EXPECT_EQ(a.initial_seed(), 18446744073709551615u);
  EXPECT_EQ(a.random32(), b.random32());
  EXPECT_EQ(Generator().initial_seed(), 67280421310721u);
}

TEST(Generator, SeedingDropsTheWaitingNormal) {
  Generator generator(3);
  fill_normal(zeros({1}), 0, 1, &generator);
  EXPECT_TRUE(generator.next_normal.has_value());
  generator.manual_seed(3);
  EXPECT_FALSE(generator.next_normal.has_value());
}

TEST(Generator, SystemSeedsDiffer) {
  Generator generator;
  const std::uint64_t first = generator.seed();
  EXPECT_EQ(generator.initial_seed(), first);
  EXPECT_NE(generator.seed(), first);
}

TEST(Generator, TheDefaultOneServesCallsWithoutOne) {
  manual_seed(42);
  EXPECT_EQ(initial_seed(), 42u);
  const float first = rand({1}).item<float>();
  Generator own(42);
  EXPECT_EQ(rand({1}, {}, &own).item<float>(), first);
  EXPECT_EQ(first, 0x1.c3b8ccp-1f);  // torch.manual_seed(42); torch.rand(1)
}

TEST(Generator, ThreadsShareOneWithoutLosingNumbers) {
  Generator shared(1), alone(1);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 50; ++j) rand({10}, {}, &shared);
    });
  for (std::thread& thread : threads) thread.join();
  rand({2000}, {}, &alone);
  EXPECT_EQ(shared.random32(), alone.random32());
}

}  // namespace
}  // namespace conv1d
