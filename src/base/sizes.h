// Arithmetic on sizes that says when it overflows, instead of wrapping.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace conv1d {

inline bool add_overflows(std::int64_t a, std::int64_t b, std::int64_t* out) {
  return __builtin_add_overflow(a, b, out);
}
inline bool sub_overflows(std::int64_t a, std::int64_t b, std::int64_t* out) {
  return __builtin_sub_overflow(a, b, out);
}
inline bool mul_overflows(std::int64_t a, std::int64_t b, std::int64_t* out) {
  return __builtin_mul_overflow(a, b, out);
}

/// The product of the sizes, or nothing where it does not fit. A zero anywhere makes the product zero.
inline std::optional<std::int64_t> checked_product(std::span<const std::int64_t> sizes) {
  std::int64_t product = 1;
  bool overflow = false;
  for (const std::int64_t size : sizes) {
    if (size == 0) return 0;
    overflow |= mul_overflows(product, size, &product);
  }
  if (overflow) return std::nullopt;
  return product;
}

/// ceil(a / b) for b > 0, without overflow.
inline std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return a / b + (a % b > 0 ? 1 : 0); }

/// floor(a / b) for b > 0.
inline std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

}  // namespace conv1d
