#include "kernels/finish.h"

#include "kernels/numbers.h"

namespace conv1d::kernels {
namespace {

template <class Number> void relu(const TapProblem& p, void* output) noexcept {
  using Stored = typename Number::Stored;
  for (std::int64_t g = 0; g < p.groups; ++g) {
    for (std::int64_t b = 0; b < p.batch; ++b) {
      for (std::int64_t m = 0; m < p.outputs; ++m) {
        Stored* row = static_cast<Stored*>(output) + g * p.output.group + b * p.output.batch + m * p.output.output;
        for (std::int64_t j = 0; j < p.columns; ++j) {
          Stored& value = row[j * p.output.column];
          if (Number::negative(value)) value = Stored{};  // NaN is not, and stays
        }
      }
    }
  }
}

}  // namespace

void finish_output(const TapProblem& problem, void* output) noexcept {
  visit_number(problem.element, [&](auto number) {
    using Number = decltype(number);
    if constexpr (!Number::kComplex) relu<Number>(problem, output);
  });
}

}  // namespace conv1d::kernels
