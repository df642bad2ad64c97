// Activations and losses; conv1d() and pad() stand in src/conv.
#include <conv1d/nn/functional.h>

#include <conv1d/autograd.h>
#include <conv1d/ops.h>

#include "autograd/record.h"
#include "base/check.h"
#include "tensor/impl.h"

namespace conv1d::nn::functional {

Tensor relu(const Tensor& input) { return input.relu(); }
Tensor tanh(const Tensor& input) { return input.tanh(); }
Tensor sigmoid(const Tensor& input) { return input.sigmoid(); }

namespace {

Tensor reduced(const Tensor& squares, const std::string& reduction) {
  if (reduction == "mean") return squares.mean();
  return reduction == "sum" ? squares.sum() : squares;
}

// The two as one dtype and one shape; a tensor that has both already is returned as it is.
std::pair<Tensor, Tensor> matched(Tensor a, Tensor b) {
  if (a.sizes() != b.sizes()) {
    Shape shape;
    {
      const NoGradGuard guard;
      shape = add(a, b).sizes();  // raises PyTorch's text where they do not broadcast
    }
    if (a.sizes() != shape) a = a.expand(shape);
    if (b.sizes() != shape) b = b.expand(shape);
  }
  const DType dtype = result_type(a, b);
  check<NotImplementedError>(conv1d::is_floating_point(dtype), "\"mse_cpu\" not implemented for '", scalar_name(dtype), "'");
  return {a.to(dtype), b.to(dtype)};
}

}  // namespace

Tensor mse_loss(const Tensor& input, const Tensor& target, const MseLossOptions& options) {
  if (input.sizes() != target.sizes()) {
    warn(cat_text("Using a target size (torch.Size(", shape_text(target.sizes()), ")) that is different to the input size (torch.Size(",
                  shape_text(input.sizes()),
                  ")). This will likely lead to incorrect results due to broadcasting. Please ensure they have the same size."));
  }
  const std::string& reduction = options.reduction;
  const bool known = reduction == "mean" || reduction == "sum" || reduction == "none";
  check<ValueError>(known, reduction, " is not a valid value for reduction");
  const auto [a, b] = matched(input, target);
  Tensor value;
  {
    const NoGradGuard guard;
    value = reduced(sub(a, b).square(), reduction);
  }
  return record("MseLossBackward0", value, {a, b}, {a, b}, [reduction](const BackwardArgs& args) {
    std::vector<Tensor> grads(2);
    if (!args.grad().defined()) return grads;
    const Tensor& x = args.saved[0];
    const double scale = reduction == "mean" ? 2.0 / static_cast<double>(x.numel()) : 2.0;
    const Tensor slope = mul(mul(sub(x, args.saved[1]), scale), args.grad());
    if (args.wanted[0]) grads[0] = slope;
    if (args.wanted[1]) grads[1] = slope.neg();
    return grads;
  });
}

}  // namespace conv1d::nn::functional
