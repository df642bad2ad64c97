#include "conv/plan_cache.h"

#include <algorithm>

namespace conv1d {
namespace {

bool same_storage(const std::weak_ptr<Storage>& a, const std::weak_ptr<Storage>& b) {
  return !a.owner_before(b) && !b.owner_before(a);
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

std::shared_ptr<const PackedWeight> PlanCache::Impl::packed(const Tensor& weight, std::span<const PlannedStep> steps,
                                                            std::size_t bytes) {
  // The mark is taken before the numbers are read: a write in between leaves a copy that no later mark equals.
  WeightMark mark = mark_of(weight);
  {
    const std::lock_guard lock(mutex);
    for (const auto& entry : kept) {
      if (fits(entry->packings, steps) && entry->mark == mark) return entry;
    }
  }
  auto made = std::make_shared<PackedWeight>();
  made->memory = memory::Buffer(bytes);
  made->bytes = bytes;
  made->packings = packings_of(steps);
  made->mark = std::move(mark);
  pack_steps(steps, impl_of(weight).raw(), made->memory.data());

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
}

}  // namespace conv1d
