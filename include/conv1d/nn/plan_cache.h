// Weights arranged for the kernels, kept by a layer from one call to the next.
#pragma once

#include <cstddef>
#include <memory>

namespace conv1d {

/// Hand the same cache to every call with the same weight: it is then rearranged once, and again only after its numbers
/// have changed, whoever changed them. Any number of threads may use one cache at the same time; they share what is
/// kept.
class PlanCache {
 public:
  PlanCache();
  ~PlanCache();
  PlanCache(PlanCache&&) noexcept;
  PlanCache& operator=(PlanCache&&) noexcept;

  /// Of arranged weights: at most kMaxKept copies of one weight, within the bounds of set_kept_memory().
  std::size_t kept_bytes() const;
  void clear();

  /// Different lengths may be served by different kernels, each with an arrangement of its own.
  static constexpr std::size_t kMaxKept = 4;

  struct Impl;
  Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace conv1d
