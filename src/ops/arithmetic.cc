// add, sub, mul, div, neg: results and gradients. Forms in place: inplace.cc.
#include "ops/arithmetic.h"

#include "base/check.h"

namespace conv1d {
namespace {

bool is_one(const Scalar& value) { return value.to<std::complex<double>>() == 1.0; }
Scalar negated(const Scalar& value) {
  if (value.is_complex()) return -value.to<std::complex<double>>();
  if (value.is_float()) return -value.to<double>();
  return math::negative(value.to<std::int64_t>());
}
Scalar conjugated(const Scalar& value) {
  return value.is_complex() ? Scalar(std::conj(value.to<std::complex<double>>())) : value;
}
Tensor scaled(const Tensor& x, const Scalar& factor) { return is_one(factor) ? x : mul(x, conjugated(factor)); }

template <class B> Tensor add_scaled(const Tensor& a, const B& b, const Scalar& alpha, DType dtype) {
  if (is_one(alpha)) return binary(a, b, dtype, kPlus);
  return binary(a, b, dtype,
                [alpha](auto x, auto y) { return math::plus(x, math::times(alpha.template to<decltype(x)>(), y)); });
}

}  // namespace

void check_alpha(const Scalar& alpha, DType result) {
  check(!alpha.is_bool() || result == DType::Bool, "Boolean alpha only supported for Boolean results.");
  check(is_differentiable(result) || alpha.is_bool() || alpha.is_integer(),
        "For integral input tensors, argument alpha must not be a floating point number.");
  check(is_complex(result) || !alpha.is_complex(),
        "For non-complex input tensors, argument alpha must not be a complex number.");
}

void check_subtraction(DType a, DType b) {
  check(
      a != DType::Bool || b != DType::Bool,
      "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator "
      "instead.");
  check(a != DType::Bool && b != DType::Bool,
        "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, use "
        "the `~` "
        "or `logical_not()` operator instead.");
}

// ---- add, sub
// --------------------------------------------------------------------------------------------------------

Backward add_backward(const Scalar& alpha) {
  return [alpha](const BackwardArgs& args) -> Grads {
    return {only_if(args.wanted[0], args.grad()), args.wanted[1] ? scaled(args.grad(), alpha) : Tensor()};
  };
}

Tensor add(const Tensor& a, const Tensor& b, const Scalar& alpha) {
  const DType dtype = result_type(a, b);
  check_alpha(alpha, dtype);
  return record("AddBackward0", add_scaled(a, b, alpha, dtype), {a, b}, {}, add_backward(alpha));
}

Tensor add(const Tensor& a, const Scalar& b) {
  return record("AddBackward0", binary(a, b, result_type(a, b), kPlus), {a, Tensor()}, {}, add_backward(1));
}

Tensor sub(const Tensor& a, const Tensor& b, const Scalar& alpha) {
  check_subtraction(a.dtype(), b.dtype());
  const DType dtype = result_type(a, b);
  check_alpha(alpha, dtype);
  const Tensor result = is_one(alpha) ? binary(a, b, dtype, kMinus) : add_scaled(a, b, negated(alpha), dtype);
  return record("SubBackward0", result, {a, b}, {}, add_backward(negated(alpha)));
}

Tensor sub(const Tensor& a, const Scalar& b) {
  check_subtraction(a.dtype(), scalar_dtype(b));
  return record("SubBackward0", binary(a, b, result_type(a, b), kMinus), {a, Tensor()}, {}, add_backward(1));
}

Tensor rsub(const Tensor& a, const Scalar& b) {
  check_subtraction(a.dtype(), scalar_dtype(b));
  const Tensor result = binary(a, b, result_type(a, b), [](auto x, auto y) { return math::minus(y, x); });
  return record("RsubBackward1", result, {a}, {},
                [](const BackwardArgs& args) -> Grads { return {args.grad().neg()}; });
}

Tensor Tensor::neg() const {
  check(dtype() != DType::Bool,
        "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the "
        "`~` or "
        "`logical_not()` operator instead.");
  const Tensor result = make_result(*this, dtype());
  unary_into(result, dtype(), [](auto x) { return math::negative(x); }, *this);
  return record("NegBackward0", result, {*this}, {},
                [](const BackwardArgs& args) -> Grads { return {args.grad().neg()}; });
}

// ---- mul, div
// --------------------------------------------------------------------------------------------------------

Backward mul_backward() {
  return [](const BackwardArgs& args) -> Grads {
    return {args.wanted[0] ? mul(args.grad(), args.saved[1].conj()) : Tensor(),
            args.wanted[1] ? mul(args.grad(), args.saved[0].conj()) : Tensor()};
  };
}

Tensor mul(const Tensor& a, const Tensor& b) {
  return record("MulBackward0", binary(a, b, result_type(a, b), kTimes), {a, b}, saved_factors(a, b), mul_backward());
}

Tensor mul(const Tensor& a, const Scalar& b) {
  Tensor result = binary(a, b, result_type(a, b), kTimes);
  if (!needs_grad(a)) return result;
  return record("MulBackward0", result, {a, Tensor()}, {Tensor(), number_tensor(b)}, mul_backward());
}

Backward div_backward() {
  return [](const BackwardArgs& args) -> Grads {
    const Tensor &a = args.saved[0], &b = args.saved[1];
    return {args.wanted[0] ? div(args.grad(), b.conj()) : Tensor(),
            args.wanted[1] ? mul(args.grad().neg(), div(div(a, b), b).conj()) : Tensor()};
  };
}

Tensor div(const Tensor& a, const Tensor& b) {
  const Tensor result = binary(a, b, float_type(result_type(a, b)), kDivide);
  return record("DivBackward0", result, {a, b}, {only_if(needs_grad(b), a), b}, div_backward());
}

Tensor div(const Tensor& a, const Scalar& b) {
  Tensor result = binary(a, b, float_type(result_type(a, b)), kDivide);
  if (!needs_grad(a)) return result;
  return record("DivBackward0", result, {a, Tensor()}, {Tensor(), number_tensor(b)}, div_backward());
}

Tensor rdiv(const Tensor& a, const Scalar& b) { return mul(reciprocal(a), b); }

Tensor reciprocal(const Tensor& x) {
  const DType dtype = float_type(x.dtype());
  const Tensor result = make_result(x, dtype);
  unary_into(result, dtype, [](auto v) { return kDivide(decltype(v)(1), v); }, x);
  return record("ReciprocalBackward0", result, {x}, {result}, [](const BackwardArgs& args) -> Grads {
    const Tensor& y = args.saved[0];
    return {mul(args.grad().neg(), mul(y, y).conj())};
  });
}

Tensor number_tensor(const Scalar& value) {
  if (value.is_complex()) return full({}, value, {.dtype = DType::Complex128});
  if (value.is_float()) return full({}, value, {.dtype = DType::Float64});
  return full({}, value, {.dtype = value.is_bool() ? DType::Bool : DType::Int64});
}

}  // namespace conv1d
