// Steps of a pass with their kernels chosen: what is packed together, kept together and run one after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
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
PlannedStep plan_step(const PassStep& step, std::size_t element_bytes, const kernels::ChooseOptions& options);

/// What packed weights have to fit to be used again.
struct StepPacking {
  kernels::Packing packing;
  std::int64_t weight_offset = 0;
  bool operator==(const StepPacking&) const = default;
};
/// Of those steps that pack at all.
std::vector<StepPacking> packings_of(std::span<const PlannedStep> steps);
bool fits(std::span<const StepPacking> packings, std::span<const PlannedStep> steps);

/// Sets packed_at of every step; returns the bytes of all packed weights together.
std::size_t place_packings(std::span<PlannedStep> steps);
/// Of the step that wants most: the steps run one after the other.
std::size_t scratch_bytes(std::span<const PlannedStep> steps);

void pack_steps(std::span<const PlannedStep> steps, const void* weight, std::byte* packed) noexcept;
/// `packed`: null where the steps were planned without packed weights or need none.
void run_steps(std::span<const PlannedStep> steps, const kernels::Operands& operands, const std::byte* packed,
               void* scratch) noexcept;

}  // namespace conv1d
