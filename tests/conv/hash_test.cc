// The hash by which copies of weights are recognised: every bit and every place counts, in every stripe and block.
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <unordered_set>
#include <vector>

#include <conv1d/threads.h>

#include "conv/hash.h"

namespace conv1d::testing {
namespace {

std::vector<std::byte> numbered(std::size_t bytes) {
  std::vector<std::byte> data(bytes);
  for (std::size_t i = 0; i < bytes; ++i) data[i] = static_cast<std::byte>(i * i % 251);
  return data;
}

std::uint64_t hash(const std::vector<std::byte>& data) { return hash_bytes(data.data(), data.size()); }

TEST(Hash, IsTheSameOnEveryMachine) {
  EXPECT_EQ(hash(numbered(0)), 0xe220a8397b1dcdafu);
  EXPECT_EQ(hash(numbered(100)), 0x9ed0cff4824674e5u);
  EXPECT_EQ(hash(numbered(1000)), 0x683a1a25746c21abu);
  EXPECT_EQ(hash(numbered(1000000)), 0x8d9880ab8e3b07e3u);
}

TEST(Hash, DoesNotDependOnThreads) {
  const std::vector<std::byte> data = numbered(5000000);
  const int before = get_num_threads();
  set_num_threads(1);
  const std::uint64_t alone = hash(data);
  set_num_threads(3);
  EXPECT_EQ(hash(data), alone);
  set_num_threads(before);
}

TEST(Hash, SeesEveryBitOfEveryStripe) {
  std::vector<std::byte> data = numbered(1500);
  std::unordered_set<std::uint64_t> seen{hash(data)};
  for (std::size_t bit = 0; bit < 8 * data.size(); ++bit) {
    data[bit / 8] ^= std::byte{1} << (bit % 8);
    EXPECT_TRUE(seen.insert(hash(data)).second) << bit;
    data[bit / 8] ^= std::byte{1} << (bit % 8);
  }
}

// Words that differ in one bit, or in one half, are the hardest to tell apart for products of halves.
TEST(Hash, SeesExchanges) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 20000; ++i) {
    std::vector<std::uint64_t> words(256, 0x3f8000003f800000u);
    const std::size_t a = random() % words.size(), b = random() % words.size();
    if (a == b) continue;
    words[a] ^= std::uint64_t{1} << (random() % 64);
    const std::uint64_t before = hash_bytes(reinterpret_cast<std::byte*>(words.data()), words.size() * 8);
    std::swap(words[a], words[b]);
    ASSERT_NE(hash_bytes(reinterpret_cast<std::byte*>(words.data()), words.size() * 8), before) << a << ' ' << b;
  }
}

TEST(Hash, SeesExchangesOfStripesAndBlocks) {
  constexpr std::size_t kBlock = std::size_t{256} << 10;
  std::mt19937_64 random(4);
  std::vector<std::byte> data(4 * kBlock + 77);
  for (std::byte& byte : data) byte = static_cast<std::byte>(random());
  const std::uint64_t before = hash(data);
  for (const std::size_t length : {std::size_t{8}, std::size_t{64}, std::size_t{128}, std::size_t{4096}, kBlock}) {
    std::vector<std::byte> other = data;
    std::memcpy(other.data(), data.data() + 2 * kBlock, length);
    std::memcpy(other.data() + 2 * kBlock, data.data(), length);
    EXPECT_NE(hash(other), before) << length;
  }
  for (std::size_t shorter = 1; shorter < 300; ++shorter) {
    EXPECT_NE(hash_bytes(data.data(), data.size() - shorter), before);
  }
}

}  // namespace
}  // namespace conv1d::testing
