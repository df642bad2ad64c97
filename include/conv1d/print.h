// Tensors as text, character for character as PyTorch prints them.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>

#include <conv1d/tensor.h>

namespace conv1d {

/// PyTorch's torch.set_printoptions; the defaults are its "default" profile.
struct PrintOptions {
  std::int64_t precision = 4;        ///< digits after the point
  double threshold = 1000;           ///< more elements than this are summarised
  std::int64_t edgeitems = 3;        ///< elements shown at each end when summarised
  std::int64_t linewidth = 80;       ///< columns
  std::optional<bool> sci_mode = {}; ///< scientific notation; unset: chosen by the values
};

PrintOptions print_options();
void set_print_options(const PrintOptions& options);

std::string to_string(const Tensor& tensor);
std::ostream& operator<<(std::ostream& out, const Tensor& tensor);

}  // namespace conv1d
