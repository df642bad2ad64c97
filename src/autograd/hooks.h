// What hangs on the gradients of a node's outputs: functions that users gave, and tensors that keep theirs.
#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "autograd/meta.h"

namespace conv1d {

struct NodeHooks {
  std::mutex mutex;
  std::vector<std::pair<std::uint32_t, GradHook>> calls;                       ///< by number of output
  std::vector<std::pair<std::uint32_t, std::weak_ptr<TensorImpl>>> retaining;  ///< outputs that keep their gradient
};

/// The hooks of a node, made where it had none. Any number of threads may call it.
NodeHooks& hooks_of(Node& node);

/// After a change in place gave `tensor`, whose state is `meta`, another grad_fn: it keeps the gradient that arrives
/// there. Its hooks stay with the value that they were given for.
void move_retained(const Tensor& tensor, const GradMeta& meta);

}  // namespace conv1d
