#include "base/fork_locks.h"

#include <pthread.h>

#include <array>
#include <cstdint>

namespace conv1d::fork_locks {
namespace {

struct Locks {
  std::mutex all;
  // Enough that threads of different layers seldom meet; a fork holds all at once, and ThreadSanitizer knows 64 at most.
  std::array<std::mutex, 32> shared;
};

Locks& locks();

void lock_everything() {
  locks().all.lock();
  for (std::mutex& mutex : locks().shared) mutex.lock();
}

void unlock_everything() {
  for (std::mutex& mutex : locks().shared) mutex.unlock();
  locks().all.unlock();
}

// Never destroyed: layers may die after static objects have.
Locks& locks() {
  static Locks* const the_locks = [] {
    auto* made = new Locks;
    pthread_atfork(lock_everything, unlock_everything, unlock_everything);
    return made;
  }();
  return *the_locks;
}

}  // namespace

std::mutex& of(const void* object) {
  Locks& all = locks();
  // Addresses of objects agree in their lowest bits.
  return all.shared[(reinterpret_cast<std::uintptr_t>(object) >> 6) % all.shared.size()];
}

std::mutex& of_all() { return locks().all; }

}  // namespace conv1d::fork_locks
