// Views: tensors that share the data. Each gradient is the reverse view.
#include <algorithm>

#include "base/check.h"
#include "base/sizes.h"
#include "ops/grads.h"
#include "tensor/copy.h"
#include "tensor/impl.h"
#include "tensor/layout.h"

namespace conv1d {
namespace {

std::size_t pos(std::int64_t i) { return static_cast<std::size_t>(i); }

/// A view of the same elements in another shape: its gradient is reshaped back.
Tensor record_reshape(const char* name, const Tensor& x, Shape sizes, Shape strides) {
  const Tensor view = make_view(x, std::move(sizes), std::move(strides), x.storage_offset());
  return record_view(name, view, x,
                     [before = x.sizes()](const BackwardArgs& args) -> Grads { return {args.grad().reshape(before)}; });
}

Tensor view_as(const char* name, const Tensor& x, const Shape& shape) {
  auto strides = view_strides(x.sizes(), x.strides(), shape);
  check(strides.has_value(),
        "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
        "contiguous "
        "subspaces). Use .reshape(...) instead.");
  return record_reshape(name, x, shape, std::move(*strides));
}

}  // namespace

Tensor Tensor::view(const Shape& shape) const { return view_as("ViewBackward0", *this, infer_shape(shape, numel())); }

Tensor Tensor::reshape(const Shape& shape) const {
  const Shape wanted = infer_shape(shape, numel());
  if (is_contiguous()) return view_as("ViewBackward0", *this, wanted);
  if (view_strides(sizes(), strides(), wanted)) return view_as("ReshapeAliasBackward0", *this, wanted);
  // A copy is nobody's view, though it is one of its own memory: a change in place of it concerns nobody else.
  const Tensor copy = contiguous();
  return record("UnsafeViewBackward0", make_view(copy, wanted, contiguous_strides(wanted), 0), {copy}, {},
                [before = sizes()](const BackwardArgs& args) -> Grads { return {args.grad().reshape(before)}; });
}

Tensor Tensor::flatten(std::int64_t start_dim, std::int64_t end_dim) const {
  const std::int64_t start = wrap_dim(start_dim, dim()), end = wrap_dim(end_dim, dim());
  check(start <= end, "flatten() has invalid args: start_dim cannot come after end_dim");
  if (dim() == 0) return reshape({1});
  if (start == end) return *this;
  Shape shape(sizes().begin(), sizes().begin() + start);
  const auto joined = checked_product({sizes().data() + start, static_cast<std::size_t>(end + 1 - start)});
  check(joined.has_value(), "numel: integer multiplication overflow");
  shape.push_back(*joined);
  shape.insert(shape.end(), sizes().begin() + end + 1, sizes().end());
  return reshape(shape);
}

Tensor Tensor::squeeze() const {
  Shape kept_sizes, kept_strides;
  for (std::size_t d = 0; d < sizes().size(); ++d) {
    if (sizes()[d] == 1) continue;
    kept_sizes.push_back(sizes()[d]);
    kept_strides.push_back(strides()[d]);
  }
  return record_reshape("SqueezeBackward0", *this, std::move(kept_sizes), std::move(kept_strides));
}

Tensor Tensor::squeeze(std::int64_t dim_in) const {
  const std::int64_t d = wrap_dim(dim_in, dim());
  Shape kept_sizes = sizes(), kept_strides = strides();
  if (dim() > 0 && kept_sizes[pos(d)] == 1) {
    kept_sizes.erase(kept_sizes.begin() + d);
    kept_strides.erase(kept_strides.begin() + d);
  }
  return record_reshape("SqueezeBackward1", *this, std::move(kept_sizes), std::move(kept_strides));
}

Tensor Tensor::unsqueeze(std::int64_t dim_in) const {
  const std::int64_t d = wrap_dim(dim_in, dim() + 1);
  Shape new_sizes = sizes(), new_strides = strides();
  const std::int64_t stride = d < dim() ? sizes()[pos(d)] * strides()[pos(d)] : 1;
  new_sizes.insert(new_sizes.begin() + d, 1);
  new_strides.insert(new_strides.begin() + d, stride);
  const Tensor view = make_view(*this, std::move(new_sizes), std::move(new_strides), storage_offset());
  return record_view("UnsqueezeBackward0", view, *this,
                     [d](const BackwardArgs& args) -> Grads { return {args.grad().squeeze(d)}; });
}

// ---- other orders of the dimensions
// ----------------------------------------------------------------------------------

namespace {

Tensor swapped(const Tensor& x, std::int64_t a, std::int64_t b) {
  Shape sizes = x.sizes(), strides = x.strides();
  if (!sizes.empty()) {
    std::swap(sizes[pos(a)], sizes[pos(b)]);
    std::swap(strides[pos(a)], strides[pos(b)]);
  }
  return make_view(x, std::move(sizes), std::move(strides), x.storage_offset());
}

}  // namespace

Tensor Tensor::transpose(std::int64_t dim0, std::int64_t dim1) const {
  const std::int64_t a = wrap_dim(dim0, dim()), b = wrap_dim(dim1, dim());
  return record_view("TransposeBackward0", swapped(*this, a, b), *this,
                     [a, b](const BackwardArgs& args) -> Grads { return {args.grad().transpose(a, b)}; });
}

Tensor Tensor::t() const {
  check(dim() <= 2, "t() expects a tensor with <= 2 dimensions, but self is ", dim(), "D");
  return record_view("TBackward0", dim() == 2 ? swapped(*this, 0, 1) : swapped(*this, 0, 0), *this,
                     [](const BackwardArgs& args) -> Grads { return {args.grad().t()}; });
}

Tensor Tensor::permute(const Shape& dims) const {
  check(static_cast<std::int64_t>(dims.size()) == dim(),
        "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired "
        "ordering of "
        "dimensions i.e. input.dim() = ",
        dim(), " is not equal to len(dims) = ", dims.size());
  Shape new_sizes, new_strides, inverse(dims.size(), -1);
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const std::size_t d = pos(wrap_dim(dims[i], dim()));
    check(inverse[d] == -1, "permute(): duplicate dims are not allowed.");
    inverse[d] = static_cast<std::int64_t>(i);
    new_sizes.push_back(sizes()[d]);
    new_strides.push_back(strides()[d]);
  }
  const Tensor view = make_view(*this, std::move(new_sizes), std::move(new_strides), storage_offset());
  return record_view("PermuteBackward0", view, *this,
                     [inverse](const BackwardArgs& args) -> Grads { return {args.grad().permute(inverse)}; });
}

// ---- more, or fewer, elements
// ----------------------------------------------------------------------------------------

Tensor Tensor::expand(const Shape& shape) const {
  check(shape.size() >= sizes().size(), "expand(", tensor_type_name(dtype()), "{", shape_text(sizes()),
        "}, size=", shape_text(shape), "): the number of sizes provided (", shape.size(),
        ") must be greater or equal to the number of dimensions in the tensor (", dim(), ")");
  Shape new_sizes = shape, new_strides(shape.size(), 0);
  const std::size_t added = shape.size() - sizes().size();
  for (std::size_t i = shape.size(); i-- > 0;) {
    const std::int64_t size = i >= added ? sizes()[i - added] : 1;
    const std::int64_t stride = i >= added             ? strides()[i - added]
                                : i + 1 < shape.size() ? new_sizes[i + 1] * new_strides[i + 1]
                                                       : 1;
    if (shape[i] == -1) {
      check(i >= added, "The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension ", i);
      new_sizes[i] = size;
    }
    check(size == new_sizes[i] || size == 1, "The expanded size of the tensor (", new_sizes[i],
          ") must match the existing size (", size, ") at non-singleton dimension ", i,
          ".  Target sizes: ", shape_text(shape), ".  Tensor sizes: ", shape_text(sizes()));
    check(new_sizes[i] >= 0, "Trying to create tensor with negative dimension ", new_sizes[i], ": ", shape_text(shape));
    new_strides[i] = size == new_sizes[i] ? stride : 0;
  }
  // The product of the sizes may overflow though no memory is needed; make_view() says so.
  const Tensor view = make_view(*this, std::move(new_sizes), std::move(new_strides), storage_offset());
  return record_view("ExpandBackward0", view, *this,
                     [before = sizes()](const BackwardArgs& args) -> Grads { return {sum_to(args.grad(), before)}; });
}

Tensor Tensor::select(std::int64_t dim_in, std::int64_t index) const {
  check<IndexError>(dim() > 0, "select() cannot be applied to a 0-dim tensor.");
  const std::int64_t d = wrap_dim(dim_in, dim()), size = sizes()[pos(d)];
  check<IndexError>(index >= -size && index < size, "select(): index ", index, " out of range for tensor of size ",
                    shape_text(sizes()), " at dimension ", d);
  const std::int64_t i = index < 0 ? index + size : index;
  Shape new_sizes = sizes(), new_strides = strides();
  new_sizes.erase(new_sizes.begin() + d);
  new_strides.erase(new_strides.begin() + d);
  const std::int64_t offset = storage_offset() + i * strides()[pos(d)];
  const Tensor view = make_view(*this, std::move(new_sizes), std::move(new_strides), offset);
  return record_view("SelectBackward0", view, *this, [before = sizes(), d, i](const BackwardArgs& args) -> Grads {
    return {place_slice(args.grad().unsqueeze(d), before, d, i, 1)};
  });
}

Tensor Tensor::slice(std::int64_t dim_in, std::optional<std::int64_t> start, std::optional<std::int64_t> stop,
                     std::int64_t step) const {
  check(dim() > 0, "slice() cannot be applied to a 0-dim tensor.");
  const std::int64_t d = wrap_dim(dim_in, dim()), size = sizes()[pos(d)];
  check(step > 0, "slice step must be positive");
  const auto bound = [size](std::int64_t i) { return std::clamp<std::int64_t>(i < 0 ? i + size : i, 0, size); };
  const std::int64_t first = bound(start.value_or(0)), last = std::max(first, bound(stop.value_or(size)));
  const std::int64_t count = last == first ? 0 : (last - first - 1) / step + 1;
  Shape new_sizes = sizes(), new_strides = strides();
  new_sizes[pos(d)] = count;
  // A step beyond all memory leads from one element to nowhere, and must not overflow later.
  constexpr std::int64_t kFar = std::int64_t{1} << 48;
  if (std::int64_t stride = 0; !mul_overflows(new_strides[pos(d)], step, &stride) && stride < kFar) {
    new_strides[pos(d)] = stride;
  }
  const Tensor view =
      make_view(*this, std::move(new_sizes), std::move(new_strides), storage_offset() + first * strides()[pos(d)]);
  return record_view("SliceBackward0", view, *this,
                     [before = sizes(), d, first, step](const BackwardArgs& args) -> Grads {
                       return {place_slice(args.grad(), before, d, first, step)};
                     });
}

Tensor place_slice(const Tensor& x, const Shape& sizes, std::int64_t dim, std::int64_t start, std::int64_t step) {
  const Tensor result = zeros(sizes, {.dtype = x.dtype(), .device = x.device()});
  Shape strides = result.strides();
  if (x.sizes()[pos(dim)] > 1) strides[pos(dim)] *= step;
  copy_into(make_view(result.data_view(), x.sizes(), std::move(strides), start * result.strides()[pos(dim)]), x);
  const std::int64_t count = x.sizes()[pos(dim)];
  return record("PlaceSliceBackward0", result, {x}, {}, [dim, start, step, count](const BackwardArgs& args) -> Grads {
    return {args.grad().slice(dim, start, count == 0 ? start : start + (count - 1) * step + 1, step)};
  });
}

}  // namespace conv1d
