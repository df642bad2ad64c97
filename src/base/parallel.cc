#include "base/parallel.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

#include "base/check.h"

namespace conv1d {
namespace {

// Cores that this process may use: containers and taskset leave fewer than the machine has.
int usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

thread_local bool inside_part = false;

void run_one_after_the_other(int parts, PartTask task, void* context) noexcept {
  for (int part = 0; part < parts; ++part) task(context, part);
}

// One job at a time; threads that come while it runs do their own work alone. The caller takes parts as well, so the
// work is done even where no thread could be started.
class Pool {
 public:
  void run(int parts, int threads, PartTask task, void* context) noexcept {
    const std::unique_lock<std::mutex> busy(busy_, std::try_to_lock);
    if (!busy.owns_lock()) return run_one_after_the_other(parts, task, context);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      start_workers(std::min(parts, threads) - 1);
      task_ = task;
      context_ = context;
      parts_ = parts;
      next_.store(0, std::memory_order_relaxed);
      helpers_ = std::min(parts, threads) - 1;
      ++job_;
    }
    wake_.notify_all();
    take_parts();
    std::unique_lock<std::mutex> lock(mutex_);
    helpers_ = 0;  // a worker that wakes up late finds nothing to do
    done_.wait(lock, [this] { return working_ == 0; });
  }

  int started() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return workers_;
  }

 private:
  void start_workers(int wanted) noexcept {
    while (workers_ < wanted) {
      try {
        // Detached: they sleep until the process ends. Joining them from a static destructor would hang in a fork
        // child.
        std::thread([this] { work(); }).detach();
      } catch (const std::system_error&) {
        return;  // no more threads to be had: those that run share the work
      }
      ++workers_;
    }
  }

  void take_parts() noexcept {
    inside_part = true;
    for (int part = next_.fetch_add(1); part < parts_; part = next_.fetch_add(1)) task_(context_, part);
    inside_part = false;
  }

  [[noreturn]] void work() noexcept {
    std::uint64_t seen = 0;
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this, seen] { return job_ != seen; });
      seen = job_;
      if (helpers_ == 0) continue;
      --helpers_;
      ++working_;
      lock.unlock();
      take_parts();
      lock.lock();
      if (--working_ == 0) done_.notify_one();
    }
  }

  std::mutex busy_;   // held while a job runs
  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_, done_;
  std::uint64_t job_ = 0;
  int workers_ = 0;  // threads started
  int helpers_ = 0;  // workers that may still join the job
  int working_ = 0;  // workers inside the job
  PartTask task_ = nullptr;
  void* context_ = nullptr;
  int parts_ = 0;
  std::atomic<int> next_{0};
};

std::atomic<Pool*> the_pool{nullptr};
std::atomic<Executor*> the_executor{nullptr};
std::atomic<int> thread_limit{0};  // 0: not set

// A child of fork() has the caller's thread alone: the parent's pool is abandoned there, its locks with it.
void forget_pool() {
  the_pool.store(nullptr);
  inside_part = false;
}

// Never destroyed: its threads may outlive main().
Pool& pool() {
  static const int registered = pthread_atfork(nullptr, nullptr, forget_pool);
  static_cast<void>(registered);
  Pool* current = the_pool.load();
  if (current) return *current;
  Pool* fresh = new Pool;
  if (the_pool.compare_exchange_strong(current, fresh)) return *fresh;
  delete fresh;  // another thread was first
  return *current;
}

}  // namespace

int get_num_threads() {
  if (const Executor* executor = the_executor.load()) return std::max(1, executor->threads());
  static const int cores = usable_cores();
  const int limit = thread_limit.load(std::memory_order_relaxed);
  return limit > 0 ? limit : cores;
}

void set_num_threads(int threads) {
  check(threads > 0, "set_num_threads expects a positive integer");
  thread_limit.store(threads, std::memory_order_relaxed);
}

void set_executor(Executor* executor) { the_executor.store(executor); }

void run_parts(int parts, PartTask task, void* context) noexcept {
  const int threads = parts > 1 && !inside_part ? get_num_threads() : 1;
  if (threads == 1) return run_one_after_the_other(parts, task, context);
  if (Executor* executor = the_executor.load()) return executor->run(parts, task, context);
  pool().run(parts, threads, task, context);
}

int started_threads() {
  Pool* current = the_pool.load();
  return current ? current->started() : 0;
}

}  // namespace conv1d
