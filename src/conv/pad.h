// Where each element of a padded tensor comes from: one description for the values of three modes and for their
// gradients.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include <conv1d/tensor.h>

namespace conv1d {

/// A padding of the last one to three dimensions, seen as (outer, 3 dimensions): element (n, a, b, c) of the result is
/// element (n, source[0][a], source[1][b], source[2][c]) of the input. Dimensions that are not padded count into
/// `outer`.
struct PadMap {
  Shape in_sizes;   ///< of the whole input
  Shape out_sizes;  ///< of the whole result
  std::int64_t outer = 1;
  std::array<std::int64_t, 3> in{1, 1, 1};
  std::array<std::vector<std::int64_t>, 3> source{{{0}, {0}, {0}}};
  const char* name = "";       ///< grad_fn of the padding
  const char* grad_name = "";  ///< grad_fn of its gradient
};

/// Checks `amounts` for a mode other than constant, in PyTorch's order, and lays out the map.
std::shared_ptr<const PadMap> make_pad_map(const Tensor& input, const std::vector<std::int64_t>& amounts,
                                           const std::string& mode);

// Recorded; each is the other's gradient.
Tensor gather_pad(const Tensor& x, const std::shared_ptr<const PadMap>& map);
Tensor scatter_pad(const Tensor& grad, const std::shared_ptr<const PadMap>& map);

}  // namespace conv1d
