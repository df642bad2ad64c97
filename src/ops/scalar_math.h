// Arithmetic on single numbers, with a result for every value: integers wrap, booleans are logic, complex products are
// four products (no detour that turns infinities into NaN, or loses a small part beside a large one).
#pragma once

#include <cmath>
#include <complex>
#include <type_traits>

#include "tensor/cast.h"

namespace conv1d::math {

template <class T> inline constexpr bool is_int = std::is_integral_v<T> && !std::is_same_v<T, bool>;

template <class T> inline T plus(T a, T b) {
  if constexpr (std::is_same_v<T, bool>)
    return a || b;
  else if constexpr (is_int<T>)
    return static_cast<T>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
  else
    return a + b;
}

template <class T> inline T minus(T a, T b) {
  if constexpr (std::is_same_v<T, bool>)
    return a != b;
  else if constexpr (is_int<T>)
    return static_cast<T>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
  else
    return a - b;
}

template <class T> inline T times(T a, T b) {
  if constexpr (std::is_same_v<T, bool>)
    return a && b;
  else if constexpr (is_int<T>)
    return static_cast<T>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
  else if constexpr (is_complex_type<T>) {
    return T(a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real());
  } else {
    return a * b;
  }
}

/// Smith's division: scaled by the divisor's larger part, so that nothing overflows on the way.
template <class R> inline std::complex<R> divide_complex(std::complex<R> a, std::complex<R> b) {
  const R c = b.real(), d = b.imag();
  if (std::abs(c) >= std::abs(d)) {
    if (c == R(0) && d == R(0)) return {a.real() / std::abs(c), a.imag() / std::abs(c)};
    const R ratio = d / c, scale = R(1) / (c + d * ratio);
    return {(a.real() + a.imag() * ratio) * scale, (a.imag() - a.real() * ratio) * scale};
  }
  const R ratio = c / d, scale = R(1) / (c * ratio + d);
  return {(a.real() * ratio + a.imag()) * scale, (a.imag() * ratio - a.real()) * scale};
}

/// Only for floating-point and complex types: integers are divided as floats.
template <class T> inline T divide(T a, T b) {
  if constexpr (is_complex_type<T>)
    return divide_complex(a, b);
  else
    return a / b;
}

template <class T> inline T negative(T a) { return minus(T(0), a); }
template <> inline float negative(float a) { return -a; }
template <> inline double negative(double a) { return -a; }
template <> inline std::complex<float> negative(std::complex<float> a) { return -a; }
template <> inline std::complex<double> negative(std::complex<double> a) { return -a; }

template <class T> inline T conjugate(T a) {
  if constexpr (is_complex_type<T>)
    return std::conj(a);
  else
    return a;
}

/// By squaring, wrapping around; 0 for negative exponents but of 1 and -1, as in PyTorch.
template <class T> inline T integer_power(T base, T exponent) {
  if constexpr (std::is_signed_v<T>) {
    if (exponent < 0) {
      if (base == T(1)) return T(1);
      if (base == T(-1)) return exponent % 2 == 0 ? T(1) : T(-1);
      return T(0);
    }
  }
  T result(1);
  for (; exponent != 0; exponent = static_cast<T>(exponent / 2)) {
    if (exponent % 2 != 0) result = times(result, base);
    base = times(base, base);
  }
  return result;
}

template <class T> inline T power(T base, T exponent) {
  if constexpr (std::is_same_v<T, bool>)
    return base || !exponent;
  else if constexpr (is_int<T>)
    return integer_power(base, exponent);
  else
    return std::pow(base, exponent);
}

template <class T> inline bool is_nan(T a) {
  if constexpr (is_complex_type<T>)
    return std::isnan(a.real()) || std::isnan(a.imag());
  else if constexpr (std::is_floating_point_v<T>)
    return std::isnan(a);
  else
    return false;
}

}  // namespace conv1d::math
