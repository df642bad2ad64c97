// arange() and linspace(), with the bits of PyTorch's AVX2 build: it computes whole vectors from a start that was
// rounded to the dtype, and the rest one by one. Other builds of PyTorch differ from it in the last bit.
#include <conv1d/tensor.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "tensor/cast.h"
#include "tensor/fill.h"
#include "tensor/impl.h"
#include "tensor/visit.h"

namespace conv1d {
namespace {

constexpr std::int64_t kVectorBytes = 32;

/// start + step * index without overflow: integers wrap, floats are fused as PyTorch's compiler fuses them.
template <class Acc> Acc advance(Acc start, Acc step, std::int64_t index) {
  if constexpr (std::is_integral_v<Acc>) {
    return static_cast<Acc>(static_cast<std::uint64_t>(start) +
                            static_cast<std::uint64_t>(step) * static_cast<std::uint64_t>(index));
  } else {
    return std::fma(step, static_cast<Acc>(index), start);
  }
}

/// Fills out[0, count): `at(i)` is the exact value at i, where vectors start; `step(base, lane)` what follows within
/// one.
template <class T, class At, class Step>
void fill_by_vectors(T* out, std::int64_t count, const At& at, const Step& step) {
  constexpr auto kLanes = kVectorBytes / static_cast<std::int64_t>(sizeof(T));
  std::int64_t i = 0;
  for (; i + 2 * kLanes <= count; i += 2 * kLanes) {
    for (const std::int64_t first : {i, i + kLanes}) {
      const T base = cast<T>(at(first));
      for (std::int64_t lane = 0; lane < kLanes; ++lane) out[first + lane] = cast<T>(step(base, lane));
    }
  }
  for (; i < count; ++i) out[i] = cast<T>(at(i));
}

std::string scalar_text(const Scalar& value) {
  if (value.is_float()) return cat_text(value.to<double>());
  return cat_text(value.to<std::int64_t>());
}

bool is_exact(const Scalar& value) { return value.is_integer() || value.is_bool(); }

/// Elements of an integer range. PyTorch's own subtraction can wrap; 128 bits cannot.
std::int64_t integer_count(std::int64_t start, std::int64_t end, std::int64_t step) {
  const __int128 span = static_cast<__int128>(end) - start, stride = step;
  const __int128 count = (span + stride - (stride > 0 ? 1 : -1)) / stride;
  check(count <= std::numeric_limits<std::int64_t>::max(), "invalid size, possible overflow?");
  return static_cast<std::int64_t>(count);
}

/// The number of elements of arange(), after PyTorch's checks in its order.
std::int64_t arange_count(const Scalar& start, const Scalar& end, const Scalar& step, DType dtype) {
  const double first = start.to<double>(), last = end.to<double>(), stride = step.to<double>();
  check(stride > 0 || stride < 0, "step must be nonzero");
  check(std::isfinite(first) && std::isfinite(last), "unsupported range: ", scalar_text(start), " -> ",
        scalar_text(end));
  check((stride > 0 && last >= first) || (stride < 0 && last <= first),
        "upper bound and lower bound inconsistent with step sign");
  if (dtype == DType::Int64) {  // computed in integers throughout; the other integer types count in doubles
    check<ValueError>(step.to<std::int64_t>() != 0, "step must be nonzero");
    return integer_count(start.to<std::int64_t>(), end.to<std::int64_t>(), step.to<std::int64_t>());
  }
  const double count = std::ceil((last - first) / stride);
  check(count >= 0 && count < 0x1p63, "invalid size, possible overflow?");
  return static_cast<std::int64_t>(count);
}

template <class T> void fill_arange(T* out, std::int64_t count, const Scalar& from, const Scalar& by) {
  using Acc =
      std::conditional_t<std::is_integral_v<T>, std::int64_t, std::conditional_t<is_half_type<T>, float, double>>;
  const Acc start = from.to<Acc>(), step = by.to<Acc>();
  fill_by_vectors(
      out, count, [&](std::int64_t i) { return advance(start, step, i); },
      [&](T base, std::int64_t lane) {
        if constexpr (std::is_same_v<T, BFloat16>)
          return cast<Acc>(base) + step * static_cast<Acc>(lane);  // not fused
        else
          return advance(cast<Acc>(base), step, lane);
      });
}

/// The type in which linspace() computes a T: a complex range has no imaginary part.
template <class T> struct StepOf {
  using Type = std::conditional_t<std::is_integral_v<T>, double, T>;
};
template <class T> struct StepOf<std::complex<T>> {
  using Type = T;
};

/// start + step * index as linspace() has it: halves round after every operation.
template <class Step> Step advance_rounding(Step start, Step step, std::int64_t index) {
  if constexpr (is_half_type<Step>) {
    const auto product = cast<Step>(static_cast<float>(step) * static_cast<float>(cast<Step>(index)));
    return cast<Step>(static_cast<float>(start) + static_cast<float>(product));
  } else {
    return advance(start, step, index);
  }
}

template <class T> void fill_linspace(T* out, std::int64_t count, double from, double to) {
  using Step = typename StepOf<T>::Type;
  const auto start = cast<Step>(cast<T>(from)), end = cast<Step>(cast<T>(to));
  if (count == 1) {
    *out = cast<T>(from);
    return;
  }
  using Real = Compute<Step>;
  const auto span = cast<Step>(cast<Real>(end) - cast<Real>(start));
  const auto step = cast<Step>(cast<Real>(span) / cast<Real>(cast<Step>(count - 1)));
  const auto back = cast<Step>(-cast<Real>(step));
  // From both ends, so that the last element is `end` exactly.
  for (std::int64_t i = 0; i < count; ++i) {
    out[i] = cast<T>(i < count / 2 ? advance_rounding(start, step, i) : advance_rounding(end, back, count - 1 - i));
  }
}

}  // namespace

Tensor arange(const Scalar& start, const Scalar& end, const Scalar& step, const TensorOptions& options) {
  for (const Scalar& value : {start, end, step}) check_fits(value, DType::Float64);
  const bool exact = is_exact(start) && is_exact(end) && is_exact(step);
  const DType dtype = options.dtype.value_or(exact ? DType::Int64 : default_dtype());
  const std::int64_t count = arange_count(start, end, step, dtype);
  Tensor result = empty({count}, {.dtype = dtype, .device = options.device});
  check<NotImplementedError>(dtype != DType::Bool && !is_complex(dtype), "\"arange_cpu\" not implemented for '",
                             scalar_name(dtype), "'");
  if (!options.device.is_meta()) {
    visit(dtype, [&]<class T>(std::type_identity<T>) {
      if constexpr (!is_complex_type<T> && !std::is_same_v<T, bool>)
        fill_arange(impl_of(result).raw_as<T>(), count, start, step);
    });
  }
  return with_gradient(result, options.requires_grad);
}

Tensor linspace(double start, double end, std::int64_t steps, const TensorOptions& options) {
  check(steps >= 0, "number of steps must be non-negative");
  const DType dtype = options.dtype.value_or(default_dtype());
  Tensor result = empty({steps}, {.dtype = dtype, .device = options.device});
  check<NotImplementedError>(dtype != DType::Bool, "\"linspace_cpu\" not implemented for 'Bool'");
  if (!options.device.is_meta() && steps > 0) {
    visit(dtype, [&]<class T>(std::type_identity<T>) {
      if constexpr (!std::is_same_v<T, bool>) fill_linspace(impl_of(result).raw_as<T>(), steps, start, end);
    });
  }
  return with_gradient(result, options.requires_grad);
}

}  // namespace conv1d
