// Tensors kept for the gradient, with the version at which they were right.
#pragma once

#include <memory>

#include <conv1d/autograd.h>

#include "tensor/impl.h"

namespace conv1d {

class Saved {
 public:
  /// `output`: the tensor is output number `output` of the node that saves it (its history would make a cycle), or -1.
  /// `stale`: the operation itself has just written over it.
  Saved(const Tensor& tensor, std::int64_t output, bool stale);
  /// The tensor with the history that it had when saved; RuntimeError where it was changed in place since.
  Tensor unpack(const std::shared_ptr<Node>& owner) const;

 private:
  [[noreturn]] void fail_modified(std::uint64_t version, const std::shared_ptr<Node>& owner) const;

  Tensor tensor_;
  std::weak_ptr<TensorImpl> original_;  ///< for the message: which operation made it what it is now
  std::uint64_t version_ = 0;
  std::int64_t output_ = -1;
};

}  // namespace conv1d
