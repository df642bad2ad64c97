// Tensors as text, character for character as PyTorch prints them.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

#include <conv1d/tensor.h>

namespace conv1d {

/// PyTorch's torch.set_printoptions; the defaults are its "default" profile. As there, nothing is checked when they are
/// set: a precision that is none (negative, or too big for an int) raises ValueError when a number needs it.
struct PrintOptions {
  std::int64_t precision = 4;   ///< digits after the point
  double threshold = 1000;      ///< tensors of more elements are summarised; infinity: none is
  std::int64_t edgeitems = 3;   ///< elements shown at each end of a summarised dimension; 0 shows none, but the size
  std::int64_t linewidth = 80;  ///< columns; a line that cannot be broken may be longer
  std::optional<bool> sci_mode = {};  ///< scientific notation; unset: chosen by the values
};

/// The options of the process. Both are safe to call from several threads.
PrintOptions print_options();
void set_print_options(const PrintOptions& options);

/// `tensor([[1., 2.]], dtype=torch.float64, grad_fn=<AddBackward0>)`. Numbers are rounded exactly, ties to even,
/// whatever the locale. An undefined tensor is "[ Tensor (undefined) ]". `name` stands in place of "tensor", and
/// further lines are indented by its length.
std::string to_string(const Tensor& tensor, std::string_view name = "tensor");
std::ostream& operator<<(std::ostream& out, const Tensor& tensor);

}  // namespace conv1d
