#include "conv/planned.h"

#include <algorithm>
#include <cstring>

#include "base/memory.h"
#include "conv/hash.h"
#include "conv/kept.h"
#include "kernels/kernel.h"

namespace conv1d {
namespace {

/// An equal share for each step that has a weight, such that the rounding up of places is within it, too.
std::size_t kept_share(std::span<const PassStep> steps) {
  std::size_t weights = 0, sharers = 0;
  for (const PassStep& step : steps) {
    const std::size_t bytes = kernels::weight_bytes(step.problem);
    weights += bytes;
    sharers += bytes != 0;
  }
  return kept_bound(weights) / std::max<std::size_t>(1, sharers) / kernels::kAlignment * kernels::kAlignment;
}

}  // namespace

PlannedStep plan_step(const PassStep& step, std::size_t element_bytes, const kernels::ChooseOptions& options) {
  const auto bytes = static_cast<std::int64_t>(element_bytes);
  return {.plan = kernels::make_plan(step.problem, options),
          .weight_offset = step.weight_offset * bytes,
          .output_offset = step.output_offset * bytes};
}

PlannedSteps plan_steps(std::span<const PassStep> steps, std::size_t element_bytes,
                        const kernels::ChooseOptions& options) {
  kernels::ChooseOptions bounded = options;
  if (options.packed_weight) bounded.most_packed = kept_share(steps);
  PlannedSteps all;
  all.steps.reserve(steps.size());
  for (const PassStep& step : steps) {
    PlannedStep planned = plan_step(step, element_bytes, bounded);
    all.scratch_bytes = std::max(all.scratch_bytes, planned.plan.scratch_bytes);
    all.seconds += planned.plan.seconds;
    if (options.packed_weight && planned.plan.packed_bytes != 0) {
      planned.packed_at = all.packed_bytes;
      all.packed_bytes += kernels::aligned_size(planned.plan.packed_bytes);
      all.packings.push_back({planned.plan.packing, planned.weight_offset});
    }
    all.steps.push_back(planned);
  }
  return all;
}

std::string_view main_kernel(std::span<const PlannedStep> steps) {
  const auto longest = std::max_element(steps.begin(), steps.end(), [](const PlannedStep& a, const PlannedStep& b) {
    return a.plan.seconds < b.plan.seconds;
  });
  return longest == steps.end() ? "none" : kernels::kernel_name(longest->plan);
}

void pack_steps(std::span<const PlannedStep> steps, const void* weight, std::byte* packed) noexcept {
  for (const PlannedStep& step : steps) {
    kernels::pack_weights(step.plan, static_cast<const std::byte*>(weight) + step.weight_offset,
                          packed + step.packed_at);
  }
}

std::uint64_t pack_hashed(std::span<const PlannedStep> steps, const void* weight, std::size_t weight_bytes,
                          std::byte* packed) {
  const memory::Buffer copy(weight_bytes);
  std::memcpy(copy.data(), weight, weight_bytes);
  pack_steps(steps, copy.data(), packed);
  return hash_bytes(copy.data(), weight_bytes);
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
