// Layers by number: operators of PyTorch take numbers, and a number that is none of a living layer must do no harm.
#pragma once

#include <cstdint>
#include <memory>

#include <conv1d/guest.h>

namespace conv1d::python::pytorch {

/// A layer with a number, from birth to death.
class NumberedLayer {
 public:
  explicit NumberedLayer(const guest::Settings& settings, bool packs_at_first = true);
  ~NumberedLayer();
  NumberedLayer(const NumberedLayer&) = delete;
  NumberedLayer& operator=(const NumberedLayer&) = delete;

  std::int64_t number() const { return number_; }
  guest::Layer& layer() const { return *layer_; }

 private:
  std::shared_ptr<guest::Layer> layer_;
  std::int64_t number_;
};

/// The living layer of that number, or null. Numbers are below 2^59.
std::shared_ptr<guest::Layer> layer_of(std::int64_t number);

/// For calls without a layer of their own: the one that served the same weight (by address) and settings lately, or a
/// new one. Some thousand are remembered. A weight is packed when it is
/// seen again: it may have been made for one call.
std::shared_ptr<NumberedLayer> recent_layer(const void* weight, const guest::Settings& settings);
void forget_recent_layers();

}  // namespace conv1d::python::pytorch
