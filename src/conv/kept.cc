#include "conv/kept.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <unordered_map>

namespace conv1d {
namespace {

// FFT tiles of few taps in long transforms would take up to a hundred times the weight they are made from, the other
// families one to four times.
constexpr std::size_t kTimesWeights = 8;
// Below this nothing is worth counting: copies are rounded up to cache lines and whole vectors.
constexpr std::size_t kSmall = std::size_t{64} << 10;

// Packing writes so many bytes a second, in the middle of what the families take.
constexpr double kPackedBytes = 2e9;

struct Record {
  std::uint64_t number;
  std::size_t bytes;
  double worth;  // seconds a byte
};

struct Account {
  std::mutex& mutex = fork_locks::of_all();  // guards what follows; taken before a keeper's own
  std::size_t limit = std::size_t{1} << 30;
  std::uint64_t entered = 0;
  std::unordered_map<Keeper*, std::vector<Record>> keepers;
  std::atomic<std::size_t> kept{0};
  std::atomic<std::uint64_t> epoch{0};
};

// Never destroyed: layers may die after static objects have.
Account& account() {
  static Account* the_account = new Account;
  return *the_account;
}

std::size_t sum_of(const std::vector<Record>& records) {
  std::size_t sum = 0;
  for (const Record& record : records) sum += record.bytes;
  return sum;
}

struct Candidate {
  Keeper* keeper;
  Record record;
};

/// The keepers' copies worth less than `worth`, the cheapest first.
std::vector<Candidate> below(const Account& all, double worth, const Keeper* only) {
  std::vector<Candidate> result;
  for (const auto& [keeper, records] : all.keepers) {
    if (only && keeper != only) continue;
    for (const Record& record : records) {
      if (record.worth < worth) result.push_back({keeper, record});
    }
  }
  std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) { return a.record.worth < b.record.worth; });
  return result;
}

/// Takes `missing` bytes of copies worth less than `worth`; false, and nothing taken, where there are too few.
bool make_room(const Account& all, std::size_t missing, double worth, const Keeper* only, Dropped* dropped) {
  if (missing == 0) return true;
  const std::vector<Candidate> candidates = below(all, worth, only);
  std::size_t found = 0, count = 0;
  while (found < missing && count < candidates.size()) found += candidates[count++].record.bytes;
  if (found < missing) return false;
  for (std::size_t i = 0; i < count; ++i) candidates[i].keeper->give_back(candidates[i].record.worth, dropped);
  return true;
}

std::size_t excess(std::size_t kept, std::size_t more, std::size_t bound) {
  return kept + more > bound ? kept + more - bound : 0;
}

/// Counts a copy where it fits, and returns its number; else 0, and takes out what could make room for it.
std::uint64_t enter(Keeper* keeper, const KeptRequest& request, double worth, Dropped* dropped) {
  Account& all = account();
  const std::lock_guard lock(all.mutex);
  const std::size_t own_bound = kept_bound(request.weight_bytes);
  if (request.bytes > own_bound || request.bytes > all.limit) return 0;
  std::vector<Record>& own = all.keepers[keeper];
  const std::size_t own_excess = excess(sum_of(own), request.bytes, own_bound);
  const std::size_t all_excess = excess(all.kept.load(), request.bytes, all.limit);
  if (own_excess == 0 && all_excess == 0) {
    own.push_back({++all.entered, request.bytes, worth});
    all.kept += request.bytes;
    return all.entered;
  }
  if (make_room(all, own_excess, worth, keeper, dropped)) make_room(all, all_excess, worth, nullptr, dropped);
  return 0;
}

void leave(Keeper* keeper, std::uint64_t number, std::size_t bytes) {
  Account& all = account();
  const std::lock_guard lock(all.mutex);
  all.kept -= bytes;
  ++all.epoch;
  // The keeper may be gone, and its address another's: numbers are used once.
  const auto found = all.keepers.find(keeper);
  if (found != all.keepers.end()) std::erase_if(found->second, [&](const Record& r) { return r.number == number; });
}

}  // namespace

void Keeper::open_account() {
  const std::lock_guard lock(account().mutex);
  account().keepers.try_emplace(this);
}

// Copies that a call still holds are counted until that call ends, under nobody's name.
void Keeper::close_account() {
  const std::lock_guard lock(account().mutex);
  account().keepers.erase(this);
}

std::unique_ptr<KeptMemory> KeptMemory::reserve(Keeper* keeper, const KeptRequest& request) {
  const double worth =
      request.seconds / static_cast<double>(std::max<std::size_t>(1, request.bytes)) + 1 / kPackedBytes;
  std::unique_ptr<KeptMemory> made(new KeptMemory(keeper, request.bytes, worth));
  Dropped dropped;
  made->number_ = enter(keeper, request, worth, &dropped);
  if (made->number_ == 0 && !dropped.empty()) {
    dropped.clear();  // a copy that somebody computes with at the moment stays counted: then this fails again
    made->number_ = enter(keeper, request, worth, &dropped);
  }
  if (made->number_ == 0) return nullptr;
  made->memory_ = memory::Buffer(request.bytes);
  return made;
}

KeptMemory::KeptMemory(Keeper* keeper, std::size_t bytes, double worth)
    : keeper_(keeper), bytes_(bytes), worth_(worth) {}

KeptMemory::~KeptMemory() {
  if (number_ != 0) leave(keeper_, number_, bytes_);
}

std::size_t kept_bound(std::size_t weight_bytes) {
  const std::size_t most = std::numeric_limits<std::size_t>::max() / kTimesWeights;
  return std::max(kSmall, std::min(weight_bytes, most) * kTimesWeights);
}

std::uint64_t kept_memory_epoch() { return account().epoch.load(); }

void set_kept_memory(std::size_t bytes) {
  Account& all = account();
  Dropped dropped;  // dies after the lock is given back
  const std::lock_guard lock(all.mutex);
  all.limit = bytes;
  ++all.epoch;
  constexpr double kAny = std::numeric_limits<double>::infinity();
  // Copies of layers that are gone, which a call still holds, cannot be taken: then all others are.
  if (!make_room(all, excess(all.kept.load(), 0, bytes), kAny, nullptr, &dropped)) {
    for (const auto& [keeper, records] : all.keepers) keeper->give_back(kAny, &dropped);
  }
}

std::size_t kept_memory() { return account().kept.load(); }

}  // namespace conv1d
