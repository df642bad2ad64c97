// The conversions of the 16-bit types, all of them, against arithmetic.
#include "kernels/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "reference/tap_reference.h"

namespace conv1d::kernels {
namespace {

template <class Convert> void expect_round_trip(Element element) {
  for (int bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = Convert::widen(half);
    const long double expected = reference::load(element, &half, 0).real();
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(value)) << bits;
      ASSERT_TRUE(std::isnan(Convert::widen(Convert::narrow(value)))) << bits;
      continue;
    }
    ASSERT_EQ(static_cast<long double>(value), expected) << bits;
    ASSERT_EQ(std::signbit(value), (bits >> 15) != 0) << bits;
    ASSERT_EQ(Convert::narrow(value), half) << bits;
  }
}

template <class Convert> void expect_rounding(int exponent_bits, int mantissa_bits) {
  std::mt19937 random(1);
  for (int i = 0; i < 400000; ++i) {
    std::uint32_t bits = static_cast<std::uint32_t>(random());
    if (i % 4 == 0) bits &= 0xFFFFE000;                       // values that a half holds exactly
    if (i % 4 == 1) bits = (bits & 0xFFFFE000) | 0x1000;      // ties
    if (i % 3 == 0) bits = (bits & 0x87FFFFFF) | 0x38000000;  // exponents that a float16 has
    const float value = std::bit_cast<float>(bits);
    if (std::isnan(value)) continue;
    ASSERT_EQ(Convert::narrow(value), reference::round_to_half(value, exponent_bits, mantissa_bits)) << value;
  }
}

TEST(Half, EveryFloat16IsWidenedAndNarrowedExactly) { expect_round_trip<Float16>(Element::kFloat16); }
TEST(Half, EveryBFloat16IsWidenedAndNarrowedExactly) { expect_round_trip<BFloat16>(Element::kBFloat16); }
TEST(Half, Float16RoundsToNearestEven) { expect_rounding<Float16>(5, 10); }
TEST(Half, BFloat16RoundsToNearestEven) { expect_rounding<BFloat16>(8, 7); }

}  // namespace
}  // namespace conv1d::kernels
