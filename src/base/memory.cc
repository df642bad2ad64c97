#include "base/memory.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <mutex>

#include <pthread.h>
#include <sys/mman.h>

#include "base/check.h"
#include "base/limits.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CONV1D_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define CONV1D_SANITIZED 1
#endif
#endif
#ifndef CONV1D_SANITIZED
#define CONV1D_SANITIZED 0
#endif

namespace conv1d::memory {
namespace {

/// Smaller blocks come from malloc's own lists just as fast, and cause no page faults.
constexpr std::size_t kSmallestKept = 16u << 10;
/// From here on blocks are mapped by themselves, in huge pages where the system has them: a first touch of 16 MiB is
/// seven times as fast, and what is neighbour in a huge page is neighbour in the caches, while pages scattered by the
/// system collide there (measured: layers with 2 MiB of scratch up to half as fast again). Mapped, not advised within
/// malloc's heap, so that the advice ends with the block. Smaller blocks would waste too much of a huge page.
constexpr std::size_t kSmallestMapped = 3u << 19;
/// What lies beyond the last huge page is of small ones.
constexpr std::size_t kMappedUnit = 64u << 10;
/// What a thread keeps at most while its requests miss what is kept.
constexpr std::size_t kKeptWhileMissing = 6u << 20;
/// From here on it is worth asking whether the machine has that much left.
constexpr std::size_t kSmallestDoubted = 256u << 20;

std::size_t round_up(std::size_t bytes, std::size_t unit) { return (bytes + unit - 1) / unit * unit; }

std::size_t capacity_of(std::size_t bytes) {
  if (bytes < kSmallestMapped || CONV1D_SANITIZED) return round_up(bytes, kAlignment);
  return std::max(kHugePage, round_up(bytes, kMappedUnit));
}

void* map_block(std::size_t capacity) {
  // One huge page more, so that an aligned start lies inside; what hangs over on both sides is given back at once.
  const std::size_t length = capacity + kHugePage;
  void* mapped = mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  const auto begin = reinterpret_cast<std::uintptr_t>(mapped);
  const std::uintptr_t start = round_up(begin, kHugePage);
  if (start > begin) munmap(mapped, start - begin);
  if (start + capacity < begin + length) {
    munmap(reinterpret_cast<void*>(start + capacity), begin + length - start - capacity);
  }
  void* block = reinterpret_cast<void*>(start);
#ifdef MADV_HUGEPAGE
  madvise(block, capacity, MADV_HUGEPAGE);
#endif
  return block;
}

void* take_from_system(std::size_t capacity) {
  if (capacity >= kSmallestMapped && !CONV1D_SANITIZED) return map_block(capacity);
  return std::aligned_alloc(kAlignment, capacity);
}

void return_to_system(Block block) noexcept {
  if (block.capacity >= kSmallestMapped && !CONV1D_SANITIZED) {
    munmap(block.data, block.capacity);
  } else {
    std::free(block.data);
  }
}

/// Counts the forks that this process descends from: a child's copy of the kept blocks belongs to pages that it would
/// have to copy one by one, so it starts with none.
std::atomic<std::uint32_t> fork_count{0};

/// The blocks that one thread keeps, oldest first. Bounded by count and bytes, however many lengths a program uses.
class FreeList {
 public:
  FreeList() {
    static std::once_flag once;
    std::call_once(
        once, [] { pthread_atfork(nullptr, nullptr, [] { fork_count.fetch_add(1, std::memory_order_relaxed); }); });
    forks_ = fork_count.load(std::memory_order_relaxed);
  }
  FreeList(const FreeList&) = delete;
  FreeList& operator=(const FreeList&) = delete;
  ~FreeList();

  Block take(std::size_t wanted) noexcept {
    leave_fork();
    // The newest first: it is the likeliest to be in the cache. A block that wastes over an eighth stays for another.
    for (std::size_t i = count_; i-- > 0;) {
      const Block block = blocks_[i];
      if (block.capacity < wanted || block.capacity - wanted > block.capacity / 8) continue;
      remove(i);
      return block;
    }
    return {};
  }

  // Nothing kept fits what is asked for: lengths vary. The oldest blocks make room for the new one, so that what is
  // kept does not grow with the number of different lengths; a program that asks for the same sizes again and again
  // never comes here.
  void note_miss(std::size_t wanted) noexcept {
    for (std::size_t dropped = 0; count_ > 0 && bytes_ > kKeptWhileMissing && dropped < wanted;) {
      dropped += blocks_[0].capacity;
      drop_oldest();
    }
  }

  void keep(Block block) noexcept {
    leave_fork();
    while (count_ > 0 && (count_ == kMaxKeptBlocks || (bytes_ + block.capacity > kMaxKeptBytes && count_ >= 2)))
      drop_oldest();
    blocks_[count_++] = block;
    bytes_ += block.capacity;
  }

  void clear() noexcept {
    leave_fork();
    while (count_ > 0) drop_oldest();
  }

  std::size_t bytes() noexcept { return leave_fork(), bytes_; }
  std::size_t count() noexcept { return leave_fork(), count_; }

 private:
  void remove(std::size_t i) noexcept {
    bytes_ -= blocks_[i].capacity;
    for (--count_; i < count_; ++i) blocks_[i] = blocks_[i + 1];
  }

  void drop_oldest() noexcept {
    const Block block = blocks_[0];
    remove(0);
    return_to_system(block);
  }

  void leave_fork() noexcept {
    const std::uint32_t forks = fork_count.load(std::memory_order_relaxed);
    if (forks == forks_) return;
    forks_ = forks;
    while (count_ > 0) drop_oldest();
  }

  std::array<Block, kMaxKeptBlocks> blocks_;
  std::size_t count_ = 0, bytes_ = 0;
  std::uint32_t forks_ = 0;
};

/// Whether this thread's list has been destroyed: tensors in static or thread-local variables may be freed later than
/// that. Trivially destructible, hence readable to the thread's very end.
thread_local constinit bool list_gone = false;
thread_local FreeList thread_list;

FreeList::~FreeList() {
  clear();
  list_gone = true;
}

FreeList* free_list() noexcept { return CONV1D_SANITIZED || list_gone ? nullptr : &thread_list; }

[[noreturn]] void fail_allocation(std::size_t bytes) {
  // The text of PyTorch's c10/core/impl/alloc_cpu.cpp, line number included.
  fail(
      cat_text("[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to "
               "allocate ",
               bytes, " bytes. Error code 12 (Cannot allocate memory)"));
}

}  // namespace

Block allocate(std::size_t bytes) {
  if (bytes == 0) return {};
  if (bytes > total_memory()) fail_allocation(bytes);
  const std::size_t capacity = capacity_of(bytes);
  if (FreeList* list = free_list()) {
    if (const Block kept = list->take(capacity); kept.data) return kept;
    if (capacity >= kSmallestKept) list->note_miss(capacity);
  }
  if (capacity >= kSmallestDoubted && capacity > available_memory()) {
    empty_cache();
    if (capacity > available_memory()) fail_allocation(bytes);
  }
  void* data = take_from_system(capacity);
  if (!data) {
    empty_cache();
    data = take_from_system(capacity);
  }
  if (!data) fail_allocation(bytes);
  return {static_cast<std::byte*>(data), capacity};
}

void release(Block block) noexcept {
  if (!block.data) return;
  FreeList* list = block.capacity >= kSmallestKept ? free_list() : nullptr;
  if (list) {
    list->keep(block);
  } else {
    return_to_system(block);
  }
}

void empty_cache() noexcept {
  if (FreeList* list = free_list()) list->clear();
}

std::size_t kept_bytes() noexcept {
  FreeList* list = free_list();
  return list ? list->bytes() : 0;
}

std::size_t kept_blocks() noexcept {
  FreeList* list = free_list();
  return list ? list->count() : 0;
}

bool keeps_blocks() noexcept { return !CONV1D_SANITIZED; }

}  // namespace conv1d::memory
