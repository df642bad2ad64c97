// A number that meets a tensor: `x * 2`, `x + 0.5`, `x * 1i`. Its kind matters for the result's dtype, its width does
// not.
#pragma once

#include <complex>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <variant>

#include <conv1d/dtype.h>

namespace conv1d {

/// A float's integer part as PyTorch's x86 build gives it for every value, where C++ leaves what does not fit
/// undefined: through int32 (int64 for uint8 and 64 bits); NaN and what does not fit become the smallest integer there;
/// the low bits stay.
template <class T> T integer_from(double value) {
  using Wide = std::conditional_t<std::is_signed_v<T> && sizeof(T) <= 4, std::int32_t, std::int64_t>;
  constexpr double kLimit = std::is_same_v<Wide, std::int32_t> ? 0x1p31 : 0x1p63;
  constexpr double kBelow = std::is_same_v<Wide, std::int32_t> ? -0x1p31 - 1 : -0x1p63 - 2048;
  const bool fits = value < kLimit && value > kBelow;
  return static_cast<T>(fits ? static_cast<Wide>(value) : std::numeric_limits<Wide>::min());
}

class Scalar {
 public:
  Scalar(bool v) : value_(v) {}
  template <class T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>, int> = 0>
  Scalar(T v) : value_(static_cast<std::int64_t>(v)) {}
  Scalar(float v) : value_(static_cast<double>(v)) {}
  Scalar(double v) : value_(v) {}
  Scalar(std::complex<float> v) : value_(std::complex<double>(v)) {}
  Scalar(std::complex<double> v) : value_(v) {}

  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_integer() const { return std::holds_alternative<std::int64_t>(value_); }
  bool is_float() const { return std::holds_alternative<double>(value_); }
  bool is_complex() const { return std::holds_alternative<std::complex<double>>(value_); }

  /// The value as T, as a C++ conversion would give it (a complex value gives its real part to a real T).
  template <class T> T to() const {
    return std::visit([](auto v) { return convert<T>(v); }, value_);
  }

 private:
  template <class T, class V> static T convert(V v) {
    constexpr bool from_complex = std::is_same_v<V, std::complex<double>>;
    if constexpr (std::is_same_v<T, std::complex<float>> || std::is_same_v<T, std::complex<double>>) {
      using R = typename T::value_type;
      if constexpr (from_complex)
        return T(static_cast<R>(v.real()), static_cast<R>(v.imag()));
      else
        return T(static_cast<R>(v));
    } else if constexpr (from_complex && std::is_same_v<T, bool>) {
      return v != V(0);
    } else if constexpr (from_complex) {
      return convert<T>(v.real());
    } else if constexpr (std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>) {
      return T(static_cast<float>(v));
    } else if constexpr (std::is_same_v<V, double> && std::is_integral_v<T> && !std::is_same_v<T, bool>) {
      return integer_from<T>(v);
    } else {
      return static_cast<T>(v);
    }
  }
  std::variant<bool, std::int64_t, double, std::complex<double>> value_;
};

}  // namespace conv1d
