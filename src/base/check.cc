#include "base/check.h"

#include <cstdio>
#include <mutex>

namespace conv1d {
namespace {

std::mutex& handler_mutex() {
  static std::mutex mutex;
  return mutex;
}

WarningHandler& handler() {
  static WarningHandler current;
  return current;
}

}  // namespace

WarningHandler set_warning_handler(WarningHandler next) {
  const std::lock_guard lock(handler_mutex());
  std::swap(handler(), next);
  return next;
}

void warn(const std::string& text) {
  WarningHandler current;
  {
    const std::lock_guard lock(handler_mutex());
    current = handler();
  }
  if (current) return current(text);
  std::fprintf(stderr, "Warning: %s\n", text.c_str());
}

}  // namespace conv1d
