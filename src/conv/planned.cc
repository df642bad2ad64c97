#include "conv/planned.h"

#include <algorithm>

#include "kernels/kernel.h"

namespace conv1d {

PlannedStep plan_step(const PassStep& step, std::size_t element_bytes, const kernels::ChooseOptions& options) {
  const auto bytes = static_cast<std::int64_t>(element_bytes);
  return {.plan = kernels::make_plan(step.problem, options),
          .weight_offset = step.weight_offset * bytes,
          .output_offset = step.output_offset * bytes};
}

std::vector<StepPacking> packings_of(std::span<const PlannedStep> steps) {
  std::vector<StepPacking> packings;
  for (const PlannedStep& step : steps) {
    if (step.plan.packed_bytes != 0) packings.push_back({step.plan.packing, step.weight_offset});
  }
  return packings;
}

bool fits(std::span<const StepPacking> packings, std::span<const PlannedStep> steps) {
  std::size_t at = 0;
  for (const PlannedStep& step : steps) {
    if (step.plan.packed_bytes == 0) continue;
    if (at == packings.size() || !(packings[at] == StepPacking{step.plan.packing, step.weight_offset})) return false;
    ++at;
  }
  return at == packings.size();
}

std::size_t place_packings(std::span<PlannedStep> steps) {
  std::size_t bytes = 0;
  for (PlannedStep& step : steps) {
    step.packed_at = bytes;
    bytes += kernels::aligned_size(step.plan.packed_bytes);
  }
  return bytes;
}

std::size_t scratch_bytes(std::span<const PlannedStep> steps) {
  std::size_t bytes = 0;
  for (const PlannedStep& step : steps) bytes = std::max(bytes, step.plan.scratch_bytes);
  return bytes;
}

void pack_steps(std::span<const PlannedStep> steps, const void* weight, std::byte* packed) noexcept {
  for (const PlannedStep& step : steps) {
    kernels::pack_weights(step.plan, static_cast<const std::byte*>(weight) + step.weight_offset,
                          packed + step.packed_at);
  }
}

void run_steps(std::span<const PlannedStep> steps, const kernels::Operands& operands, const std::byte* packed,
               void* scratch) noexcept {
  for (const PlannedStep& step : steps) {
    kernels::Operands at = operands;
    // Null where an operand without elements has no memory; nothing is read there.
    if (at.weight) at.weight = static_cast<const std::byte*>(at.weight) + step.weight_offset;
    at.output = static_cast<std::byte*>(at.output) + step.output_offset;
    kernels::run(step.plan, at, packed && step.plan.packed_bytes != 0 ? packed + step.packed_at : nullptr, scratch);
  }
}

}  // namespace conv1d
