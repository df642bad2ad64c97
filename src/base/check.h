// The one funnel that throws, and the one that warns.
#pragma once

#include <atomic>
#include <sstream>
#include <string>
#include <string_view>

#include <conv1d/error.h>

namespace conv1d {

/// Concatenates anything that a stream takes. For error texts only: not fast.
template <class... Parts> std::string cat_text(const Parts&... parts) {
  std::ostringstream out;
  out.imbue(std::locale::classic());
  (out << ... << parts);
  return out.str();
}

/// Throws `Kind` with PyTorch's text and, optionally, a hint in plain words.
template <class Kind = RuntimeError> [[noreturn]] void fail(const std::string& text, const std::string& hint = {}) {
  throw Kind(text, hint);
}

/// fail<Kind>(parts...) unless `ok`. The text is only put together on failure.
template <class Kind = RuntimeError, class... Parts> void check(bool ok, const Parts&... parts) {
  if (!ok) [[unlikely]]
    fail<Kind>(cat_text(parts...));
}

/// Hands a warning to the handler of set_warning_handler().
void warn(const std::string& text);

/// A warning that is given once in a process: `static WarnOnce once; once(text);`.
class WarnOnce {
 public:
  void operator()(const std::string& text) {
    if (!given_.exchange(true)) warn(text);
  }

 private:
  std::atomic<bool> given_{false};
};

}  // namespace conv1d
