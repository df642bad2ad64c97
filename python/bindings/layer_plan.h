// What one convolution layer keeps between calls, beside its weights.
#pragma once

#include <array>
#include <memory>

#include <nanobind/nanobind.h>

#include <conv1d/nn/options.h>
#include <conv1d/nn/plan_cache.h>

namespace conv1d::python {

namespace nb = nanobind;

/// A setting that cannot change inside: an exact int, str or tuple of exact ints.
bool is_fixed(nb::handle setting);

/// A layer's settings as they were understood in the last call.
///
/// They are attributes that anybody may exchange. They are recognised by identity, which is enough for what cannot
/// change inside; anything else is read anew in each call.
template <class Args, std::size_t kCount> class KnownSettings {
 public:
  using Settings = std::array<nb::handle, kCount>;

  /// The arguments that these settings meant in the last call; null where they are others now. Shared, so that a call
  /// that runs without the interpreter's lock keeps its own.
  std::shared_ptr<const Args> known(const Settings& settings) const {
    if (!args_) return nullptr;
    for (std::size_t i = 0; i < kCount; ++i) {
      if (settings_[i].ptr() != settings[i].ptr()) return nullptr;
    }
    return args_;
  }

  void remember(const Settings& settings, std::shared_ptr<const Args> args) {
    args_ = nullptr;
    for (const nb::handle setting : settings) {
      if (!is_fixed(setting)) return;
    }
    for (std::size_t i = 0; i < kCount; ++i) settings_[i] = nb::borrow(settings[i]);
    args_ = std::move(args);
  }

 private:
  std::array<nb::object, kCount> settings_;
  std::shared_ptr<const Args> args_;
};

/// Python's _C.PlanCache: the packed weights and the settings of one layer, of which it fills one or the other.
struct LayerPlan {
  PlanCache cache;
  KnownSettings<Conv1dArgs, 4> conv;                 // stride, padding, dilation, groups
  KnownSettings<ConvTranspose1dArgs, 5> transposed;  // stride, padding, output_padding, groups, dilation
};

}  // namespace conv1d::python
