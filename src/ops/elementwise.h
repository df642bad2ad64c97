// The one engine beneath every element-wise operation: out[i] = f(in[i]...), with broadcasting, over any strides.
#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include <conv1d/tensor.h>

#include "tensor/cast.h"
#include "tensor/copy.h"
#include "tensor/impl.h"
#include "tensor/visit.h"

namespace conv1d {

/// New memory for the result of an element-wise operation: the operands' common shape, device and (as in PyTorch) order
/// in memory. RuntimeError where shapes or devices do not go together.
Tensor make_result(const Tensor& x, DType dtype);
Tensor make_result(const Tensor& a, const Tensor& b, DType dtype);

/// RuntimeError where a and b live on different devices; a number may go anywhere.
Device common_device(const Tensor& a, const Tensor& b);

/// `x` with `dtype`, itself where it has it; not recorded.
inline Tensor with_dtype(const Tensor& x, DType dtype) { return x.dtype() == dtype ? x : copy_of(x, dtype); }

/// How operand 0 (written) and the others (read) are walked together: innermost dimension first, neighbours joined.
template <std::size_t N> struct Walk {
  Shape sizes;
  std::array<Shape, N> strides;
};
/// Fills in sizes and one list of strides an operand; operands[0] has the full shape, the others broadcast to it.
void plan_walk(const TensorImpl* const* operands, std::size_t count, Shape& sizes, Shape* strides);

namespace detail {

template <class R, class... Ts, class F, std::size_t... I>
void walk_row(std::int64_t n, F& f, R* out, const std::int64_t* strides, std::index_sequence<I...>, const Ts*... in) {
  const auto value = [&](auto&&... x) { return cast<R>(f(static_cast<Compute<Ts>>(x)...)); };
  if (strides[0] == 1 && ((strides[I + 1] == 1) && ...)) {
    for (std::int64_t i = 0; i < n; ++i) out[i] = value(in[i]...);
  } else {
    for (std::int64_t i = 0; i < n; ++i) out[i * strides[0]] = value(in[i * strides[I + 1]]...);
  }
}

}  // namespace detail

/// out[i] = f(in[i]...): R is out's element type, Ts those of `in`; f takes and returns the types that they are
/// computed in. `in` broadcast to out. out may be one of `in`, but must not overlap one otherwise. Writes are not
/// noted.
template <class R, class... Ts, class F, class... Tensors> void map_into(const Tensor& out, F f, const Tensors&... in) {
  constexpr std::size_t kCount = sizeof...(Ts) + 1;
  static_assert(sizeof...(Tensors) == sizeof...(Ts));
  const std::array<const TensorImpl*, kCount> operands = {out.impl().get(), in.impl().get()...};
  if (out.device().is_meta() || out.numel() == 0) return;
  Walk<kCount> walk;
  plan_walk(operands.data(), kCount, walk.sizes, walk.strides.data());
  std::array<std::int64_t, kCount> inner{};
  for (std::size_t k = 0; k < kCount; ++k) inner[k] = walk.strides[k][0];

  const std::size_t rank = walk.sizes.size();
  Shape index(rank, 0);
  std::array<std::int64_t, kCount> at{};
  for (;;) {
    [&]<std::size_t... I>(std::index_sequence<I...> indices) {
      detail::walk_row<R, Ts...>(walk.sizes[0], f, operands[0]->template raw_as<R>() + at[0], inner.data(), indices,
                                 operands[I + 1]->template raw_as<Ts>() + at[I + 1]...);
    }(std::make_index_sequence<sizeof...(Ts)>{});
    std::size_t d = 1;
    for (; d < rank; ++d) {
      for (std::size_t k = 0; k < kCount; ++k) at[k] += walk.strides[k][d];
      if (++index[d] < walk.sizes[d]) break;
      for (std::size_t k = 0; k < kCount; ++k) at[k] -= walk.strides[k][d] * walk.sizes[d];
      index[d] = 0;
    }
    if (d >= rank) return;
  }
}

/// A number read from a tensor without dimensions that meets one with dimensions: computed with as it is, not rounded
/// first.
inline bool is_number(const Tensor& x, const Tensor& other) {
  return x.dim() == 0 && other.dim() > 0 && !x.device().is_meta();
}

/// out = f(a, b) computed in `dtype`, for an out of that dtype or, where R is given, of R.
template <class R = void, class F>
void binary_into(const Tensor& out, DType dtype, F f, const Tensor& a, const Tensor& b) {
  visit(dtype, [&]<class T>(std::type_identity<T>) {
    using C = Compute<T>;
    using Out = std::conditional_t<std::is_void_v<R>, T, R>;
    if (is_number(b, a)) {
      const C number = b.item<C>();
      map_into<Out, T>(out, [f, number](C x) { return f(x, number); }, with_dtype(a, dtype));
    } else if (is_number(a, b)) {
      const C number = a.item<C>();
      map_into<Out, T>(out, [f, number](C x) { return f(number, x); }, with_dtype(b, dtype));
    } else {
      map_into<Out, T, T>(out, [f](C x, C y) { return f(x, y); }, with_dtype(a, dtype), with_dtype(b, dtype));
    }
  });
}

template <class R = void, class F>
void binary_into(const Tensor& out, DType dtype, F f, const Tensor& a, const Scalar& b) {
  visit(dtype, [&]<class T>(std::type_identity<T>) {
    using C = Compute<T>;
    using Out = std::conditional_t<std::is_void_v<R>, T, R>;
    const C number = b.to<C>();
    map_into<Out, T>(out, [f, number](C x) { return f(x, number); }, with_dtype(a, dtype));
  });
}

/// out = f(x) computed in `dtype`.
template <class F> void unary_into(const Tensor& out, DType dtype, F f, const Tensor& x) {
  visit(dtype, [&]<class T>(std::type_identity<T>) { map_into<T, T>(out, f, with_dtype(x, dtype)); });
}

}  // namespace conv1d
