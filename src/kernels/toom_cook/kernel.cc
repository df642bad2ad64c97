#include "kernels/kernel.h"

#include "kernels/cost.h"
#include "kernels/tile/panels.h"
#include "kernels/toom_cook/toom_cook.h"

namespace conv1d::kernels::toom_cook {
namespace {

tiles::Transform transform_of(const TapProblem& p, Isa isa) {
  const tiles::Geometry g = tiles::Geometry::of(p);
  const std::int64_t points = g.span + kOutputs - 1;
  const bool joined = g.classes == 2 && p.taps == 3;
  // Measured: a small matrix.
  const double samples = static_cast<double>(points) * vector_lanes(isa, sizeof(float));
  return {.points = points,
          .values = joined ? points + kOutputs : points,
          .window = g.span,
          .segment = kSegment,
          .seconds_a_vector = samples * 1.2 / machine(isa).moved,
          .joined = static_cast<std::uint8_t>(joined ? 2 : 1)};
}

// Few rows gain nothing, and the rounding of the transforms would show: with many it averages out.
constexpr std::int64_t kLeastRows = 48;

bool accepts(const TapProblem& p, const ChooseOptions&) {
  return tiles::accepts(p) && tiles::Geometry::of(p).span <= kMostTaps &&
         p.inputs * tiles::Geometry::of(p).classes >= kLeastRows;
}

double cost(const TapProblem& p, const ChooseOptions& options) {
  return tiles::cost(p, options, transform_of(p, options.isa));
}

void prepare(Plan& plan, const ChooseOptions& options) {
  tiles::prepare(plan, options, transform_of(plan.problem, options.isa));
}

tiles::Functions functions_of(const Plan& plan) {
  const auto& d = plan.get<tiles::Details>();
  return functions_for(plan.isa, d.points - kOutputs + 1, d.joined > 1);
}

void pack(const Plan& plan, const void* weight, void* packed) noexcept {
  functions_of(plan).pack(plan, weight, packed);
}

void run(const Plan& plan, const Operands& operands, const void* packed, void* scratch, std::int64_t begin,
         std::int64_t end) noexcept {
  functions_of(plan).run(plan, operands, packed, static_cast<std::byte*>(scratch), begin, end);
}

}  // namespace

extern const Kernel kKernel = {.name = "toom_cook",
                               .direct_sum = false,
                               .takes_relu = true,
                               .accepts = accepts,
                               .cost = cost,
                               .prepare = prepare,
                               .pack = pack,
                               .run = run};

}  // namespace conv1d::kernels::toom_cook
