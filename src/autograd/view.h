// Views of one storage: what happens to their histories when one of them is changed in place.
#pragma once

#include "autograd/meta.h"
#include "autograd/strided.h"

namespace conv1d {

/// The grad_fn of a view, made anew (AsStridedBackward0 of the base) where the storage was changed since it was made.
std::shared_ptr<Node> view_grad_fn(const Tensor& view, GradMeta& meta);

/// The tensor that `tensor` looks into: its base, or itself.
Tensor root_of(const Tensor& tensor);

/// The base's history after a view of it was changed by `change`: outside the view the gradient goes on to the base as
/// it was, inside it passes through `change`.
struct CopySlices : Node {
  CopySlices(const Tensor& base, const Tensor& view, std::shared_ptr<Node> change);
  std::string name() const override { return "CopySlices"; }
  std::vector<Tensor> apply(const std::vector<Tensor>& grad_outputs) override;
  void release() override { change_->release(); }

 private:
  Geometry base_, view_;
  std::shared_ptr<Node> change_;
};

}  // namespace conv1d
