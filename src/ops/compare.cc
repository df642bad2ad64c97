// Comparisons: bool tensors, and the two questions about whole tensors.
#include <cmath>

#include "base/check.h"
#include "ops/arithmetic.h"

namespace conv1d {
namespace {

/// f(a, b) as bools. `ordered`: the kernel's name where complex numbers have no order, else null.
template <class F, class B> Tensor compare(const Tensor& a, const B& b, const char* ordered, F f) {
  const DType dtype = result_type(a, b);
  check<NotImplementedError>(ordered == nullptr || !is_complex(dtype), "\"", ordered == nullptr ? "" : ordered,
                             "\" not implemented for '", scalar_name(dtype), "'");
  Tensor result;
  if constexpr (std::is_same_v<B, Scalar>)
    result = make_result(a, DType::Bool);
  else
    result = make_result(a, b, DType::Bool);
  binary_into<bool>(
      result, dtype,
      [f](auto x, auto y) -> bool {
        if constexpr (requires { f(x, y); })
          return f(x, y);
        else
          return false;  // complex numbers, refused above
      },
      a, b);
  return result;
}

constexpr auto kEqual = [](auto x, auto y) { return x == y; };
constexpr auto kNotEqual = [](auto x, auto y) { return x != y; };
constexpr auto kLess = [](auto x, auto y) -> decltype(x < y) { return x < y; };
constexpr auto kLessEqual = [](auto x, auto y) -> decltype(x <= y) { return x <= y; };
constexpr auto kGreater = [](auto x, auto y) -> decltype(x > y) { return x > y; };
constexpr auto kGreaterEqual = [](auto x, auto y) -> decltype(x >= y) { return x >= y; };

bool all_true(const Tensor& x) {
  const auto values = raw_contiguous(x);
  const bool* data = values.impl()->raw_as<bool>();
  for (std::int64_t i = 0; i < values.numel(); ++i) {
    if (!data[i]) return false;
  }
  return true;
}

template <class T> bool is_close(T x, T y, double rtol, double atol, bool equal_nan) {
  if (x == y) return true;
  if (math::is_nan(x) || math::is_nan(y)) return equal_nan && math::is_nan(x) && math::is_nan(y);
  if constexpr (is_complex_type<T>) {
    const std::complex<double> a(x), b(y);
    const double difference = std::abs(a - b);
    return std::isfinite(difference) && difference <= atol + rtol * std::abs(b);
  } else {
    const auto a = static_cast<double>(x), b = static_cast<double>(y);
    const double difference = std::abs(a - b);
    return std::isfinite(difference) && difference <= atol + rtol * std::abs(b);
  }
}

}  // namespace

Tensor eq(const Tensor& a, const Tensor& b) { return compare(a, b, nullptr, kEqual); }
Tensor ne(const Tensor& a, const Tensor& b) { return compare(a, b, nullptr, kNotEqual); }
Tensor lt(const Tensor& a, const Tensor& b) { return compare(a, b, "lt_cpu", kLess); }
Tensor le(const Tensor& a, const Tensor& b) { return compare(a, b, "le_cpu", kLessEqual); }
Tensor gt(const Tensor& a, const Tensor& b) { return compare(a, b, "gt_cpu", kGreater); }
Tensor ge(const Tensor& a, const Tensor& b) { return compare(a, b, "ge_cpu", kGreaterEqual); }
Tensor eq(const Tensor& a, const Scalar& b) { return compare(a, b, nullptr, kEqual); }
Tensor ne(const Tensor& a, const Scalar& b) { return compare(a, b, nullptr, kNotEqual); }
Tensor lt(const Tensor& a, const Scalar& b) { return compare(a, b, "lt_cpu", kLess); }
Tensor le(const Tensor& a, const Scalar& b) { return compare(a, b, "le_cpu", kLessEqual); }
Tensor gt(const Tensor& a, const Scalar& b) { return compare(a, b, "gt_cpu", kGreater); }
Tensor ge(const Tensor& a, const Scalar& b) { return compare(a, b, "ge_cpu", kGreaterEqual); }

bool equal(const Tensor& a, const Tensor& b) {
  if (a.sizes() != b.sizes()) return false;
  check<NotImplementedError>(!a.device().is_meta() && !b.device().is_meta(),
                             "aten::equal: attempted to run this operator with Meta tensors, which have no data");
  return all_true(eq(a.detach(), b.detach()));
}

bool allclose(const Tensor& a, const Tensor& b, double rtol, double atol, bool equal_nan) {
  check(a.dtype() == b.dtype(), scalar_name(a.dtype()), " did not match ", scalar_name(b.dtype()));
  check(rtol >= 0, "rtol must be greater than or equal to zero, but got ", rtol);
  check(atol >= 0, "atol must be greater than or equal to zero, but got ", atol);
  const Tensor close = make_result(a, b, DType::Bool);
  check(!close.device().is_meta(), "Tensor.item() cannot be called on meta tensors");
  binary_into<bool>(close, a.dtype(), [=](auto x, auto y) { return is_close(x, y, rtol, atol, equal_nan); }, a, b);
  return all_true(close);
}

}  // namespace conv1d
