#include <conv1d/random.h>

#include <random>

namespace conv1d {
namespace {

std::uint64_t seed_from_system() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

}  // namespace

Generator::Generator(std::uint64_t seed) : seed_(seed), twister_(static_cast<std::uint32_t>(seed)) {}

Generator& Generator::manual_seed(std::uint64_t seed) {
  const std::lock_guard lock(mutex_);
  seed_ = seed;
  twister_ = MersenneTwister(static_cast<std::uint32_t>(seed));
  next_normal.reset();
  return *this;
}

std::uint64_t Generator::initial_seed() const {
  const std::lock_guard lock(mutex_);
  return seed_;
}

std::uint64_t Generator::seed() {
  const std::uint64_t seed = seed_from_system();
  manual_seed(seed);
  return seed;
}

std::uint32_t Generator::random32() { return twister_(); }

std::uint64_t Generator::random64() {
  const std::uint64_t high = random32();
  return (high << 32) | random32();
}

Generator& default_generator() {
  // Never destroyed: a program may draw while its static objects are being taken down.
  static Generator& generator = *new Generator(seed_from_system());
  return generator;
}

Generator& manual_seed(std::uint64_t seed) { return default_generator().manual_seed(seed); }
std::uint64_t initial_seed() { return default_generator().initial_seed(); }

}  // namespace conv1d
