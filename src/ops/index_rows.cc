#include "ops/index_rows.h"

#include <span>
#include <string>

#include <conv1d/autograd.h>

#include "base/check.h"
#include "tensor/impl.h"
#include "tensor/layout.h"

namespace conv1d {
namespace {

/// Positions of the true elements, one tensor of them for each dimension.
std::vector<Tensor> positions_of(const Tensor& mask) {
  const Tensor flat = mask.to(bool_).contiguous();
  const bool* values = flat.data<bool>();
  const auto rank = static_cast<std::size_t>(mask.dim());
  std::vector<std::vector<std::int64_t>> positions(rank);
  for (std::int64_t i = 0; i < mask.numel(); ++i) {
    if (!values[i]) continue;
    std::int64_t left = i;
    for (std::size_t d = rank; d-- > 0; left /= mask.sizes()[d]) positions[d].push_back(left % mask.sizes()[d]);
  }
  std::vector<Tensor> tensors;
  tensors.reserve(rank);
  for (const auto& p : positions) tensors.push_back(tensor(std::span<const std::int64_t>(p)));
  return tensors;
}

void check_mask(const Tensor& mask, std::size_t place, const Tensor& x) {
  for (std::size_t i = 0; i < mask.sizes().size(); ++i) {
    check<IndexError>(mask.sizes()[i] == x.sizes()[place + i], "The shape of the mask ", shape_text(mask.sizes()),
                      " at index ", i, " does not match the shape of the indexed tensor ", shape_text(x.sizes()),
                      " at index ", place + i);
  }
}

/// Masks replaced by the positions of what they let through; one entry for each dimension of x.
std::vector<Tensor> integers_of(const Tensor& x, const std::vector<Tensor>& indices) {
  std::vector<Tensor> result;
  for (const Tensor& index : indices) {
    check<IndexError>(static_cast<std::int64_t>(result.size()) < x.dim() || !index.defined(),
                      "too many indices for tensor of dimension ", x.dim());
    if (!index.defined()) {
      result.emplace_back();
    } else if (index.dtype() == bool_ || index.dtype() == uint8) {
      check<IndexError>(static_cast<std::int64_t>(result.size()) + index.dim() <= x.dim(),
                        "too many indices for tensor of dimension ", x.dim());
      check_mask(index, result.size(), x);
      for (Tensor& positions : positions_of(index)) result.push_back(std::move(positions));
    } else {
      check<IndexError>(is_integral(index.dtype()), "tensors used as indices must be long, int, byte or bool tensors");
      result.push_back(index.to(int64));
    }
  }
  result.resize(static_cast<std::size_t>(x.dim()));
  return result;
}

Shape common_shape(const std::vector<Tensor>& integers) {
  std::string shapes;
  Shape common;
  bool fits = true;
  for (const Tensor& index : integers) {
    if (!index.defined()) continue;
    shapes.append(shapes.empty() ? "" : ", ").append(shape_text(index.sizes()));
    try {
      if (fits) common = broadcast_shape(common, index.sizes());
    } catch (const Error&) {
      fits = false;  // the text names all shapes, so go on to collect them
    }
  }
  check<IndexError>(fits, "shape mismatch: indexing tensors could not be broadcast together with shapes ", shapes);
  return common;
}

}  // namespace

Shape RowChoice::result_sizes() const {
  Shape sizes(rest_sizes.begin(), rest_sizes.begin() + static_cast<std::ptrdiff_t>(place));
  sizes.insert(sizes.end(), index_sizes.begin(), index_sizes.end());
  sizes.insert(sizes.end(), rest_sizes.begin() + static_cast<std::ptrdiff_t>(place), rest_sizes.end());
  return sizes;
}

RowChoice choose_rows(const Tensor& x, const std::vector<Tensor>& indices) {
  const GradGuard guard(false);
  const std::vector<Tensor> integers = integers_of(x, indices);
  RowChoice choice;
  choice.index_sizes = common_shape(integers);
  Shape chosen, rest;
  for (std::int64_t d = 0; d < x.dim(); ++d)
    (integers[static_cast<std::size_t>(d)].defined() ? chosen : rest).push_back(d);
  const bool neighbours =
      !chosen.empty() && chosen.back() - chosen.front() + 1 == static_cast<std::int64_t>(chosen.size());
  choice.place = neighbours ? static_cast<std::size_t>(chosen.front()) : 0;

  std::int64_t count = 1;
  for (const std::int64_t size : choice.index_sizes) count *= size;
  choice.rows.assign(static_cast<std::size_t>(count), 0);
  for (const std::int64_t d : chosen) {
    const std::int64_t size = x.sizes()[static_cast<std::size_t>(d)];
    const Tensor values = integers[static_cast<std::size_t>(d)].expand(choice.index_sizes).contiguous();
    const std::int64_t* index = values.data<std::int64_t>();
    for (std::int64_t i = 0; i < count; ++i) {
      check<IndexError>(index[i] >= -size && index[i] < size, "index ", index[i], " is out of bounds for dimension ", d,
                        " with size ", size);
      std::int64_t& row = choice.rows[static_cast<std::size_t>(i)];
      row = row * size + index[i] + (index[i] < 0 ? size : 0);
    }
    choice.chosen_sizes.push_back(size);
  }
  for (const std::int64_t d : rest) choice.rest_sizes.push_back(x.sizes()[static_cast<std::size_t>(d)]);
  choice.order = chosen;
  choice.order.insert(choice.order.end(), rest.begin(), rest.end());
  return choice;
}

}  // namespace conv1d
