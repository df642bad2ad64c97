#include "autograd/saved.h"

#include "autograd/meta.h"
#include "autograd/record.h"
#include "base/check.h"

namespace conv1d {
namespace {

/// The name that PyTorch's message uses: "Exp" for ExpBackward0, "Max1" for MaxBackward1.
std::string operation_name(const Node& node) {
  const std::string name = node.name();
  const std::size_t suffix = name.rfind("Backward");
  const bool numbered =
      suffix != std::string::npos && name.size() == suffix + 9 && name.back() >= '0' && name.back() <= '9';
  if (numbered) return name.substr(0, suffix) + (name.back() == '0' ? "" : name.substr(suffix + 8));
  return name == "CopySlices" || name == "CopyBackwards" ? "torch::autograd::" + name : name;
}

}  // namespace

// An alias is kept rather than the tensor, so that a later change in place cannot hang this node into its own history.
Saved::Saved(const Tensor& tensor, std::int64_t output, bool stale) : output_(output) {
  if (!tensor.defined()) return;
  tensor_ = output >= 0 ? tensor.detach() : alias_of(tensor);
  original_ = tensor.impl();
  version_ = tensor.impl()->version->count - (stale ? 1 : 0);
}

Tensor Saved::unpack(const std::shared_ptr<Node>& owner) const {
  if (!tensor_.defined()) return {};
  const std::uint64_t version = tensor_.impl()->version->count;
  if (version != version_) fail_modified(version, owner);
  if (output_ < 0) return tensor_;
  Tensor result = tensor_.detach();
  GradMeta& meta = make_meta(result);
  meta.grad_fn = owner;
  meta.output = static_cast<std::uint32_t>(output_);
  return result;
}

void Saved::fail_modified(std::uint64_t version, const std::shared_ptr<Node>& owner) const {
  std::string which = "[" + tensor_type_name(tensor_.dtype()) + " " + shape_text(tensor_.sizes()) + "]";
  if (output_ >= 0) {  // the result of the operation itself, whatever became of it since
    which += cat_text(", which is output ", output_, " of ", operation_name(*owner), ",");
  } else if (const std::shared_ptr<TensorImpl> impl = original_.lock()) {
    const Tensor original(impl);
    if (const std::shared_ptr<Node> node = original.grad_fn()) {
      which += cat_text(", which is output ", meta_of(original)->output, " of ", operation_name(*node), ",");
    }
  }
  fail(cat_text(
      "one of the variables needed for gradient computation has been modified by an inplace operation: ", which,
      " is at version ", version, "; expected version ", version_,
      " instead. Hint: enable anomaly detection to find the operation that failed to compute its gradient, with "
      "torch.autograd.set_detect_anomaly(True, check_nan=False)."));
}

}  // namespace conv1d
