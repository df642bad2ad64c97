// backward() and grad(): what may be asked, and the gradients that a walk starts with.
#include <algorithm>

#include <conv1d/ops.h>

#include "autograd/meta.h"
#include "backward/engine.h"
#include "base/check.h"

namespace conv1d {
namespace {

std::string size_text(const Tensor& x) { return "torch.Size(" + shape_text(x.sizes()) + ")"; }

/// The gradient to start with where none is given: one, for a single real number.
Tensor implicit_grad(const Tensor& output) {
  if (!output.requires_grad()) return {};
  check(output.numel() == 1, "grad can be implicitly created only for scalar outputs");
  check(output.is_floating_point(), "grad can be implicitly created only for real scalar outputs but got torch.",
        name(output.dtype()));
  return ones_like(output);
}

void check_given(const Tensor& grad, const Tensor& output, std::size_t i) {
  check(grad.sizes() == output.sizes(), "Mismatch in shape: grad_output[", i, "] has a shape of ", size_text(grad),
        " and output[", i, "] has a shape of ", size_text(output), ".");
  check(grad.is_complex() == output.is_complex(),
        "For complex Tensors, both grad_output and output are required to have the same dtype. Mismatch in dtype: "
        "grad_output[",
        i, "] has a dtype of torch.", name(grad.dtype()), " and output[", i, "] has a dtype of torch.",
        name(output.dtype()), ".");
}

std::vector<Root> make_roots(const std::vector<Tensor>& outputs, const std::vector<Tensor>& given) {
  check(given.empty() || given.size() == outputs.size(), "got ", outputs.size(), " tensors and ", given.size(),
        " gradients");
  std::vector<Root> roots(outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (!given.empty() && given[i].defined())
      check_given(roots[i].grad = given[i], outputs[i], i);
    else
      roots[i].grad = implicit_grad(outputs[i]);
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    Root& root = roots[i];
    root.edge = gradient_edge(outputs[i]);
    check(root.edge.node != nullptr, "element ", i, " of tensors does not require grad and does not have a grad_fn");
    check(root.grad.device() == outputs[i].device(), "invalid gradient at index ", i, " - expected device ",
          outputs[i].device().str(), " but got ", root.grad.device().str());
    root.grad = root.grad.to(outputs[i].dtype());
  }
  return roots;
}

}  // namespace

void Tensor::backward(const Tensor& gradient, bool retain_graph, bool create_graph) const {
  autograd::backward({*this}, {gradient}, retain_graph, create_graph);
}

namespace autograd {
namespace {

/// The edges of the leaves among `inputs`, each once; the others keep their gradient from now on.
std::vector<Edge> edges_of(const std::vector<Tensor>& inputs) {
  std::vector<Edge> edges;
  for (Tensor input : inputs) {
    input.retain_grad();
    Edge edge = gradient_edge(input);
    const bool known = std::any_of(edges.begin(), edges.end(),
                                   [&](const Edge& e) { return e.node == edge.node && e.output == edge.output; });
    if (!known) edges.push_back(std::move(edge));
  }
  return edges;
}

}  // namespace

void backward(const std::vector<Tensor>& outputs, const std::vector<Tensor>& grad_outputs, bool retain_graph,
              bool create_graph, const std::vector<Tensor>& inputs) {
  const std::vector<Root> roots = make_roots(outputs, grad_outputs);
  if (create_graph) {
    static WarnOnce once;
    once(
        "Using backward() with create_graph=True will create a reference cycle between the parameter and its gradient "
        "which "
        "can cause a memory leak. We recommend using autograd.grad when creating the graph to avoid this. If you have "
        "to use "
        "this function, make sure to reset the .grad fields of your parameters to None after use to break the cycle "
        "and avoid "
        "the leak.");
  }
  const std::vector<Edge> wanted = edges_of(inputs);
  const std::vector<Tensor> found = walk(roots, wanted, retain_graph || create_graph, create_graph);
  const GradGuard guard(create_graph);
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (wanted[i].node->variable().defined()) wanted[i].node->apply({found[i]});
  }
}

std::vector<Tensor> grad(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
                         const std::vector<Tensor>& grad_outputs, bool retain_graph, bool create_graph,
                         bool allow_unused) {
  const std::vector<Root> roots = make_roots(outputs, grad_outputs);
  check(!inputs.empty(), "`inputs` argument to `grad()` cannot be empty.");
  std::vector<Edge> captures;
  for (const Tensor& input : inputs) {
    captures.push_back(gradient_edge(input));
    check(captures.back().node != nullptr, "One of the differentiated Tensors does not require grad");
  }
  std::vector<Tensor> grads = walk(roots, captures, retain_graph || create_graph, create_graph);
  for (std::size_t i = 0; i < grads.size(); ++i) {
    check(allow_unused || grads[i].defined(), "The differentiated Tensor at index ", i,
          " appears to not have been used in the graph. Set allow_unused=True if this is the desired behavior.");
  }
  return grads;
}

}  // namespace autograd
}  // namespace conv1d
