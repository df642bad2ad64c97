#include "autograd/hooks.h"

#include "autograd/record.h"
#include "base/check.h"

namespace conv1d {

NodeHooks& hooks_of(Node& node) {
  NodeHooks* known = node.hooks.load();
  if (known != nullptr) return *known;
  auto made = std::make_unique<NodeHooks>();
  return node.hooks.compare_exchange_strong(known, made.get()) ? *made.release() : *known;
}

void move_retained(const Tensor& tensor, const GradMeta& meta) {
  if (!meta.retains_grad || !meta.grad_fn) return;
  NodeHooks& hooks = hooks_of(*meta.grad_fn);
  const std::lock_guard lock(hooks.mutex);
  hooks.retaining.emplace_back(meta.output, tensor.impl());
}

void Tensor::retain_grad() {
  check(requires_grad(), "can't retain_grad on Tensor that has requires_grad=False");
  if (is_leaf() || retains_grad()) return;
  GradMeta& meta = make_meta(*this);
  meta.retains_grad = true;
  move_retained(*this, meta);
}

bool Tensor::retains_grad() const {
  const GradMeta* meta = meta_of(*this);
  return meta != nullptr && meta->retains_grad;
}

namespace autograd {

void add_hook(const Tensor& tensor, GradHook hook) {
  const Edge edge = gradient_edge(tensor);
  check(edge.node != nullptr, "cannot register a hook on a tensor that doesn't require gradient");
  if (tensor.is_leaf()) {  // for its next accumulators: this one lives no longer than the graphs that lead to it
    GradMeta& meta = make_meta(tensor);
    const std::lock_guard lock(meta.mutex);
    meta.hooks.push_back(hook);
  }
  NodeHooks& hooks = hooks_of(*edge.node);
  const std::lock_guard lock(hooks.mutex);
  hooks.calls.emplace_back(edge.output, std::move(hook));
}

std::vector<Tensor> identity(const char* name, const std::vector<Tensor>& tensors,
                             std::function<std::vector<Tensor>(const std::vector<Tensor>&)> change) {
  std::vector<Tensor> results;
  for (const Tensor& tensor : tensors) results.push_back(tensor.detach());
  record_all(name, results, tensors, {},
             [change = std::move(change)](const BackwardArgs& args) { return change(args.grads); });
  return results;
}

}  // namespace autograd
}  // namespace conv1d
