// The only switch over dtypes.
#pragma once

#include <complex>
#include <type_traits>

#include <conv1d/dtype.h>

#include "base/check.h"

namespace conv1d {

/// Calls f(std::type_identity<T>{}) with the C++ type of `dtype`.
template <class F> decltype(auto) visit(DType dtype, F&& f) {
  switch (dtype) {
    case DType::Bool:
      return f(std::type_identity<bool>{});
    case DType::UInt8:
      return f(std::type_identity<std::uint8_t>{});
    case DType::Int8:
      return f(std::type_identity<std::int8_t>{});
    case DType::Int16:
      return f(std::type_identity<std::int16_t>{});
    case DType::Int32:
      return f(std::type_identity<std::int32_t>{});
    case DType::Int64:
      return f(std::type_identity<std::int64_t>{});
    case DType::Float16:
      return f(std::type_identity<Half>{});
    case DType::BFloat16:
      return f(std::type_identity<BFloat16>{});
    case DType::Float32:
      return f(std::type_identity<float>{});
    case DType::Float64:
      return f(std::type_identity<double>{});
    case DType::Complex64:
      return f(std::type_identity<std::complex<float>>{});
    case DType::Complex128:
      return f(std::type_identity<std::complex<double>>{});
  }
  fail("unknown dtype");
}

/// The type in which a T is computed: float for the halves, T for the others.
template <class T> using Compute = std::conditional_t<std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>, float, T>;

}  // namespace conv1d
