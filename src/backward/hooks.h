// What a walk does with a node's hooks.
#pragma once

#include <vector>

#include <conv1d/autograd.h>

namespace conv1d {

/// Calls the hooks of a node on the gradients of its outputs, in the order in which they came, then keeps those that
/// are to be kept. An undefined gradient is nobody's.
void run_hooks(Node& node, std::vector<Tensor>& grads);

}  // namespace conv1d
