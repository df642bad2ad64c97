// What Python sees of gradients: a tensor's attributes, the nodes of the graph, the engine's two entries.
#include <conv1d/autograd.h>

#include <string>
#include <utility>

#include "arguments.h"
#include "bindings.h"
#include "convert.h"
#include "errors.h"
#include "python_objects.h"

namespace conv1d::python {
namespace {

// ---- nodes --------------------------------------------------------------------------------------------------------

const std::shared_ptr<Node>& node_of(nb::handle self) {
  if (!nb::isinstance<PyNode>(self) || !nb::inst_ready(self)) refuse_self("torch._C._FunctionBase", self);
  return nb::inst_ptr<PyNode>(self)->node;
}

nb::object next_functions(nb::handle self) {
  nb::list edges;
  for (const Edge& edge : node_of(self)->next) edges.append(nb::make_tuple(to_python(edge.node), edge.output));
  return nb::steal(PySequence_Tuple(edges.ptr()));
}

/// The gradients as the node's outputs need them. An operation may read as much of a gradient as its result was large.
std::vector<Tensor> fitted(const Node& node, std::vector<Tensor> gradients) {
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    const OutputInfo& output = node.outputs[i];
    Tensor& gradient = gradients[i];
    if (!gradient.defined()) continue;
    if (gradient.device() != output.device) {
      raise<RuntimeError>("Expected all tensors to be on the same device, but found at least two devices, ",
                          output.device.str(), " and ", gradient.device().str(), "!");
    }
    if (gradient.sizes() != output.sizes) gradient = gradient.expand(output.sizes);
    if (gradient.dtype() != output.dtype) gradient = gradient.to(output.dtype);
  }
  return gradients;
}

/// grad_fn(gradient, ...): the gradients of the operation's inputs.
nb::object apply_node(nb::handle self, const nb::args& args) {
  std::vector<Tensor> gradients;
  for (const nb::handle gradient : args) {
    if (!gradient.is_none() && !is_tensor(gradient))
      raise<TypeError>("argument ", gradients.size(), " is not a Variable");
    gradients.push_back(gradient.is_none() ? Tensor() : tensor_of(gradient));
  }
  const std::shared_ptr<Node> node = node_of(self);
  if (gradients.size() != node->outputs.size()) {
    raise<TypeError>("expected ", node->outputs.size(), " arguments, got ", gradients.size(), " instead");
  }
  const std::vector<Tensor> results = unlocked([&] { return node->apply(fitted(*node, gradients)); });
  return results.size() == 1 ? to_python(results[0]) : to_python(results);
}

void bind_node(nb::module_& module) {
  auto cls = nb::class_<PyNode>(module, "Node", nb::is_weak_referenceable());
  cls.def("__repr__",
          [](nb::handle self) {
            const std::string name = node_of(self)->name();
            // What PyTorch has as a Python class shows its module.
            const char* home = name == "BackwardHookFunctionBackward" ? "torch.autograd.function." : "";
            return text_of("<", home, name, " object at 0x", std::hex, reinterpret_cast<std::uintptr_t>(self.ptr()),
                           ">");
          })
      .def("name",
           [](nb::handle self) {
             const std::string name = node_of(self)->name();
             // PyTorch's own classes, as opposed to those that it generates, say where they live.
             return name == "AccumulateGrad" || name == "CopySlices" ? "torch::autograd::" + name : name;
           })
      .def("__call__", apply_node)
      .def_prop_ro("next_functions", next_functions)
      .def_prop_ro("variable",
                   [](nb::handle self) {
                     const Tensor leaf = node_of(self)->variable();
                     if (!leaf.defined()) {
                       raise<AttributeError>("'", node_of(self)->name(), "' object has no attribute 'variable'");
                     }
                     return to_python(leaf);
                   })
      .def("_sequence_nr", [](nb::handle self) { return node_of(self)->sequence; });
  classes().node_base = cls.inc_ref();
  classes().node_kinds = nb::dict().release();
}

// ---- attributes of a tensor ---------------------------------------------------------------------------------------

void set_gradient(nb::handle self, nb::handle value) {
  Tensor x = tensor_of(self);
  if (value.is_none()) return x.set_grad({});
  if (!is_tensor(value)) {
    raise<TypeError>("assigned grad expected to be a Tensor or None but got grad of type ", python_type_name(value));
  }
  x.set_grad(tensor_of(value));
}

void set_requires_grad(nb::handle self, nb::handle value) {
  if (!PyBool_Check(value.ptr())) raise<RuntimeError>("requires_grad must be a bool");
  Tensor x = tensor_of(self);
  const bool wanted = value.ptr() == Py_True;
  if (!x.is_leaf() && !wanted) {
    raise<RuntimeError>(
        "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a "
        "subgraph that doesn't require differentiation use var_no_grad = var.detach().");
  }
  // The attribute and the method requires_grad_() differ in their text.
  if (wanted && !is_differentiable(x.dtype())) {
    raise<RuntimeError>("only Tensors of floating point and complex dtype can require gradients");
  }
  x.requires_grad_(wanted);
}

void set_data(nb::handle self, nb::handle value) {
  if (!is_tensor(value)) raise<TypeError>("Variable data has to be a tensor, but got ", python_type_name(value));
  Tensor x = tensor_of(self);
  x.set_data(tensor_of(value));
}

void bind_attributes() {
  const nb::handle base = tensor_base();
  const auto attribute = [&](const char* name, auto get, nb::object set) {
    add_property(base, name, nb::cpp_function(get, nb::is_method(), nb::sig(stub_of_property(name).c_str())),
                 std::move(set));
  };
  attribute(
      "grad", [](nb::handle self) { return to_python(tensor_of(self).grad()); },
      nb::cpp_function(set_gradient, nb::is_method(), nb::arg("value").none()));
  nb::setattr(base, "grad", nb::object(base.attr("grad")).attr("deleter")(nb::cpp_function([](nb::handle self) {
    Tensor x = tensor_of(self);
    x.set_grad({});
  })));
  attribute(
      "requires_grad", [](nb::handle self) { return to_python(tensor_of(self).requires_grad()); },
      nb::cpp_function(set_requires_grad, nb::is_method(), nb::arg("value").none()));
  attribute(
      "data", [](nb::handle self) { return to_python(tensor_of(self).data_view()); },
      nb::cpp_function(set_data, nb::is_method(), nb::arg("value").none()));
  attribute("grad_fn", [](nb::handle self) { return to_python(tensor_of(self).grad_fn()); }, nb::none());
  attribute(
      "_version", [](nb::handle self) { return to_python(static_cast<std::int64_t>(tensor_of(self).version())); },
      nb::none());
  define_method(base, "requires_grad_", {"(Tensor input, bool requires_grad = True)"}, [](const Arguments& a) {
    Tensor x = a.tensor("input");
    x.requires_grad_(a.flag("requires_grad", true));
    return nb::borrow(a.self());
  });
  define_method(base, "retain_grad", {"(Tensor input)"}, [](const Arguments& a) {
    Tensor x = a.tensor("input");
    x.retain_grad();
    return nb::none();
  });
  attribute("retains_grad", [](nb::handle self) { return to_python(tensor_of(self).retains_grad()); }, nb::none());
}

// ---- hooks --------------------------------------------------------------------------------------------------------

/// Tensors or None; PyTorch's word for others.
std::vector<Tensor> gradients_from(nb::handle sequence) {
  std::vector<Tensor> result;
  for (const nb::handle item : nb::borrow<nb::tuple>(sequence)) {
    if (!item.is_none() && !is_tensor(item)) {
      raise<TypeError>("gradients can be either Tensors or None, but got ", python_type_name(item));
    }
    result.push_back(item.is_none() ? Tensor() : tensor_of(item));
  }
  return result;
}

std::vector<Tensor> tensors_from(nb::handle sequence, const char* what) {
  std::vector<Tensor> result;
  for (const nb::handle item : nb::borrow<nb::tuple>(sequence)) {
    if (!is_tensor(item)) raise<TypeError>(what, " must be Tensors, but got ", python_type_name(item));
    result.push_back(tensor_of(item));
  }
  return result;
}

/// A Python function that a graph holds, which may be freed by a thread without the interpreter's lock.
class Callback {
 public:
  explicit Callback(nb::handle function) : function_(function.inc_ref().ptr()) {}
  ~Callback() {
    if (!Py_IsInitialized()) return;  // gone with the interpreter
    const nb::gil_scoped_acquire acquire;
    Py_DECREF(function_);
  }
  Callback(const Callback&) = delete;
  Callback& operator=(const Callback&) = delete;

  /// What function(argument) returns; to be called with the lock.
  nb::object operator()(const nb::object& argument) const { return nb::handle(function_)(argument); }

 private:
  PyObject* function_;
};

void bind_hooks(nb::module_& module) {
  // function(gradient) returns a tensor or None. conv1d/_hooks.py wraps what users give.
  module.def("_add_hook", [](nb::handle tensor, nb::handle function) {
    autograd::add_hook(tensor_of(tensor), [callback = std::make_shared<Callback>(function)](const Tensor& gradient) {
      const nb::gil_scoped_acquire acquire;
      const nb::object result = (*callback)(to_python(gradient));
      return result.is_none() ? Tensor() : tensor_of(result);
    });
  });
  // The same tensors behind one node whose gradients pass through function(tuple) -> tuple.
  module.def("_identity", [](nb::handle tensors, nb::handle function) {
    const std::vector<Tensor> inputs = tensors_from(tensors, "inputs");
    return to_python(
        autograd::identity("BackwardHookFunctionBackward", inputs,
                           [callback = std::make_shared<Callback>(function)](const std::vector<Tensor>& gradients) {
                             const nb::gil_scoped_acquire acquire;
                             return gradients_from((*callback)(to_python(gradients)));
                           }));
  });
}

// ---- the engine ---------------------------------------------------------------------------------------------------

void bind_engine(nb::module_& module) {
  module.def("_backward",
             [](nb::handle outputs, nb::handle gradients, bool retain_graph, bool create_graph, nb::handle inputs) {
               const auto roots = tensors_from(outputs, "outputs"), only = tensors_from(inputs, "inputs");
               const auto given = gradients_from(gradients);
               unlocked([&] { autograd::backward(roots, given, retain_graph, create_graph, only); });
             });
  module.def("_grad", [](nb::handle outputs, nb::handle inputs, nb::handle gradients, bool retain_graph,
                         bool create_graph, bool allow_unused) {
    const auto roots = tensors_from(outputs, "outputs"), leaves = tensors_from(inputs, "inputs");
    const auto given = gradients_from(gradients);
    return to_python(
        unlocked([&] { return autograd::grad(roots, leaves, given, retain_graph, create_graph, allow_unused); }));
  });
  module.def("is_grad_enabled", [] { return is_grad_enabled(); });
  // Returns the setting before; the package's set_grad_enabled is a class around it.
  define(module, "set_grad_enabled", {"(bool enabled)"},
         [](const Arguments& a) { return to_python(set_grad_enabled(a.flag("enabled"))); });
  struct NoGrad {
    bool before = true;
  };
  nb::class_<NoGrad>(module, "_NoGrad")
      .def(nb::init<>())
      .def("__enter__", [](NoGrad& self) { self.before = set_grad_enabled(false); })
      .def("__exit__", [](NoGrad& self, const nb::args&) { set_grad_enabled(self.before); });
}

}  // namespace

void bind_autograd(nb::module_& module) {
  bind_node(module);
  bind_attributes();
  bind_hooks(module);
  bind_engine(module);
}

}  // namespace conv1d::python
