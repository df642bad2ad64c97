#include "guest/kept.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <mutex>
#include <unordered_set>

namespace conv1d::guest {
namespace {

// Packed copies of FFT tiles are up to some ten times as large as the weight they are made from, those of the other
// families one to three times: a model whose large layers all take FFT tiles stays within this.
constexpr std::size_t kTimesWeights = 8;

struct Ledger {
  std::atomic<std::size_t> limit{std::size_t{1} << 30};
  std::atomic<std::size_t> weights{0};
  std::atomic<std::size_t> kept{0};
  std::mutex mutex;  // guards `keepers`; taken before a keeper's own
  std::unordered_set<Keeper*> keepers;
};

// Never destroyed: layers may die after static objects have.
Ledger& ledger() {
  static Ledger* the_ledger = new Ledger;
  return *the_ledger;
}

std::size_t bound(const Ledger& all) {
  const std::size_t weights = all.weights.load(), most = std::numeric_limits<std::size_t>::max() / kTimesWeights;
  return std::min(all.limit.load(), std::min(weights, most) * kTimesWeights);
}

}  // namespace

KeptAccount::KeptAccount(Keeper* keeper, std::size_t weight_bytes) : keeper_(keeper), weight_bytes_(weight_bytes) {
  Ledger& all = ledger();
  all.weights.fetch_add(weight_bytes);
  const std::lock_guard lock(all.mutex);
  all.keepers.insert(keeper);
}

KeptAccount::~KeptAccount() {
  Ledger& all = ledger();
  all.weights.fetch_sub(weight_bytes_);
  const std::lock_guard lock(all.mutex);
  all.keepers.erase(keeper_);
}

bool KeptAccount::reserve(std::size_t bytes) {
  Ledger& all = ledger();
  std::size_t kept = all.kept.load();
  do {
    if (bytes > bound(all) || kept > bound(all) - bytes) return false;
  } while (!all.kept.compare_exchange_weak(kept, kept + bytes));
  return true;
}

void KeptAccount::release(std::size_t bytes) { ledger().kept.fetch_sub(bytes); }

void set_kept_memory(std::size_t bytes) {
  Ledger& all = ledger();
  all.limit.store(bytes);
  const std::lock_guard lock(all.mutex);
  if (all.kept.load() <= bound(all)) return;
  for (Keeper* keeper : all.keepers) keeper->give_back();
}

std::size_t kept_memory() { return ledger().kept.load(); }

}  // namespace conv1d::guest
