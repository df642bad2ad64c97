// How an operation enters the graph. An operation computes its result with raw kernels and then calls one of these.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <conv1d/autograd.h>

namespace conv1d {

/// What a recorded operation's gradient is given.
struct BackwardArgs {
  const std::vector<Tensor>& grads;  ///< of each output; undefined: zero
  const std::vector<Tensor>& saved;  ///< the tensors saved, checked to be unchanged
  const std::vector<bool>& wanted;   ///< which inputs want a gradient
  const Tensor& grad() const { return grads[0]; }
};
/// Returns one gradient for each input; undefined where not wanted or zero. Uses recorded operations only.
using Backward = std::function<std::vector<Tensor>(const BackwardArgs&)>;

/// Whether grad mode is on and one of the inputs requires a gradient.
bool should_record(const std::vector<Tensor>& inputs);

/// Gives `result` the history "`name` of `inputs`" (`name`: a string literal) where should_record(inputs); returns
/// result. A saved tensor that is the result itself makes no cycle. A change in place of a saved tensor is found when
/// the gradient is asked for.
Tensor record(const char* name, Tensor result, const std::vector<Tensor>& inputs, const std::vector<Tensor>& saved,
              Backward backward);

/// As record(), for operations with several outputs (max along a dimension: indices have no gradient).
void record_all(const char* name, const std::vector<Tensor>& results, const std::vector<Tensor>& inputs,
                const std::vector<Tensor>& saved, Backward backward);

/// As record(), for `view` sharing memory with `base`: later changes in place of either show in the other's history
/// (a view's grad_fn becomes AsStridedBackward0 after its base was changed; a base's becomes CopySlices).
Tensor record_view(const char* name, Tensor view, const Tensor& base, Backward backward);

/// Before an operation on `inputs` changes `target` in place: raises PyTorch's errors for a leaf that requires grad, a
/// view of one, and an expanded tensor whose elements share memory ("unsupported operation: more than one element of
/// the written-to tensor ...").
void check_inplace(const Tensor& target, const std::vector<Tensor>& inputs = {});
/// As check_inplace() for operations that write one number everywhere: elements may share memory.
void check_inplace_history(const Tensor& target, const std::vector<Tensor>& inputs = {});

/// After the change: notes the write, and gives `target` (and the base it is a view of) its new history.
/// inputs[0] is the target as it was before. `saved` may hold the target as it is now; what it was before must be
/// cloned beforehand, since its memory now holds other numbers. Usage:
///   check_inplace(x);
///   Tensor before = alias_of(x);
///   <change the numbers>
///   record_inplace("AddBackward0", x, {before, other}, {...}, f);
Tensor& record_inplace(const char* name, Tensor& target, const std::vector<Tensor>& inputs,
                       const std::vector<Tensor>& saved, Backward backward);
/// The same tensor with the history that it has now, unchanged by a later record_inplace on `target`.
Tensor alias_of(const Tensor& target);

}  // namespace conv1d
