#include <conv1d/precision.h>

#include <array>
#include <atomic>

#include "base/check.h"
#include "kernels/precision.h"

namespace conv1d {
namespace {

using kernels::Precision;

constexpr std::array<std::string_view, 3> kNames = {"highest", "high", "medium"};  // in the order of Precision

std::atomic<Precision> precision{Precision::kHigh};

}  // namespace

void set_float32_conv_precision(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (name == kNames[i]) return precision.store(static_cast<Precision>(i));
  }
  // PyTorch's text for its float32_matmul_precision, which only warns: a setting that has no effect is an error here.
  fail(cat_text(name, " is not one of 'highest', 'high', or 'medium'"));
}

std::string_view get_float32_conv_precision() { return kNames[static_cast<std::size_t>(kernels::current_precision())]; }

kernels::Precision kernels::current_precision() { return precision.load(); }

}  // namespace conv1d
