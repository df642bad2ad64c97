#include "conv/plan_cache.h"

#include <algorithm>

#include "conv/hash.h"

namespace conv1d {
namespace {

bool same_storage(const std::weak_ptr<Storage>& a, const std::weak_ptr<Storage>& b) {
  return !a.owner_before(b) && !b.owner_before(a);
}

// Were these steps planned as those?
bool plans(std::span<const PlannedStep> planned, std::span<const PassStep> steps, std::size_t element_bytes) {
  const auto bytes = static_cast<std::int64_t>(element_bytes);
  return std::equal(planned.begin(), planned.end(), steps.begin(), steps.end(), [bytes](const auto& a, const auto& b) {
    return a.plan.problem == b.problem && a.weight_offset == b.weight_offset * bytes &&
           a.output_offset == b.output_offset * bytes;
  });
}

/// That a call takes longer where nothing is kept.
double saved_seconds(const KeptPlan& kept) {
  kernels::ChooseOptions without = kept.options;
  without.packed_weight = false;
  double seconds = -kept.seconds;
  for (const PlannedStep& step : kept.steps) seconds += kernels::make_plan(step.plan.problem, without).seconds;
  return seconds;
}

}  // namespace

bool WeightMark::operator==(const WeightMark& other) const {
  return same_storage(storage, other.storage) && writes == other.writes && hashed == other.hashed &&
         hash == other.hash && offset == other.offset && dtype == other.dtype && sizes == other.sizes &&
         strides == other.strides;
}

WeightMark mark_of(const Tensor& weight) {
  const TensorImpl& t = impl_of(weight);
  WeightMark mark{.storage = t.storage,
                  .writes = t.storage->writes.load(std::memory_order_acquire),
                  .hashed = t.storage->seen_outside.load(std::memory_order_acquire),
                  .hash = 0,
                  .offset = t.offset,
                  .sizes = t.sizes,
                  .strides = t.strides,
                  .dtype = t.dtype};
  if (mark.hashed) {
    mark.hash =
        hash_bytes(static_cast<const std::byte*>(t.raw()), static_cast<std::size_t>(t.numel) * element_size(t.dtype));
  }
  return mark;
}

std::shared_ptr<const KeptPlan> PlanCache::Impl::plan(std::span<const PassStep> steps, std::size_t element_bytes,
                                                      const kernels::ChooseOptions& options) {
  std::shared_ptr<const KeptPlan>& slot = last[options.packed_weight ? 1 : 0];
  {
    const std::lock_guard lock(mutex);
    if (slot && slot->options == options && plans(slot->steps, steps, element_bytes)) return slot;
  }
  auto made = std::make_shared<const KeptPlan>(KeptPlan{plan_steps(steps, element_bytes, options), options});
  const std::lock_guard lock(mutex);
  slot = made;
  return made;
}

PlanCache::Impl::Copies::CopyPointer PlanCache::Impl::packed(const Tensor& weight, const KeptPlan& kept) {
  // The mark is taken before the numbers are read: a write of ours in between leaves a copy that no later mark equals,
  // since writes are only counted up. A hash may come back: then the numbers that are packed are hashed themselves.
  const WeightMark mark = mark_of(weight);
  const std::size_t bytes = static_cast<std::size_t>(weight.numel()) * element_size(weight.dtype());
  return copies.get(
      mark, kept.packings,
      [&] { return KeptRequest{.bytes = kept.packed_bytes, .weight_bytes = bytes, .seconds = saved_seconds(kept)}; },
      [&](std::byte* to) {
        WeightMark packed = mark;
        if (mark.hashed)
          packed.hash = pack_hashed(kept.steps, impl_of(weight).raw(), bytes, to);
        else
          pack_steps(kept.steps, impl_of(weight).raw(), to);
        return packed;
      });
}

PlanCache::PlanCache() : impl_(std::make_unique<Impl>()) {}
PlanCache::~PlanCache() = default;
PlanCache::PlanCache(PlanCache&&) noexcept = default;
PlanCache& PlanCache::operator=(PlanCache&&) noexcept = default;

std::size_t PlanCache::kept_bytes() const { return impl_->copies.bytes(); }

void PlanCache::clear() {
  impl_->copies.clear();
  const std::lock_guard lock(impl_->mutex);
  impl_->last = {};
}

}  // namespace conv1d
