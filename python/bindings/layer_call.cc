// layer(x) of nn.Conv1d, without a frame of Python: what Module.__call__, Conv1d.forward and Conv1d._conv_forward do
// for a layer that nobody has changed anything about. Whatever is out of the ordinary takes that way instead.
#include <array>
#include <string_view>

#include <conv1d/nn/functional.h>

#include "bindings.h"
#include "convert.h"
#include "errors.h"
#include "layer_plan.h"

namespace conv1d::python {
namespace {

/// Names of attributes, made once: a dict finds an interned string by its address.
struct Names {
  PyObject *call = intern("__call__"), *forward = intern("forward"), *conv_forward = intern("_conv_forward"),
           *parameters = intern("_parameters"), *weight = intern("weight"), *bias = intern("bias"),
           *padding_mode = intern("padding_mode"), *stride = intern("stride"), *padding = intern("padding"),
           *dilation = intern("dilation"), *groups = intern("groups"), *plan = intern("_plan");
  std::array<PyObject*, 4> hooks = {intern("_forward_hooks"), intern("_forward_pre_hooks"), intern("_backward_hooks"),
                                    intern("_backward_pre_hooks")};

  static PyObject* intern(const char* text) { return PyUnicode_InternFromString(text); }
};

const Names& names() {
  static const Names& known = *new Names;  // never freed: the interpreter is gone before static objects are
  return known;
}

/// The functions that this file stands in for, told by conv.py. Owned until the process ends.
struct Replaced {
  nb::handle module_class, call, forward, conv_forward;
};
Replaced replaced;

/// Whether an attribute of a class is the very function: a class of the user's, or a patch, may have another.
bool is_still(nb::handle type, PyObject* name, nb::handle function) {
  PyObject* found = PyObject_GetAttr(type.ptr(), name);
  if (!found) throw nb::python_error();
  Py_DECREF(found);  // the class keeps it
  return found == function.ptr();
}

/// Borrowed; null where the name is absent.
PyObject* entry(PyObject* dict, PyObject* name) {
  PyObject* found = PyDict_GetItemWithError(dict, name);
  if (!found && PyErr_Occurred()) throw nb::python_error();
  return found;
}

/// What the call needs of the layer; without a weight where the layer is not ordinary. The settings are only compared.
struct Layer {
  nb::object weight, bias;
  KnownSettings<Conv1dArgs, 4>::Settings settings;
};

Layer ordinary_layer(nb::handle self, PyObject* dict) {
  const Names& n = names();
  if (!is_still(self.type(), n.forward, replaced.forward) ||
      !is_still(self.type(), n.conv_forward, replaced.conv_forward) ||
      !is_still(replaced.module_class, n.call, replaced.call) || entry(dict, n.forward) ||
      entry(dict, n.conv_forward)) {
    return {};
  }
  for (PyObject* registry : n.hooks) {
    PyObject* hooks = entry(dict, registry);
    if (!hooks || !PyDict_Check(hooks) || PyDict_GET_SIZE(hooks) != 0) return {};
  }
  PyObject* mode = entry(dict, n.padding_mode);
  if (!mode || !PyUnicode_Check(mode) || PyUnicode_CompareWithASCIIString(mode, "zeros") != 0) return {};
  PyObject* parameters = entry(dict, n.parameters);
  if (!parameters || !PyDict_Check(parameters)) return {};
  PyObject *weight = entry(parameters, n.weight), *bias = entry(parameters, n.bias);
  if (!weight || !is_tensor(weight) || !bias || !(bias == Py_None || is_tensor(bias))) return {};
  return {.weight = nb::borrow(weight),
          .bias = nb::borrow(bias),
          .settings = {entry(dict, n.stride), entry(dict, n.padding), entry(dict, n.dilation), entry(dict, n.groups)}};
}

/// A call too short for another Python thread to gain from the interpreter's lock: handing it over costs as much.
bool is_tiny(const Tensor& x, const Tensor& w) {
  constexpr std::int64_t kProducts = 4096;
  return x.numel() < kProducts && w.numel() < kProducts && x.numel() * w.numel() < kProducts;
}

nb::object run(LayerPlan& plan, const Conv1dArgs& args, const Tensor& x, const Tensor& w, const Tensor& b) {
  if (is_tiny(x, w)) return to_python(nn::functional::conv1d(x, w, b, args, &plan.cache));
  return to_python(unlocked([&] { return nn::functional::conv1d(x, w, b, args, &plan.cache); }));
}

/// The result of an ordinary call; an invalid object where the long way has to be taken.
nb::object call_ordinary(nb::handle self, nb::handle input) {
  if (!replaced.call.is_valid() || !is_tensor(input)) return {};
  LayerPlan* plan = nullptr;
  const nb::object slot = nb::steal(PyObject_GetAttr(self.ptr(), names().plan));
  const nb::object dict = nb::steal(slot.is_valid() ? PyObject_GenericGetDict(self.ptr(), nullptr) : nullptr);
  if (!dict.is_valid()) {  // the first call, or no layer at all
    PyErr_Clear();
    return {};
  }
  if (!nb::try_cast(slot, plan) || !plan) return {};
  const Layer layer = ordinary_layer(self, dict.ptr());
  const auto args = layer.weight.is_valid() ? plan->conv.known(layer.settings) : nullptr;
  if (!args) return {};
  const Tensor x = tensor_of(input), w = tensor_of(layer.weight);
  return run(*plan, *args, x, w, layer.bias.is_none() ? Tensor() : tensor_of(layer.bias));
}

nb::object checked(PyObject* result) {
  if (!result) throw nb::python_error();
  return nb::steal(result);
}

/// Module.__call__ as it is now.
nb::object long_way() { return checked(PyObject_GetAttr(replaced.module_class.ptr(), names().call)); }

nb::object call_layer(nb::handle self, nb::handle input) {
  nb::object result = call_ordinary(self, input);
  if (result.is_valid()) return result;
  return checked(PyObject_CallFunctionObjArgs(long_way().ptr(), self.ptr(), input.ptr(), nullptr));
}

nb::object call_with_others(nb::handle self, const nb::args& args, const nb::kwargs& kwargs) {
  nb::list all;
  all.append(self);
  for (const nb::handle argument : args) all.append(argument);
  return checked(PyObject_Call(long_way().ptr(), nb::tuple(all).ptr(), kwargs.ptr()));
}

}  // namespace

void bind_layer_call(nb::module_& module) {
  nb::cpp_function_def(call_layer, nb::scope(module), nb::name("_conv1d_call"), nb::is_method(), nb::arg().none());
  nb::cpp_function_def(call_with_others, nb::scope(module), nb::name("_conv1d_call"), nb::is_method());
  module.def("_set_layer_functions",
             [](nb::handle module_class, nb::handle call, nb::handle forward, nb::handle conv_forward) {
               replaced = {module_class.inc_ref(), call.inc_ref(), forward.inc_ref(), conv_forward.inc_ref()};
             });
}

}  // namespace conv1d::python
