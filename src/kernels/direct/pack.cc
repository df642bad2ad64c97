// Weights as the tile reads them: [group][panel][(channel, tap)][rows], halves as float32, a complex weight as two
// rows.
#include <type_traits>

#include "kernels/direct/direct.h"
#include "kernels/numbers.h"
#include "kernels/tile/panels.h"

namespace conv1d::kernels::direct {
namespace {

template <class Number>
void pack_panel(const TapProblem& p, Panel panel, const typename Number::Stored* group, void* packed) {
  using Sum = typename Number::Sum;
  constexpr int kParts = Number::kComplex ? 2 : 1;
  const std::int64_t rows = panel.rows / kParts;
  const typename Number::Stored* first = group + panel.row / kParts * p.weight.output;
  // An inner loop over rows writes in order; reading in order instead is no faster (measured), weights fit the cache.
  for (std::int64_t r = 0; r < p.inputs; ++r) {
    for (std::int64_t t = 0; t < p.taps; ++t) {
      const auto* weight = first + r * p.weight.input + t * p.weight.tap;
      for (std::int64_t m = 0; m < rows; ++m) {
        const Sum value = Number::load(weight[m * p.weight.output]);
        if constexpr (Number::kComplex) {
          auto* out = static_cast<typename Sum::value_type*>(packed);
          out[0] = value.real();
          out[1] = p.conjugate_weight ? -value.imag() : value.imag();
          packed = out + 2;
        } else {
          auto* out = static_cast<Sum*>(packed);
          *out = value;
          packed = out + 1;
        }
      }
    }
  }
}

// An infinity or NaN times zero is NaN, and so is every sum that it enters.
template <class Real> bool all_finite(const Real* values, std::int64_t count) {
  constexpr std::int64_t kLanes = 16;  // independent sums, for the compiler to make vectors of
  Real sums[kLanes] = {};
  for (std::int64_t i = 0; i < count; ++i) sums[i % kLanes] += values[i] * Real{0};
  Real sum{};
  for (const Real each : sums) sum += each;
  return sum == Real{0};
}

template <class Number> void pack_all(const Plan& plan, const void* weight, void* packed) {
  using Sum = typename Number::Sum;
  const TapProblem& p = plan.problem;
  const Panels panels(p.outputs * (Number::kComplex ? 2 : 1), vector_registers(plan.isa));
  const std::int64_t row_bytes =
      p.inputs * p.taps * static_cast<std::int64_t>(sizeof(Sum)) / (Number::kComplex ? 2 : 1);
  std::byte* out = static_cast<std::byte*>(packed) + sizeof(PackedHeader);
  for (std::int64_t g = 0; g < p.groups; ++g) {
    const auto* group = static_cast<const typename Number::Stored*>(weight) + g * p.weight.group;
    for (std::int64_t i = 0; i < panels.count(); ++i) {
      pack_panel<Number>(p, panels[i], group, out);
      out += panels[i].rows * row_bytes;
    }
  }
  const std::int64_t reals = p.groups * p.outputs * p.inputs * p.taps * (Number::kComplex ? 2 : 1);
  static_cast<PackedHeader*>(packed)->finite = all_finite(weights_of<typename Number::Real>(packed), reals);
}

}  // namespace

void pack(const Plan& plan, const void* weight, void* packed) noexcept {
  visit_number(plan.problem.element, [&](auto number) {
    using Number = decltype(number);
    if constexpr (!std::is_same_v<typename Number::Sum, std::uint64_t>) pack_all<Number>(plan, weight, packed);
  });
}

}  // namespace conv1d::kernels::direct
