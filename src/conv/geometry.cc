#include "conv/geometry.h"

#include <algorithm>

namespace conv1d {

std::string decimal(Wide value) {
  if (value == 0) return "0";
  const bool negative = value < 0;
  std::string digits;
  // Digit by digit from the end; the remainder of a negative value is negative, so that the smallest value needs no
  // negation.
  for (; value != 0; value /= 10) {
    const int digit = static_cast<int>(value % 10);
    digits.push_back(static_cast<char>('0' + (negative ? -digit : digit)));
  }
  if (negative) digits.push_back('-');
  std::reverse(digits.begin(), digits.end());
  return digits;
}

}  // namespace conv1d
