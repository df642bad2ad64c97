// The only place that knows threads. Work is cut into numbered parts beforehand; an executor runs them, in whatever
// order and on whatever threads. Nothing here decides what a part computes, so results cannot depend on the executor.
#pragma once

#include <conv1d/threads.h>

namespace conv1d {

/// One part of some work. Must not throw.
using PartTask = void (*)(void* context, int part) noexcept;

/// Runs parts. Ours by default; a guest (PyTorch, say) brings its own, so that two pools do not fight for the cores.
class Executor {
 public:
  virtual ~Executor() = default;
  /// Calls task(context, p) once for each p in [0, parts), and returns when all are done. Must work from several
  /// threads at once.
  virtual void run(int parts, PartTask task, void* context) noexcept = 0;
  /// How many parts can run at once.
  virtual int threads() const noexcept = 0;
};

/// Uses `executor` from now on, for the whole process; null: our own again. The executor must outlive every later call.
/// While one is set, get_num_threads() answers with its number.
void set_executor(Executor* executor);

/// Runs all parts and returns when they are done. Called from inside a part, it runs them one after the other.
void run_parts(int parts, PartTask task, void* context) noexcept;

/// Threads that our own pool has started so far; for tests.
int started_threads();

}  // namespace conv1d
