// The arguments of a 1-D convolution, in every form in which PyTorch takes them.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace conv1d {

/// One integer or a list of them: `2`, `{2}`. A convolution over one dimension wants exactly one number; other lengths
/// are kept, so that the call can answer with PyTorch's text.
class Ints {
 public:
  // A template, so that a literal 0 is an integer here and nowhere a null pointer.
  template <class T, std::enable_if_t<std::is_integral_v<T>, int> = 0>
  Ints(T value) : values_{static_cast<std::int64_t>(value)} {}
  Ints(std::initializer_list<std::int64_t> values) : values_(values) {}
  Ints(std::vector<std::int64_t> values) : values_(std::move(values)) {}

  const std::vector<std::int64_t>& values() const { return values_; }
  bool operator==(const Ints&) const = default;

 private:
  std::vector<std::int64_t> values_;
};

/// Zeros on each side: a number (`2`), a list (`{2}`), "valid" (none) or "same" (output as long as the input; stride
/// 1).
class Padding {
 public:
  Padding() : value_(Ints(0)) {}
  template <class T, std::enable_if_t<std::is_integral_v<T>, int> = 0> Padding(T value) : value_(Ints(value)) {}
  Padding(std::initializer_list<std::int64_t> values) : value_(Ints(values)) {}
  Padding(std::vector<std::int64_t> values) : value_(Ints(std::move(values))) {}
  Padding(Ints values) : value_(std::move(values)) {}
  Padding(const char* name) : value_(std::string(name)) {}
  Padding(std::string name) : value_(std::move(name)) {}
  Padding(std::string_view name) : value_(std::string(name)) {}

  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  const std::string& string() const { return std::get<std::string>(value_); }  ///< only where is_string()
  const std::vector<std::int64_t>& values() const { return std::get<Ints>(value_).values(); }  ///< only where not
  bool operator==(const Padding&) const = default;

 private:
  std::variant<Ints, std::string> value_;
};

/// What a convolution does besides its tensors: `F::conv1d(x, w, b, {.stride = 2, .groups = 4})`.
struct Conv1dArgs {
  Ints stride = 1;          ///< samples from one output to the next, at least 1
  Padding padding = 0;      ///< samples on each side, or "same", "valid"
  Ints dilation = 1;        ///< samples from one tap to the next, at least 1
  std::int64_t groups = 1;  ///< independent blocks of channels: divides the input's and the output's channels
};

/// What a transposed convolution does besides its tensors: `F::conv_transpose1d(x, w, b, {.stride = 2})`.
struct ConvTranspose1dArgs {
  Ints stride = 1;          ///< samples from what one input adds to the output to what the next one adds, at least 1
  Ints padding = 0;         ///< samples cut off on each side of the output
  Ints output_padding = 0;  ///< samples more at the output's end, fewer than stride or than dilation
  std::int64_t groups = 1;  ///< independent blocks of channels: divides the input's and the output's channels
  Ints dilation = 1;        ///< samples from one tap to the next, at least 1
};

}  // namespace conv1d
