// The instruction sets that kernels are compiled for, and which of them this machine has.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace conv1d::kernels {

enum class Isa : std::uint8_t {
  kBaseline,  // what every machine of the architecture has; one element at a time
  kAvx2,      // with FMA and F16C
  kAvx512,    // F, BW, CD, DQ, VL
  kNeon,      // aarch64
};

std::string_view isa_name(Isa isa);  ///< "baseline", "avx2", "avx512", "neon"
std::optional<Isa> isa_from_name(std::string_view name);

/// Those compiled in that this machine can run, best first. Never empty.
std::span<const Isa> supported_isas();

/// The one that is used: the best, or the environment variable CONV1D_ISA where it names a supported one.
/// An unknown or unsupported name is ignored, since kernels would die by an illegal instruction.
Isa current_isa();

}  // namespace conv1d::kernels
