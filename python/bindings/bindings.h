// The parts of the module conv1d._C, each in the file of its name; module.cc calls them in this order.
#pragma once

#include <string>

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>  // the casters, for every function that takes or returns a std::string

namespace conv1d::python {

namespace nb = nanobind;

void bind_errors(nb::module_& module);
void bind_device_dtype(nb::module_& module);
/// Creates the class TensorBase; the files after it add methods to it.
void bind_tensor(nb::module_& module);
void bind_tensor_construct(nb::module_& module);
void bind_tensor_indexing(nb::module_& module);
void bind_tensor_views(nb::module_& module);
void bind_factories(nb::module_& module);
void bind_ops(nb::module_& module);
void bind_inplace(nb::module_& module);
void bind_reductions(nb::module_& module);
void bind_random(nb::module_& module);
void bind_autograd(nb::module_& module);
void bind_interop(nb::module_& module);
void bind_print(nb::module_& module);
void bind_settings(nb::module_& module);
void bind_functional(nb::module_& module);  // nn/functional: conv1d, pad, relu, mse_loss
void bind_layer_call(nb::module_& module);  // layer(x), in one step
void bind_nn(nb::module_& module);          // what nn/ and nn.init need
void bind_io(nb::module_& module);          // private: files, for conv1d/io.py
void bind_torch(nb::module_& module);       // torch/: our kernels inside PyTorch
void bind_kernels(nb::module_& module);     // private: what conv1d.bench measures with

/// What the stub file says of a property's getter: its type is not known to nanobind.
std::string stub_of_property(const char* name);
/// A property of `cls`; where `set` is None, writing raises AttributeError in PyTorch's words.
void add_property(nb::handle cls, const char* name, nb::object get, nb::object set = nb::none());

/// The class TensorBase, once bind_tensor() has run.
nb::handle tensor_base();

}  // namespace conv1d::python
