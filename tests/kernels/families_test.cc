// Every family, in every instruction set that this machine has, against the definition. Nothing here names a family:
// one that is added is tested.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

#include "kernels/plan.h"
#include "reference/random_problem.h"
#include "reference/tap_reference.h"

namespace conv1d::kernels::testing {
namespace {

constexpr std::array kAllElements = {Element::kFloat32, Element::kFloat64,  Element::kComplex64, Element::kComplex128,
                                     Element::kFloat16, Element::kBFloat16, Element::kUInt8,     Element::kInt8,
                                     Element::kInt16,   Element::kInt32,    Element::kInt64};

// The output's elements keep their places; everything between them must keep its bytes.
std::string compare(const TapProblem& p, const reference::TapOutput& expected, const Memory& memory,
                    const std::vector<std::byte>& before, long double allowed) {
  std::vector<bool> written(memory.output_bytes, false);
  const std::size_t size = element_size(p.element);
  long double largest = 0;
  for (const long double magnitude : expected.magnitudes) largest = std::max(largest, magnitude);
  std::size_t index = 0;
  for (std::int64_t g = 0; g < p.groups; ++g) {
    for (std::int64_t b = 0; b < p.batch; ++b) {
      for (std::int64_t m = 0; m < p.outputs; ++m) {
        for (std::int64_t j = 0; j < p.columns; ++j, ++index) {
          const std::int64_t at = g * p.output.group + b * p.output.batch + m * p.output.output + j * p.output.column;
          const std::byte* address =
              static_cast<const std::byte*>(memory.output) + at * static_cast<std::int64_t>(size);
          for (std::size_t i = 0; i < size; ++i)
            written[static_cast<std::size_t>(address - memory.output_begin) + i] = true;
          const auto where = [&] {
            return "output [" + std::to_string(g) + "," + std::to_string(b) + "," + std::to_string(m) + "," +
                   std::to_string(j) + "]";
          };
          if (is_integer(p.element)) {
            std::uint64_t want = expected.integers[index];
            const std::uint64_t got = reference::load_integer(p.element, memory.output, at);
            if (std::memcmp(&want, &got, size) != 0) return where() + " differs";
            continue;
          }
          const reference::Wide want = expected.values[index], got = reference::load(p.element, memory.output, at);
          const long double tolerance =
              allowed * largest +
              (is_half(p.element) ? reference::epsilon(p.element) * 1.01L * std::abs(want) + 1e-7L : 0);
          if (!(std::abs(want - got) <= tolerance)) {
            return where() + " is " + std::to_string(static_cast<double>(got.real())) + "," +
                   std::to_string(static_cast<double>(got.imag())) + " and should be " +
                   std::to_string(static_cast<double>(want.real())) + "," +
                   std::to_string(static_cast<double>(want.imag()));
          }
        }
      }
    }
  }
  for (std::size_t i = 0; i < memory.output_bytes; ++i) {
    if (!written[i] && before[i] != memory.output_begin[i]) return "a byte between the outputs was written";
  }
  return {};
}

// Runs a plan with its packed weights and scratch memory at the edge of forbidden pages, filled with NaN.
void execute(const Plan& plan, const Operands& operands, bool packed_weight) {
  const auto padded = [](std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; };
  const Guarded packed(packed_weight ? padded(plan.packed_bytes) : 0, Guarded::Edge::kBack, 0xFF);
  const Guarded scratch(padded(plan.scratch_bytes), Guarded::Edge::kBack, 0xFF);
  if (packed_weight) {
    pack_weights(plan, operands.weight, packed.data());
    Operands without = operands;
    if (plan.packed_bytes != 0) without.weight = nullptr;  // not to be read again
    run(plan, without, packed.data(), scratch.data());
  } else {
    run(plan, operands, nullptr, scratch.data());
  }
}

class Families : public ::testing::TestWithParam<std::tuple<Isa, std::string_view>> {};

std::string check_problem(const TapProblem& p, std::uint64_t seed, Isa isa, std::string_view kernel, bool* ran) {
  Random random(seed);
  ChooseOptions options{.isa = isa, .kernel = kernel, .threads = static_cast<int>(pick(random, 1, 3))};
  options.packed_weight = chance(random, 70);
  const Plan plan = make_plan(p, options);
  *ran = kernel_name(plan) == kernel;
  if (!*ran) return {};
  const Memory memory(p, random);
  const reference::TapOutput expected = reference::compute(p, memory.operands());
  const std::vector<std::byte> before(memory.output_begin, memory.output_begin + memory.output_bytes);
  execute(plan, memory.operands(), options.packed_weight);
  // Halves are summed in float32 and rounded once.
  const long double eps = is_half(p.element) ? 0x1p-24L : reference::epsilon(p.element);
  std::string error = compare(p, expected, memory, before, 12 * eps);
  if (!error.empty()) error += "\n  seed " + std::to_string(seed) + ", " + describe(p);
  return error;
}

std::string check_one(std::uint64_t seed, Isa isa, std::string_view kernel, Element element, const Limits& limits,
                      bool* ran) {
  Random random(seed);
  return check_problem(random_problem(random, element, limits), seed + 1, isa, kernel, ran);
}

TEST_P(Families, AgreeWithTheDefinition) {
  const auto [isa, kernel] = GetParam();
  int accepted = 0;
  for (const Element element : kAllElements) {
    // The last ones: more taps than a transform has samples; then many inputs of few taps.
    for (std::uint64_t i = 0; i < (element == Element::kFloat32 ? 225 : 140); ++i) {
      Limits limits;
      if (i % 5 == 0) limits = {.outputs = 40, .inputs = 3, .taps = 300, .columns = 40, .batch = 2, .groups = 2};
      if (i % 5 == 1) limits = {.outputs = 9, .inputs = 160, .taps = 4, .columns = 50, .batch = 2, .groups = 2};
      if (i % 5 == 2) limits = {.outputs = 1, .inputs = 1, .taps = 9, .columns = 200, .batch = 2, .groups = 8};
      if (i % 5 == 3) limits.plain_layout = true;
      if (i >= 100) limits = {.outputs = 12, .inputs = 160, .taps = 5, .columns = 90, .batch = 2, .groups = 2};
      if (i >= 120)
        limits = {.outputs = 3, .inputs = 1, .taps = 9, .columns = 90, .batch = 2, .groups = 8, .plain_layout = true};
      if (i >= 140) limits = {.outputs = 6, .inputs = 2, .taps = 1500, .columns = 120, .batch = 2, .groups = 2};
      if (i >= 185) limits = {.outputs = 9, .inputs = 250, .taps = 4, .columns = 60, .batch = 1, .groups = 1};
      const std::uint64_t seed = i * 1000 + static_cast<std::uint64_t>(element);
      bool ran = false;
      const std::string error = check_one(seed, isa, kernel, element, limits, &ran);
      ASSERT_EQ(error, "");
      accepted += ran;
    }
  }
  EXPECT_GT(accepted, 20) << "too few of the random problems suit this family";
}

// Many outputs for a block of input, which is laid out differently then; the last columns are fewer.
TEST_P(Families, AgreeWithManyOutputs) {
  const auto [isa, kernel] = GetParam();
  for (const Element element : {Element::kFloat32, Element::kComplex64}) {
    for (std::int64_t taps = 1; taps <= 3; ++taps) {
      TapProblem p{.element = element, .batch = 1, .outputs = 330, .inputs = 130, .taps = taps, .columns = 59};
      p.step = 3 - taps + 1;
      p.in_length = (p.columns - 1) * p.step + taps;
      p.input = {0, 0, p.in_length, 1};
      p.weight = {0, p.inputs * taps, taps, 1};
      p.output = {0, 0, p.columns, 1};
      bool ran = false;
      ASSERT_EQ(check_problem(p, 7, isa, kernel, &ran), "");
    }
  }
}

TEST_P(Families, AgreeOnLargeProblems) {
  const auto [isa, kernel] = GetParam();
  for (const Element element : kAllElements) {
    for (std::uint64_t i = 0; i < 4; ++i) {
      const Limits limits{
          .outputs = 30, .inputs = 40, .taps = 12, .columns = 700, .batch = 2, .groups = 2, .plain_layout = i % 2 == 0};
      bool ran = false;
      ASSERT_EQ(check_one(77000 + i, isa, kernel, element, limits, &ran), "");
    }
  }
}

std::vector<std::tuple<Isa, std::string_view>> all_families() {
  std::vector<std::tuple<Isa, std::string_view>> result;
  for (const Isa isa : supported_isas()) {
    for (const std::string_view name : kernel_names()) result.emplace_back(isa, name);
  }
  return result;
}

INSTANTIATE_TEST_SUITE_P(All, Families, ::testing::ValuesIn(all_families()), [](const auto& info) {
  return std::string(isa_name(std::get<0>(info.param))) + "_" + std::string(std::get<1>(info.param));
});

}  // namespace
}  // namespace conv1d::kernels::testing
