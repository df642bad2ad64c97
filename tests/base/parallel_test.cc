#include "base/parallel.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include <conv1d/error.h>

namespace conv1d {
namespace {

struct Counts {
  std::vector<std::atomic<int>> calls;
  explicit Counts(int parts) : calls(static_cast<std::size_t>(parts)) {}
  bool each_once() const {
    for (const auto& count : calls) {
      if (count.load() != 1) return false;
    }
    return true;
  }
};

void count_part(void* context, int part) noexcept {
  ++static_cast<Counts*>(context)->calls[static_cast<std::size_t>(part)];
}

bool parts_run_once(int parts) {
  Counts counts(parts);
  run_parts(parts, count_part, &counts);
  return counts.each_once();
}

// Gives back the number of threads that a test found.
class Parallel : public ::testing::Test {
 protected:
  ~Parallel() override { set_num_threads(threads_); }

 private:
  int threads_ = get_num_threads();
};

TEST_F(Parallel, StartsNoThreadWithOneAndNoneForOnePart) {
  // Other tests may have run before: what counts is that none is added.
  const int before = started_threads();
  set_num_threads(1);
  EXPECT_TRUE(parts_run_once(16));
  set_num_threads(4);
  EXPECT_TRUE(parts_run_once(1));
  EXPECT_TRUE(parts_run_once(0));
  EXPECT_EQ(started_threads(), before);
}

TEST_F(Parallel, RunsEveryPartOnceWhateverTheNumberOfThreads) {
  for (const int threads : {1, 2, 3, 8}) {
    set_num_threads(threads);
    EXPECT_EQ(get_num_threads(), threads);
    for (int repeat = 0; repeat < 200; ++repeat) {
      for (const int parts : {1, 2, 3, 7, 64})
        ASSERT_TRUE(parts_run_once(parts)) << threads << " threads, " << parts << " parts";
    }
  }
}

void run_nested(void* context, int) noexcept {
  Counts inner(5);
  run_parts(5, count_part, &inner);
  if (inner.each_once()) ++*static_cast<std::atomic<int>*>(context);
}

TEST_F(Parallel, RunsNestedCallsOneAfterTheOther) {
  set_num_threads(4);
  std::atomic<int> good{0};
  run_parts(6, run_nested, &good);
  EXPECT_EQ(good.load(), 6);
}

TEST_F(Parallel, ServesManyCallersAtOnce) {
  set_num_threads(3);
  std::atomic<int> good{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&good] {
      for (int repeat = 0; repeat < 100; ++repeat) good += parts_run_once(9);
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(good.load(), 800);
}

TEST_F(Parallel, WorksInTheChildOfAFork) {
  set_num_threads(3);
  ASSERT_TRUE(parts_run_once(8));
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    alarm(20);  // a child that hangs must not hang the tests
    const bool fresh = started_threads() == 0;
    _exit(fresh && parts_run_once(8) && started_threads() > 0 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_TRUE(parts_run_once(8));
}

TEST_F(Parallel, RefusesANumberThatIsNotPositive) {
  EXPECT_THROW(set_num_threads(0), RuntimeError);
  EXPECT_THROW(set_num_threads(-1), RuntimeError);
}

class Backwards : public Executor {
 public:
  void run(int parts, PartTask task, void* context) noexcept override {
    ++jobs;
    for (int part = parts; part-- > 0;) task(context, part);
  }
  int threads() const noexcept override { return 5; }
  int jobs = 0;
};

TEST_F(Parallel, BorrowsTheExecutorOfAGuest) {
  Backwards guest;
  set_executor(&guest);
  EXPECT_EQ(get_num_threads(), 5);
  EXPECT_TRUE(parts_run_once(7));
  set_executor(nullptr);
  EXPECT_EQ(guest.jobs, 1);
  EXPECT_TRUE(parts_run_once(7));
  EXPECT_EQ(guest.jobs, 1);
}

}  // namespace
}  // namespace conv1d
