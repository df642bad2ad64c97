// Complex numbers and their parts.
#include <conv1d/ops.h>

#include "base/check.h"
#include "ops/arithmetic.h"

namespace conv1d {

Tensor Tensor::conj() const {
  if (!is_complex()) return *this;
  const Tensor result = make_result(*this, dtype());
  unary_into(result, dtype(), [](auto x) { return math::conjugate(x); }, *this);
  return record("ConjBackward0", result, {*this}, {},
                [](const BackwardArgs& args) -> Grads { return {args.grad().conj()}; });
}

Tensor view_as_real(const Tensor& x) {
  check(x.is_complex(), "view_as_real is only supported for complex tensors");
  Shape sizes = x.sizes(), strides = x.strides();
  for (std::int64_t& stride : strides) stride *= 2;
  sizes.push_back(2);
  strides.push_back(1);
  const Tensor view = make_view(x, std::move(sizes), std::move(strides), x.storage_offset() * 2, real_of(x.dtype()));
  return record_view("ViewAsRealBackward0", view, x, [](const BackwardArgs& args) -> Grads {
    return {complex(args.grad().select(-1, 0), args.grad().select(-1, 1))};
  });
}

Tensor Tensor::real() const { return is_complex() ? view_as_real(*this).select(-1, 0) : *this; }

Tensor Tensor::imag() const {
  check(is_complex(), "imag is not implemented for tensors with non-complex dtypes.");
  return view_as_real(*this).select(-1, 1);
}

Tensor complex(const Tensor& real, const Tensor& imag) {
  const auto takes = [](const Tensor& x) { return x.dtype() == DType::Float32 || x.dtype() == DType::Float64; };
  check(takes(real) && takes(imag), "Expected both inputs to be Half, Float or Double tensors but got ",
        scalar_name(real.dtype()), " and ", scalar_name(imag.dtype()));
  check(real.dtype() == imag.dtype(), "Expected object of scalar type ", scalar_name(real.dtype()),
        " but got scalar type ", scalar_name(imag.dtype()), " for second argument");
  const Tensor result = make_result(real, imag, complex_of(real.dtype()));
  visit(real.dtype(), [&]<class T>(std::type_identity<T>) {
    if constexpr (std::is_floating_point_v<T>) {
      map_into<std::complex<T>, T, T>(result, [](T re, T im) { return std::complex<T>(re, im); }, real, imag);
    }
  });
  return record("ComplexBackward0", result, {real, imag}, {}, [](const BackwardArgs& args) -> Grads {
    return {args.wanted[0] ? args.grad().real() : Tensor(), args.wanted[1] ? args.grad().imag() : Tensor()};
  });
}

}  // namespace conv1d
