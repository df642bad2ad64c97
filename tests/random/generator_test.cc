#include <conv1d/random.h>

#include <random>
#include <span>
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

TEST(Generator, IsTheStandardLibrarysTwister) {
  std::mt19937 standard(20260101);
  MersenneTwister own(20260101);
  for (int i = 0; i < 2000; ++i) ASSERT_EQ(own(), standard()) << i;
}

TEST(Generator, GoesOnFromItsState) {
  Generator a(7), b;
  fill_normal(zeros({3}), 0, 1, &a);  // one of a pair waits
  const std::vector<std::uint8_t> state = a.get_state();
  ASSERT_EQ(state.size(), Generator::kStateSize);
  b.set_state(state);
  EXPECT_EQ(b.initial_seed(), 7u);
  EXPECT_EQ(b.get_state(), state);
  EXPECT_EQ(randn({1000}, {}, &a).sum().item<float>(), randn({1000}, {}, &b).sum().item<float>());
}

TEST(Generator, RefusesWhatIsNoState) {
  Generator generator(7);
  const std::vector<std::uint8_t> before = generator.get_state();
  std::vector<std::uint8_t> state = before;
  EXPECT_ERROR(RuntimeError, "Expected a CPUGeneratorImplState of size 5056 but found the input RNG state size to be 9",
               generator.set_state(std::span(state).first(9)));
  state[8] = 200;  // `left` of 200 numbers from the word `next` on, beyond the last word
  state[16] = 0x6f;
  state[17] = 2;
  EXPECT_ERROR(RuntimeError, "Invalid mt19937 state", generator.set_state(state));
  state = before;
  state[12] = 0;  // not seeded
  EXPECT_ERROR(RuntimeError, "Invalid mt19937 state", generator.set_state(state));
  EXPECT_EQ(generator.get_state(), before);
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
