#include "print/layout.h"

#include <algorithm>

#include "base/sizes.h"

namespace conv1d::print {
namespace {

std::string blanks(std::int64_t count) {
  return std::string(static_cast<std::size_t>(std::max<std::int64_t>(count, 0)), ' ');
}

// The innermost dimension: as many elements a line as fit, at least one.
std::string row(const Axis& axis, std::size_t width, std::int64_t indent, const PrintOptions& options,
                const std::function<std::string()>& next) {
  if (axis.cut && axis.shown() == 0) return "[...]";
  const auto length = static_cast<std::int64_t>(width) + 2;  // the element, its comma and a blank
  std::int64_t room = 0;
  if (sub_overflows(options.linewidth, indent, &room)) room = 0;
  const std::int64_t per_line = std::max<std::int64_t>(1, floor_div(room, length));
  const std::string line_break = ",\n" + blanks(indent + 1);
  std::string text = "[";
  const std::int64_t count = axis.shown() + (axis.cut ? 1 : 0);  // the dots take an element's place
  for (std::int64_t n = 0; n < count; ++n) {
    if (n > 0) text += n % per_line == 0 ? line_break : ", ";
    text += axis.cut && n == axis.head ? " ..." : next();
  }
  return text + "]";
}

}  // namespace

std::vector<Axis> shown_axes(const Shape& sizes, std::int64_t numel, const PrintOptions& options) {
  const bool summarise = static_cast<double>(numel) > options.threshold;
  const std::int64_t edge = options.edgeitems;
  std::vector<Axis> axes;
  axes.reserve(sizes.size());
  for (const std::int64_t size : sizes) {
    const bool cut = summarise && (edge < 0 || size - edge > edge);  // size > 2 * edge, without overflow
    // A negative number means to PyTorch what it means in a Python slice: all but so many, at each end.
    const std::int64_t shown = edge < 0 ? std::max<std::int64_t>(size + edge, 0) : edge;
    axes.push_back({.size = size, .head = cut ? shown : 0, .tail = cut ? shown : 0, .cut = cut});
  }
  return axes;
}

void for_each_shown(const std::vector<Axis>& axes, const Shape& strides, const std::function<void(std::int64_t)>& f) {
  for (const Axis& axis : axes) {
    if (axis.shown() == 0) return;
  }
  std::vector<std::int64_t> at(axes.size(), 0);
  std::int64_t offset = 0;
  while (true) {
    f(offset);
    std::size_t d = axes.size();
    for (; d > 0; --d) {  // an odometer: the last dimension runs fastest
      const Axis& axis = axes[d - 1];
      std::int64_t& n = at[d - 1];
      const std::int64_t before = axis.position(n);
      n = n + 1 == axis.shown() ? 0 : n + 1;
      offset += (axis.position(n) - before) * strides[d - 1];
      if (n != 0) break;
    }
    if (d == 0) return;
  }
}

// A walk instead of a recursion: the number of dimensions has no bound.
std::string lay_out(const std::vector<Axis>& axes, std::size_t width, std::int64_t indent, const PrintOptions& options,
                    const std::function<std::string()>& next) {
  if (axes.empty()) return next();
  const std::size_t last = axes.size() - 1;
  if (last == 0) return row(axes[0], width, indent, options, next);
  std::vector<std::int64_t> at(last, 0);  // what comes next in each outer dimension, the dots counted
  std::size_t depth = 0;
  std::string text = "[";
  while (true) {
    const Axis& axis = axes[depth];
    std::int64_t& n = at[depth];
    if (n == axis.shown() + (axis.cut ? 1 : 0)) {
      text += ']';
      if (depth == 0) return text;
      --depth;
      continue;
    }
    const std::int64_t column = indent + static_cast<std::int64_t>(depth) + 1;
    if (n > 0) text += "," + std::string(last - depth, '\n') + blanks(column);
    const bool dots = axis.cut && n == axis.head;
    ++n;
    if (dots) {
      text += "...";
    } else if (depth + 1 == last) {
      text += row(axes[last], width, column, options, next);
    } else {
      at[++depth] = 0;
      text += '[';
    }
  }
}

std::string with_suffixes(std::string_view prefix, const std::string& body, const std::vector<std::string>& suffixes,
                          const PrintOptions& options) {
  std::string text = std::string(prefix) + body;
  // PyTorch counts the columns of the last line from the line feed before it, plus one: two more than there are.
  const std::size_t newline = text.rfind('\n');
  std::size_t column = newline == std::string::npos ? text.size() + 2 : text.size() - newline + 1;
  if (suffixes.empty()) return text + ")";
  for (const std::string& suffix : suffixes) {
    if (static_cast<std::int64_t>(column + suffix.size() + 2) > options.linewidth) {
      text += ",\n" + blanks(static_cast<std::int64_t>(prefix.size())) + suffix;
      column = prefix.size() + suffix.size();
    } else {
      text += ", " + suffix;
      column += suffix.size() + 2;
    }
  }
  return text + ")";
}

}  // namespace conv1d::print
