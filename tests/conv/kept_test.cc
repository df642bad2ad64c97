// What layers keep: counted, bounded, and the most profitable copies stay.
#include "conv/kept.h"

#include <gtest/gtest.h>

#include <thread>

#include <conv1d/conv1d.h>

#include "conv/hash.h"
#include "conv/passes.h"
#include "conv/planned.h"
#include "reference/layers.h"

namespace conv1d::testing {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

using Copies = KeptCopies<int, int>;

/// A copy of `mib` MiB whose absence costs `seconds` a call, filled with its layout's number.
Copies::CopyPointer keep(Copies& copies, int numbers, int layout, std::size_t mib, double seconds,
                         std::size_t weight_mib = 100) {
  return copies.get(
      numbers, layout,
      [&] { return KeptRequest{.bytes = mib * kMiB, .weight_bytes = weight_mib * kMiB, .seconds = seconds}; },
      [&](std::byte* to) {
        to[0] = static_cast<std::byte>(layout);
        return numbers;
      });
}

class Kept : public ::testing::Test {
 protected:
  void TearDown() override { set_kept_memory(std::size_t{1} << 30); }
  const std::size_t start_ = kept_memory();
};

TEST_F(Kept, CopiesAreSharedUntilTheirNumbersChange) {
  Copies copies;
  const auto first = keep(copies, 1, 7, 1, 0);
  EXPECT_EQ(keep(copies, 1, 7, 1, 0), first);
  const auto other_layout = keep(copies, 1, 8, 2, 0);
  EXPECT_EQ(keep(copies, 1, 7, 1, 0), first);
  EXPECT_EQ(copies.bytes(), 3 * kMiB);
  EXPECT_EQ(kept_memory() - start_, 3 * kMiB);
  const auto changed = keep(copies, 2, 7, 1, 0);
  EXPECT_NE(changed, first);
  EXPECT_EQ(copies.bytes(), kMiB) << "copies of the old numbers are gone";
  EXPECT_EQ(first->data()[0], static_cast<std::byte>(7)) << "but live for whoever holds them";
}

TEST_F(Kept, ACopyIsKnownByTheNumbersThatWerePacked) {
  Copies copies;
  const auto request = [] { return KeptRequest{.bytes = kMiB, .weight_bytes = kMiB}; };
  // The weight is written between the look at its numbers (1) and the packing (2), and then is as it was.
  const auto made = copies.get(1, 7, request, [](std::byte*) { return 2; });
  EXPECT_NE(copies.get(1, 7, request, [](std::byte*) { return 1; }), made);
}

TEST_F(Kept, AHashedCopyIsOfTheHashedNumbers) {
  const Tensor weight = rand({8, 4, 5});
  const ConvGeometry g{.batch = 1,
                       .in_channels = 4,
                       .in_length = 50,
                       .out_channels = 8,
                       .out_length = 46,
                       .kernel = 5,
                       .groups = 1,
                       .stride = 1,
                       .dilation = 1,
                       .pad_left = 0};
  const PassStep step =
      forward_step(kernels::Element::kFloat32, g, {200, 50, 1}, {20, 5, 1}, std::nullopt, {368, 46, 1});
  const PlannedSteps planned = plan_steps({&step, 1}, 4, kernels::default_options());
  std::vector<std::byte> first(planned.packed_bytes), second(planned.packed_bytes);
  pack_steps(planned.steps, weight.data<float>(), first.data());
  const std::uint64_t hash = pack_hashed(planned.steps, weight.data<float>(), 640, second.data());
  EXPECT_EQ(hash, hash_bytes(reinterpret_cast<const std::byte*>(weight.data<float>()), 640));
  EXPECT_EQ(first, second);
}

TEST_F(Kept, MemoryIsCountedAsLongAsAnybodyHoldsIt) {
  Copies::CopyPointer held;
  {
    Copies copies;
    held = keep(copies, 1, 1, 1, 0);
    keep(copies, 1, 2, 1, 0);
    EXPECT_EQ(kept_memory() - start_, 2 * kMiB);
  }
  EXPECT_EQ(kept_memory() - start_, kMiB);
  held.reset();
  EXPECT_EQ(kept_memory(), start_);
}

TEST_F(Kept, OneLayerKeepsEightTimesItsWeightsAtMost) {
  Copies copies;
  EXPECT_EQ(keep(copies, 1, 1, 9, 1, 1), nullptr);
  EXPECT_NE(keep(copies, 1, 2, 5, 1, 1), nullptr);
  EXPECT_EQ(keep(copies, 1, 3, 4, 0.1, 1), nullptr) << "worth less than what is there";
  EXPECT_NE(keep(copies, 1, 4, 4, 10, 1), nullptr) << "worth more: the other one goes";
  EXPECT_EQ(copies.bytes(), 4 * kMiB);
  EXPECT_EQ(kept_bound(0), kept_bound(1000)) << "small layers have a little in any case";
  EXPECT_EQ(kept_bound(kMiB), 8 * kMiB);
}

TEST_F(Kept, TheMostProfitableCopiesStay) {
  set_kept_memory(start_ + 10 * kMiB);
  Copies poor, middling, rich;
  keep(middling, 1, 1, 4, 0.004);
  keep(poor, 1, 1, 4, 0.001);
  EXPECT_EQ(keep(rich, 1, 1, 7, 0.0001), nullptr) << "worth less than all that is kept: nothing makes room for it";
  EXPECT_EQ(middling.bytes() + poor.bytes(), 8 * kMiB);
  EXPECT_NE(keep(rich, 1, 2, 5, 0.1), nullptr);
  EXPECT_EQ(poor.bytes(), 0U);
  EXPECT_EQ(middling.bytes(), 4 * kMiB);
  EXPECT_EQ(keep(poor, 1, 1, 4, 0.001), nullptr) << "nor does it come back";
  EXPECT_EQ(kept_memory() - start_, 9 * kMiB);
}

TEST_F(Kept, ARefusalHoldsUntilThereIsRoom) {
  set_kept_memory(start_ + kMiB);
  Copies copies;
  {
    Copies other;
    keep(other, 1, 1, 1, 1);
    EXPECT_EQ(keep(copies, 1, 1, 1, 1), nullptr);
    EXPECT_EQ(copies.get(
                  1, 1, []() -> KeptRequest { throw std::runtime_error("asked again"); }, [](std::byte*) { return 1; }),
              nullptr);
  }
  EXPECT_NE(keep(copies, 1, 1, 1, 1), nullptr);
  set_kept_memory(0);
  EXPECT_EQ(copies.bytes(), 0U);
  EXPECT_EQ(keep(copies, 1, 1, 1, 1), nullptr);
  set_kept_memory(std::size_t{1} << 30);
  EXPECT_NE(keep(copies, 1, 1, 1, 1), nullptr);
}

TEST_F(Kept, ThreadsKeepWithinTheBound) {
  constexpr std::size_t kBound = 6 * kMiB;
  set_kept_memory(start_ + kBound);
  std::vector<Copies> layers(4);
  std::atomic<bool> exceeded{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 300; ++i) {
        const auto at = static_cast<std::size_t>(i * 7 + t) % layers.size();
        const auto copy = keep(layers[at], i / 10, i % 3, 1 + static_cast<std::size_t>(i + t) % 3, i % 5);
        if (copy && copy->data()[0] != static_cast<std::byte>(i % 3)) exceeded = true;
        if (kept_memory() > start_ + kBound) exceeded = true;
        if (i % 50 == 0) layers[at].clear();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(exceeded);
  layers.clear();
  EXPECT_EQ(kept_memory(), start_) << "nothing is forgotten";
}

TEST_F(Kept, AFamilyIsTakenWhosePackedWeightsFit) {
  using kernels::testing::Layer;
  for (const Layer& l : {Layer{.batch = 1, .in_channels = 80, .length = 2000, .out_channels = 16, .kernel_size = 19},
                         Layer{.batch = 8, .in_channels = 12, .length = 3000, .out_channels = 24, .kernel_size = 21},
                         Layer{.batch = 8, .in_channels = 3, .length = 9000, .out_channels = 8, .kernel_size = 7}}) {
    const kernels::TapProblem p = kernels::testing::forward(l);
    const auto weight = static_cast<std::size_t>(l.out_channels * l.in_channels * l.kernel_size) * sizeof(float);
    for (const kernels::Isa isa : kernels::supported_isas()) {
      const kernels::ChooseOptions options{.isa = isa};
      kernels::ChooseOptions bounded = options;
      bounded.most_packed = kept_bound(weight);
      const kernels::Plan plan = kernels::make_plan(p, bounded), free = kernels::make_plan(p, options);
      EXPECT_LE(plan.packed_bytes, kept_bound(weight));
      EXPECT_GE(plan.seconds, free.seconds);
      if (free.packed_bytes <= kept_bound(weight)) {
        EXPECT_EQ(kernel_name(plan), kernel_name(free));
      }
    }
  }
}

TEST_F(Kept, StepsOfAPassFitTogether) {
  for (const std::int64_t stride : {1, 2, 3, 8}) {
    for (const std::int64_t kernel : {3, 16, 21}) {
      const ConvGeometry g{.batch = 4,
                           .in_channels = 12,
                           .in_length = 3000 * stride + kernel - stride,
                           .out_channels = 24,
                           .out_length = 3000,
                           .kernel = kernel,
                           .stride = stride,
                           .transposed = true};
      const InputGradSteps pass = input_grad_steps(
          kernels::Element::kFloat32, g, contiguous_strides3(g.out_channels, g.out_length),
          contiguous_strides3(g.in_channels, kernel), 1, contiguous_strides3(g.in_channels, g.in_length));
      const auto weight = static_cast<std::size_t>(g.out_channels * g.in_channels * kernel) * sizeof(float);
      for (const kernels::Isa isa : kernels::supported_isas()) {
        const PlannedSteps planned = plan_steps(pass.steps, sizeof(float), {.isa = isa});
        EXPECT_LE(planned.packed_bytes, kept_bound(weight)) << stride << ' ' << kernel;
        std::size_t packed = 0;
        for (const PlannedStep& step : planned.steps) {
          if (step.plan.packed_bytes == 0) continue;
          EXPECT_GE(step.packed_at, packed) << "it would lie over another step's";
          EXPECT_EQ(step.packed_at % kernels::kAlignment, 0U);
          packed = step.packed_at + step.plan.packed_bytes;
        }
        EXPECT_LE(packed, planned.packed_bytes);
        EXPECT_EQ(
            plan_steps(pass.steps, sizeof(float), {.isa = isa, .kernel = {}, .packed_weight = false}).packed_bytes, 0U);
      }
    }
  }
}

template <class Layer> void expect_the_same_whatever_may_be_kept(const Layer& layer, std::size_t start) {
  const Tensor x = randn({2, 32, 500});
  const Tensor y = layer(x);
  EXPECT_GT(layer.kept_bytes(), 0U);
  EXPECT_EQ(kept_memory() - start, layer.kept_bytes());
  EXPECT_LE(layer.kept_bytes(), 8 * static_cast<std::size_t>(layer.weight().numel()) * sizeof(float));
  set_kept_memory(0);
  EXPECT_EQ(layer.kept_bytes(), 0U);
  for (int i = 0; i < 2; ++i) EXPECT_LT((layer(x) - y).abs().max().template item<float>(), 1e-4F);
  EXPECT_EQ(kept_memory(), start);
  set_kept_memory(std::size_t{1} << 30);
  EXPECT_TRUE(equal(layer(x), y));
  EXPECT_GT(layer.kept_bytes(), 0U);
}

TEST_F(Kept, LayersAnswerTheSameWhateverMayBeKept) {
  manual_seed(3);
  const NoGradGuard guard;
  expect_the_same_whatever_may_be_kept(nn::Conv1d(32, 32, 7, {.padding = 3}), start_);
  expect_the_same_whatever_may_be_kept(nn::ConvTranspose1d(32, 24, 7), start_);
  expect_the_same_whatever_may_be_kept(nn::ConvTranspose1d(32, 24, 8, {.stride = 3, .padding = 1}), start_);
}

}  // namespace
}  // namespace conv1d::testing
