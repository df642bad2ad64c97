// The extension module conv1d._C: everything that the package conv1d re-exports.
#include <nanobind/nanobind.h>

#include "bindings.h"

NB_MODULE(_C, module) {
  using namespace conv1d::python;
  // Objects that live until the process ends (dtypes, the class Tensor, the user's own globals) are no leaks.
  nanobind::set_leak_warnings(false);
  bind_errors(module);
  bind_device_dtype(module);
  bind_tensor(module);
  bind_tensor_construct(module);
  bind_tensor_indexing(module);
  bind_tensor_views(module);
  bind_factories(module);
  bind_ops(module);
  bind_inplace(module);
  bind_reductions(module);
  bind_random(module);
  bind_autograd(module);
  bind_interop(module);
  bind_print(module);
  bind_settings(module);
  bind_functional(module);
  bind_layer_call(module);
  bind_nn(module);
  bind_io(module);
  bind_torch(module);
  bind_kernels(module);
}
