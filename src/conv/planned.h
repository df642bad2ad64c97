// Steps of a pass with their kernels chosen: what is packed together, kept together and run one after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "conv/passes.h"
#include "kernels/plan.h"

namespace conv1d {

/// Offsets and places are in bytes: a kernel was chosen, elements are no longer of interest.
struct PlannedStep {
  kernels::Plan plan;
  std::int64_t weight_offset = 0;
  std::int64_t output_offset = 0;
  std::size_t packed_at = 0;  ///< where its packed weight begins in the memory of all steps
};
/// Alone, without packed weights: nothing is allocated.
PlannedStep plan_step(const PassStep& step, std::size_t element_bytes, const kernels::ChooseOptions& options);

/// What packed weights have to fit to be used again.
struct StepPacking {
  kernels::Packing packing;
  std::int64_t weight_offset = 0;
  bool operator==(const StepPacking&) const = default;
};

/// All steps of a pass, and what they take together.
struct PlannedSteps {
  std::vector<PlannedStep> steps;
  std::vector<StepPacking> packings;  ///< of those steps that pack; none where planned without packed weights
  std::size_t packed_bytes = 0;       ///< of all steps; 0: there is nothing to keep
  std::size_t scratch_bytes = 0;      ///< of the step that wants most: they run one after the other
  double seconds = 0;
};
/// Where packed weights are to be kept, all steps together want no more than one layer may keep.
PlannedSteps plan_steps(std::span<const PassStep> steps, std::size_t element_bytes,
                        const kernels::ChooseOptions& options);

/// The family that takes the largest share of the time; "none" where there are no steps.
std::string_view main_kernel(std::span<const PlannedStep> steps);

void pack_steps(std::span<const PlannedStep> steps, const void* weight, std::byte* packed) noexcept;
/// The same from a copy of the weight, and that copy's hash: whoever may write the weight meanwhile, the packed numbers
/// are those of the hash.
std::uint64_t pack_hashed(std::span<const PlannedStep> steps, const void* weight, std::size_t weight_bytes,
                          std::byte* packed);
/// `packed`: null where the steps were planned without packed weights or need none.
void run_steps(std::span<const PlannedStep> steps, const kernels::Operands& operands, const std::byte* packed,
               void* scratch) noexcept;

}  // namespace conv1d
