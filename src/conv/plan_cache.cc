#include "conv/plan_cache.h"

#include <algorithm>
#include <cstring>

namespace conv1d {
namespace {

// splitmix64's finaliser (Steele, Lea, Flood 2014): every bit of the result depends on every bit of the argument.
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

std::uint64_t word_at(const std::byte* p) {
  std::uint64_t word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

bool same_storage(const std::weak_ptr<Storage>& a, const std::weak_ptr<Storage>& b) {
  return !a.owner_before(b) && !b.owner_before(a);
}

}  // namespace

std::uint64_t hash_bytes(const std::byte* data, std::size_t bytes) {
  // Eight chains side by side hide the latency of the multiplication. The two halves of the 128-bit product are folded
  // into one: every bit of a word, sign bits at its top and last bits at its bottom alike, reaches many bits of the
  // chain, so that no other change of a few bits undoes it. (The low half alone would lose the top bits: three sign
  // bits could cancel.)
  constexpr int kChains = 8;
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15u;
  std::uint64_t chain[kChains];
  for (int c = 0; c < kChains; ++c) chain[c] = mix(static_cast<std::uint64_t>(c) + 1);
  std::size_t i = 0;
  for (; i + 8 * kChains <= bytes; i += 8 * kChains) {
    for (int c = 0; c < kChains; ++c) {
      const std::uint64_t x = chain[c] ^ word_at(data + i + 8 * static_cast<std::size_t>(c));
      const unsigned __int128 product = static_cast<unsigned __int128>(x) * kOdd;
      chain[c] = static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    }
  }
  std::uint64_t hash = mix(bytes);
  for (const std::uint64_t c : chain) hash = mix(hash * kOdd ^ c);
  for (; i + 8 <= bytes; i += 8) hash = mix(hash * kOdd ^ word_at(data + i));
  for (; i < bytes; ++i) hash = mix(hash * kOdd ^ std::to_integer<std::uint64_t>(data[i]));
  return hash;
}

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

std::shared_ptr<const PackedWeight> PlanCache::Impl::packed(const Tensor& weight, const kernels::Plan& plan) {
  // The mark is taken before the numbers are read: a write in between leaves a copy that no later mark equals.
  WeightMark mark = mark_of(weight);
  {
    const std::lock_guard lock(mutex);
    for (const auto& entry : kept) {
      if (entry->packing == plan.packing && entry->mark == mark) return entry;
    }
  }
  auto made = std::make_shared<PackedWeight>();
  made->memory = memory::Buffer(plan.packed_bytes);
  made->bytes = plan.packed_bytes;
  made->packing = plan.packing;
  made->mark = std::move(mark);
  kernels::pack_weights(plan, impl_of(weight).raw(), made->memory.data());

  const std::lock_guard lock(mutex);
  // Copies of other numbers will not be wanted again; those of the same weight for other kernels may be.
  std::erase_if(kept,
                [&](const auto& entry) { return entry->packing == made->packing || !(entry->mark == made->mark); });
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
