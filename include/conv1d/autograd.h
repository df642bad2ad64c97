// Reverse-mode differentiation: what a tensor's history is made of, and how to walk it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <conv1d/tensor.h>

namespace conv1d {

/// An edge of the graph: the node that takes the gradient, and the number of that node's output it belongs to.
struct Edge {
  std::shared_ptr<Node> node;  ///< null: nobody wants this gradient
  std::uint32_t output = 0;
};

/// What a gradient must look like to be that of one output of a node.
struct OutputInfo {
  Shape sizes;
  DType dtype = DType::Float32;
  Device device;
};

/// Sees the gradient of one output of a node before the node is applied; what it returns, where defined, replaces it.
using GradHook = std::function<Tensor(const Tensor& grad)>;

struct NodeHooks;  // src/autograd/hooks.h

/// One recorded operation (Python's grad_fn).
struct Node : std::enable_shared_from_this<Node> {
  virtual ~Node();
  /// PyTorch's name: "ConvolutionBackward0", "AddBackward0", "AccumulateGrad", ...
  virtual std::string name() const = 0;
  /// From the gradients of the operation's outputs (undefined: zero) to those of its inputs, one for each edge of
  /// `next`. Runs recorded operations, so that gradients of gradients exist where grad mode is on.
  virtual std::vector<Tensor> apply(const std::vector<Tensor>& grad_outputs) = 0;
  /// Frees what was saved; a later apply() raises PyTorch's "second time" error.
  virtual void release() {}
  /// The leaf that an AccumulateGrad adds into; undefined for all others.
  virtual Tensor variable() const { return {}; }

  std::vector<Edge> next;           ///< Python's next_functions
  std::uint64_t sequence = 0;       ///< order of creation: later nodes are walked first
  std::vector<OutputInfo> outputs;  ///< one for each output; gradients are summed and cast to these before apply()
  /// What hangs on the outputs' gradients; null while nothing does. Set once, since walks of other threads may read it.
  std::atomic<NodeHooks*> hooks = nullptr;
};

/// Whether operations are recorded (a setting of the thread).
bool is_grad_enabled();
bool set_grad_enabled(bool enabled);  ///< returns the setting before

/// Switches recording off (or on) for a scope: `NoGradGuard guard;`
class GradGuard {
 public:
  explicit GradGuard(bool enabled) : before_(set_grad_enabled(enabled)) {}
  ~GradGuard() { set_grad_enabled(before_); }
  GradGuard(const GradGuard&) = delete;
  GradGuard& operator=(const GradGuard&) = delete;

 private:
  bool before_;
};
struct NoGradGuard : GradGuard {
  NoGradGuard() : GradGuard(false) {}
};

namespace autograd {

/// Walks back from `outputs`, adding into the grad of every leaf, or of `inputs` alone where there are some (those that
/// are no leaves retain their grad from then on). See Tensor::backward.
void backward(const std::vector<Tensor>& outputs, const std::vector<Tensor>& grad_outputs = {},
              bool retain_graph = false, bool create_graph = false, const std::vector<Tensor>& inputs = {});

/// The gradients of sum(outputs * grad_outputs) with respect to `inputs`, returned instead of accumulated.
/// Inputs need not be leaves. RuntimeError where an input was not used, unless `allow_unused` (its gradient is then
/// undefined).
std::vector<Tensor> grad(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
                         const std::vector<Tensor>& grad_outputs = {}, bool retain_graph = false,
                         bool create_graph = false, bool allow_unused = false);

/// Calls `hook` whenever a walk has the whole gradient of `tensor`. RuntimeError where it requires none.
void add_hook(const Tensor& tensor, GradHook hook);

/// The same numbers as `tensors`, recorded as one operation called `name` (a string literal). Its gradients, one for
/// each tensor and undefined where none arrived, pass through `change`, which returns as many.
std::vector<Tensor> identity(const char* name, const std::vector<Tensor>& tensors,
                             std::function<std::vector<Tensor>(const std::vector<Tensor>&)> change);

}  // namespace autograd
}  // namespace conv1d
