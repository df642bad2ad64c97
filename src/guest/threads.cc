#include <algorithm>

#include <conv1d/guest.h>

#include "base/parallel.h"

namespace conv1d::guest {
namespace {

class GuestExecutor final : public Executor {
 public:
  explicit GuestExecutor(const Threads& threads) : threads_(threads) {}
  void run(int parts, PartTask task, void* context) noexcept override { threads_.run(parts, task, context); }
  int threads() const noexcept override { return std::max(1, threads_.count()); }

 private:
  Threads threads_;
};

}  // namespace

// Never destroyed: a call on another thread may still be using the one before.
void use_threads(const Threads& threads) { set_executor(new GuestExecutor(threads)); }

}  // namespace conv1d::guest
