// One element from one type to another, as PyTorch's `to` does it: every value has a defined result.
#pragma once

#include <complex>
#include <type_traits>

#include <conv1d/dtype.h>
#include <conv1d/scalar.h>

namespace conv1d {

template <class T> inline constexpr bool is_complex_type = false;
template <class T> inline constexpr bool is_complex_type<std::complex<T>> = true;
template <class T> inline constexpr bool is_half_type = std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>;

template <class To, class From> inline To cast(From value) {
  if constexpr (std::is_same_v<To, From>) {
    return value;
  } else if constexpr (is_half_type<From>) {
    return cast<To>(static_cast<float>(value));
  } else if constexpr (is_complex_type<To>) {
    using Part = typename To::value_type;
    if constexpr (is_complex_type<From>)
      return To(static_cast<Part>(value.real()), static_cast<Part>(value.imag()));
    else
      return To(cast<Part>(value), Part(0));
  } else if constexpr (is_complex_type<From>) {
    if constexpr (std::is_same_v<To, bool>)
      return value.real() != 0 || value.imag() != 0;
    else
      return cast<To>(value.real());
  } else if constexpr (std::is_same_v<To, bool>) {
    return value != From(0);
  } else if constexpr (is_half_type<To>) {
    return To(static_cast<float>(value));  // twice rounded from double, as in PyTorch
  } else if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
    return integer_from<To>(static_cast<double>(value));
  } else {
    return static_cast<To>(value);
  }
}

}  // namespace conv1d
