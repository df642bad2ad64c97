// Copies: clone, contiguous, to, cat, stack.
#include <algorithm>

#include "base/check.h"
#include "ops/grads.h"
#include "tensor/copy.h"
#include "tensor/impl.h"

namespace conv1d {
namespace {

Grads pass_on(const BackwardArgs& args) { return {args.grad()}; }  // the walk casts to the input's dtype

/// A copy is new: nobody has changed it yet.
Tensor unchanged(Tensor copy) {
  copy.impl()->version->count.store(0, std::memory_order_relaxed);
  return copy;
}

}  // namespace

Tensor Tensor::clone() const {
  return record("CloneBackward0", unchanged(dense_copy_of(*this, dtype())), {*this}, {}, pass_on);
}

Tensor Tensor::contiguous() const {
  if (is_contiguous()) return *this;
  return record("CloneBackward0", unchanged(copy_of(*this, dtype())), {*this}, {}, pass_on);
}

Tensor Tensor::to(DType wanted) const {
  if (wanted == dtype()) return *this;
  return record("ToCopyBackward0", unchanged(dense_copy_of(*this, wanted)), {*this}, {}, pass_on);
}

Tensor Tensor::to(Device wanted) const {
  if (wanted == device()) return *this;
  check<NotImplementedError>(wanted.is_meta(), "Cannot copy out of meta tensor; no data!");
  const Tensor result = make_view(make_tensor(sizes(), dtype(), wanted), sizes(), strides(), 0);
  return record("ToCopyBackward0", result, {*this}, {}, [](const BackwardArgs& args) -> Grads {
    return {zeros(args.grad().sizes(), {.dtype = args.grad().dtype()})};
  });
}

// ---- several tensors into one
// ----------------------------------------------------------------------------------------

namespace {

/// An empty tensor of one dimension joins anything: so it was before tensors could have dimensions of size 0.
bool is_skipped(const Tensor& x) { return x.dim() == 1 && x.numel() == 0; }

DType joined_dtype(const std::vector<Tensor>& tensors) {
  std::optional<DType> with_dims, without;
  for (const Tensor& x : tensors) {
    std::optional<DType>& dtype = x.dim() > 0 ? with_dims : without;
    dtype = dtype ? promote_types(*dtype, x.dtype()) : x.dtype();
  }
  return with_dims ? *with_dims : *without;
}

void check_joinable(const Tensor& first, const Tensor& x, std::int64_t dim, std::size_t number) {
  check(x.device() == first.device(), "Tensor on device ", x.device().str(), " is not on the expected device ",
        first.device().str(), "!");
  check(x.dim() == first.dim(), "Tensors must have same number of dimensions: got ", first.dim(), " and ", x.dim());
  for (std::int64_t d = 0; d < x.dim(); ++d) {
    check(d == dim || x.size(d) == first.size(d), "Sizes of tensors must match except in dimension ", dim,
          ". Expected size ", first.size(d), " but got size ", x.size(d), " for tensor number ", number,
          " in the list.");
  }
}

/// Writes each part into its place along `dim` of a new tensor.
Tensor joined(const std::vector<Tensor>& parts, Shape sizes, std::int64_t dim, DType dtype, Device device) {
  const Tensor result = make_tensor(sizes, dtype, device);
  std::int64_t start = 0;
  for (const Tensor& part : parts) {
    const std::int64_t length = part.size(dim);
    sizes[static_cast<std::size_t>(dim)] = length;
    copy_into(make_view(result, sizes, result.strides(), start * result.stride(dim)), part);
    start += length;
  }
  return unchanged(result);
}

}  // namespace

Tensor cat(const std::vector<Tensor>& tensors, std::int64_t dim_in) {
  check<ValueError>(!tensors.empty(), "torch.cat(): expected a non-empty list of Tensors");
  std::vector<Tensor> parts;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    check(tensors[i].dim() > 0, "zero-dimensional tensor (at position ", i, ") cannot be concatenated");
    if (!is_skipped(tensors[i])) parts.push_back(tensors[i]);
  }
  const DType dtype = joined_dtype(tensors);
  const Tensor& first = parts.empty() ? tensors[0] : parts[0];
  const std::int64_t dim = wrap_dim(dim_in, first.dim());
  Shape sizes = first.sizes();
  std::int64_t length = 0;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (is_skipped(tensors[i])) continue;
    check_joinable(first, tensors[i], dim, i);
    length += tensors[i].size(dim);
  }
  sizes[static_cast<std::size_t>(dim)] = length;
  std::vector<std::int64_t> lengths;
  lengths.reserve(tensors.size());
  for (const Tensor& x : tensors) lengths.push_back(is_skipped(x) ? -1 : x.size(dim));
  return record("CatBackward0", joined(parts, sizes, dim, dtype, first.device()), tensors, {},
                [dim, lengths](const BackwardArgs& args) -> Grads {
                  Grads grads(lengths.size());
                  std::int64_t start = 0;
                  for (std::size_t i = 0; i < lengths.size(); ++i) {
                    if (lengths[i] < 0) {
                      if (args.wanted[i]) grads[i] = zeros({0}, {.dtype = args.grad().dtype()});
                      continue;
                    }
                    if (args.wanted[i]) grads[i] = args.grad().slice(dim, start, start + lengths[i]);
                    start += lengths[i];
                  }
                  return grads;
                });
}

Tensor stack(const std::vector<Tensor>& tensors, std::int64_t dim_in) {
  check(!tensors.empty(), "stack expects a non-empty TensorList");
  const Tensor& first = tensors[0];
  const std::int64_t dim = wrap_dim(dim_in, first.dim() + 1);
  std::vector<Tensor> parts;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    check(tensors[i].sizes() == first.sizes(), "stack expects each tensor to be equal size, but got ",
          shape_text(first.sizes()), " at entry 0 and ", shape_text(tensors[i].sizes()), " at entry ", i);
    check(tensors[i].device() == first.device(), "Tensor on device ", tensors[i].device().str(),
          " is not on the expected device ", first.device().str(), "!");
    parts.push_back(tensors[i].detach().unsqueeze(dim));
  }
  Shape sizes = parts[0].sizes();
  sizes[static_cast<std::size_t>(dim)] = static_cast<std::int64_t>(tensors.size());
  return record("StackBackward0", joined(parts, sizes, dim, joined_dtype(tensors), first.device()), tensors, {},
                [dim, count = tensors.size()](const BackwardArgs& args) -> Grads {
                  Grads grads(count);
                  for (std::size_t i = 0; i < count; ++i) {
                    if (args.wanted[i]) grads[i] = args.grad().select(dim, static_cast<std::int64_t>(i));
                  }
                  return grads;
                });
}

}  // namespace conv1d
