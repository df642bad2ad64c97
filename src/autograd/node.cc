// Nodes: their order, their settings of the thread, and how long chains of them are freed.
#include <utility>

#include "autograd/hooks.h"

namespace conv1d {
namespace {

thread_local bool grad_enabled = true;
thread_local std::uint64_t sequence = 0;
thread_local const std::vector<bool>* wanted_now = nullptr;
// Trivial types only: nodes may die while a thread's other variables are gone already.
thread_local std::vector<std::shared_ptr<Node>>* graveyard = nullptr;

}  // namespace

bool is_grad_enabled() { return grad_enabled; }
bool set_grad_enabled(bool enabled) { return std::exchange(grad_enabled, enabled); }

std::uint64_t next_sequence() { return sequence++; }

// A node that dies hands on its followers instead of freeing them in its own destructor: a chain of 100,000 nodes would
// need as many stack frames. The first caller frees what the others hand in.
void bury(std::shared_ptr<Node> node) {
  if (!node) return;
  if (graveyard != nullptr) {
    graveyard->push_back(std::move(node));
    return;
  }
  std::vector<std::shared_ptr<Node>> waiting;
  waiting.push_back(std::move(node));
  graveyard = &waiting;
  while (!waiting.empty()) {
    const std::shared_ptr<Node> last = std::move(waiting.back());
    waiting.pop_back();
  }
  graveyard = nullptr;
}

Node::~Node() {
  const std::unique_ptr<NodeHooks> own(hooks.load());
  for (Edge& edge : next) bury(std::move(edge.node));
}

WantedScope::WantedScope(const std::vector<bool>* wanted) : before_(std::exchange(wanted_now, wanted)) {}
WantedScope::~WantedScope() { wanted_now = before_; }
const std::vector<bool>* WantedScope::current() { return wanted_now; }

}  // namespace conv1d
