// A packed weight is never stale: how a kept copy is recognised as that of the numbers that the weight holds now.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include <conv1d/nn/plan_cache.h>
#include <conv1d/tensor.h>

#include "base/memory.h"
#include "conv/hash.h"
#include "conv/planned.h"
#include "tensor/impl.h"

namespace conv1d {

/// Which numbers a copy was made from. Two equal marks mean equal numbers.
///
/// The library's own writes are counted in the storage, so that nothing has to be read. Where others can write as well
/// (NumPy, DLPack, from_blob, a mutable pointer) a hash of the bytes decides. The weak pointer keeps the storage's
/// address from being given to another storage while it is compared.
struct WeightMark {
  std::weak_ptr<Storage> storage;
  std::uint64_t writes = 0;
  bool hashed = false;
  std::uint64_t hash = 0;
  std::int64_t offset = 0;
  Shape sizes;
  Shape strides;
  DType dtype = DType::Float32;

  bool operator==(const WeightMark& other) const;
};

/// The mark of a contiguous weight as it is now.
WeightMark mark_of(const Tensor& weight);

/// One copy of a weight, packed for all steps of a pass.
struct PackedWeight {
  WeightMark mark;
  std::vector<StepPacking> packings;
  memory::Buffer memory;
  std::size_t bytes = 0;
};

/// The steps of a pass, planned, and what they were planned with.
struct KeptPlan {
  kernels::ChooseOptions options;
  std::vector<PlannedStep> steps;
  std::size_t packed_bytes = 0, scratch_bytes = 0;
};

struct PlanCache::Impl {
  /// The steps with their kernels chosen, remembered: a layer mostly meets the problem of its last call again, and
  /// choosing a kernel takes longer than computing a small one.
  std::shared_ptr<const KeptPlan> plan(std::span<const PassStep> steps, std::size_t element_bytes,
                                       const kernels::ChooseOptions& options);

  /// The weight packed for `plan`, which asks for packed_bytes > 0; packed now where no kept copy serves. What is
  /// returned never changes, and lives as long as the caller holds it.
  std::shared_ptr<const PackedWeight> packed(const Tensor& weight, const KeptPlan& plan);

  mutable std::mutex
      mutex;  // guards what is kept, not the packing: two threads may pack the same weight, one copy stays
  std::vector<std::shared_ptr<const PackedWeight>> kept;  // the most recently made last
  std::shared_ptr<const KeptPlan> last;
};

}  // namespace conv1d
