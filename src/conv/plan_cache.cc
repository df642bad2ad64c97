#include "conv/plan_cache.h"

#include <algorithm>

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
  {
    const std::lock_guard lock(mutex);
    if (last && last->options == options && plans(last->steps, steps, element_bytes)) return last;
  }
  auto made = std::make_shared<KeptPlan>();
  made->options = options;
  made->steps.reserve(steps.size());
  for (const PassStep& step : steps) made->steps.push_back(plan_step(step, element_bytes, options));
  made->packed_bytes = place_packings(made->steps);
  made->scratch_bytes = scratch_bytes(made->steps);
  const std::lock_guard lock(mutex);
  last = made;
  return made;
}

std::shared_ptr<const PackedWeight> PlanCache::Impl::packed(const Tensor& weight, const KeptPlan& plan) {
  // The mark is taken before the numbers are read: a write in between leaves a copy that no later mark equals.
  WeightMark mark = mark_of(weight);
  {
    const std::lock_guard lock(mutex);
    for (const auto& entry : kept) {
      if (fits(entry->packings, plan.steps) && entry->mark == mark) return entry;
    }
  }
  auto made = std::make_shared<PackedWeight>();
  made->memory = memory::Buffer(plan.packed_bytes);
  made->bytes = plan.packed_bytes;
  made->packings = packings_of(plan.steps);
  made->mark = std::move(mark);
  pack_steps(plan.steps, impl_of(weight).raw(), made->memory.data());

  const std::lock_guard lock(mutex);
  // Copies of other numbers will not be wanted again; those of the same weight for other kernels may be.
  std::erase_if(kept,
                [&](const auto& entry) { return entry->packings == made->packings || !(entry->mark == made->mark); });
  if (kept.size() == kMaxKept) kept.erase(kept.begin());
  kept.push_back(made);
  return made;
}

PlanCache::PlanCache() : impl_(std::make_unique<Impl>()) {}
PlanCache::~PlanCache() = default;
PlanCache::PlanCache(PlanCache&&) noexcept = default;
PlanCache& PlanCache::operator=(PlanCache&&) noexcept = default;

std::size_t PlanCache::kept_bytes() const {
  const std::lock_guard lock(impl_->mutex);
  std::size_t bytes = 0;
  for (const auto& entry : impl_->kept) bytes += entry->bytes;
  return bytes;
}

void PlanCache::clear() {
  const std::lock_guard lock(impl_->mutex);
  impl_->kept.clear();
  impl_->last.reset();
}

}  // namespace conv1d
