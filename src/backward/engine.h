// The walk from outputs back to leaves.
#pragma once

#include <vector>

#include <conv1d/autograd.h>

namespace conv1d {

/// What a walk starts from: gradients that enter the graph at edges.
struct Root {
  Edge edge;
  Tensor grad;
};

/// Walks from the roots. Without `captures` it ends in the leaves, whose grad it adds into; with them it returns the
/// gradients that arrive at those edges (undefined where none does) and touches no leaf. Any number of threads may walk
/// at the same time, also through shared nodes.
std::vector<Tensor> walk(const std::vector<Root>& roots, const std::vector<Edge>& captures, bool keep_graph,
                         bool create_graph);

/// Makes a gradient fit the output that it belongs to: summed over what was broadcast, the real part for a real output,
/// cast. Recorded. RuntimeError where the shapes do not go together.
Tensor fit_gradient(const Tensor& grad, const OutputInfo& info, const Node& from, std::size_t index);

/// A short name for a + b where either may be undefined (zero).
Tensor add_gradients(const Tensor& a, const Tensor& b);

}  // namespace conv1d
