#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "base/check.h"
#include "random/fill.h"
#include "tensor/cast.h"
#include "tensor/fill.h"
#include "tensor/impl.h"
#include "tensor/visit.h"

namespace conv1d {
namespace {

/// The largest n such that all integers in [-2^n, 2^n] are numbers of the type; the digits of its fraction.
int digits(DType dtype) {
  switch (dtype) {
    case DType::BFloat16:
      return 8;
    case DType::Float16:
      return 11;
    case DType::Float32:
      return 24;
    default:
      return 53;
  }
}

/// One bound of randint(): an error where the dtype cannot hold it, a warning where it holds it but not all its
/// neighbours.
void check_random_bound(std::int64_t bound, const char* what, DType dtype) {
  if (is_integral(dtype)) {
    const bool fits = visit(dtype, [&]<class T>(std::type_identity<T>) {
      if constexpr (!std::is_integral_v<T>)
        return true;
      else if constexpr (std::is_same_v<T, bool>)
        return bound == 0 || bound == 1;
      else
        return bound >= std::numeric_limits<T>::min() && bound <= std::numeric_limits<T>::max();
    });
    return check(fits, what, " is out of bounds for ", cpp_name(dtype));
  }
  check(dtype != DType::Float16 || std::abs(static_cast<double>(bound)) <= 65504, what, " is out of bounds for ",
        cpp_name(dtype));
  const int n = digits(dtype);
  const std::int64_t limit = std::int64_t{1} << n;
  if (bound < -limit || bound > limit) {
    warn(cat_text(
        what, " is out of bounds [-(2^", n, "), 2^", n, "]. Due to precision limitations ", cpp_name(dtype),
        " can support discrete uniform distribution only within this range. This warning will become an error in "
        "version 1.7 release, please fix the code in advance"));
  }
}

/// What a bound moves by where the dtype is too coarse for it: the spacing of numbers as large as `bound`.
std::int64_t spacing(std::int64_t bound, DType dtype) {
  const auto magnitude = bound < 0 ? -static_cast<std::uint64_t>(bound) : static_cast<std::uint64_t>(bound);
  return std::int64_t{1} << std::max(static_cast<int>(std::bit_width(magnitude)) - digits(dtype), 0);
}

std::int64_t rounded(std::int64_t value, DType dtype) {
  return visit(dtype, [&]<class T>(std::type_identity<T>) {
    if constexpr (is_complex_type<T>)
      return value;
    else
      return cast<std::int64_t>(cast<T>(value));
  });
}

/// Narrows [low, high) so that both ends, rounded to the dtype, still lie inside: PyTorch's rule.
void narrow_to(DType dtype, std::int64_t& low, std::int64_t& high) {
  if (const std::int64_t first = rounded(low + 1, dtype); first < low) low = first + spacing(low + 1, dtype);
  if (const std::int64_t last = rounded(high - 1, dtype); last >= high) high = last - spacing(high - 1, dtype);
  check(low < high, "random_ expects 'from' casted to dtype to be less than 'to' casted to dtype, but got from=", low,
        " >= to=", high);
}

}  // namespace

Tensor rand(const Shape& shape, const TensorOptions& options, Generator* generator) {
  const Tensor tensor = empty(shape, {.dtype = options.dtype, .device = options.device});
  fill_uniform(tensor, 0, 1, generator);
  impl_of(tensor).version->count.store(0, std::memory_order_relaxed);
  return with_gradient(tensor, options.requires_grad);
}

Tensor randn(const Shape& shape, const TensorOptions& options, Generator* generator) {
  const Tensor tensor = empty(shape, {.dtype = options.dtype, .device = options.device});
  fill_normal(tensor, 0, 1, generator);
  impl_of(tensor).version->count.store(0, std::memory_order_relaxed);
  return with_gradient(tensor, options.requires_grad);
}

Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, const TensorOptions& options,
               Generator* generator) {
  const DType dtype = options.dtype.value_or(DType::Int64);
  const Tensor tensor = empty(shape, {.dtype = dtype, .device = options.device});
  check(low < high, "random_ expects 'from' to be less than 'to', but got from=", low, " >= to=", high);
  if (options.device.is_meta()) return with_gradient(tensor, options.requires_grad);
  check(!is_complex(dtype), "check_random_bounds handles only integral, floating-point and boolean types");
  if (is_floating_point(dtype)) narrow_to(dtype, low, high);
  check_random_bound(low, "from", dtype);
  check_random_bound(high - 1, "to - 1", dtype);
  // 64 bits are drawn where 32 would make some numbers noticeably likelier than others; the limit is PyTorch's.
  const std::uint64_t range = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
  const bool wide = range >= std::uint64_t{1} << 28;
  Generator& source = generator ? *generator : default_generator();
  const std::lock_guard lock(source.mutex());
  visit(dtype, [&]<class T>(std::type_identity<T>) {
    T* out = impl_of(tensor).raw_as<T>();
    for (std::int64_t i = 0; i < tensor.numel(); ++i) {
      const std::uint64_t draw = wide ? source.random64() : source.random32();
      out[i] = cast<T>(static_cast<std::int64_t>(draw % range + static_cast<std::uint64_t>(low)));
    }
  });
  return with_gradient(tensor, options.requires_grad);
}

Tensor randperm(std::int64_t n, const TensorOptions& options, Generator* generator) {
  const DType dtype = options.dtype.value_or(DType::Int64);
  if (is_floating_point(dtype) && dtype != DType::BFloat16) {  // PyTorch lets bfloat16 repeat numbers
    const std::int64_t limit = (std::int64_t{1} << digits(dtype)) + 1;
    check(n <= limit, "n cannot be greater than ", limit, " for ", scalar_name(dtype), " type.");
  }
  if (is_integral(dtype) && dtype != DType::Bool && n > 0) check_fits(n - 1, dtype);
  const Tensor tensor = empty({n}, {.dtype = dtype, .device = options.device});
  if (options.device.is_meta()) return with_gradient(tensor, options.requires_grad);
  check<NotImplementedError>(dtype != DType::Bool && !is_complex(dtype), "\"randperm\" not implemented for '",
                             scalar_name(dtype), "'");
  Generator& source = generator ? *generator : default_generator();
  const std::lock_guard lock(source.mutex());
  visit(dtype, [&]<class T>(std::type_identity<T>) {
    T* out = impl_of(tensor).raw_as<T>();
    for (std::int64_t i = 0; i < n; ++i) out[i] = cast<T>(i);
    for (std::int64_t i = 0; i + 1 < n; ++i) {
      const auto left = static_cast<std::uint64_t>(n - i);
      const std::uint64_t draw = left >> 32 ? source.random64() : source.random32();
      std::swap(out[i], out[i + static_cast<std::int64_t>(draw % left)]);
    }
  });
  return with_gradient(tensor, options.requires_grad);
}

}  // namespace conv1d
