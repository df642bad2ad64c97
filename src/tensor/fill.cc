#include "tensor/fill.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "tensor/cast.h"
#include "tensor/copy.h"
#include "tensor/impl.h"
#include "tensor/visit.h"

namespace conv1d {
namespace {

/// The names that PyTorch's conversion errors use.
const char* conversion_name(DType dtype) {
  switch (dtype) {
    case DType::UInt8:
      return "uint8_t";
    case DType::Int8:
      return "int8_t";
    case DType::Int16:
      return "int16_t";
    case DType::Int64:
      return "int64_t";
    default:
      return cpp_name(dtype).data();
  }
}

double largest(DType dtype) {
  switch (dtype) {
    case DType::Float16:
      return 65504;
    case DType::BFloat16:
      return 0x1.fep127;
    case DType::Float32:
    case DType::Complex64:
      return std::numeric_limits<float>::max();
    default:
      return std::numeric_limits<double>::max();
  }
}

bool real_fits(double value, DType dtype) { return std::abs(value) <= largest(dtype) || !std::isfinite(value); }

template <class T> bool integer_fits(const Scalar& value) {
  using Limits = std::numeric_limits<T>;
  if (value.is_float()) {
    const double number = value.to<double>();
    // 2^63 is the first double that int64 lacks; PyTorch compares with the rounded limit and lets it through.
    if (sizeof(T) == 8) return number >= -0x1p63 && number < 0x1p63;
    return number >= static_cast<double>(Limits::lowest()) && number <= static_cast<double>(Limits::max());
  }
  const std::int64_t number = value.to<std::int64_t>();
  if (number > static_cast<std::int64_t>(Limits::max())) return false;
  return number >= (std::is_signed_v<T> ? static_cast<std::int64_t>(Limits::lowest())
                                        : -static_cast<std::int64_t>(Limits::max()));
}

bool fits(const Scalar& value, DType dtype) {
  if (dtype == DType::Bool) return true;
  if (value.is_complex()) {
    const auto number = value.to<std::complex<double>>();
    if (is_complex(dtype)) return real_fits(number.real(), dtype) && real_fits(number.imag(), dtype);
    return number.imag() == 0 && fits(number.real(), dtype);
  }
  if (!is_integral(dtype)) return real_fits(value.to<double>(), dtype);
  return visit(dtype, [&]<class T>(std::type_identity<T>) {
    if constexpr (std::is_integral_v<T>)
      return integer_fits<T>(value);
    else
      return true;
  });
}

}  // namespace

void check_fits(const Scalar& value, DType dtype) {
  check(fits(value, dtype), "value cannot be converted to type ", conversion_name(dtype), " without overflow");
}

void fill_with(const Tensor& tensor, const Scalar& value) {
  const TensorImpl& impl = impl_of(tensor);
  check_fits(value, impl.dtype);
  if (impl.device.is_meta() || impl.numel == 0) return note_write(tensor);
  visit(impl.dtype, [&]<class T>(std::type_identity<T>) {
    const T element = value.to<T>();
    if (impl.contiguous) {
      std::fill_n(impl.raw_as<T>(), impl.numel, element);
      note_write(tensor);
    } else {
      const Tensor source = make_tensor({}, impl.dtype);
      *impl_of(source).raw_as<T>() = element;
      copy_into(tensor, source);
    }
  });
}

}  // namespace conv1d
