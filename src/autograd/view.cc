#include "autograd/view.h"

#include <utility>

#include "autograd/hooks.h"
#include "base/check.h"

namespace conv1d {
namespace {

/// A view seen as positions in its base's storage, whatever chain of views made it.
struct StridedNode : Node {
  StridedNode(const char* node_name, Edge base_edge, Geometry base, Geometry view, OutputInfo info)
      : name_(node_name), base_(std::move(base)), view_(std::move(view)) {
    next = {std::move(base_edge)};
    outputs = {std::move(info)};
    sequence = next_sequence();
  }
  std::string name() const override { return name_; }
  std::vector<Tensor> apply(const std::vector<Tensor>& grads) override {
    return {grads[0].defined() ? scatter_strided(grads[0], view_, base_) : Tensor()};
  }

 private:
  const char* name_;
  Geometry base_, view_;
};

std::shared_ptr<Node> regenerated(const Tensor& view, const Tensor& base) {
  Geometry from = geometry_of(base);
  Edge edge = gradient_edge(base);
  if (is_complex(from.dtype) && !is_complex(view.dtype())) {  // view_as_real stands between
    Geometry real = as_real(from);
    OutputInfo info{real.sizes, real.dtype, base.device()};
    edge = {std::make_shared<StridedNode>("ViewAsRealBackward0", std::move(edge), from, real, std::move(info)), 0};
    from = std::move(real);
  }
  return std::make_shared<StridedNode>("AsStridedBackward0", std::move(edge), std::move(from), geometry_of(view),
                                       output_info(view));
}

}  // namespace

Tensor root_of(const Tensor& tensor) {
  const GradMeta* meta = meta_of(tensor);
  return meta != nullptr && meta->base.defined() ? meta->base : tensor;
}

std::shared_ptr<Node> view_grad_fn(const Tensor& view, GradMeta& meta) {
  // Freed after the lock: what hangs on it may wait for a lock of its owner's, as a NumPy array does for Python's,
  // whose holder may be waiting here.
  std::shared_ptr<Node> old;
  const std::lock_guard lock(meta.mutex);
  const std::uint64_t version = view.impl()->version->count;
  if (version == meta.seen || (!meta.grad_fn && !meta.base.requires_grad())) return meta.grad_fn;
  check(
      !meta.made_without_grad,
      "A view was created in no_grad mode and its base or another view of its base has been modified inplace with grad "
      "mode enabled. Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code "
      "by "
      "moving both the view and the inplace either both inside the no_grad block (if you don't want the inplace to be "
      "tracked) or both outside (if you want the inplace to be tracked).");
  old = std::exchange(meta.grad_fn, regenerated(view, meta.base));
  meta.output = 0;
  meta.seen = version;
  move_retained(view, meta);
  return meta.grad_fn;
}

CopySlices::CopySlices(const Tensor& base, const Tensor& view, std::shared_ptr<Node> change)
    : base_(geometry_of(base)), view_(geometry_of(view)), change_(std::move(change)) {
  change_->next[0] = gradient_edge(base);
  next = change_->next;
  outputs = {output_info(base)};
  sequence = next_sequence();
}

std::vector<Tensor> CopySlices::apply(const std::vector<Tensor>& grad_outputs) {
  const Tensor& grad = grad_outputs[0];
  if (!grad.defined()) return std::vector<Tensor>(next.size());
  std::vector<Tensor> result = change_->apply({gather_strided(grad, base_, view_)});
  result[0] = next[0].node ? replace_strided(grad, base_, view_, result[0]) : Tensor();
  return result;
}

}  // namespace conv1d
