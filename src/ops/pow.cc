// Powers: x^number, x^y, number^x.
#include "base/check.h"
#include "ops/arithmetic.h"

namespace conv1d {
namespace {

/// The usual exponents by the operations that PyTorch uses for them, the others by pow().
template <class T> T power_by_number(T x, T exponent, double number, bool real) {
  if constexpr (!std::is_integral_v<T>) {
    if (real) {
      if (number == 2) return math::times(x, x);
      if (number == 3) return math::times(math::times(x, x), x);
      if (number == 0.5) return std::sqrt(x);
      if (number == -0.5) return math::divide(T(1), std::sqrt(x));
      if (number == -1) return math::divide(T(1), x);
      if (number == -2) return math::divide(T(1), math::times(x, x));
    }
  }
  return math::power(x, exponent);
}

bool equals(const Scalar& value, double number) { return value.to<std::complex<double>>() == number; }

Scalar minus_one(const Scalar& value) {
  if (value.is_complex()) return value.to<std::complex<double>>() - 1.0;
  if (value.is_float()) return value.to<double>() - 1;
  return value.to<std::int64_t>() - 1;
}

/// d(base^exponent)/d(exponent) = result * log(base); 0 where base is 0 and stays 0 for a while.
Tensor grad_of_exponent(const Tensor& grad, const Tensor& base_is_zero, const Tensor& exponent, const Tensor& slope) {
  Tensor flat = base_is_zero;
  if (flat.defined()) {
    const Tensor real = exponent.is_complex() ? exponent.detach().real() : exponent.detach();
    flat = mul(flat, ge(real, 0));
    if (exponent.is_complex()) flat = mul(flat, eq(exponent.detach().imag(), 0));
  }
  return mul(grad, flat.defined() ? drop_where(flat, slope.conj()) : slope.conj());
}

}  // namespace

Tensor Tensor::pow(const Scalar& exponent) const {
  const DType dtype = result_type(*this, exponent);
  check(is_differentiable(dtype) || exponent.is_bool() || exponent.to<std::int64_t>() >= 0,
        "Integers to negative integer powers are not allowed.");
  const Tensor result = make_result(*this, dtype);
  const double number = exponent.to<double>();
  const bool real = !exponent.is_complex();
  binary_into(result, dtype, [=](auto x, auto e) { return power_by_number(x, e, number, real); }, *this, exponent);
  return record("PowBackward0", result, {*this}, {*this}, [exponent](const BackwardArgs& args) -> Grads {
    const Tensor& x = args.saved[0];
    if (equals(exponent, 0)) return {zeros_like(x)};
    return {conv1d::mul(args.grad(), conv1d::mul(x.pow(minus_one(exponent)), exponent).conj())};
  });
}

Tensor Tensor::square() const { return pow(2); }

Tensor Tensor::pow(const Tensor& exponent) const {
  const DType dtype = result_type(*this, exponent);
  check<NotImplementedError>(dtype != DType::Bool, "\"pow\" not implemented for 'Bool'");
  const Tensor result = binary(*this, exponent, dtype, [](auto x, auto e) { return math::power(x, e); });
  return record(
      "PowBackward1", result, {*this, exponent}, {*this, exponent, result}, [](const BackwardArgs& args) -> Grads {
        const Tensor& x = args.saved[0];
        const Tensor e = args.saved[1].dtype() == DType::Bool ? args.saved[1].to(DType::Int64) : args.saved[1];
        Grads grads(2);
        if (args.wanted[0]) {
          const Tensor slope = conv1d::mul(e, x.pow(conv1d::sub(e, 1))).conj();
          grads[0] = conv1d::mul(args.grad(), keep_where(ne(e.detach(), 0), slope));
        }
        if (args.wanted[1]) {
          grads[1] = grad_of_exponent(args.grad(), eq(x.detach(), 0), e, conv1d::mul(args.saved[2], x.log()));
        }
        return grads;
      });
}

Tensor rpow(const Tensor& exponent, const Scalar& base) {
  const DType dtype = result_type(base, exponent);
  const Tensor result = make_result(exponent, dtype);
  binary_into(result, dtype, [](auto e, auto b) { return math::power(b, e); }, exponent, base);
  return record("PowBackward2", result, {exponent}, {exponent, result}, [base](const BackwardArgs& args) -> Grads {
    const Tensor &e = args.saved[0], &y = args.saved[1];
    const Tensor base_is_zero = equals(base, 0) ? full({}, true, {.dtype = DType::Bool}) : Tensor();
    const Tensor slope = mul(y, number_tensor(base).to(float_type(y.dtype())).log());
    return {grad_of_exponent(args.grad(), base_is_zero, e, slope)};
  });
}

}  // namespace conv1d
