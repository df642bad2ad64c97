// Exceptions and warnings. Every wrong call raises one of these with PyTorch's kind and text; `hint()` adds plain
// words.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>

namespace conv1d {

/// Base of everything that the library throws. `what()` is PyTorch's text; `hint()` is ours, empty where there is none.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& text, std::string hint = {}) : std::runtime_error(text), hint_(std::move(hint)) {}
  const std::string& hint() const noexcept { return hint_; }

 private:
  std::string hint_;
};

// One class for each kind of Python exception that PyTorch raises; in Python they arrive as that exception.
class RuntimeError : public Error {
  using Error::Error;
};
class ValueError : public Error {
  using Error::Error;
};
class TypeError : public Error {
  using Error::Error;
};
class IndexError : public Error {
  using Error::Error;
};
class AttributeError : public Error {
  using Error::Error;
};
class NotImplementedError : public Error {
  using Error::Error;
};
/// What a build without CUDA answers to `device="cuda"` (an AssertionError in PyTorch).
class AssertionError : public Error {
  using Error::Error;
};

/// Receives each warning's text. The default writes `Warning: <text>` to stderr; Python installs one that raises
/// UserWarning.
using WarningHandler = std::function<void(const std::string& text)>;

/// Installs a handler and returns the one before it; an empty function restores the default. Thread-safe.
WarningHandler set_warning_handler(WarningHandler handler);

}  // namespace conv1d
