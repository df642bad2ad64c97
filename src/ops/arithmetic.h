// What the four operations and their forms in place share.
#pragma once

#include "ops/elementwise.h"
#include "ops/grads.h"
#include "ops/promote.h"
#include "ops/scalar_math.h"

namespace conv1d {

inline constexpr auto kPlus = [](auto a, auto b) { return math::plus(a, b); };
inline constexpr auto kMinus = [](auto a, auto b) { return math::minus(a, b); };
inline constexpr auto kTimes = [](auto a, auto b) { return math::times(a, b); };
inline constexpr auto kDivide = [](auto a, auto b) {
  if constexpr (std::is_integral_v<decltype(a)>)
    return a;  // never called: integers are divided as floats
  else
    return math::divide(a, b);
};

/// f(a, b) in `dtype`.
template <class F, class B> Tensor binary(const Tensor& a, const B& b, DType dtype, F f) {
  Tensor result;
  if constexpr (std::is_same_v<B, Scalar>)
    result = make_result(a, dtype);
  else
    result = make_result(a, b, dtype);
  binary_into(result, dtype, f, a, b);
  return result;
}

// The gradients, shared by an operation and its form in place. Inputs: (a, b) or (a, a number).
Backward add_backward(const Scalar& alpha);
Backward mul_backward();  ///< saved: a, b
Backward div_backward();  ///< saved: a, b

/// Texts and rules about bool and alpha that come before any arithmetic.
void check_alpha(const Scalar& alpha, DType result);
void check_subtraction(DType a, DType b);

}  // namespace conv1d
