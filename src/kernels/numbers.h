// How each element type is loaded, multiplied, summed and stored, one number at a time.
#pragma once

#include <complex>
#include <cstdint>
#include <type_traits>

#include "kernels/half.h"
#include "kernels/problem.h"

namespace conv1d::kernels {

template <class T> struct RealNumber {
  using Stored = T;
  using Sum = T;
  using Real = T;
  static constexpr bool kComplex = false;
  static Sum load(Stored value) { return value; }
  static Stored store(Sum value) { return value; }
  static Sum multiply(Sum a, Sum b) { return a * b; }
  static bool negative(Stored value) { return value < 0; }
};

// Sums are taken modulo 2^bits, in unsigned arithmetic: signed overflow is undefined, and narrow types would be
// promoted.
template <class T> struct IntegerNumber {
  using Stored = T;
  using Sum = std::uint64_t;
  static constexpr bool kComplex = false;
  static Sum load(Stored value) { return static_cast<Sum>(value); }
  static Stored store(Sum value) { return static_cast<Stored>(value); }
  static Sum multiply(Sum a, Sum b) { return a * b; }
  static bool negative(Stored value) { return std::is_signed_v<Stored> && value < 0; }
};

template <class Convert> struct HalfNumber {
  using Stored = std::uint16_t;
  using Sum = float;
  using Real = float;
  static constexpr bool kComplex = false;
  static Sum load(Stored value) { return Convert::widen(value); }
  static Stored store(Sum value) { return Convert::narrow(value); }
  static Sum multiply(Sum a, Sum b) { return a * b; }
  static bool negative(Stored value) { return Convert::widen(value) < 0; }
};

// Four products, so that an infinity stays in the part where it belongs; std::complex's operator* would call a library
// routine that repairs NaN.
template <class T> struct ComplexNumber {
  using Stored = std::complex<T>;
  using Sum = std::complex<T>;
  using Real = T;
  static constexpr bool kComplex = true;
  static Sum load(Stored value) { return value; }
  static Stored store(Sum value) { return value; }
  static Sum multiply(Sum a, Sum b) {
    return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
  }
};

/// Calls visitor(Number{}) with the type above that belongs to `element`.
template <class Visitor> void visit_number(Element element, Visitor&& visitor) {
  switch (element) {
    case Element::kFloat32:
      return visitor(RealNumber<float>{});
    case Element::kFloat64:
      return visitor(RealNumber<double>{});
    case Element::kComplex64:
      return visitor(ComplexNumber<float>{});
    case Element::kComplex128:
      return visitor(ComplexNumber<double>{});
    case Element::kFloat16:
      return visitor(HalfNumber<Float16>{});
    case Element::kBFloat16:
      return visitor(HalfNumber<BFloat16>{});
    case Element::kUInt8:
      return visitor(IntegerNumber<std::uint8_t>{});
    case Element::kInt8:
      return visitor(IntegerNumber<std::int8_t>{});
    case Element::kInt16:
      return visitor(IntegerNumber<std::int16_t>{});
    case Element::kInt32:
      return visitor(IntegerNumber<std::int32_t>{});
    case Element::kInt64:
      return visitor(IntegerNumber<std::int64_t>{});
  }
}

}  // namespace conv1d::kernels
