// The definition, loop by loop. It takes what no other family does: the integers, and anything unforeseen.
#include <algorithm>

#include "kernels/cost.h"
#include "kernels/kernel.h"
#include "kernels/numbers.h"

namespace conv1d::kernels::plain {
namespace {

bool accepts(const TapProblem&, const ChooseOptions&) { return true; }

// Measured: some 1.5e9 products a second, whatever the type; halves pay for their conversion.
double cost(const TapProblem& p, const ChooseOptions& options) {
  const double rate = is_half(p.element) ? 0.3e9 : 1.0e9;
  return machine(options.isa).call + products(p) / rate + operand_bytes(p) / machine(options.isa).bytes;
}

// A unit is a row of the output.
void prepare(Plan& plan, const ChooseOptions&) {
  plan.units = plan.problem.groups * plan.problem.batch * plan.problem.outputs;
}

template <class Number, bool kConjugateInput, bool kConjugateWeight>
typename Number::Sum multiply(typename Number::Sum weight, typename Number::Sum input) {
  if constexpr (Number::kComplex) {
    if constexpr (kConjugateInput) input = std::conj(input);
    if constexpr (kConjugateWeight) weight = std::conj(weight);
  }
  return Number::multiply(weight, input);
}

template <class Number, bool kConjugateInput, bool kConjugateWeight>
typename Number::Sum sum_of_products(const TapProblem& p, const typename Number::Stored* input,
                                     const typename Number::Stored* weight, std::int64_t position) {
  typename Number::Sum sum{};
  for (std::int64_t r = 0; r < p.inputs; ++r) {
    for (std::int64_t t = 0; t < p.taps; ++t) {
      const std::int64_t at = position + t * p.between;
      if (at < 0 || at >= p.in_length) continue;
      sum += multiply<Number, kConjugateInput, kConjugateWeight>(
          Number::load(weight[r * p.weight.input + t * p.weight.tap]),
          Number::load(input[r * p.input.row + at * p.input.column]));
    }
  }
  return sum;
}

template <class Number, bool kConjugateInput, bool kConjugateWeight>
void run_row(const TapProblem& p, const Operands& operands, std::int64_t g, std::int64_t b, std::int64_t m) {
  using Stored = typename Number::Stored;
  using Sum = typename Number::Sum;
  const Stored* input = static_cast<const Stored*>(operands.input) + g * p.input.group + b * p.input.batch;
  const Stored* weight = static_cast<const Stored*>(operands.weight) + g * p.weight.group + m * p.weight.output;
  Stored* output =
      static_cast<Stored*>(operands.output) + g * p.output.group + b * p.output.batch + m * p.output.output;
  Sum bias{};
  if (p.start == Start::kBias) {
    bias = Number::load(static_cast<const Stored*>(operands.bias)[g * p.bias.group + m * p.bias.output]);
  }
  for (std::int64_t j = 0; j < p.columns; ++j) {
    Stored& out = output[j * p.output.column];
    const Sum start = p.start == Start::kAccumulate ? Number::load(out) : bias;
    out = Number::store(
        start + sum_of_products<Number, kConjugateInput, kConjugateWeight>(p, input, weight, p.first + j * p.step));
  }
}

template <class Number>
void run_rows(const TapProblem& p, const Operands& operands, std::int64_t begin, std::int64_t end) {
  for (std::int64_t unit = begin; unit < end; ++unit) {
    const std::int64_t m = unit % p.outputs, b = unit / p.outputs % p.batch, g = unit / p.outputs / p.batch;
    if (p.conjugate_input && p.conjugate_weight) {
      run_row<Number, true, true>(p, operands, g, b, m);
    } else if (p.conjugate_input) {
      run_row<Number, true, false>(p, operands, g, b, m);
    } else if (p.conjugate_weight) {
      run_row<Number, false, true>(p, operands, g, b, m);
    } else {
      run_row<Number, false, false>(p, operands, g, b, m);
    }
  }
}

void run(const Plan& plan, const Operands& operands, const void*, void*, std::int64_t begin,
         std::int64_t end) noexcept {
  visit_number(plan.problem.element,
               [&](auto number) { run_rows<decltype(number)>(plan.problem, operands, begin, end); });
}

}  // namespace

extern const Kernel kKernel = {.name = "plain",
                               .direct_sum = true,
                               .last_resort = true,
                               .accepts = accepts,
                               .cost = cost,
                               .prepare = prepare,
                               .run = run};

}  // namespace conv1d::kernels::plain
