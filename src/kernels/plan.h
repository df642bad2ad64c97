// How a problem is going to be computed: chosen, sized and packed beforehand, so that run() cannot fail.
//
//   const Plan plan = make_plan(problem, default_options());
//   std::vector<std::byte> packed(plan.packed_bytes), scratch(plan.scratch_bytes);   // 64-byte aligned, in earnest
//   pack_weights(plan, weight, packed.data());              // once; good for every plan with an equal `packing`
//   run(plan, operands, packed.data(), scratch.data());     // as often as wanted
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>

#include "kernels/isa.h"
#include "kernels/problem.h"

namespace conv1d::kernels {

struct Kernel;  // kernels/kernel.h

/// Which families may be chosen.
enum class Precision : std::uint8_t {
  kHighest,  // direct sums only: an output's bits depend on the layer alone
  kHigh,     // fast algorithms too, at most twice as inaccurate as PyTorch
  kMedium,   // bfloat16 products may be used as well
};

struct ChooseOptions {
  Isa isa = Isa::kBaseline;
  std::string_view kernel;  ///< take this family wherever it accepts the problem; empty: the cheapest
  Precision precision = Precision::kHigh;
  int threads = 1;  ///< at most so many; never changes an output's bits under kHighest
  /// Bytes that a packed weight may take: sizes of tiles that want more are not chosen while others accept. (Packed
  /// weights of direct sums take no more than the weight.)
  std::size_t most_packed = std::numeric_limits<std::size_t>::max();
  bool packed_weight = true;  ///< false: no packed weight will be handed to run(), which packs for itself in each call

  bool operator==(const ChooseOptions&) const = default;
};

/// current_isa(), the family that the environment variable CONV1D_KERNEL names, current_precision(), get_num_threads().
ChooseOptions default_options();

/// Two plans with equal packings share packed weights: a different length or batch does not change it, as a rule.
struct Packing {
  const Kernel* kernel = nullptr;
  std::array<std::int64_t, 4> extents{};  // groups, outputs, inputs, taps
  /// What the kernel's layout depends on besides: sizes of tiles, partial sums, ...
  std::array<std::int32_t, 3> layout{};
  Element element = Element::kFloat32;
  bool conjugate_weight = false;
  bool operator==(const Packing&) const = default;
};

/// A plain value: cheap to make (no memory is allocated, nothing is timed), to copy and to compare by its parts.
struct Plan {
  TapProblem problem;
  const Kernel* kernel = nullptr;
  Isa isa = Isa::kBaseline;
  double seconds = 0;             ///< the estimate that the choice went by, for one thread of a typical machine
  int parts = 1;                  ///< shares of the work, one a thread
  std::int64_t units = 0;         ///< independent pieces of the work
  std::size_t packed_bytes = 0;   ///< of pack_weights(); 0: this kernel reads the weight as it is
  std::size_t scratch_bytes = 0;  ///< of run(), all parts together
  std::size_t part_bytes = 0;     ///< of one part
  Packing packing;
  alignas(16) std::array<std::byte, 256> details{};  ///< the kernel's own sizes: see get() and set()

  template <class Details> Details get() const {
    static_assert(std::is_trivially_copyable_v<Details> && sizeof(Details) <= sizeof(details));
    Details value;
    std::memcpy(&value, details.data(), sizeof(value));
    return value;
  }
  template <class Details> void set(const Details& value) {
    static_assert(std::is_trivially_copyable_v<Details> && sizeof(Details) <= sizeof(details));
    std::memcpy(details.data(), &value, sizeof(value));
  }
};

/// Alignment, in bytes, that packed weights and scratch memory must have.
inline constexpr std::size_t kAlignment = 64;

/// Chooses and sizes. Pure: the same arguments give the same plan on any machine. Never fails: `plain` takes
/// everything.
Plan make_plan(const TapProblem& problem, const ChooseOptions& options);

/// The name of the chosen family: "direct", "depthwise", ...
std::string_view kernel_name(const Plan& plan);

/// Names of all families, in alphabetical order.
std::span<const std::string_view> kernel_names();

/// Writes the weight into `packed` (plan.packed_bytes long, aligned to kAlignment) as the kernel wants it.
void pack_weights(const Plan& plan, const void* weight, void* packed) noexcept;

/// Computes. `packed`: of pack_weights(), or null when the plan was made with packed_weight = false or needs none.
/// `scratch`: plan.scratch_bytes, aligned to kAlignment, not shared with a concurrent run.
/// Reads and writes nothing but the operands' elements and these two; allocates, locks and throws nothing.
void run(const Plan& plan, const Operands& operands, const void* packed, void* scratch) noexcept;

}  // namespace conv1d::kernels
