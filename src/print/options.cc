// The print options: one set for the process, as in PyTorch.
#include <mutex>

#include <conv1d/print.h>

namespace conv1d {
namespace {

struct SharedOptions {
  std::mutex mutex;
  PrintOptions options;
};

SharedOptions& shared_options() {
  static SharedOptions shared;
  return shared;
}

}  // namespace

PrintOptions print_options() {
  SharedOptions& shared = shared_options();
  const std::lock_guard lock(shared.mutex);
  return shared.options;
}

void set_print_options(const PrintOptions& options) {
  SharedOptions& shared = shared_options();
  const std::lock_guard lock(shared.mutex);
  shared.options = options;
}

}  // namespace conv1d
