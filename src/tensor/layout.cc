#include "tensor/layout.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"
#include "base/sizes.h"
#include "tensor/impl.h"

namespace conv1d {

Shape infer_shape(const Shape& shape, std::int64_t numel) {
  std::optional<std::size_t> inferred;
  Shape known;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == -1) {
      check(!inferred, "only one dimension can be inferred");
      inferred = i;
    } else {
      check(shape[i] >= 0, "invalid shape dimension ", shape[i], " at index ", i, " of shape ", shape_text(shape));
      known.push_back(shape[i]);
    }
  }
  const auto product = checked_product(known);
  const bool fits = product && (*product == numel || (inferred && *product > 0 && numel % *product == 0));
  check(fits, "shape '", shape_text(shape), "' is invalid for input of size ", numel);
  if (!inferred) return shape;
  check(*product != 0, "cannot reshape tensor of 0 elements into shape ", shape_text(shape),
        " because the unspecified dimension size -1 can be any value and is ambiguous");
  Shape result = shape;
  result[*inferred] = numel / *product;
  return result;
}

std::optional<Shape> view_strides(const Shape& sizes, const Shape& strides, const Shape& shape) {
  if (std::find(sizes.begin(), sizes.end(), 0) != sizes.end())
    return sizes == shape ? strides : contiguous_strides(shape);
  if (sizes.empty()) return Shape(shape.size(), 1);
  // From the innermost dimension on, join old dimensions into chunks that lie in C order, and cut each chunk into new
  // ones.
  Shape result(shape.size());
  auto to = static_cast<std::int64_t>(shape.size()) - 1;
  std::int64_t base = strides.back(), old_count = 1, new_count = 1;
  for (auto from = static_cast<std::int64_t>(sizes.size()) - 1; from >= 0; --from) {
    old_count *= sizes[static_cast<std::size_t>(from)];
    const bool chunk_ends = from == 0 || (sizes[static_cast<std::size_t>(from) - 1] != 1 &&
                                          strides[static_cast<std::size_t>(from) - 1] != old_count * base);
    if (!chunk_ends) continue;
    while (to >= 0 && (new_count < old_count || shape[static_cast<std::size_t>(to)] == 1)) {
      result[static_cast<std::size_t>(to)] = new_count * base;
      new_count *= shape[static_cast<std::size_t>(to--)];
    }
    if (new_count != old_count) return std::nullopt;
    if (from > 0) {
      base = strides[static_cast<std::size_t>(from) - 1];
      old_count = new_count = 1;
    }
  }
  return to == -1 ? std::optional(result) : std::nullopt;
}

Shape broadcast_shape(const Shape& a, const Shape& b) {
  const std::size_t rank = std::max(a.size(), b.size());
  Shape result(rank);
  for (std::size_t i = rank; i-- > 0;) {
    const std::int64_t size_a = i + a.size() >= rank ? a[i + a.size() - rank] : 1;
    const std::int64_t size_b = i + b.size() >= rank ? b[i + b.size() - rank] : 1;
    check(size_a == size_b || size_a == 1 || size_b == 1, "The size of tensor a (", size_a,
          ") must match the size of tensor b (", size_b, ") at non-singleton dimension ", i);
    result[i] = size_a == 1 ? size_b : size_a;
  }
  return result;
}

Shape broadcast_strides(const Shape& sizes, const Shape& strides, const Shape& shape) {
  Shape result(shape.size(), 0);
  const std::size_t added = shape.size() - sizes.size();
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == shape[added + i]) result[added + i] = strides[i];
  }
  return result;
}

Shape memory_order(const Shape& sizes, const Shape& strides) {
  Shape order(sizes.size());
  std::iota(order.rbegin(), order.rend(), 0);  // C order: the last dimension first
  // Whether dimension a must come later than b: 1 yes, -1 no, 0 undecided (a repeated dimension has no place of its
  // own).
  const auto later = [&](std::int64_t a, std::int64_t b) {
    const auto i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
    if (strides[i] == 0 || strides[j] == 0) return 0;
    if (strides[i] != strides[j]) return strides[i] < strides[j] ? -1 : 1;
    return sizes[i] > sizes[j] ? 1 : 0;
  };
  // An insertion sort that passes over the undecided: "undecided" is not transitive, so std::sort cannot do it.
  for (std::size_t i = 1; i < order.size(); ++i) {
    std::size_t moving = i;
    for (std::size_t j = i; j-- > 0;) {
      const int decision = later(order[j], order[moving]);
      if (decision > 0) {
        std::swap(order[j], order[moving]);
        moving = j;
      } else if (decision < 0) {
        break;
      }
    }
  }
  return order;
}

bool is_dense(const Shape& sizes, const Shape& strides) {
  if (std::find(sizes.begin(), sizes.end(), 0) != sizes.end()) return true;
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] != 1) order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return strides[a] < strides[b]; });
  std::int64_t expected = 1;
  for (const std::size_t i : order) {
    if (strides[i] != expected) return false;
    expected *= sizes[i];
  }
  return true;
}

Shape dense_strides(const Shape& sizes, const Shape& strides) {
  if (is_dense(sizes, strides)) return strides;
  Shape result(sizes.size());
  std::int64_t stride = 1;
  for (const std::int64_t dim : memory_order(sizes, strides)) {
    result[static_cast<std::size_t>(dim)] = stride;
    stride *= sizes[static_cast<std::size_t>(dim)];
  }
  return result;
}

bool has_repeats(const Shape& sizes, const Shape& strides) {
  if (std::find(sizes.begin(), sizes.end(), 0) != sizes.end()) return false;
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] != 1) order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return strides[a] < strides[b]; });
  std::int64_t span = 0;  // the largest offset within the dimensions so far: a stride beyond it cannot meet them
  for (const std::size_t i : order) {
    if (strides[i] <= span) return true;
    span += (sizes[i] - 1) * strides[i];
  }
  return false;
}

}  // namespace conv1d
