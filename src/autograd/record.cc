#include "autograd/record.h"

#include <algorithm>
#include <mutex>

#include "autograd/hooks.h"
#include "autograd/saved.h"
#include "autograd/view.h"
#include "base/check.h"

namespace conv1d {
namespace {

/// An operation recorded by record() and its kind.
class RecordedNode : public Node {
 public:
  RecordedNode(const char* name, const std::vector<Tensor>& inputs, Backward backward)
      : name_(name), backward_(std::move(backward)) {
    next.reserve(inputs.size());
    for (const Tensor& input : inputs) next.push_back(gradient_edge(input));
    sequence = next_sequence();
  }

  /// `written`: a tensor that the operation has just changed; others over the same memory are saved as out of date.
  void save(const std::vector<Tensor>& tensors, const std::vector<Tensor>& results, const Tensor& written = {}) {
    saved_.reserve(tensors.size());
    for (const Tensor& tensor : tensors) {
      const auto result = std::find_if(results.begin(), results.end(),
                                       [&](const Tensor& r) { return tensor.defined() && r.is_same(tensor); });
      const bool is_result = result != results.end();
      const bool stale =
          !is_result && tensor.defined() && written.defined() && tensor.impl()->version == written.impl()->version;
      saved_.emplace_back(tensor, is_result ? result - results.begin() : -1, stale);
    }
  }

  std::string name() const override { return name_; }

  std::vector<Tensor> apply(const std::vector<Tensor>& grad_outputs) override {
    const std::vector<Tensor> saved = unpack();
    if (std::none_of(grad_outputs.begin(), grad_outputs.end(), [](const Tensor& g) { return g.defined(); })) {
      return std::vector<Tensor>(next.size());
    }
    const std::vector<bool>* asked = WantedScope::current();
    std::vector<bool> wanted(next.size());
    for (std::size_t i = 0; i < next.size(); ++i) wanted[i] = next[i].node && (asked == nullptr || (*asked)[i]);
    return backward_({grad_outputs, saved, wanted});
  }

  void release() override {
    std::vector<Saved> dropped;
    const std::lock_guard lock(mutex_);
    if (!saved_.empty()) released_ = true;
    dropped.swap(saved_);
  }

 private:
  std::vector<Tensor> unpack() {
    const std::lock_guard lock(mutex_);
    check(!released_,
          "Trying to backward through the graph a second time (or directly access saved tensors after they have "
          "already been "
          "freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). "
          "Specify "
          "retain_graph=True if you need to backward through the graph a second time or if you need to access saved "
          "tensors "
          "after calling backward.");
    std::vector<Tensor> tensors;
    tensors.reserve(saved_.size());
    for (const Saved& saved : saved_) tensors.push_back(saved.unpack(shared_from_this()));
    return tensors;
  }

  const char* name_;
  Backward backward_;
  std::mutex mutex_;  ///< two walks may meet in a node: one must not free what the other reads
  std::vector<Saved> saved_;
  bool released_ = false;
};

void check_view_inplace(const Tensor& target, const GradMeta& meta) {
  check(
      !meta.made_without_grad,
      "A view was created in no_grad mode and is being modified inplace with grad mode enabled. Given that this use "
      "case "
      "is ambiguous and error-prone, it is forbidden. You can clarify your code by moving both the view and the "
      "inplace "
      "either both inside the no_grad block (if you don't want the inplace to be tracked) or both outside (if you want "
      "the inplace to be tracked).");
  check(!(target.requires_grad() && meta.base.is_leaf()),
        "a view of a leaf Variable that requires grad is being used in an in-place operation.");
}

}  // namespace

bool should_record(const std::vector<Tensor>& inputs) {
  return is_grad_enabled() &&
         std::any_of(inputs.begin(), inputs.end(), [](const Tensor& t) { return t.defined() && t.requires_grad(); });
}

Tensor record(const char* name, Tensor result, const std::vector<Tensor>& inputs, const std::vector<Tensor>& saved,
              Backward backward) {
  record_all(name, {result}, inputs, saved, std::move(backward));
  return result;
}

void record_all(const char* name, const std::vector<Tensor>& results, const std::vector<Tensor>& inputs,
                const std::vector<Tensor>& saved, Backward backward) {
  if (!should_record(inputs)) return;
  const auto differentiable = [](const Tensor& r) { return is_differentiable(r.dtype()); };
  if (std::none_of(results.begin(), results.end(), differentiable)) return;
  const auto node = std::make_shared<RecordedNode>(name, inputs, std::move(backward));
  node->save(saved, results);
  for (std::size_t i = 0; i < results.size(); ++i) {
    node->outputs.push_back(output_info(results[i]));
    if (!differentiable(results[i])) continue;
    GradMeta& meta = make_meta(results[i]);
    meta.grad_fn = node;
    meta.output = static_cast<std::uint32_t>(i);
  }
}

Tensor record_view(const char* name, Tensor view, const Tensor& base, Backward backward) {
  GradMeta& meta = make_meta(view);
  meta.base = root_of(base);
  meta.seen = view.impl()->version->count;
  meta.made_without_grad = !is_grad_enabled();
  if (meta.made_without_grad) {
    meta.requires_grad = is_differentiable(view.dtype()) && base.requires_grad();  // a leaf, as in PyTorch
  } else {
    record(name, view, {base}, {}, std::move(backward));
  }
  return view;
}

void check_inplace_history(const Tensor& target, const std::vector<Tensor>& inputs) {
  if (is_grad_enabled() && (target.requires_grad() || should_record(inputs))) {
    const GradMeta* meta = meta_of(target);
    if (meta != nullptr && meta->base.defined()) check_view_inplace(target, *meta);
    check(!(target.requires_grad() && target.is_leaf()),
          "a leaf Variable that requires grad is being used in an in-place operation.");
  }
}

void check_inplace(const Tensor& target, const std::vector<Tensor>& inputs) {
  const TensorImpl& impl = impl_of(target);
  check_inplace_history(target, inputs);
  for (std::size_t d = 0; d < impl.sizes.size(); ++d) {
    check(impl.numel == 0 || impl.strides[d] != 0 || impl.sizes[d] <= 1,
          "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
          "Please "
          "clone() the tensor before performing the operation.");
  }
}

Tensor& record_inplace(const char* name, Tensor& target, const std::vector<Tensor>& inputs,
                       const std::vector<Tensor>& saved, Backward backward) {
  note_write(target);
  if (!should_record(inputs) || !is_differentiable(target.dtype())) return target;
  const auto node = std::make_shared<RecordedNode>(name, inputs, std::move(backward));
  node->save(saved, {target}, target);
  node->outputs = {output_info(target)};
  GradMeta& meta = make_meta(target);
  if (!meta.base.defined()) {
    bury(std::move(meta.grad_fn));
    meta.grad_fn = node;
    meta.output = 0;
    move_retained(target, meta);
    return target;
  }
  auto slices = std::make_shared<CopySlices>(meta.base, target, node);
  GradMeta& base = make_meta(meta.base);  // the view's own grad_fn is made anew from it when somebody asks
  bury(std::move(base.grad_fn));
  base.grad_fn = std::move(slices);
  base.output = 0;
  move_retained(meta.base, base);
  return target;
}

Tensor alias_of(const Tensor& target) {
  const GradMeta* meta = meta_of(target);
  if (meta == nullptr) return target.detach();
  const std::shared_ptr<Node> node = target.grad_fn();
  if (!node && meta->requires_grad) return target;  // a leaf: nothing can give it another history
  Tensor alias = target.detach();
  if (node) {
    GradMeta& alias_meta = make_meta(alias);
    alias_meta.grad_fn = node;
    alias_meta.output = meta->output;
  }
  return alias;
}

}  // namespace conv1d
