// The 16-bit types, converted with integer arithmetic: the same bits on every machine, with or without F16C. Branches
// are selections, so that loops over these functions become vector code.
#pragma once

#include <bit>
#include <cstdint>

namespace conv1d::kernels {

/// The upper half of a float32. Rounds to nearest even; NaN stays NaN.
struct BFloat16 {
  static float widen(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }
  static std::uint16_t narrow(float value) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t rounded = bits + 0x7FFF + ((bits >> 16) & 1);
    return static_cast<std::uint16_t>((value != value ? 0x7FC00000U | bits : rounded) >> 16);
  }
};

/// IEEE binary16. Rounds to nearest even, with denormals; NaN stays NaN.
struct Float16 {
  static float widen(std::uint16_t half) {
    const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000) << 16;
    const std::uint32_t magnitude = static_cast<std::uint32_t>(half & 0x7FFF) << 13;  // exponent and mantissa in place
    // Exponents are biased by 15 there and by 127 here. Denormals: the float 2^-14 * (1 + m) less 2^-14 is exact.
    const std::uint32_t normal = magnitude + ((127U - 15) << 23);
    const std::uint32_t special = magnitude | 0x7F800000;
    const float denormal = std::bit_cast<float>(magnitude + (113U << 23)) - std::bit_cast<float>(113U << 23);
    const std::uint32_t exponent = magnitude & 0x0F800000;
    const std::uint32_t value =
        exponent == 0 ? std::bit_cast<std::uint32_t>(denormal) : (exponent == 0x0F800000 ? special : normal);
    return std::bit_cast<float>(value | sign);
  }
  static std::uint16_t narrow(float value) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t sign = (bits >> 16) & 0x8000;
    const std::uint32_t magnitude = bits & 0x7FFFFFFF;
    // From 2^-14 on: re-bias and round to even by an addition, whose carry runs into the exponent, up to infinity.
    const std::uint32_t normal = (magnitude - ((127U - 15) << 23) + 0xFFF + ((magnitude >> 13) & 1)) >> 13;
    // Below: adding 0.5, whose last mantissa bit is worth 2^-24, rounds as wanted.
    const std::uint32_t denormal =
        std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5F) - std::bit_cast<std::uint32_t>(0.5F);
    std::uint32_t half = magnitude < (113U << 23) ? denormal : normal;
    half = magnitude >= (143U << 23) ? 0x7C00 : half;  // 2^16 and more, infinity
    half = magnitude > 0x7F800000 ? 0x7E00 : half;     // NaN
    return static_cast<std::uint16_t>(half | sign);
  }
};

}  // namespace conv1d::kernels
