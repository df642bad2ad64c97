// Raising from the bindings, with a text put together only when it is needed.
#pragma once

#include <locale>
#include <sstream>
#include <string>

#include <conv1d/error.h>

namespace conv1d::python {

template <class... Parts> std::string text_of(const Parts&... parts) {
  std::ostringstream out;
  out.imbue(std::locale::classic());
  (out << ... << parts);
  return out.str();
}

/// Throws `Kind`, which arrives in Python as the exception of that name.
template <class Kind, class... Parts> [[noreturn]] void raise(const Parts&... parts) { throw Kind(text_of(parts...)); }

/// UserWarning at the line of Python that called; throws where warnings are errors.
void warn_user(const std::string& text);

}  // namespace conv1d::python
