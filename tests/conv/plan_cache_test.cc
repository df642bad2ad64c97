// A packed weight is never stale, whatever way the weight was written; and many threads may use one layer.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

#include <conv1d/conv1d.h>

#include "conv/hash.h"
#include "conv/plan_cache.h"

namespace conv1d::testing {
namespace {

namespace F = nn::functional;

// Large enough that the weight is packed; whole numbers, so that every order of the sum gives the same bits.
constexpr std::int64_t kChannels = 16, kTaps = 5, kLength = 64;

Tensor whole(const Shape& shape) { return randint(-8, 9, shape).to(float32); }

class StaleWeight : public ::testing::Test {
 protected:
  /// The layer, called once so that its weight is kept, answers after `write` as a call that keeps nothing does.
  void expect_fresh(const char* what, const std::function<void(nn::Conv1d&)>& write) {
    nn::Conv1d layer(kChannels, kChannels, kTaps);
    nn::init::uniform_(layer.weight(), -8, 8);
    const Tensor x = whole({2, kChannels, kLength});
    const Tensor before = layer(x).detach();
    ASSERT_TRUE(equal(layer(x), before)) << what;
    write(layer);
    const Tensor after = layer(x).detach();
    EXPECT_TRUE(equal(after, F::conv1d(x, layer.weight().detach().clone(), layer.bias()))) << what;
    EXPECT_FALSE(equal(after, before)) << what << " changed nothing";
  }
};

TEST(KeptPlan, IsOfTheProblemAndTheOptionsAlone) {
  const PlanCache cache;
  PassStep step;
  kernels::TapProblem& problem = step.problem;
  problem.batch = 1;
  problem.outputs = problem.inputs = 4;
  problem.taps = 3;
  problem.columns = 30;
  problem.in_length = 32;
  kernels::ChooseOptions options = kernels::default_options();
  const auto plan = [&] { return cache.impl().plan({&step, 1}, sizeof(float), options); };
  const auto first = plan();
  EXPECT_EQ(plan(), first);
  problem.output.batch = 1000;
  const auto moved = plan();
  EXPECT_EQ(moved->steps.at(0).plan.problem, problem);
  step.output_offset = 5;
  EXPECT_EQ(plan()->steps.at(0).output_offset, 5 * 4);
  step.output_offset = 0;
  options.threads = 7;
  EXPECT_EQ(plan()->options.threads, 7);
  EXPECT_NE(plan(), moved);
}

TEST_F(StaleWeight, WrittenByTheLibrary) {
  const NoGradGuard guard;
  expect_fresh("add_", [](nn::Conv1d& m) { Tensor(m.weight()).add_(1); });
  expect_fresh("mul_", [](nn::Conv1d& m) { Tensor(m.weight()).mul_(2); });
  expect_fresh("zero_", [](nn::Conv1d& m) { Tensor(m.weight()).zero_(); });
  expect_fresh("fill_", [](nn::Conv1d& m) { Tensor(m.weight()).fill_(3); });
  expect_fresh("copy_", [](nn::Conv1d& m) { Tensor(m.weight()).copy_(whole(m.weight().sizes())); });
  expect_fresh("uniform_", [](nn::Conv1d& m) { Tensor(m.weight()).uniform_(-1, 1); });
  expect_fresh("normal_", [](nn::Conv1d& m) { Tensor(m.weight()).normal_(); });
  expect_fresh("data_view", [](nn::Conv1d& m) { m.weight().data_view().add_(1); });
  expect_fresh("detach", [](nn::Conv1d& m) { m.weight().detach().add_(1); });
  expect_fresh("a view of one element",
               [](nn::Conv1d& m) { m.weight().select(0, 3).select(0, 2).slice(0, 4).add_(1); });
  expect_fresh("a reshaped view", [](nn::Conv1d& m) { m.weight().view({-1}).slice(0, 7, 8).fill_(100); });
  expect_fresh("reset_parameters", [](nn::Conv1d& m) { m.reset_parameters(); });
  expect_fresh("load_state_dict", [](nn::Conv1d& m) {
    m.load_state_dict({{"weight", whole(m.weight().sizes())}, {"bias", zeros({kChannels})}});
  });
}

TEST_F(StaleWeight, WrittenFromOutside) {
  expect_fresh("a mutable pointer", [](nn::Conv1d& m) { Tensor(m.weight()).mutable_data<float>()[17] += 1; });
  expect_fresh("a mutable span", [](nn::Conv1d& m) { Tensor(m.weight()).mutable_span<float>().back() += 1; });
  expect_fresh("a swap of two elements", [](nn::Conv1d& m) {
    float* w = Tensor(m.weight()).mutable_data<float>();
    w[0] = 1, w[1] = 2;
    m(whole({1, kChannels, kLength}));
    std::swap(w[0], w[1]);
  });
}

TEST_F(StaleWeight, WrittenThroughAPointerKeptFromBefore) {
  nn::Conv1d layer(kChannels, kChannels, kTaps);
  const Tensor x = whole({2, kChannels, kLength});
  layer(x);
  float* w = Tensor(layer.weight()).mutable_data<float>();  // seen outside from here on, after a copy was kept
  for (int i = 0; i < 50; ++i) {
    w[(i * 37) % (kChannels * kChannels * kTaps)] = static_cast<float>(i % 3 == 0 ? -w[0] : i);
    ASSERT_TRUE(equal(layer(x), F::conv1d(x, layer.weight().clone(), layer.bias()))) << i;
  }
}

TEST_F(StaleWeight, OfBorrowedMemory) {
  std::vector<float> numbers(kChannels * kChannels * kTaps, 1);
  const Tensor w = from_blob(numbers.data(), {kChannels, kChannels, kTaps});
  const Tensor x = whole({1, kChannels, kLength});
  PlanCache cache;
  for (int i = 0; i < 20; ++i) {
    numbers[static_cast<std::size_t>(i * 61) % numbers.size()] *= -1;  // the sign bit alone
    ASSERT_TRUE(equal(F::conv1d(x, w, {}, {}, &cache), F::conv1d(x, w.clone()))) << i;
  }
}

TEST_F(StaleWeight, WhoseMemoryWasGivenToAnother) {
  // Freed memory is handed out again at the same address, with the same number of writes.
  const Tensor x = whole({1, kChannels, kLength});
  PlanCache cache;
  for (int i = 0; i < 20; ++i) {
    const Tensor w = full({kChannels, kChannels, kTaps}, static_cast<float>(i));
    ASSERT_TRUE(equal(F::conv1d(x, w, {}, {}, &cache), F::conv1d(x, w))) << i;
  }
}

TEST_F(StaleWeight, OfAnotherDTypeOrShapeInTheSameStorage) {
  const Tensor base = whole({kChannels, kChannels, 2 * kTaps});
  const Tensor x = whole({1, kChannels, kLength});
  PlanCache cache;
  for (std::int64_t start = 0; start <= kTaps; ++start) {
    const Tensor w = base.view({2 * kChannels, kChannels, kTaps}).slice(0, start, start + kChannels);
    ASSERT_TRUE(equal(F::conv1d(x, w, {}, {}, &cache), F::conv1d(x, w)));
    const Tensor strided = base.slice(2, start, start + kTaps);
    ASSERT_TRUE(equal(F::conv1d(x, strided, {}, {}, &cache), F::conv1d(x, strided)));
  }
  nn::Conv1d layer(kChannels, kChannels, kTaps);
  layer(x);
  layer.to(float64);
  EXPECT_EQ(layer(x.to(float64)).dtype(), float64);
}

TEST(PlanCache, KeepsABoundedAmountAndOnlyOnce) {
  PlanCache cache;
  const Tensor w = whole({kChannels, kChannels, kTaps});
  for (std::int64_t length = kTaps; length < 400; length += 7)
    F::conv1d(whole({1, kChannels, length}), w, {}, {}, &cache);
  const std::size_t kept = cache.kept_bytes();
  EXPECT_LE(kept, PlanCache::kMaxKept * 16 * static_cast<std::size_t>(w.numel()) * sizeof(float));
  for (int i = 0; i < 30; ++i)
    F::conv1d(whole({1, kChannels, 100}), whole({kChannels, kChannels, kTaps}), {}, {}, &cache);
  EXPECT_LE(cache.kept_bytes(), std::max<std::size_t>(kept, 1));
  cache.clear();
  EXPECT_EQ(cache.kept_bytes(), 0u);
}

TEST(PlanCache, HashSeesEveryBitAndEveryPlace) {
  std::vector<std::byte> bytes(203);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i % 5 * 50);
  std::vector<std::uint64_t> seen{hash_bytes(bytes.data(), bytes.size())};
  const auto expect_new = [&] {
    const std::uint64_t hash = hash_bytes(bytes.data(), bytes.size());
    for (const std::uint64_t other : seen) ASSERT_NE(hash, other);
    seen.push_back(hash);
  };
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    expect_new();
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
  }
  // Two sign bits at once, wherever they stand: what a sum or an exclusive or would miss.
  for (std::size_t a = 3; a < bytes.size(); a += 8) {
    for (std::size_t b = a + 4; b < bytes.size(); b += 4) {
      bytes[a] ^= std::byte{0x80}, bytes[b] ^= std::byte{0x80};
      expect_new();
      bytes[a] ^= std::byte{0x80}, bytes[b] ^= std::byte{0x80};
    }
  }
  for (std::size_t a = 3; a + 76 < bytes.size(); a += 4) {  // three sign bits, two of them side by side in a later word
    for (const std::size_t place : {a, a + 64, a + 68}) bytes[place] ^= std::byte{0x80};
    expect_new();
    for (const std::size_t place : {a, a + 64, a + 68}) bytes[place] ^= std::byte{0x80};
  }
  for (std::size_t length = 0; length < bytes.size(); ++length) EXPECT_NE(hash_bytes(bytes.data(), length), seen[0]);
}

TEST(Threads, SixteenOnOneModule) {
  const nn::Conv1d layer(kChannels, kChannels, kTaps, {.padding = "same"});
  const Tensor x = whole({2, kChannels, kLength});
  const Tensor expected = F::conv1d(x, layer.weight(), layer.bias(), {.padding = "same"}).detach();
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        // Lengths of their own make some threads pack for other kernels; some go back through the graph.
        const Tensor own = t % 2 ? x : x.slice(2, 0, kLength - t).contiguous();
        const Tensor y = layer(own);
        if (t % 2 && !equal(y.detach(), expected)) ++wrong;
        if (t % 4 == 1) autograd::grad({y.sum()}, {layer.weight()});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace conv1d::testing
