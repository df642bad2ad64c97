#include "ops/promote.h"

#include <algorithm>

#include "base/check.h"
#include "tensor/impl.h"

namespace conv1d {
namespace {

enum class Category { Bool, Integer, Float, Complex };

Category category(DType dtype) {
  if (dtype == DType::Bool) return Category::Bool;
  if (is_integral(dtype)) return Category::Integer;
  return is_complex(dtype) ? Category::Complex : Category::Float;
}

/// The dtype of operands of two ranks (tensors before 0-d tensors before numbers): the lower only counts by its
/// category.
DType combine(std::optional<DType> higher, std::optional<DType> lower) {
  if (!higher || !lower) return higher ? *higher : *lower;
  const Category high = category(*higher), low = category(*lower);
  if (low <= high) return *higher;
  if (high == Category::Float) return widened_to_complex(*higher);  // a complex number keeps a float's width
  return promote_types(*higher, *lower);
}

DType promote_integers(DType a, DType b) {
  if (a == DType::UInt8 && b == DType::Int8) return DType::Int16;  // the smallest that holds both
  return std::max(a, b);
}

DType promote_floats(DType a, DType b) {
  return a == DType::Float16 && b == DType::BFloat16 ? DType::Float32 : std::max(a, b);
}

}  // namespace

DType widened_to_complex(DType dtype) {
  if (is_complex(dtype)) return dtype;
  if (dtype == DType::Float64) return DType::Complex128;
  return DType::Complex64;
}

DType promote_types(DType a, DType b) {
  if (a > b) std::swap(a, b);
  const Category ca = category(a), cb = category(b);
  if (cb == Category::Complex && ca == Category::Float) return std::max(widened_to_complex(a), b);
  if (ca != cb) return b;
  if (cb == Category::Integer) return promote_integers(a, b);
  return cb == Category::Float ? promote_floats(a, b) : b;
}

DType scalar_dtype(const Scalar& value) {
  if (value.is_bool()) return DType::Bool;
  if (value.is_integer()) return DType::Int64;
  return value.is_float() ? default_dtype() : widened_to_complex(default_dtype());
}

DType result_type(const Tensor& a, const Tensor& b) {
  if (a.dim() > 0 && b.dim() == 0) return combine(a.dtype(), b.dtype());
  if (a.dim() == 0 && b.dim() > 0) return combine(b.dtype(), a.dtype());
  return promote_types(a.dtype(), b.dtype());
}

DType result_type(const Tensor& a, const Scalar& b) { return combine(a.dtype(), scalar_dtype(b)); }
DType result_type(const Scalar& a, const Tensor& b) { return result_type(b, a); }

DType float_type(DType dtype) { return is_integral(dtype) ? default_dtype() : dtype; }

void check_can_cast(DType from, DType to) {
  const bool ok = !(is_complex(from) && !is_complex(to)) && !(is_differentiable(from) && is_integral(to)) &&
                  !(from != DType::Bool && to == DType::Bool);
  check(ok, "result type ", scalar_name(from), " can't be cast to the desired output type ", scalar_name(to));
}

}  // namespace conv1d
