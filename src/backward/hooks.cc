#include "backward/hooks.h"

#include <conv1d/ops.h>

#include "autograd/hooks.h"
#include "base/check.h"

namespace conv1d {
namespace {

/// A hook may not turn a gradient into one of another tensor.
Tensor replaced(const Tensor& grad, const Tensor& by) {
  if (!by.defined()) return grad;
  check(by.device() == grad.device() && by.dtype() == grad.dtype(), "hook has changed the type of value (was torch.",
        scalar_name(grad.dtype()), "Tensor got torch.", scalar_name(by.dtype()), "Tensor)");
  check(by.sizes() == grad.sizes(), "hook has changed the size of value");
  return by;
}

/// Adds to the grad of a tensor that is still this output of this node.
void retain(const Node& node, std::uint32_t output, const Tensor& tensor, const Tensor& grad) {
  if (tensor.grad_fn().get() != &node || meta_of(tensor)->output != output) return;
  GradMeta& meta = *meta_of(tensor);
  const std::lock_guard lock(meta.mutex);
  // Never in place: a gradient that somebody holds stays what it was.
  meta.grad = meta.grad.defined() ? add(meta.grad, grad) : grad.clone();
}

}  // namespace

void run_hooks(Node& node, std::vector<Tensor>& grads) {
  NodeHooks* hooks = node.hooks.load();
  if (hooks == nullptr) return;
  decltype(NodeHooks::calls) calls;
  decltype(NodeHooks::retaining) retaining;
  {  // copies: a hook may add hooks
    const std::lock_guard lock(hooks->mutex);
    calls = hooks->calls;
    retaining = hooks->retaining;
  }
  for (const auto& [output, call] : calls) {
    if (grads[output].defined()) grads[output] = replaced(grads[output], call(grads[output]));
  }
  for (const auto& [output, impl] : retaining) {
    const Tensor tensor(impl.lock());
    if (tensor.defined() && grads[output].defined()) retain(node, output, tensor, grads[output]);
  }
}

}  // namespace conv1d
