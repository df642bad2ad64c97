// A generator's state as bytes: the layout in memory of PyTorch's CPU generator on 64-bit little-endian machines, so
// that a state saved by either goes on in the other.
#include <conv1d/random.h>

#include <cstring>

#include "base/check.h"

namespace conv1d {
namespace {

// PyTorch's struct: one for files of old versions, and what was added behind it.
struct State {
  std::uint64_t seed = 0;
  std::int32_t left = 0;
  std::int32_t seeded = 0;
  std::uint64_t next = 0;
  std::array<std::uint64_t, MersenneTwister::kWords> words{};
  double normal_x = 0;  // of old versions
  double normal_y = 0;
  double normal_rho = 0;  // of old versions
  std::int32_t normal_is_valid = 0;
  std::int32_t padding = 0;
  float next_float_normal = 0;  // nothing draws single ones on the CPU
  std::uint32_t float_normal_is_valid = 0;
};
static_assert(sizeof(State) == Generator::kStateSize);

}  // namespace

std::vector<std::uint8_t> Generator::get_state() const {
  State state;
  {
    const std::lock_guard lock(mutex_);
    state.seed = seed_;
    state.left = static_cast<std::int32_t>(twister_.left);
    state.seeded = 1;
    state.next = twister_.next;
    for (std::size_t i = 0; i < state.words.size(); ++i) state.words[i] = twister_.words[i];
    state.normal_y = next_normal.value_or(0);
    state.normal_is_valid = next_normal.has_value() ? 1 : 0;
  }
  std::vector<std::uint8_t> bytes(kStateSize);
  std::memcpy(bytes.data(), &state, kStateSize);
  return bytes;
}

void Generator::set_state(std::span<const std::uint8_t> bytes) {
  check(bytes.size() == kStateSize, "Expected a CPUGeneratorImplState of size ", kStateSize,
        " but found the input RNG state size to be ", bytes.size());
  State state;
  std::memcpy(&state, bytes.data(), kStateSize);
  MersenneTwister twister(0);
  twister.left = state.left > 0 ? static_cast<std::size_t>(state.left) : 0;
  twister.next = state.next;
  for (std::size_t i = 0; i < state.words.size(); ++i) twister.words[i] = static_cast<std::uint32_t>(state.words[i]);
  // PyTorch lets pass, and reads beyond the words with, counters that contradict each other.
  check(state.seeded == 1 && twister.is_valid(), "Invalid mt19937 state");
  const std::lock_guard lock(mutex_);
  seed_ = state.seed;
  twister_ = twister;
  next_normal = state.normal_is_valid != 0 ? std::optional(state.normal_y) : std::nullopt;
}

}  // namespace conv1d
