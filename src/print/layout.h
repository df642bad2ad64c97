// Where a tensor's numbers go: which are shown, in lines of 80 columns, with brackets, commas and dots.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <conv1d/print.h>

namespace conv1d::print {

/// One dimension as it is shown: all of it, or its ends with dots between.
struct Axis {
  std::int64_t size = 0;
  std::int64_t head = 0;  ///< elements before the dots; used where cut
  std::int64_t tail = 0;  ///< elements after them
  bool cut = false;

  std::int64_t shown() const { return cut ? head + tail : size; }
  /// The position in the tensor of the n-th that is shown.
  std::int64_t position(std::int64_t n) const { return cut && n >= head ? size - tail + n - head : n; }
};

/// The dimensions of a tensor of these sizes under these options: cut only where it has more elements than the
/// threshold.
std::vector<Axis> shown_axes(const Shape& sizes, std::int64_t numel, const PrintOptions& options);

/// Calls f(offset) for the storage offset (from the first element) of each element shown, in order.
void for_each_shown(const std::vector<Axis>& axes, const Shape& strides, const std::function<void(std::int64_t)>& f);

/// Brackets, commas and line breaks around the elements' texts. `next` gives them in order; `width` is the columns that
/// each is counted with, `indent` those before the first bracket.
std::string lay_out(const std::vector<Axis>& axes, std::size_t width, std::int64_t indent, const PrintOptions& options,
                    const std::function<std::string()>& next);

/// prefix + body + ", suffix"... + ")", with a new line before a suffix that would go over the line's width.
std::string with_suffixes(std::string_view prefix, const std::string& body, const std::vector<std::string>& suffixes,
                          const PrintOptions& options);

}  // namespace conv1d::print
