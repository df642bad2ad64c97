#include "print/numbers.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/check.h"

namespace conv1d::print {
namespace {

// Room for every double in full: 309 digits before the point, sign, point, exponent.
constexpr std::size_t kLongestInteger = 330;

// PyTorch's bounds between the two notations: see _tensor_str in any release.
constexpr double kLargestRatio = 1000.0, kLargestFixed = 1.0e8, kSmallestFixed = 1.0e-4;

// std::to_chars rounds exactly, ties to even, and knows no locale: the same digits as Python's format().
std::string decimal(double value, std::chars_format notation, std::int64_t precision) {
  if (std::isnan(value)) return "nan";  // never "-nan"
  check<ValueError>(precision >= 0, "Format specifier missing precision");
  check<ValueError>(precision <= std::numeric_limits<int>::max(), "precision too big");
  std::string text(kLongestInteger + static_cast<std::size_t>(precision), '\0');
  const auto [end, error] =
      std::to_chars(text.data(), text.data() + text.size(), value, notation, static_cast<int>(precision));
  check(error == std::errc(), "a number did not fit its text");
  text.resize(static_cast<std::size_t>(end - text.data()));
  return text;
}

bool wants_scientific(double smallest, double largest) {
  return largest / smallest > kLargestRatio || largest > kLargestFixed || smallest < kSmallestFixed;
}

}  // namespace

std::string pad_left(std::string text, std::size_t width) {
  if (text.size() < width) text.insert(0, width - text.size(), ' ');
  return text;
}

FloatFormat::FloatFormat(std::span<const double> values, const PrintOptions& options) : precision_(options.precision) {
  const auto measured = [](double v) { return std::isfinite(v) && v != 0; };
  double smallest = std::numeric_limits<double>::infinity(), largest = 0;
  for (const double v : values) {
    if (!measured(v)) continue;
    smallest = std::min(smallest, std::abs(v));
    largest = std::max(largest, std::abs(v));
    integral_ = integral_ && std::trunc(v) == v;
  }
  if (largest == 0) return;  // nothing to measure: "0." and "nan" at width 1, never scientific
  scientific_ = options.sci_mode.value_or(wants_scientific(smallest, largest));
  for (const double v : values) {
    if (measured(v)) width_ = std::max(width_, digits(v).size());
  }
}

std::string FloatFormat::digits(double value) const {
  if (scientific_) return decimal(value, std::chars_format::scientific, precision_);
  if (!integral_) return decimal(value, std::chars_format::fixed, precision_);
  std::string text = decimal(value, std::chars_format::fixed, 0);
  if (std::isfinite(value)) text += '.';
  return text;
}

std::string FloatFormat::text(double value) const { return pad_left(digits(value), width_); }

IntegerFormat::IntegerFormat(std::span<const std::int64_t> values, bool is_bool) : is_bool_(is_bool) {
  for (const std::int64_t v : values) width_ = std::max(width_, digits(v).size());
}

std::string IntegerFormat::digits(std::int64_t value) const {
  if (is_bool_) return value != 0 ? "True" : "False";
  return std::to_string(value);
}

std::string complex_text(const std::string& real, std::string imag) {
  imag.erase(0, imag.find_first_not_of(' '));
  return real + (imag.front() == '-' ? "" : "+") + imag + "j";
}

}  // namespace conv1d::print
