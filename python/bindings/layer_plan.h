// What one Conv1d layer keeps between calls, beside its weights.
#pragma once

#include <array>
#include <memory>

#include <nanobind/nanobind.h>

#include <conv1d/nn/options.h>
#include <conv1d/nn/plan_cache.h>

namespace conv1d::python {

namespace nb = nanobind;

/// Python's _C.PlanCache: the packed weights, and the layer's settings as they were understood in the last call.
///
/// A layer's settings are attributes that anybody may exchange. They are recognised by identity, which is enough for
/// what cannot change inside: exact tuples of exact ints, ints and strings. Anything else is read anew in each call.
class LayerPlan {
 public:
  enum Setting : std::size_t { kStride, kPadding, kDilation, kGroups, kSettings };
  using Settings = std::array<nb::handle, kSettings>;

  /// The arguments that these settings meant in the last call; null where they are others now. Shared, so that a call
  /// that runs without the interpreter's lock keeps its own.
  std::shared_ptr<const Conv1dArgs> known(const Settings& settings) const;
  void remember(const Settings& settings, std::shared_ptr<const Conv1dArgs> args);

  PlanCache& cache() { return cache_; }

 private:
  PlanCache cache_;
  std::array<nb::object, kSettings> settings_;
  std::shared_ptr<const Conv1dArgs> args_;
};

}  // namespace conv1d::python
