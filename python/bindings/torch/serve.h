// A small layer's call, in C where it matters: two microseconds of Python are a tenth of PyTorch's whole call.
#pragma once

#include "../bindings.h"

namespace conv1d::python::pytorch {

/// Adds _torch_serve and _torch_serve_with; conv1d/torch/_call.py says what they are for.
void bind_serve(nb::module_& module);

}  // namespace conv1d::python::pytorch
