// A graph as text: "AddBackward0(AccumulateGrad, None)".
#pragma once

#include <string>

#include <conv1d/autograd.h>

namespace conv1d::testing {

inline std::string graph_text(const std::shared_ptr<Node>& node) {
  if (!node) return "None";
  std::string text = node->name();
  for (std::size_t i = 0; i < node->next.size(); ++i) text += (i == 0 ? "(" : ", ") + graph_text(node->next[i].node);
  return node->next.empty() ? text : text + ")";
}
inline std::string graph_text(const Tensor& x) { return graph_text(x.grad_fn()); }

}  // namespace conv1d::testing
