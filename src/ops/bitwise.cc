// &, |, ^ and ~: of the bits of integers, and of the truth of booleans.
#include "base/check.h"
#include "ops/arithmetic.h"

namespace conv1d {
namespace {

DType bitwise_type(DType dtype, const char* kernel) {
  check<NotImplementedError>(is_integral(dtype), "\"", kernel, "\" not implemented for '", scalar_name(dtype), "'");
  return dtype;
}

/// f on integers and booleans; the other types were refused.
template <class F> auto on_integers(F f) {
  return [f](auto a, auto b) {
    using T = decltype(a);
    if constexpr (std::is_integral_v<T>)
      return static_cast<T>(f(a, b));
    else
      return a;
  };
}

inline constexpr auto kAnd = [](auto a, auto b) { return a & b; };
inline constexpr auto kOr = [](auto a, auto b) { return a | b; };
inline constexpr auto kXor = [](auto a, auto b) { return a ^ b; };

template <class B, class F> Tensor bitwise(const Tensor& a, const B& b, const char* kernel, F f) {
  return binary(a, b, bitwise_type(result_type(a, b), kernel), on_integers(f));
}

}  // namespace

Tensor bitwise_and(const Tensor& a, const Tensor& b) { return bitwise(a, b, "bitwise_and_cpu", kAnd); }
Tensor bitwise_and(const Tensor& a, const Scalar& b) { return bitwise(a, b, "bitwise_and_cpu", kAnd); }
Tensor bitwise_or(const Tensor& a, const Tensor& b) { return bitwise(a, b, "bitwise_or_cpu", kOr); }
Tensor bitwise_or(const Tensor& a, const Scalar& b) { return bitwise(a, b, "bitwise_or_cpu", kOr); }
Tensor bitwise_xor(const Tensor& a, const Tensor& b) { return bitwise(a, b, "bitwise_xor_cpu", kXor); }
Tensor bitwise_xor(const Tensor& a, const Scalar& b) { return bitwise(a, b, "bitwise_xor_cpu", kXor); }

Tensor bitwise_not(const Tensor& x) {
  const DType dtype = bitwise_type(x.dtype(), "bitwise_not_cpu");
  if (dtype == DType::Bool) return eq(x, false);
  return bitwise_xor(x, -1);
}

}  // namespace conv1d
