#include "random/fill.h"

#include <cmath>
#include <limits>
#include <numbers>

#include "base/check.h"
#include "tensor/cast.h"
#include "tensor/copy.h"
#include "tensor/impl.h"
#include "tensor/layout.h"
#include "tensor/visit.h"

namespace conv1d {
namespace {

/// The type whose draws a T is made of: complex numbers of their parts, halves of floats.
template <class T> struct DrawOf {
  using Part = T;
};
template <class T> struct DrawOf<std::complex<T>> {
  using Part = T;
};

double largest(DType part) {
  switch (part) {
    case DType::Float16:
      return 65504;
    case DType::BFloat16:
      return 0x1.fep127;
    case DType::Float32:
      return std::numeric_limits<float>::max();
    default:
      return std::numeric_limits<double>::max();
  }
}

void check_bounds(double from, double to, DType dtype) {
  check<NotImplementedError>(is_differentiable(dtype), "\"check_uniform_bounds\" not implemented for '",
                             scalar_name(dtype), "'");
  const DType part = real_of(dtype);
  const double limit = largest(part);
  check(from >= -limit && from <= limit, "from is out of bounds for ", cpp_name(part));
  check(to >= -limit && to <= limit, "to is out of bounds for ", cpp_name(part));
  check(from <= to, "uniform_ expects to return a [from, to) range, but found from=", from, " > to=", to);
  check(to - from <= limit, "uniform_ expects to-from <= std::numeric_limits<", scalar_name(part),
        ">::max(), but found to=", to, " and from=", from, " which result in to-from to exceed the limit");
}

/// A float of 24 or a double of 53 random bits in [0, 1).
template <class Real> Real unit_draw(Generator& generator) {
  if constexpr (std::is_same_v<Real, float>)
    return static_cast<float>(generator.random32() & 0xFFFFFFu) * 0x1p-24f;
  else
    return static_cast<double>(generator.random64() & ((std::uint64_t{1} << 53) - 1)) * 0x1p-53;
}

template <class T> void draw_uniform(T* out, std::int64_t count, double from, double to, Generator& generator) {
  using Real = Compute<T>;
  const Real low = static_cast<Real>(from), span = static_cast<Real>(to) - low;
  const T first = cast<T>(from), last = cast<T>(to);
  for (std::int64_t i = 0; i < count; ++i) {
    // std::fma is fused on every machine; PyTorch's x86 build compiles this line to an FMA instruction.
    const T value = cast<T>(std::fma(unit_draw<Real>(generator), span, low));
    // Rounding can give the upper bound, which is not in the range. PyTorch puts the lower bound in its place.
    out[i] = cast<Real>(value) == cast<Real>(last) ? first : value;
  }
}

/// One normal number by Box and Muller's method; the second of each pair waits in the generator.
double next_normal(Generator& generator) {
  if (const auto kept = generator.next_normal) {
    generator.next_normal.reset();
    return *kept;
  }
  const double u0 = unit_draw<double>(generator), u1 = unit_draw<double>(generator);
  const double radius = std::sqrt(-2.0 * std::log1p(-u1)), angle = 2.0 * std::numbers::pi * u0;
  generator.next_normal = radius * std::sin(angle);
  return radius * std::cos(angle);
}

template <class Real> void normal_block(Real* x, Real mean, Real std) {
  for (int j = 0; j < 8; ++j) {
    const Real radius = std::sqrt(Real(-2) * std::log(1 - x[j]));
    const Real angle = static_cast<Real>(2 * std::numbers::pi) * x[j + 8];
    x[j] = std::fma(radius * std::cos(angle), std, mean);
    x[j + 8] = std::fma(radius * std::sin(angle), std, mean);
  }
}

constexpr std::int64_t kBlock = 16;

/// PyTorch's way for 16 and more: all uniforms first, then blocks of 16; a ragged end is drawn anew as a whole block.
template <class T> void draw_normal_blocks(T* out, std::int64_t count, double mean, double std, Generator& generator) {
  using Real = Compute<T>;
  Real block[kBlock];
  const auto emit = [&](std::int64_t first) {
    for (Real& x : block) x = unit_draw<Real>(generator);
    normal_block(block, static_cast<Real>(mean), static_cast<Real>(std));
    for (std::int64_t j = 0; j < kBlock; ++j) out[first + j] = cast<T>(block[j]);
  };
  for (std::int64_t i = 0; i + kBlock <= count; i += kBlock) emit(i);
  if (const std::int64_t rest = count % kBlock; rest != 0) {
    if constexpr (!is_half_type<T>) {  // drawn and overwritten; halves go without
      for (std::int64_t i = 0; i < rest; ++i) unit_draw<Real>(generator);
    }
    emit(count - kBlock);
  }
}

template <class T>
void draw_normal(T* out, std::int64_t count, bool in_blocks, double mean, double std, Generator& generator) {
  if (in_blocks && count >= kBlock) return draw_normal_blocks(out, count, mean, std, generator);
  for (std::int64_t i = 0; i < count; ++i) out[i] = cast<T>(std::fma(next_normal(generator), std, mean));
}

/// Calls f(data, count) with the parts of the elements in the order of memory; where the tensor has gaps, through a
/// dense copy.
template <class F> void fill_in_memory_order(const Tensor& tensor, const F& f) {
  const TensorImpl& impl = impl_of(tensor);
  if (!is_dense(impl.sizes, impl.strides)) {
    const Tensor dense = empty_like(tensor);
    fill_in_memory_order(dense, f);
    copy_into(tensor, dense);
    return;
  }
  visit(impl.dtype, [&]<class T>(std::type_identity<T>) {
    using Part = typename DrawOf<T>::Part;
    if constexpr (is_half_type<Part> || std::is_floating_point_v<Part>) {
      f(reinterpret_cast<Part*>(impl.raw()), impl.numel * (is_complex(impl.dtype) ? 2 : 1));
    }
  });
  note_write(tensor);
}

}  // namespace

void fill_uniform(const Tensor& tensor, double from, double to, Generator* generator) {
  if (tensor.device().is_meta()) return;
  check_bounds(from, to, tensor.dtype());
  Generator& source = generator ? *generator : default_generator();
  const std::lock_guard lock(source.mutex());
  fill_in_memory_order(tensor, [&](auto* data, std::int64_t count) { draw_uniform(data, count, from, to, source); });
}

void fill_normal(const Tensor& tensor, double mean, double std, Generator* generator) {
  check(std >= 0, "normal expects std >= 0.0, but found std ", std);
  if (tensor.device().is_meta()) return;
  check<NotImplementedError>(is_differentiable(tensor.dtype()), "\"normal_kernel_cpu\" not implemented for '",
                             scalar_name(tensor.dtype()), "'");
  // The parts of a complex normal number have half its variance each.
  const double part_std = tensor.is_complex() ? std / std::numbers::sqrt2 : std;
  const bool in_blocks = tensor.is_contiguous();
  Generator& source = generator ? *generator : default_generator();
  const std::lock_guard lock(source.mutex());
  fill_in_memory_order(
      tensor, [&](auto* data, std::int64_t count) { draw_normal(data, count, in_blocks, mean, part_std, source); });
}

}  // namespace conv1d
