// Functions of one number: abs, exp, log, sqrt, and the activations relu, tanh, sigmoid.
#include "base/check.h"
#include "ops/arithmetic.h"

namespace conv1d {
namespace {

/// f(x) in x's dtype, or the default float where integers have no room. f is never called with integers.
template <class F> Tensor float_unary(const Tensor& x, F f) {
  const DType dtype = float_type(x.dtype());
  Tensor result = make_result(x, dtype);
  unary_into(
      result, dtype,
      [f](auto v) {
        if constexpr (std::is_integral_v<decltype(v)>)
          return v;
        else
          return f(v);
      },
      x);
  return result;
}

template <class T> T sigmoid_of(T x) { return math::divide(T(1), T(1) + std::exp(-x)); }

}  // namespace

Tensor Tensor::exp() const {
  const Tensor result = float_unary(*this, [](auto x) { return std::exp(x); });
  return record("ExpBackward0", result, {*this}, {result},
                [](const BackwardArgs& args) -> Grads { return {mul(args.grad(), args.saved[0].conj())}; });
}

Tensor Tensor::log() const {
  const Tensor result = float_unary(*this, [](auto x) { return std::log(x); });
  return record("LogBackward0", result, {*this}, {*this},
                [](const BackwardArgs& args) -> Grads { return {conv1d::div(args.grad(), args.saved[0].conj())}; });
}

Tensor Tensor::sqrt() const {
  const Tensor result = float_unary(*this, [](auto x) { return std::sqrt(x); });
  return record("SqrtBackward0", result, {*this}, {result}, [](const BackwardArgs& args) -> Grads {
    return {conv1d::div(args.grad(), mul(args.saved[0].conj(), 2))};
  });
}

// ---- abs and direction
// -----------------------------------------------------------------------------------------------

Tensor Tensor::abs() const {
  check<NotImplementedError>(dtype() != DType::Bool, "\"abs_cpu\" not implemented for 'Bool'");
  const Tensor result = make_result(*this, real_of(dtype()));
  visit(dtype(), [&]<class T>(std::type_identity<T>) {
    if constexpr (is_complex_type<T>) {
      map_into<typename T::value_type, T>(result, [](T x) { return std::abs(x); }, *this);
    } else {
      map_into<T, T>(
          result,
          [](Compute<T> x) {
            if constexpr (std::is_integral_v<T>)
              return x < T(0) ? math::negative(x) : x;
            else
              return std::abs(x);
          },
          *this);
    }
  });
  return record("AbsBackward0", result, {*this}, {*this},
                [](const BackwardArgs& args) -> Grads { return {mul(args.grad(), sgn(args.saved[0]))}; });
}

Tensor sgn(const Tensor& x) {
  const Tensor result = make_result(x, x.dtype());
  unary_into(
      result, x.dtype(),
      [](auto v) {
        using T = decltype(v);
        if constexpr (is_complex_type<T>) {
          const auto length = std::abs(v);
          return length == 0 ? T(0) : T(v.real() / length, v.imag() / length);
        } else {
          return static_cast<T>((T(0) < v) - (v < T(0)));
        }
      },
      x);
  return record("SgnBackward0", result, {x}, {x, result}, [](const BackwardArgs& args) -> Grads {
    if (!args.saved[0].is_complex()) return {Tensor()};  // constant but at 0
    // d(z/|z|) = (dz - z/|z| * Re(conj(z/|z|) dz)) / |z|
    const Tensor &direction = args.saved[1], &grad = args.grad(), length = args.saved[0].abs();
    const Tensor along = mul(direction, mul(grad, direction.conj()).real());
    return {keep_where(ne(length, 0), conv1d::div(conv1d::sub(grad, along), length))};
  });
}

// ---- activations
// -----------------------------------------------------------------------------------------------------

namespace {

/// PyTorch records that a gradient was masked by the result, though nothing flows back to that.
Tensor relu_grad(const Tensor& grad, const Tensor& result) {
  const Tensor zero = le(result, 0);
  Tensor masked;
  {
    const GradGuard guard(false);
    masked = drop_where(zero, grad);
  }
  return record("ThresholdBackwardBackward0", masked, {grad, result}, {zero}, [](const BackwardArgs& args) -> Grads {
    return {drop_where(args.saved[0], args.grad()), args.wanted[1] ? zeros_like(args.grad()) : Tensor()};
  });
}

}  // namespace

Tensor Tensor::relu() const {
  check(dtype() != DType::Bool, "Boolean inputs not supported for relu");
  check<NotImplementedError>(!is_complex(), "clamp is not supported for complex types");
  const Tensor result = make_result(*this, dtype());
  unary_into(
      result, dtype(),
      [](auto x) {
        using T = decltype(x);
        if constexpr (is_complex_type<T>)
          return x;
        else
          return x < T(0) ? T(0) : x;  // NaN passes
      },
      *this);
  return record("ReluBackward0", result, {*this}, {result},
                [](const BackwardArgs& args) -> Grads { return {relu_grad(args.grad(), args.saved[0])}; });
}

Tensor Tensor::tanh() const {
  const Tensor result = float_unary(*this, [](auto x) { return std::tanh(x); });
  return record("TanhBackward0", result, {*this}, {result}, [](const BackwardArgs& args) -> Grads {
    const Tensor& y = args.saved[0];
    return {mul(args.grad(), rsub(mul(y, y), 1).conj())};
  });
}

Tensor Tensor::sigmoid() const {
  const Tensor result = float_unary(*this, [](auto x) { return sigmoid_of(x); });
  return record("SigmoidBackward0", result, {*this}, {result}, [](const BackwardArgs& args) -> Grads {
    const Tensor& y = args.saved[0];
    return {mul(args.grad(), mul(rsub(y, 1), y).conj())};
  });
}

namespace {

/// x where mask is kKept, else 0.
template <bool kKept> Tensor filtered(const Tensor& mask, const Tensor& x) {
  const Tensor result = make_result(x, mask, x.dtype());
  visit(x.dtype(), [&]<class T>(std::type_identity<T>) {
    map_into<T, T, bool>(result, [](Compute<T> v, bool m) { return m == kKept ? v : Compute<T>(0); }, x, mask);
  });
  return record("WhereBackward0", result, {x}, {mask},
                [](const BackwardArgs& args) -> Grads { return {filtered<kKept>(args.saved[0], args.grad())}; });
}

}  // namespace

Tensor keep_where(const Tensor& mask, const Tensor& x) { return filtered<true>(mask, x); }
Tensor drop_where(const Tensor& mask, const Tensor& x) { return filtered<false>(mask, x); }

}  // namespace conv1d
