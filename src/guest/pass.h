// A pass readied for operands of one shape and layout: sizes checked, kernels chosen.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <conv1d/guest.h>

#include "conv/planned.h"

namespace conv1d::guest {

enum class Kind : std::uint8_t { kForward, kInputGrad, kWeightGrad };
inline constexpr int kKinds = 3;

/// All that a pass depends on besides the layer's settings: compared at every call.
struct PassKey {
  Sizes first_sizes{}, first_strides{}, second_sizes{}, second_strides{};
  std::int64_t bias_size = -1, bias_stride = 0;  // -1: none
  std::int64_t extra = 0;                        // in_length or kernel, which gradients cannot infer
  DType dtype = DType::Float32;                  // of all operands
  std::int32_t threads = 1;
  kernels::Precision precision = kernels::Precision::kHigh;
  bool operator==(const PassKey&) const = default;
};

class Pass : public PlannedSteps {
 public:
  PassKey key;
  Kind kind = Kind::kForward;
  Sizes sizes{};  // of the output
  std::size_t output_bytes = 0;
  std::size_t weight_bytes = 0;  // of the operand in the weight's place
  double saved_seconds = 0;      // in each call by what is kept
  bool zero_first = false;
  std::optional<std::uint64_t> refused_at;  // kept_memory_epoch() when packed weights for it were refused
};

/// Null where the pass is not served. `may_keep`: whether packed weights may be kept for it.
std::shared_ptr<Pass> make_pass(const Settings& settings, Kind kind, const PassKey& key, bool may_keep);

}  // namespace conv1d::guest
