// Losses.
#include "base/check.h"
#include "ops/arithmetic.h"
#include "tensor/layout.h"

namespace conv1d {
namespace {

enum class Collect { None, Mean, Sum };

Collect collect_from(const std::string& reduction) {
  if (reduction == "none") return Collect::None;
  if (reduction == "mean") return Collect::Mean;
  check<ValueError>(reduction == "sum", reduction, " is not a valid value for reduction");
  return Collect::Sum;
}

std::string size_text(const Tensor& x) { return "torch.Size(" + shape_text(x.sizes()) + ")"; }
Tensor expanded(const Tensor& x, const Shape& shape) { return x.sizes() == shape ? x : x.expand(shape); }

Tensor squared_difference(const Tensor& input, const Tensor& target) {
  const DType dtype = result_type(input, target);
  check<NotImplementedError>(is_floating_point(dtype), "\"mse_cpu\" not implemented for '", scalar_name(dtype), "'");
  return binary(input, target, dtype, [](auto a, auto b) {
    const auto difference = math::minus(a, b);
    return math::times(difference, difference);
  });
}

}  // namespace

Tensor mse_loss(const Tensor& input, const Tensor& target, const std::string& reduction) {
  if (input.sizes() != target.sizes()) {
    warn(cat_text(
        "Using a target size (", size_text(target), ") that is different to the input size (", size_text(input),
        "). This will likely lead to incorrect results due to broadcasting. Please ensure they have the same size."));
  }
  const Shape shape = broadcast_shape(input.sizes(), target.sizes());
  const Tensor x = expanded(input, shape), y = expanded(target, shape);
  const Collect collect = collect_from(reduction);
  Tensor result = squared_difference(x.detach(), y.detach());
  if (collect == Collect::Mean) result = result.mean();
  if (collect == Collect::Sum) result = result.sum();
  const double slope = collect == Collect::Mean ? 2.0 / static_cast<double>(x.numel()) : 2.0;
  return record("MseLossBackward0", result, {x, y}, {x, y}, [slope](const BackwardArgs& args) -> Grads {
    const Tensor grad = mul(mul(sub(args.saved[0], args.saved[1]), slope), args.grad());
    return {only_if(args.wanted[0], grad), args.wanted[1] ? grad.neg() : Tensor()};
  });
}

}  // namespace conv1d
