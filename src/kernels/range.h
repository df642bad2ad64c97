// Which samples of a strided walk lie inside a row.
#pragma once

#include <algorithm>
#include <cstdint>

namespace conv1d::kernels {

struct Range {
  std::int64_t begin, end;
};

/// Those i in [0, count) for which 0 <= start + i*step < length.
inline Range inside_row(std::int64_t start, std::int64_t step, std::int64_t length, std::int64_t count) {
  std::int64_t begin = 0, end = count;
  if (step > 0) {
    if (start < 0) begin = (-start + step - 1) / step;
    end = start >= length ? 0 : (length - start + step - 1) / step;
  } else if (step < 0) {
    if (start >= length) begin = (start - length) / -step + 1;
    end = start < 0 ? 0 : start / -step + 1;
  } else if (start < 0 || start >= length) {
    end = 0;
  }
  begin = std::min(begin, count);
  return {begin, std::clamp(end, begin, count)};
}

}  // namespace conv1d::kernels
