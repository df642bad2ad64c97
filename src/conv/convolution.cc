#include "conv/convolution.h"

#include "autograd/record.h"
#include "base/check.h"
#include "conv/lower.h"
#include "conv/rules.h"
#include "tensor/impl.h"

namespace conv1d {
namespace {

// What PyTorch calls the recorded halves of a convolution's gradient.
constexpr const char* kSecondOrder = "ConvolutionBackwardBackward0";

// A node may be called by hand with any gradient, and `.data = ...` may have given a saved tensor another shape or
// dtype since: the kernels know only `g`, and would read beyond what is there.
void check_operand(const char* what, const Tensor& t, const Shape& sizes, const ConvGeometry& g, DType dtype) {
  check(t.sizes() == sizes, "Expected the ", what, " in the gradient of ", g.transposed ? "conv_transpose1d" : "conv1d",
        " to be of size ", shape_text(sizes), ", but got size ", shape_text(t.sizes()));
  check(t.dtype() == dtype, "expected scalar type ", scalar_name(dtype), " but found ", scalar_name(t.dtype()));
}
// The two sides of the geometry: a transposed layer has its input where others have their output.
Shape sizes(const ConvGeometry& g, bool out) {
  return out ? Shape{g.batch, g.out_channels, g.out_length} : Shape{g.batch, g.in_channels, g.in_length};
}
void check_grad(const Tensor& grad, const ConvGeometry& g, DType dtype) {
  check_operand("output's gradient", grad, sizes(g, !g.transposed), g, dtype);
}
void check_weight(const Tensor& weight, const ConvGeometry& g, DType dtype) {
  check_operand("weight", weight, {g.out_channels, g.in_channels_per_group(), g.kernel}, g, dtype);
}
void check_input(const Tensor& x, const ConvGeometry& g, DType dtype) {
  check_operand("input", x, sizes(g, g.transposed), g, dtype);
}

Tensor bias_grad(const Tensor& grad) {
  Tensor sum;
  {
    const GradGuard guard(false);
    sum = grad.sum({0, 2});
  }
  const Shape& sizes = grad.sizes();
  return record(kSecondOrder, sum, {grad, Tensor(), Tensor()}, {}, [sizes](const BackwardArgs& args) {
    std::vector<Tensor> grads(3);
    if (args.grad().defined()) grads[0] = args.grad().reshape({1, sizes[1], 1}).expand(sizes);
    return grads;
  });
}

/// The gradient of a convolution with respect to (x, weight, bias), each only where it is wanted.
Backward convolution_backward(const ConvGeometry& g, bool has_bias) {
  return [g, has_bias](const BackwardArgs& args) {
    std::vector<Tensor> grads(3);
    const Tensor& grad = args.grad();
    if (!grad.defined()) return grads;
    const Tensor &x = args.saved[0], &weight = args.saved[1];
    if (args.wanted[0]) grads[0] = conv_input_grad(grad, weight, g);
    if (args.wanted[1]) grads[1] = conv_weight_grad(grad, x, g);
    if (has_bias && args.wanted[2]) grads[2] = bias_grad(grad);
    return grads;
  };
}

Tensor alias(const Tensor& t) { return make_view(t, t.sizes(), t.strides(), t.storage_offset()); }

// PyTorch composes a complex convolution of real ones, and shows it: y = (a - b) + 1j*((c - a) - b). Ours is computed
// at once; the nodes are there for whoever looks at grad_fn. The whole gradient goes through the first branch.
Tensor record_complex(const Tensor& y, const std::vector<Tensor>& inputs, const std::vector<Tensor>& saved,
                      Backward backward) {
  if (!should_record(inputs)) return y;
  const Tensor real_part = record("SubBackward0", alias(y), inputs, saved, std::move(backward));
  const Tensor imaginary_part =
      record("MulBackward1", alias(y), {real_part}, {}, [](const BackwardArgs&) { return std::vector<Tensor>(1); });
  return record("AddBackward0", y, {real_part, imaginary_part}, {},
                [](const BackwardArgs& args) { return std::vector<Tensor>{args.grad(), Tensor()}; });
}

}  // namespace

Tensor convolution(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvGeometry& g, PlanCache* cache) {
  const Tensor y = g.transposed ? run_input_grad(x, weight, bias, g, cache) : run_forward(x, weight, bias, g, cache);
  const std::vector<Tensor> inputs{x, weight, bias};
  Backward backward = convolution_backward(g, bias.defined());
  if (x.is_complex()) return record_complex(y, inputs, {x, weight}, std::move(backward));
  return record("ConvolutionBackward0", y, inputs, {x, weight}, std::move(backward));
}

Tensor conv_input_grad(const Tensor& grad, const Tensor& weight, const ConvGeometry& g) {
  check_grad(grad, g, weight.dtype());
  check_weight(weight, g, weight.dtype());
  const Tensor dx =
      g.transposed ? run_forward(grad, weight, {}, g, nullptr) : run_input_grad(grad, weight, {}, g, nullptr);
  return record(kSecondOrder, dx, {grad, Tensor(), weight}, {grad, weight}, [g](const BackwardArgs& args) {
    std::vector<Tensor> grads(3);
    if (!args.grad().defined()) return grads;
    const Tensor &saved_grad = args.saved[0], &saved_weight = args.saved[1];
    check_input(args.grad(), g, saved_weight.dtype());
    check_weight(saved_weight, g, saved_weight.dtype());
    if (args.wanted[0]) grads[0] = convolution(args.grad(), saved_weight, Tensor(), g, nullptr);
    if (args.wanted[2]) grads[2] = conv_weight_grad(saved_grad, args.grad(), g);
    return grads;
  });
}

Tensor conv_weight_grad(const Tensor& grad, const Tensor& x, const ConvGeometry& g) {
  check_grad(grad, g, x.dtype());
  check_input(x, g, x.dtype());
  const Tensor dw = g.transposed ? run_weight_grad(x, grad, g) : run_weight_grad(grad, x, g);
  return record(kSecondOrder, dw, {grad, x, Tensor()}, {grad, x}, [g](const BackwardArgs& args) {
    std::vector<Tensor> grads(3);
    if (!args.grad().defined()) return grads;
    const Tensor &saved_grad = args.saved[0], &saved_x = args.saved[1];
    check_weight(args.grad(), g, saved_x.dtype());
    check_input(saved_x, g, saved_x.dtype());
    if (args.wanted[0]) grads[0] = convolution(saved_x, args.grad(), Tensor(), g, nullptr);
    if (args.wanted[1]) grads[1] = conv_input_grad(saved_grad, args.grad(), g);
    return grads;
  });
}

namespace {

// A 2-D input is a batch of one.
Tensor batched(const Tensor& input, const Tensor& weight, const Tensor& bias, const ConvGeometry& g, PlanCache* cache) {
  if (input.dim() == 3) return convolution(input, weight, bias, g, cache);
  return convolution(input.unsqueeze(0), weight, bias, g, cache).squeeze(0);
}

}  // namespace

namespace nn::functional {

Tensor conv1d(const Tensor& input, const Tensor& weight, const Tensor& bias, const Conv1dArgs& args, PlanCache* cache) {
  return batched(input, weight, bias, check_conv1d(input, weight, bias, args), cache);
}

Tensor conv_transpose1d(const Tensor& input, const Tensor& weight, const Tensor& bias, const ConvTranspose1dArgs& args,
                        PlanCache* cache) {
  return batched(input, weight, bias, check_conv_transpose1d(input, weight, bias, args), cache);
}

}  // namespace nn::functional
}  // namespace conv1d
