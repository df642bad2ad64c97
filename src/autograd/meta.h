// The gradient state of a tensor, behind TensorImpl::autograd.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

#include <conv1d/autograd.h>

#include "tensor/impl.h"

namespace conv1d {

/// What autograd knows of a tensor. A tensor without one needs no gradient and is no view.
struct GradMeta {
  bool requires_grad = false;  ///< the flag of a leaf
  bool retains_grad = false;   ///< of a computed tensor: its gradient is kept
  Tensor grad;
  std::shared_ptr<Node> grad_fn;    ///< null for leaves; of a view: made when the version was `seen`
  std::uint32_t output = 0;         ///< which output of grad_fn
  std::weak_ptr<Node> accumulator;  ///< of a leaf: weak, since the node holds the leaf
  std::vector<GradHook> hooks;      ///< of a leaf: what its accumulators call
  std::mutex mutex;                 ///< guards all of the above but the flags: threads share leaves and views

  Tensor base;                     ///< of a view: the tensor it looks into, itself no view
  std::uint64_t seen = 0;          ///< of a view: the version at which grad_fn was right
  bool made_without_grad = false;  ///< a view made while recording was off

  GradMeta() = default;
  GradMeta(const GradMeta&) = delete;
  GradMeta& operator=(const GradMeta&) = delete;
  ~GradMeta();
};

/// The state of a tensor, null where it has none.
GradMeta* meta_of(const Tensor& tensor);
/// The state of a tensor, made where it had none. Not for tensors that other threads see already.
GradMeta& make_meta(const Tensor& tensor);

/// Adds into a leaf's grad: the end of every walk. Its apply() is the walk's (backward/accumulate.cc).
struct AccumulateGrad : Node {
  explicit AccumulateGrad(Tensor leaf);
  std::string name() const override { return "AccumulateGrad"; }
  std::vector<Tensor> apply(const std::vector<Tensor>& grad_outputs) override;
  Tensor variable() const override { return leaf; }

  Tensor leaf;
  std::mutex mutex;  ///< several walks may end in one leaf at the same time
};

/// Where the gradient of `tensor` goes: its grad_fn, or a leaf's AccumulateGrad; a null node where none is wanted.
Edge gradient_edge(const Tensor& tensor);

/// Hands a node to be freed without recursion, however long the chain behind it.
void bury(std::shared_ptr<Node> node);

/// Creation order of nodes within a thread.
std::uint64_t next_sequence();

/// Fills in what the walk must know of a node's output.
OutputInfo output_info(const Tensor& tensor);

/// While a node is applied, tells it which of its inputs' gradients the walk will use (null: all).
class WantedScope {
 public:
  explicit WantedScope(const std::vector<bool>* wanted);
  ~WantedScope();
  WantedScope(const WantedScope&) = delete;
  WantedScope& operator=(const WantedScope&) = delete;
  static const std::vector<bool>* current();

 private:
  const std::vector<bool>* before_;
};

}  // namespace conv1d
