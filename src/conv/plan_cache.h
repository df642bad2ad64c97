// A packed weight is never stale: how a kept copy is recognised as that of the numbers that the weight holds now.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include <conv1d/nn/plan_cache.h>
#include <conv1d/tensor.h>

#include "base/fork_locks.h"
#include "conv/kept.h"
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

/// Planned steps and what they were planned with, besides the problems that they hold themselves.
struct KeptPlan : PlannedSteps {
  kernels::ChooseOptions options;
};

struct PlanCache::Impl {
  using Copies = KeptCopies<WeightMark, std::vector<StepPacking>>;

  /// plan_steps(), remembered: a layer mostly meets the problem of its last call again, and choosing a kernel takes
  /// longer than computing a small one.
  std::shared_ptr<const KeptPlan> plan(std::span<const PassStep> steps, std::size_t element_bytes,
                                       const kernels::ChooseOptions& options);

  /// The weight packed for `kept`, which asks for packed_bytes > 0; null where no more may be kept.
  Copies::CopyPointer packed(const Tensor& weight, const KeptPlan& kept);

  std::mutex& mutex = fork_locks::of(this);             // guards `last`
  std::array<std::shared_ptr<const KeptPlan>, 2> last;  // without and with packed weights
  Copies copies;
};

}  // namespace conv1d
