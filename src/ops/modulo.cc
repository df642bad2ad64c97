// remainder and floor_divide: Python's % and //.
#include <cmath>

#include "base/check.h"
#include "ops/arithmetic.h"

namespace conv1d {
namespace {

/// Quotient rounded down and what is left, with the divisor's sign.
template <class T> struct Floored {
  T quotient, rest;
};

template <class T> Floored<T> floored_integers(T a, T b) {
  check(b != 0, "ZeroDivisionError");
  if constexpr (std::is_signed_v<T>) {
    if (b == T(-1)) return {math::negative(a), T(0)};  // the smallest number has no opposite: it wraps around
  }
  auto quotient = static_cast<T>(a / b);
  auto rest = static_cast<T>(a % b);
  if (rest != 0 && (rest < 0) != (b < 0)) {
    quotient = static_cast<T>(quotient - 1);
    rest = static_cast<T>(rest + b);
  }
  return {quotient, rest};
}

/// As Python's float.__divmod__: the quotient is made from the exact rest, so that both belong together.
template <class T> Floored<T> floored_reals(T a, T b) {
  if (b == T(0)) return {a / b, std::fmod(a, b)};
  T rest = std::fmod(a, b), quotient = (a - rest) / b;
  if (rest != T(0) && (rest < T(0)) != (b < T(0))) {
    quotient -= T(1);
    rest += b;
  }
  if (quotient == T(0)) return {std::copysign(T(0), a / b), rest};
  const T floor = std::floor(quotient);
  return {quotient - floor > T(0.5) ? floor + T(1) : floor, rest};
}

template <class T> Floored<T> floored(T a, T b) {
  if constexpr (std::is_same_v<T, bool> || is_complex_type<T>)
    return {a, a};  // never called: refused before
  else if constexpr (std::is_integral_v<T>)
    return floored_integers(a, b);
  else
    return floored_reals(a, b);
}

inline constexpr auto kRest = [](auto a, auto b) { return floored(a, b).rest; };
inline constexpr auto kQuotient = [](auto a, auto b) { return floored(a, b).quotient; };

void check_kind(DType dtype, const char* kernel) {
  check<NotImplementedError>(dtype != DType::Bool && !is_complex(dtype), "\"", kernel, "\" not implemented for '",
                             scalar_name(dtype), "'");
}

template <class B> Tensor rest_of(const Tensor& a, const B& b) {
  const DType dtype = result_type(a, b);
  check_kind(dtype, "remainder_cpu");
  return binary(a, b, dtype, kRest);
}

template <class B> Tensor quotient_of(const Tensor& a, const B& b) {
  const DType dtype = result_type(a, b);
  check_kind(dtype, "div_floor_cpu");
  return binary(a, b, dtype, kQuotient);
}

std::vector<Tensor> no_derivative(const BackwardArgs&) { fail("derivative for aten::floor_divide is not implemented"); }

}  // namespace

Tensor remainder(const Tensor& a, const Tensor& b) {
  return record("RemainderBackward1", rest_of(a, b), {a, b}, {a, b}, [](const BackwardArgs& args) -> Grads {
    const Tensor quotient = quotient_of(args.saved[0], args.saved[1]);  // constant wherever it has a derivative
    return {only_if(args.wanted[0], args.grad()), args.wanted[1] ? mul(args.grad().neg(), quotient) : Tensor()};
  });
}

Tensor remainder(const Tensor& a, const Scalar& b) {
  return record("RemainderBackward0", rest_of(a, b), {a}, {},
                [](const BackwardArgs& args) -> Grads { return {args.grad()}; });
}

Tensor floor_divide(const Tensor& a, const Tensor& b) {
  return record("NotImplemented", quotient_of(a, b), {a, b}, {}, no_derivative);
}

Tensor floor_divide(const Tensor& a, const Scalar& b) {
  return record("NotImplemented", quotient_of(a, b), {a}, {}, no_derivative);
}

}  // namespace conv1d
