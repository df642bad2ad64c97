// The copies of weights that layers keep, packed for the kernels: one account of all of them, ours and guests'.
//
// A copy is asked for with what its absence would cost a call. Where a bound is reached, copies that are worth less (a
// byte) make room; where there are not enough of them the new one is refused, and the layer has to do without.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <conv1d/kept_memory.h>
#include <conv1d/nn/plan_cache.h>

#include "base/fork_locks.h"
#include "base/memory.h"

namespace conv1d {

/// What a copy would take, and what it is for.
struct KeptRequest {
  std::size_t bytes = 0;
  std::size_t weight_bytes = 0;  ///< of the weight that is packed: the layer's bound is a multiple
  double seconds = 0;            ///< that a call takes longer without the copy
};

/// Copies taken out of a keeper: they die where no lock is held, since their memory goes back to the account.
using Dropped = std::vector<std::shared_ptr<const void>>;

/// Who keeps copies.
class Keeper {
 public:
  virtual ~Keeper() = default;
  /// Hands over all copies worth `most` a byte or less. On any thread, with the account locked.
  virtual void give_back(double most, Dropped* dropped) = 0;

 protected:
  void open_account();
  void close_account();
};

/// The memory of one copy, counted as long as it lives.
class KeptMemory {
 public:
  /// Null where the bounds leave no room.
  static std::unique_ptr<KeptMemory> reserve(Keeper* keeper, const KeptRequest& request);
  ~KeptMemory();
  KeptMemory(const KeptMemory&) = delete;
  KeptMemory& operator=(const KeptMemory&) = delete;

  std::byte* data() const { return memory_.data(); }
  std::size_t bytes() const { return bytes_; }
  double worth() const { return worth_; }

 private:
  KeptMemory(Keeper* keeper, std::size_t bytes, double worth);

  Keeper* keeper_;
  std::size_t bytes_;
  double worth_;
  std::uint64_t number_ = 0;  // in the account; 0: not counted
  memory::Buffer memory_;
};

/// Bytes that one layer may keep for a weight of so many bytes.
std::size_t kept_bound(std::size_t weight_bytes);

/// Counts up whenever there may be more room than before: a refusal holds until then.
std::uint64_t kept_memory_epoch();

/// What one layer keeps: copies of one weight, known by its `Numbers` and by the `Layout` that they are packed in.
template <class Numbers, class Layout> class KeptCopies final : public Keeper {
 public:
  static constexpr std::size_t kMost = PlanCache::kMaxKept;

  struct Copy {
    Numbers numbers;
    Layout layout;
    std::unique_ptr<KeptMemory> memory;
    const std::byte* data() const { return memory->data(); }
  };
  using CopyPointer = std::shared_ptr<const Copy>;

  KeptCopies() { open_account(); }
  ~KeptCopies() override { close_account(); }
  KeptCopies(const KeptCopies&) = delete;
  KeptCopies& operator=(const KeptCopies&) = delete;

  /// The copy of these numbers in this layout. Where there is none, request() says what it would take, and
  /// pack(address) makes it and says of which numbers (the weight may be written meanwhile); null where no
  /// more may be kept. What is returned never changes, and lives as long as the caller holds it.
  template <class Request, class Pack>
  CopyPointer get(const Numbers& numbers, const Layout& layout, Request&& request, Pack&& pack) {
    const std::uint64_t epoch = kept_memory_epoch();
    {
      Dropped stale;  // dies after the lock is given back
      const std::lock_guard lock(mutex_);
      for (const CopyPointer& copy : copies_) {
        if (copy->layout == layout && copy->numbers == numbers) return copy;
      }
      if (refused_ && refused_->epoch == epoch && refused_->layout == layout) return nullptr;
      // Copies of other numbers will not be wanted again; those of the same numbers in other layouts may be.
      drop([&](const Copy& copy) { return copy.layout == layout || !(copy.numbers == numbers); }, &stale);
    }
    auto made = std::make_shared<Copy>(Copy{numbers, layout, KeptMemory::reserve(this, request())});
    if (!made->memory) {
      const std::lock_guard lock(mutex_);
      refused_ = Refusal{epoch, layout};
      return nullptr;
    }
    made->numbers = pack(made->memory->data());
    Dropped others;  // a twin, of another thread that packed the same; and the oldest, where threads made too many
    const std::lock_guard lock(mutex_);
    drop([&](const Copy& copy) { return copy.layout == layout; }, &others);
    while (copies_.size() >= kMost) others.push_back(copies_.front()), copies_.erase(copies_.begin());
    copies_.push_back(made);
    return made;
  }

  std::size_t bytes() const {
    const std::lock_guard lock(mutex_);
    std::size_t sum = 0;
    for (const CopyPointer& copy : copies_) sum += copy->memory->bytes();
    return sum;
  }

  void clear() {
    Dropped all;
    const std::lock_guard lock(mutex_);
    drop([](const Copy&) { return true; }, &all);
    refused_.reset();
  }

  void give_back(double most, Dropped* dropped) override {
    const std::lock_guard lock(mutex_);
    drop([most](const Copy& copy) { return copy.memory->worth() <= most; }, dropped);
  }

 private:
  struct Refusal {
    std::uint64_t epoch;
    Layout layout;
  };

  template <class Predicate> void drop(Predicate&& is_dropped, Dropped* dropped) {
    const auto kept_end = std::stable_partition(copies_.begin(), copies_.end(),
                                                [&](const CopyPointer& copy) { return !is_dropped(*copy); });
    dropped->insert(dropped->end(), kept_end, copies_.end());
    copies_.erase(kept_end, copies_.end());
  }

  // Guards what follows, not the packing: two threads may pack the same numbers, and one copy stays. The account is
  // locked before this, never after.
  std::mutex& mutex_ = fork_locks::of(this);
  std::vector<CopyPointer> copies_;  // the most recently made last
  std::optional<Refusal> refused_;
};

}  // namespace conv1d
