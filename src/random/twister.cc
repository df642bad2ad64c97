// MT19937 of Matsumoto and Nishimura (1998), with its authors' constants and their seeding of 2002.
#include <conv1d/random.h>

namespace conv1d {

MersenneTwister::MersenneTwister(std::uint32_t seed) {
  words[0] = seed;
  for (std::uint32_t i = 1; i < kWords; ++i) {
    words[i] = 1812433253U * (words[i - 1] ^ (words[i - 1] >> 30)) + i;
  }
}

void MersenneTwister::mix() {
  constexpr std::size_t kDistance = 397;
  constexpr std::uint32_t kUpperBit = 0x80000000U, kMatrix = 0x9908b0dfU;
  for (std::size_t i = 0; i < kWords; ++i) {
    const std::uint32_t following = words[(i + 1) % kWords];
    const std::uint32_t joined = (words[i] & kUpperBit) | (following & ~kUpperBit);
    words[i] = words[(i + kDistance) % kWords] ^ (joined >> 1) ^ ((following & 1U) != 0 ? kMatrix : 0);
  }
  left = kWords;
  next = 0;
}

std::uint32_t MersenneTwister::operator()() {
  if (--left == 0) mix();
  std::uint32_t y = words[next++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680U;
  y ^= (y << 15) & 0xefc60000U;
  return y ^ (y >> 18);
}

}  // namespace conv1d
