#include "backward/engine.h"

#include <algorithm>
#include <queue>
#include <unordered_map>
#include <unordered_set>

#include <conv1d/ops.h>

#include "autograd/meta.h"
#include "backward/hooks.h"
#include "base/check.h"

namespace conv1d {
namespace {

/// What the walk knows of a node.
struct State {
  std::size_t waiting = 0;            ///< edges into it over which no gradient has come yet
  bool needed = true;                 ///< whether something that is asked for lies behind it
  std::vector<Tensor> grads;          ///< sums so far, one for each output
  std::vector<std::size_t> captured;  ///< indices into the captures that are outputs of this node
};

struct Later {
  bool operator()(const std::shared_ptr<Node>& a, const std::shared_ptr<Node>& b) const {
    return a->sequence < b->sequence;
  }
};

class Walk {
 public:
  Walk(const std::vector<Root>& roots, const std::vector<Edge>& captures, bool keep_graph)
      : captures_(captures), results_(captures.size()), keep_graph_(keep_graph) {
    find_nodes(roots);
    for (std::size_t i = 0; i < captures.size(); ++i) {
      const auto found = states_.find(captures[i].node.get());
      if (found != states_.end()) found->second.captured.push_back(i);
    }
    if (!captures.empty()) mark_needed();
    // `.data = ...` may have given an output another shape than its node has: what starts the walk is fitted as well.
    for (const Root& root : roots) {
      send(root.edge, fit_gradient(root.grad, root.edge.node->outputs[root.edge.output], *root.edge.node, 0));
    }
    for (const Root& root : roots) {
      if (states_[root.edge.node.get()].waiting == 0 && queued_.insert(root.edge.node.get()).second) {
        ready_.push(root.edge.node);
      }
    }
  }

  std::vector<Tensor> run() {
    while (!ready_.empty()) {
      const std::shared_ptr<Node> node = ready_.top();
      ready_.pop();
      visit_node(node);
    }
    return std::move(results_);
  }

 private:
  /// All nodes behind the roots, and how many edges lead to each. order_ has every node after those that it leads to.
  void find_nodes(const std::vector<Root>& roots) {
    std::vector<std::pair<Node*, std::size_t>> path;  // a stack of our own: graphs are deeper than the program's
    for (const Root& root : roots) {
      if (states_.try_emplace(root.edge.node.get()).second) path.emplace_back(root.edge.node.get(), 0);
      while (!path.empty()) {
        auto& [node, edge] = path.back();
        if (edge == node->next.size()) {
          order_.push_back(node);
          path.pop_back();
          continue;
        }
        Node* next = node->next[edge++].node.get();
        if (next == nullptr) continue;
        const auto [state, is_new] = states_.try_emplace(next);
        ++state->second.waiting;
        if (is_new) path.emplace_back(next, 0);
      }
    }
  }

  void mark_needed() {
    for (Node* node : order_) {
      State& state = states_[node];
      state.needed = !state.captured.empty() ||
                     std::any_of(node->next.begin(), node->next.end(),
                                 [&](const Edge& edge) { return edge.node && states_[edge.node.get()].needed; });
    }
  }

  void send(const Edge& edge, const Tensor& grad) {
    std::vector<Tensor>& grads = states_[edge.node.get()].grads;
    if (grads.empty()) grads.resize(edge.node->outputs.size());
    grads[edge.output] = add_gradients(grads[edge.output], grad);
  }

  void visit_node(const std::shared_ptr<Node>& node) {
    State& state = states_[node.get()];
    std::vector<Tensor> grads = std::move(state.grads);
    if (grads.empty()) grads.resize(node->outputs.size());
    if (state.needed) run_hooks(*node, grads);
    for (const std::size_t i : state.captured) results_[i] = grads[captures_[i].output];
    std::vector<Tensor> inputs;
    if (state.needed && leads_on(*node)) inputs = apply(*node, grads);
    for (std::size_t i = 0; i < node->next.size(); ++i) {
      const Edge& edge = node->next[i];
      if (!edge.node) continue;
      if (i < inputs.size() && inputs[i].defined()) {
        send(edge, fit_gradient(inputs[i], edge.node->outputs[edge.output], *node, i));
      }
      if (--states_[edge.node.get()].waiting == 0) ready_.push(edge.node);
    }
  }

  /// Whether applying a node leads to something asked for, and not only to what it captured itself.
  bool leads_on(const Node& node) {
    if (captures_.empty()) return true;
    return std::any_of(node.next.begin(), node.next.end(),
                       [&](const Edge& edge) { return edge.node && states_[edge.node.get()].needed; });
  }

  std::vector<Tensor> apply(Node& node, const std::vector<Tensor>& grads) {
    std::vector<bool> wanted(node.next.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      wanted[i] = node.next[i].node && states_[node.next[i].node.get()].needed;
    }
    std::vector<Tensor> inputs;
    {
      const WantedScope scope(&wanted);
      inputs = node.apply(grads);
    }
    check(inputs.size() == node.next.size() || node.next.empty(), node.name(),
          " returned an incorrect number of gradients (expected ", node.next.size(), ", got ", inputs.size(), ")");
    if (!keep_graph_) node.release();
    return inputs;
  }

  const std::vector<Edge>& captures_;
  std::vector<Tensor> results_;
  bool keep_graph_;
  std::unordered_map<Node*, State> states_;
  std::unordered_set<Node*> queued_;
  std::vector<Node*> order_;
  std::priority_queue<std::shared_ptr<Node>, std::vector<std::shared_ptr<Node>>, Later> ready_;
};

bool expands_to(const Shape& from, const Shape& to) {
  if (from.size() > to.size()) return false;
  const std::size_t added = to.size() - from.size();
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (from[i] != 1 && from[i] != to[added + i]) return false;
  }
  return true;
}

}  // namespace

Tensor add_gradients(const Tensor& a, const Tensor& b) {
  if (!a.defined()) return b;
  return b.defined() ? add(a, b) : a;
}

Tensor fit_gradient(const Tensor& grad_in, const OutputInfo& info, const Node& from, std::size_t index) {
  Tensor grad = grad_in;
  if (grad.sizes() != info.sizes) {
    check(expands_to(info.sizes, grad.sizes()), "Function ", from.name(), " returned an invalid gradient at index ",
          index, " - got ", shape_text(grad.sizes()), " but expected shape compatible with ", shape_text(info.sizes));
    grad = sum_to(grad, info.sizes);
  }
  if (grad.is_complex() && !is_complex(info.dtype)) grad = grad.real();
  return grad.to(info.dtype);
}

std::vector<Tensor> walk(const std::vector<Root>& roots, const std::vector<Edge>& captures, bool keep_graph,
                         bool create_graph) {
  const GradGuard guard(create_graph);
  return Walk(roots, captures, keep_graph).run();
}

}  // namespace conv1d
