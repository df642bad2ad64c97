#include "conv/hash.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/parallel.h"

namespace conv1d {
namespace {

// A stripe is 128 bytes: 16 words. Each is multiplied, half by half, into two sums of its own under two keys (products
// of 32 bits alone would let a change of few bits go unseen once in 2^32, two of them once in 2^64), and its neighbour
// is added plainly. A step that grows from stripe to stripe is added to the words before: it makes places matter. The
// scheme is that of XXH3 (Collet, 2019), with a second sum and keys that are computed.
constexpr std::size_t kWords = 16;
constexpr std::size_t kStripe = 8 * kWords;
constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15u;

// Blocks are hashed by themselves, so that threads can share them; a thread is worth some of them.
constexpr std::size_t kBlock = std::size_t{256} << 10;
constexpr std::size_t kBlocksAPart = 4;

// splitmix64's finaliser (Steele, Lea, Flood 2014): every bit of the result depends on every bit of the argument.
constexpr std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

struct Keys {
  alignas(32) std::array<std::uint64_t, kWords> first{}, second{};
  constexpr Keys() {
    for (std::size_t i = 0; i < kWords; ++i) {
      first[i] = mix(kOdd * (i + 1));
      second[i] = mix(first[i] + kOdd);
    }
  }
};
constexpr Keys kKeys;

struct Sums {
  alignas(32) std::array<std::uint64_t, kWords> first{}, second{};
};

constexpr std::uint64_t product_of_halves(std::uint64_t x) { return (x & 0xffffffffu) * (x >> 32); }

[[maybe_unused]] void add_stripes_plain(const std::byte* data, std::size_t stripes, Sums* sums) {
  std::uint64_t step = kOdd;
  for (std::size_t s = 0; s < stripes; ++s, data += kStripe, step += kOdd) {
    std::array<std::uint64_t, kWords> words;
    std::memcpy(words.data(), data, kStripe);
    for (std::size_t i = 0; i < kWords; ++i) {
      const std::uint64_t placed = words[i] + step;
      sums->first[i] += product_of_halves(placed ^ kKeys.first[i]) + words[i ^ 1];
      sums->second[i] += product_of_halves(placed ^ kKeys.second[i]);
    }
  }
}

#if defined(__x86_64__)
#define CONV1D_AVX2 __attribute__((target("avx2")))

CONV1D_AVX2 __m256i load(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
CONV1D_AVX2 void store(void* p, __m256i x) { _mm256_storeu_si256(static_cast<__m256i*>(p), x); }
CONV1D_AVX2 __m256i product_of_halves(__m256i x) { return _mm256_mul_epu32(x, _mm256_srli_epi64(x, 32)); }

// The same numbers, four words at a time.
CONV1D_AVX2 void add_stripes_avx2(const std::byte* data, std::size_t stripes, Sums* sums) {
  constexpr std::size_t kVectors = kWords / 4;
  __m256i first[kVectors], second[kVectors];
  for (std::size_t v = 0; v < kVectors; ++v) {
    first[v] = load(sums->first.data() + 4 * v);
    second[v] = load(sums->second.data() + 4 * v);
  }
  const __m256i odd = _mm256_set1_epi64x(static_cast<long long>(kOdd));
  __m256i step = odd;
  for (std::size_t s = 0; s < stripes; ++s, data += kStripe) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      const __m256i words = load(data + 32 * v), placed = _mm256_add_epi64(words, step);
      const __m256i a = product_of_halves(_mm256_xor_si256(placed, load(kKeys.first.data() + 4 * v)));
      const __m256i b = product_of_halves(_mm256_xor_si256(placed, load(kKeys.second.data() + 4 * v)));
      const __m256i neighbours = _mm256_shuffle_epi32(words, _MM_SHUFFLE(1, 0, 3, 2));
      first[v] = _mm256_add_epi64(first[v], _mm256_add_epi64(a, neighbours));
      second[v] = _mm256_add_epi64(second[v], b);
    }
    step = _mm256_add_epi64(step, odd);
  }
  for (std::size_t v = 0; v < kVectors; ++v) {
    store(sums->first.data() + 4 * v, first[v]);
    store(sums->second.data() + 4 * v, second[v]);
  }
}
#undef CONV1D_AVX2
#endif

void add_stripes(const std::byte* data, std::size_t stripes, Sums* sums) {
#if defined(__x86_64__)
  static const bool avx2 = __builtin_cpu_supports("avx2") != 0;
  if (avx2) return add_stripes_avx2(data, stripes, sums);
#endif
  add_stripes_plain(data, stripes, sums);
}

std::uint64_t word_at(const std::byte* p) {
  std::uint64_t word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

std::uint64_t hash_block(const std::byte* data, std::size_t bytes) {
  std::uint64_t hash = mix(bytes + kOdd);
  std::size_t i = bytes / kStripe * kStripe;
  if (i > 0) {
    Sums sums{};
    add_stripes(data, bytes / kStripe, &sums);
    for (const std::uint64_t sum : sums.first) hash = mix(hash * kOdd ^ sum);
    for (const std::uint64_t sum : sums.second) hash = mix(hash * kOdd ^ sum);
  }
  for (; i + 8 <= bytes; i += 8) hash = mix(hash * kOdd ^ word_at(data + i));
  for (; i < bytes; ++i) hash = mix(hash * kOdd ^ std::to_integer<std::uint64_t>(data[i]));
  return hash;
}

struct Blocks {
  const std::byte* data;
  std::size_t bytes;
  std::size_t count;
  std::uint64_t* hashes;
};

void hash_part(void* context, int part) noexcept {
  const Blocks& blocks = *static_cast<const Blocks*>(context);
  const std::size_t begin = static_cast<std::size_t>(part) * kBlocksAPart;
  for (std::size_t b = begin; b < std::min(begin + kBlocksAPart, blocks.count); ++b) {
    const std::size_t at = b * kBlock;
    blocks.hashes[b] = hash_block(blocks.data + at, std::min(kBlock, blocks.bytes - at));
  }
}

}  // namespace

std::uint64_t hash_bytes(const std::byte* data, std::size_t bytes) {
  if (bytes <= kBlock) return hash_block(data, bytes);
  const std::size_t count = (bytes + kBlock - 1) / kBlock;
  std::vector<std::uint64_t> hashes(count);
  Blocks blocks{data, bytes, count, hashes.data()};
  run_parts(static_cast<int>((count + kBlocksAPart - 1) / kBlocksAPart), hash_part, &blocks);
  std::uint64_t hash = mix(bytes);
  for (const std::uint64_t block : hashes) hash = mix(hash * kOdd ^ block);
  return hash;
}

}  // namespace conv1d
