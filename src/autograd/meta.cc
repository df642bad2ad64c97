// The members of Tensor that speak of gradients, and the edges that lead to them.
#include "autograd/meta.h"

#include <limits>

#include "autograd/hooks.h"
#include "autograd/view.h"
#include "base/check.h"

namespace conv1d {

GradMeta::~GradMeta() { bury(std::move(grad_fn)); }

GradMeta* meta_of(const Tensor& tensor) {
  return tensor.defined() ? static_cast<GradMeta*>(tensor.impl()->autograd.get()) : nullptr;
}

GradMeta& make_meta(const Tensor& tensor) {
  TensorImpl& impl = impl_of(tensor);
  if (!impl.autograd) impl.autograd = std::make_shared<GradMeta>();
  return *static_cast<GradMeta*>(impl.autograd.get());
}

OutputInfo output_info(const Tensor& tensor) { return {tensor.sizes(), tensor.dtype(), tensor.device()}; }

AccumulateGrad::AccumulateGrad(Tensor leaf_in) : leaf(std::move(leaf_in)) {
  sequence = std::numeric_limits<std::uint64_t>::max();  // leaves first: their gradients are needed by nobody else
  outputs = {output_info(leaf)};
}

Edge gradient_edge(const Tensor& tensor) {
  GradMeta* meta = meta_of(tensor);
  if (meta == nullptr) return {};
  if (std::shared_ptr<Node> node = tensor.grad_fn()) return {std::move(node), meta->output};
  if (!meta->requires_grad) return {};
  const std::lock_guard lock(meta->mutex);
  std::shared_ptr<Node> node = meta->accumulator.lock();
  if (!node) {
    node = std::make_shared<AccumulateGrad>(tensor);
    for (const GradHook& hook : meta->hooks) hooks_of(*node).calls.emplace_back(0, hook);
    meta->accumulator = node;
  }
  return {std::move(node), 0};
}

bool Tensor::requires_grad() const {
  const GradMeta* meta = meta_of(*this);
  return meta != nullptr && (meta->requires_grad || grad_fn() != nullptr);
}

Tensor& Tensor::requires_grad_(bool value) {
  impl_of(*this);
  if (value) {
    check(is_differentiable(dtype()), "only Tensors of floating point dtype can require gradients");
    if (!grad_fn()) make_meta(*this).requires_grad = true;
  } else if (GradMeta* meta = meta_of(*this)) {
    check(grad_fn() == nullptr,
          "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a "
          "subgraph "
          "that doesn't require differentiation use var_no_grad = var.detach().");
    meta->requires_grad = false;
  }
  return *this;
}

bool Tensor::is_leaf() const { return grad_fn() == nullptr; }

std::shared_ptr<Node> Tensor::grad_fn() const {
  GradMeta* meta = meta_of(*this);
  if (meta == nullptr) return nullptr;
  return meta->base.defined() ? view_grad_fn(*this, *meta) : meta->grad_fn;
}

Tensor Tensor::grad() const {
  const GradMeta* meta = meta_of(*this);
  if (meta == nullptr) return {};
  if (!meta->grad.defined() && !meta->retains_grad && grad_fn() != nullptr) {
    warn(
        "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't be "
        "populated during autograd.backward(). If you indeed want the .grad field to be populated for a non-leaf "
        "Tensor, "
        "use .retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by mistake, make sure you access "
        "the leaf Tensor instead. See github.com/pytorch/pytorch/pull/30531 for more information.");
  }
  return meta->grad;
}

void Tensor::set_grad(const Tensor& grad) {
  impl_of(*this);
  if (grad.defined()) {
    check(!is_same(grad), "can't assign Variable as its own grad");
    check(
        grad.dtype() == dtype(), "attempting to assign a gradient with dtype '", cpp_name(grad.dtype()),
        "' to a tensor with grad_dtype '", scalar_name(dtype()),
        "'. The gradient must match the tensor's grad_dtype (defaults to the tensor's dtype). You can set the tensor's "
        "grad_dtype attribute with a specific dtype, or None to allow any dtype. Set grad_dtype with caution. "
        "Diverging "
        "the dtypes of a tensor and its gradient may break downstream systems that assume they match.");
    check(grad.device() == device(), "attempting to assign a gradient with device type '", grad.device().str(),
          "' to a tensor with device type '", device().str(),
          "'. Please ensure that the gradient and the tensor are on the same device");
    check(grad.sizes() == sizes(), "attempting to assign a gradient of size '", shape_text(grad.sizes()),
          "' to a tensor of size '", shape_text(sizes()),
          "'. Please ensure that the gradient and the tensor are the same size");
  } else if (meta_of(*this) == nullptr) {
    return;
  }
  make_meta(*this).grad = grad;
}

Tensor Tensor::detach() const {
  const TensorImpl& impl = impl_of(*this);
  return make_view(*this, impl.sizes, impl.strides, impl.offset);
}

Tensor Tensor::data_view() const {
  Tensor view = detach();
  view.impl()->version = std::make_shared<Version>();
  return view;
}

}  // namespace conv1d
