#include "base/memory.h"

#include <cstdint>
#include <cstring>
#include <limits>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "support/throws.h"

namespace conv1d::memory {
namespace {

constexpr std::size_t kMiB = 1u << 20;

std::string allocator_text(std::size_t bytes) {
  return "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to "
         "allocate " +
         std::to_string(bytes) + " bytes. Error code 12 (Cannot allocate memory)";
}

/// Exit status of a forked child that returns f().
template <class F> int in_child(const F& f) {
  const pid_t child = fork();
  if (child == 0) _exit(f());
  int status = -1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class Memory : public ::testing::Test {
 protected:
  void SetUp() override { empty_cache(); }
  void TearDown() override { empty_cache(); }
};
class KeptMemory : public Memory {
 protected:
  void SetUp() override {
    if (!keeps_blocks()) GTEST_SKIP() << "sanitizers see every block freed";
    Memory::SetUp();
  }
};

TEST_F(Memory, IsAlignedAndWritableAtEverySize) {
  for (const std::size_t bytes :
       {1ul, 63ul, 64ul, 65ul, 4095ul, 100000ul, 4 * kMiB - 1, 4 * kMiB, 4 * kMiB + 1, 9 * kMiB}) {
    const Block block = allocate(bytes);
    ASSERT_NE(block.data, nullptr);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block.data) % kAlignment, 0u) << bytes;
    EXPECT_GE(block.capacity, bytes);
    std::memset(block.data, 1, block.capacity);
    release(block);
  }
}

TEST_F(Memory, NothingForNothing) {
  const Block block = allocate(0);
  EXPECT_EQ(block.data, nullptr);
  release(block);
  EXPECT_EQ(kept_blocks(), 0u);
}

TEST_F(Memory, MoreThanThereIsRaisesAtOnce) {
  for (const std::size_t bytes : {total_memory() + 1, std::size_t{1} << 62, std::numeric_limits<std::size_t>::max()}) {
    EXPECT_ERROR(RuntimeError, allocator_text(bytes), allocate(bytes));
  }
  EXPECT_LE(available_memory(), total_memory());
  EXPECT_GT(available_memory(), 0u);
}

TEST_F(Memory, MoreThanIsLeftRaisesInsteadOfBeingKilled) {
  const std::size_t bytes = available_memory() + (total_memory() - available_memory()) / 2;
  if (bytes - available_memory() < 512 * kMiB) GTEST_SKIP() << "nearly all memory is free";
  EXPECT_ERROR(RuntimeError, allocator_text(bytes), allocate(bytes));
}

TEST_F(KeptMemory, IsReusedForTheSameSize) {
  const Block first = allocate(3 * kMiB);
  release(first);
  EXPECT_EQ(kept_blocks(), 1u);
  const Block second = allocate(3 * kMiB);
  EXPECT_EQ(second.data, first.data);
  EXPECT_EQ(kept_blocks(), 0u);
  release(second);
}

TEST_F(KeptMemory, IsNotReusedWhereOverAnEighthWouldBeWasted) {
  const Block large = allocate(1 * kMiB);
  release(large);
  const Block fits = allocate(kMiB - kMiB / 8);
  EXPECT_EQ(fits.data, large.data);
  EXPECT_EQ(fits.capacity, large.capacity);  // known to be the whole block when it returns
  release(fits);
  const Block wasteful = allocate(kMiB - kMiB / 8 - 64);
  EXPECT_NE(wasteful.data, large.data);
  release(wasteful);
}

TEST_F(KeptMemory, IsBoundedInBytesAndCount) {
  std::vector<Block> blocks;
  for (int i = 0; i < 100; ++i) blocks.push_back(allocate(2 * kMiB));
  for (const Block block : blocks) release(block);
  EXPECT_EQ(kept_bytes(), kMaxKeptBytes);
  blocks.clear();
  empty_cache();
  for (std::size_t i = 0; i < 100; ++i) blocks.push_back(allocate(20000 + 5000 * i));
  for (const Block block : blocks) release(block);
  EXPECT_EQ(kept_blocks(), kMaxKeptBlocks);
  EXPECT_LE(kept_bytes(), kMaxKeptBytes);
}

TEST_F(KeptMemory, DoesNotGrowWithTheNumberOfSizes) {
  std::size_t size = 100'000;
  for (int i = 0; i < 500; ++i) {
    release(allocate(size));
    size = (size * 7 + 130'001) % 3'000'000 + kAlignment;
    EXPECT_LE(kept_bytes(), 16 * kMiB);
  }
}

TEST_F(KeptMemory, KeepsTwoLargeBlocksWhateverTheirSize) {
  std::vector<Block> blocks;
  for (int i = 0; i < 4; ++i) blocks.push_back(allocate(80 * kMiB));  // untouched: costs address space only
  for (const Block block : blocks) release(block);
  EXPECT_EQ(kept_blocks(), 2u);
}

TEST_F(KeptMemory, SmallBlocksAreLeftToMalloc) {
  release(allocate(1000));
  EXPECT_EQ(kept_blocks(), 0u);
}

TEST_F(KeptMemory, EmptyCacheReturnsEverything) {
  release(allocate(5 * kMiB));
  release(allocate(100000));
  EXPECT_GT(kept_bytes(), 5 * kMiB);
  empty_cache();
  EXPECT_EQ(kept_bytes(), 0u);
  EXPECT_EQ(kept_blocks(), 0u);
}

TEST_F(KeptMemory, EachThreadHasItsOwn) {
  const Block block = allocate(kMiB);
  std::thread([block] {
    release(block);
    EXPECT_EQ(kept_blocks(), 1u);
  }).join();
  EXPECT_EQ(kept_blocks(), 0u);
}

TEST_F(KeptMemory, AForkedChildStartsEmptyAndWorks) {
  const Block block = allocate(kMiB);
  std::memset(block.data, 7, kMiB);
  release(block);
  EXPECT_EQ(in_child([] {
              if (kept_blocks() != 0 || kept_bytes() != 0) return 1;
              const Block own = allocate(kMiB);
              std::memset(own.data, 1, kMiB);
              release(own);
              return kept_blocks() == 1 ? 0 : 2;
            }),
            0);
  EXPECT_EQ(kept_blocks(), 1u);
}

// A thread-local object that outlives the thread's list of kept blocks, since it was made before it.
struct Late {
  Block block;
  ~Late() { release(block); }
};

TEST(MemoryAtExit, AThreadsLastObjectsMayFreeAfterItsList) {
  std::thread([] {
    static thread_local Late late;
    late.block = allocate(kMiB);
    release(allocate(kMiB));
  }).join();
}

TEST(Buffer, MovesAndReturns) {
  Buffer a(1000), b;
  a.as<int>()[3] = 5;
  b = std::move(a);
  const Buffer c(std::move(b));
  EXPECT_EQ(c.as<int>()[3], 5);
}

}  // namespace
}  // namespace conv1d::memory
