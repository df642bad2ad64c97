// Single numbers as text: the width, the notation and the digits that a tensor's values ask for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <conv1d/print.h>

namespace conv1d::print {

/// `text` with blanks before it, up to `width` characters.
std::string pad_left(std::string text, std::size_t width);

/// How the floating-point numbers of one tensor are written: one notation and one width for all that are shown.
///
/// Only finite values other than zero are measured, as in PyTorch; so zeros, infinities and NaN may be wider than
/// width().
class FloatFormat {
 public:
  FloatFormat(std::span<const double> values, const PrintOptions& options);
  std::size_t width() const { return width_; }
  /// The number, padded to width(). ValueError where its notation needs a precision that is none (negative, too big).
  std::string text(double value) const;

 private:
  std::string digits(double value) const;

  std::int64_t precision_;
  std::size_t width_ = 1;
  bool integral_ = true;     ///< every value is an integer: written "3."
  bool scientific_ = false;  ///< written "3.0000e+00"
};

/// As FloatFormat for integers and bool ("True", "False").
class IntegerFormat {
 public:
  IntegerFormat(std::span<const std::int64_t> values, bool is_bool);
  std::size_t width() const { return width_; }
  std::string text(std::int64_t value) const { return pad_left(digits(value), width_); }

 private:
  std::string digits(std::int64_t value) const;

  bool is_bool_;
  std::size_t width_ = 1;
};

/// The two halves of a complex number as Python writes them: "1.0000-2.j".
std::string complex_text(const std::string& real, std::string imag);

}  // namespace conv1d::print
