#include "kernels/isa.h"

#include <array>
#include <cstdlib>

namespace conv1d::kernels {
namespace {

struct Named {
  Isa isa;
  std::string_view name;
};
constexpr std::array<Named, 4> kNames = {
    {{Isa::kBaseline, "baseline"}, {Isa::kAvx2, "avx2"}, {Isa::kAvx512, "avx512"}, {Isa::kNeon, "neon"}}};

struct Supported {
  std::array<Isa, 4> isas{};
  std::size_t count = 0;
};

Supported detect() {
  Supported found;
  const auto add = [&found](Isa isa) { found.isas[found.count++] = isa; };
#if defined(__x86_64__)
  // The builtin also asks the operating system whether it saves the wide registers.
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
                    __builtin_cpu_supports("bmi2");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vl");
  if (avx512) add(Isa::kAvx512);
  if (avx2) add(Isa::kAvx2);
  add(Isa::kBaseline);
#elif defined(__aarch64__)
  add(Isa::kNeon);  // part of every 64-bit Arm, so nothing else is compiled
#else
  add(Isa::kBaseline);
#endif
  return found;
}

Isa choose() {
  const std::span<const Isa> isas = supported_isas();
  if (const char* wanted = std::getenv("CONV1D_ISA")) {
    const std::optional<Isa> isa = isa_from_name(wanted);
    for (const Isa supported : isas) {
      if (isa && supported == *isa) return supported;
    }
  }
  return isas.front();
}

}  // namespace

std::string_view isa_name(Isa isa) {
  for (const Named& named : kNames) {
    if (named.isa == isa) return named.name;
  }
  return "unknown";
}

std::optional<Isa> isa_from_name(std::string_view name) {
  for (const Named& named : kNames) {
    if (named.name == name) return named.isa;
  }
  return std::nullopt;
}

std::span<const Isa> supported_isas() {
  static const Supported found = detect();
  return {found.isas.data(), found.count};
}

Isa current_isa() {
  static const Isa isa = choose();
  return isa;
}

}  // namespace conv1d::kernels
