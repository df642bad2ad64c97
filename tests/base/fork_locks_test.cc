// No child of a fork finds a lock that one of its parent's other threads held.
#include "base/fork_locks.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace conv1d::testing {
namespace {

TEST(ForkLocks, AreFreeInEveryChild) {
  std::atomic<bool> stop{false};
  std::vector<std::thread> holders;
  for (std::size_t i = 0; i < 3; ++i) {
    holders.emplace_back([i, &stop] {
      while (!stop) {
        const std::lock_guard all(fork_locks::of_all());
        const std::lock_guard one(fork_locks::of(reinterpret_cast<const void*>(i * 64)));
      }
    });
  }
  int hung = 0;
  for (int i = 0; i < 100; ++i) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      bool free = fork_locks::of_all().try_lock();
      for (std::size_t k = 0; k < 3; ++k) free &= fork_locks::of(reinterpret_cast<const void*>(k * 64)).try_lock();
      _exit(free ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    hung += !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  stop = true;
  for (std::thread& holder : holders) holder.join();
  EXPECT_EQ(hung, 0);
}

}  // namespace
}  // namespace conv1d::testing
