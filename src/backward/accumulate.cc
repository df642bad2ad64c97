// Where a walk ends: a leaf's grad.
#include <conv1d/ops.h>

#include "autograd/meta.h"
#include "autograd/record.h"
#include "tensor/copy.h"
#include "tensor/layout.h"

namespace conv1d {
namespace {

/// Whether a new gradient may become .grad as it is: nobody else holds its memory, and it lies in memory as the leaf
/// does.
bool can_take(const Tensor& grad, const Tensor& leaf) {
  return grad.impl()->storage.use_count() == 1 && grad.impl().use_count() <= 2 &&
         grad.strides() == dense_strides(leaf.sizes(), leaf.strides());
}

/// A clone, recorded under the name that PyTorch shows here.
Tensor recorded_copy(const Tensor& grad) {
  Tensor copy;
  {
    const GradGuard guard(false);
    copy = grad.clone();
  }
  return record("CopyBackwards", copy, {grad}, {},
                [](const BackwardArgs& args) { return std::vector<Tensor>{args.grad()}; });
}

Tensor first_grad(const Tensor& grad, const Tensor& leaf) {
  if (can_take(grad, leaf)) return grad.detach();
  const Tensor copy = make_tensor(leaf.sizes(), leaf.dtype(), leaf.device());
  const Tensor placed = make_view(copy, leaf.sizes(), dense_strides(leaf.sizes(), leaf.strides()), 0);
  copy_into(placed.data_view(), grad);
  return placed;
}

}  // namespace

std::vector<Tensor> AccumulateGrad::apply(const std::vector<Tensor>& grad_outputs) {
  const Tensor& grad = grad_outputs[0];
  if (!grad.defined()) return {};
  const std::lock_guard lock(mutex);
  Tensor& total = make_meta(leaf).grad;
  if (is_grad_enabled()) {
    total = total.defined() ? add(total, grad) : recorded_copy(grad);
  } else if (!total.defined()) {
    total = first_grad(grad, leaf);
  } else {  // in place, also where a graph hangs on it: who holds it sees the sum
    total.add_(grad);
  }
  return {};
}

}  // namespace conv1d
