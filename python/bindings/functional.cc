// nn.functional: conv1d, conv_transpose1d, pad, mse_loss.
#include <conv1d/nn/functional.h>

#include "arguments.h"
#include "bindings.h"
#include "convert.h"
#include "layer_plan.h"

namespace conv1d::python {
namespace {

namespace F = nn::functional;

const Signatures& conv1d_signatures() {
  // PyTorch's two overloads: padding by numbers, padding by name.
  static const Signatures signatures(
      "conv1d",
      {"(Tensor input, Tensor weight, Tensor bias = None, tuple of ints[1] stride = 1, tuple of ints[1] padding = 0, "
       "tuple of ints[1] dilation = 1, int groups = 1)",
       "(Tensor input, Tensor weight, Tensor bias = None, tuple of ints[1] stride = 1, str padding = \"valid\", "
       "tuple of ints[1] dilation = 1, int groups = 1)"});
  return signatures;
}

Conv1dArgs conv1d_args(const Arguments& a) {
  const bool by_name = a.overload() == 1;
  return {.stride = a.ints("stride", {1}),
          .padding = by_name ? Padding(a.text("padding", "valid")) : Padding(a.ints("padding", {0})),
          .dilation = a.ints("dilation", {1}),
          .groups = a.integer("groups", 1)};
}

nb::object conv1d(const nb::args& args, const nb::kwargs& kwargs) {
  const Arguments a = conv1d_signatures().parse(args.ptr(), kwargs.ptr());
  const Tensor input = a.tensor("input"), weight = a.tensor("weight"), bias = a.tensor("bias");
  const Conv1dArgs settings = conv1d_args(a);
  return to_python(unlocked([&] { return F::conv1d(input, weight, bias, settings); }));
}

const Signatures& conv_transpose1d_signatures() {
  static const Signatures signatures(
      "conv_transpose1d",
      {"(Tensor input, Tensor weight, Tensor bias = None, tuple of ints[1] stride = 1, tuple of ints[1] padding = 0, "
       "tuple of ints[1] output_padding = 0, int groups = 1, tuple of ints[1] dilation = 1)"});
  return signatures;
}

ConvTranspose1dArgs conv_transpose1d_args(const Arguments& a) {
  return {.stride = a.ints("stride", {1}),
          .padding = a.ints("padding", {0}),
          .output_padding = a.ints("output_padding", {0}),
          .groups = a.integer("groups", 1),
          .dilation = a.ints("dilation", {1})};
}

nb::object conv_transpose1d(const nb::args& args, const nb::kwargs& kwargs) {
  const Arguments a = conv_transpose1d_signatures().parse(args.ptr(), kwargs.ptr());
  const Tensor input = a.tensor("input"), weight = a.tensor("weight"), bias = a.tensor("bias");
  const ConvTranspose1dArgs settings = conv_transpose1d_args(a);
  return to_python(unlocked([&] { return F::conv_transpose1d(input, weight, bias, settings); }));
}

// ---- a layer's call -----------------------------------------------------------------------------------------------

/// layer(x): `call`, as `signatures` read it, with what the layer remembers. All by position, as PyTorch's layer calls
/// it, so that a wrong argument gets the very text.
template <class Args, std::size_t kCount, class... Settings>
nb::object planned(LayerPlan& plan, KnownSettings<Args, kCount>& memory, const Signatures& signatures,
                   Args (*read)(const Arguments&),
                   Tensor (*call)(const Tensor&, const Tensor&, const Tensor&, const Args&, PlanCache*),
                   nb::handle input, nb::handle weight, nb::handle bias, Settings... settings) {
  auto args = memory.known({settings...});
  if (!args || !is_tensor(input) || !is_tensor(weight) || !(bias.is_none() || is_tensor(bias))) {
    const nb::tuple all = nb::make_tuple(input, weight, bias, settings...);
    args = std::make_shared<const Args>(read(signatures.parse(all.ptr(), nullptr)));
    memory.remember({settings...}, args);
  }
  const Tensor x = tensor_of(input), w = tensor_of(weight), b = bias.is_none() ? Tensor() : tensor_of(bias);
  return to_python(unlocked([&] { return call(x, w, b, *args, &plan.cache); }));
}

nb::object conv1d_planned(LayerPlan& plan, nb::handle input, nb::handle weight, nb::handle bias, nb::handle stride,
                          nb::handle padding, nb::handle dilation, nb::handle groups) {
  return planned(plan, plan.conv, conv1d_signatures(), conv1d_args, F::conv1d, input, weight, bias, stride, padding,
                 dilation, groups);
}

nb::object conv_transpose1d_planned(LayerPlan& plan, nb::handle input, nb::handle weight, nb::handle bias,
                                    nb::handle stride, nb::handle padding, nb::handle output_padding, nb::handle groups,
                                    nb::handle dilation) {
  return planned(plan, plan.transposed, conv_transpose1d_signatures(), conv_transpose1d_args, F::conv_transpose1d,
                 input, weight, bias, stride, padding, output_padding, groups, dilation);
}

// The name of the family that a layer's call would take; the arguments are its, by position. The padding is in the
// input where its mode is not zeros.

std::string conv1d_kernel(const nb::args& args) {
  const Arguments a = conv1d_signatures().parse(args.ptr(), nullptr);
  return F::conv1d_kernel(a.tensor("input"), a.tensor("weight"), a.tensor("bias"), conv1d_args(a));
}

std::string conv_transpose1d_kernel(const nb::args& args) {
  const Arguments a = conv_transpose1d_signatures().parse(args.ptr(), nullptr);
  return F::conv_transpose1d_kernel(a.tensor("input"), a.tensor("weight"), a.tensor("bias"), conv_transpose1d_args(a));
}

// ---- the others ---------------------------------------------------------------------------------------------------

nb::object pad(const nb::args& args) {
  static const Signatures signatures(
      "pad", {"(Tensor input, tuple of ints pad, str mode = \"constant\", float? value = None)"});
  const Arguments a = signatures.parse(args.ptr(), nullptr);
  const Tensor input = a.tensor("input");
  const std::vector<std::int64_t> amounts = a.ints("pad");
  F::PadOptions options{.mode = a.text("mode", "constant")};
  if (a.given("value")) options.value = a.real("value");
  return to_python(unlocked([&] { return F::pad(input, amounts, options); }));
}

nb::object mse_loss(const nb::args& args) {
  static const Signatures signatures("mse_loss", {"(Tensor input, Tensor target, str reduction)"});
  const Arguments a = signatures.parse(args.ptr(), nullptr);
  return to_python(F::mse_loss(a.tensor("input"), a.tensor("target"), {.reduction = a.text("reduction")}));
}

}  // namespace

bool is_fixed(nb::handle setting) {
  PyObject* object = setting.ptr();
  if (PyLong_CheckExact(object) || PyUnicode_CheckExact(object)) return true;
  if (!PyTuple_CheckExact(object)) return false;
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(object); ++i) {
    if (!PyLong_CheckExact(PyTuple_GET_ITEM(object, i))) return false;
  }
  return true;
}

void bind_functional(nb::module_& module) {
  module.def(
      "conv1d", &conv1d,
      "conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1) -> Tensor\n\n"
      "input (channels, length) or (batch, channels, length), weight (out_channels, channels / groups, taps), bias\n"
      "(out_channels,). padding is a number, or \"same\" or \"valid\".");
  module.def("conv_transpose1d", &conv_transpose1d,
             "conv_transpose1d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1) "
             "-> Tensor\n\n"
             "input (channels, length) or (batch, channels, length), weight (channels, out_channels / groups, taps), "
             "bias\n(out_channels,). The gradient of conv1d with respect to its input.");
  module.def("_pad", &pad);
  module.def("_mse_loss", &mse_loss);

  nb::class_<LayerPlan>(module, "PlanCache")
      .def(nb::init<>())
      // A copy of a layer starts with nothing kept: what is kept belongs to one layer's weight.
      .def("__reduce__", [](nb::handle self) { return nb::make_tuple(self.type(), nb::make_tuple()); })
      .def_prop_ro("kept_bytes", [](LayerPlan& self) { return self.cache.kept_bytes(); })
      .def("clear", [](LayerPlan& self) { self.cache.clear(); });
  module.def("_conv1d_planned", &conv1d_planned, nb::arg(), nb::arg().none(), nb::arg().none(), nb::arg().none(),
             nb::arg().none(), nb::arg().none(), nb::arg().none(), nb::arg().none());
  module.def("_conv_transpose1d_planned", &conv_transpose1d_planned, nb::arg(), nb::arg().none(), nb::arg().none(),
             nb::arg().none(), nb::arg().none(), nb::arg().none(), nb::arg().none(), nb::arg().none(),
             nb::arg().none());
  module.def("_conv1d_kernel", &conv1d_kernel);
  module.def("_conv_transpose1d_kernel", &conv_transpose1d_kernel);
}

}  // namespace conv1d::python
