// The text "received an invalid combination of arguments".
#pragma once

#include <string>
#include <vector>

#include <nanobind/nanobind.h>

namespace conv1d::python {

/// What PyTorch says where a call fits none of the `signatures` (as printed) of `function` ("conv1d()"). `kwargs` may
/// be null.
std::string refusal_text(const std::string& function, const std::vector<std::string>& signatures, PyObject* args,
                         PyObject* kwargs);

}  // namespace conv1d::python
