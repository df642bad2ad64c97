// Random numbers with the bits of PyTorch's CPU generator (a 32-bit Mersenne Twister).
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include <conv1d/tensor.h>

namespace conv1d {

/// The 32-bit Mersenne Twister, std::mt19937 in every number. Its state can be read and set, which that one's cannot
/// portably be.
struct MersenneTwister {
  static constexpr std::size_t kWords = 624;

  explicit MersenneTwister(std::uint32_t seed);
  std::uint32_t operator()();
  /// Whether the next numbers lie inside `words`, whoever wrote the members.
  bool is_valid() const { return left >= 1 && next <= kWords && (left == 1 || next + left - 1 <= kWords); }

  std::array<std::uint32_t, kWords> words{};
  std::size_t left = 1;  ///< the words are mixed anew after left - 1 numbers more
  std::size_t next = 0;  ///< the word of the next number

 private:
  void mix();
};

/// A stream of random numbers. Thread-safe: each call takes its numbers under a lock.
class Generator {
 public:
  static constexpr std::uint64_t kDefaultSeed = 67280421310721;  ///< of a fresh torch.Generator()

  explicit Generator(std::uint64_t seed = kDefaultSeed);
  Generator& manual_seed(std::uint64_t seed);  ///< keeps 64 bits for initial_seed(); the twister takes the low 32
  std::uint64_t initial_seed() const;
  std::uint64_t seed();  ///< reseeds from the system and returns the seed

  /// Everything that the next numbers depend on, byte for byte as PyTorch's get_state() lays it out.
  static constexpr std::size_t kStateSize = 5056;
  std::vector<std::uint8_t> get_state() const;
  /// Goes on where the generator of `state`, ours or PyTorch's, stood. RuntimeError for another size or no such state.
  void set_state(std::span<const std::uint8_t> state);

  std::mutex& mutex() { return mutex_; }

  // Call with mutex() held.
  std::uint32_t random32();
  std::uint64_t random64();           ///< (first << 32) | second
  std::optional<double> next_normal;  ///< the second half of a pair drawn before

 private:
  mutable std::mutex mutex_;
  std::uint64_t seed_ = 0;
  MersenneTwister twister_;
};

/// The generator of every call that is given none; seeded at random when the program starts.
Generator& default_generator();
/// Seeds the default generator and returns it.
Generator& manual_seed(std::uint64_t seed);
std::uint64_t initial_seed();

Tensor rand(const Shape& shape, const TensorOptions& options = {}, Generator* generator = nullptr);
Tensor randn(const Shape& shape, const TensorOptions& options = {}, Generator* generator = nullptr);
/// Integers in [low, high); int64 unless said otherwise.
Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, const TensorOptions& options = {},
               Generator* generator = nullptr);
Tensor randperm(std::int64_t n, const TensorOptions& options = {}, Generator* generator = nullptr);

}  // namespace conv1d
