// Random numbers with the bits of PyTorch's CPU generator (a 32-bit Mersenne Twister).
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <random>

#include <conv1d/tensor.h>

namespace conv1d {

/// A stream of random numbers. Thread-safe: each call takes its numbers under a lock.
class Generator {
 public:
  static constexpr std::uint64_t kDefaultSeed = 67280421310721;  ///< of a fresh torch.Generator()

  explicit Generator(std::uint64_t seed = kDefaultSeed);
  Generator& manual_seed(std::uint64_t seed);  ///< keeps 64 bits for initial_seed(); the twister takes the low 32
  std::uint64_t initial_seed() const;
  std::uint64_t seed();  ///< reseeds from the system and returns the seed
  std::mutex& mutex() { return mutex_; }

  // Call with mutex() held.
  std::uint32_t random32();
  std::uint64_t random64();           ///< (first << 32) | second
  std::optional<double> next_normal;  ///< the second half of a pair drawn before

 private:
  mutable std::mutex mutex_;
  std::uint64_t seed_ = 0;
  std::mt19937 twister_;
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
