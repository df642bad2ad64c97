// Memory shared with NumPy arrays and with whoever speaks DLPack.
#pragma once

#include <optional>

#include <nanobind/nanobind.h>

#include <conv1d/tensor.h>

namespace conv1d::python {

namespace nb = nanobind;

/// A NumPy array. NumPy is never imported to find out.
bool is_array(nb::handle object);
/// The dtype of an array or of a NumPy number; TypeError for those that tensors lack.
DType array_dtype(nb::handle array);
/// A tensor over the memory of a NumPy array, or of an object with __dlpack__; nothing for other objects. Copied where
/// a stride is negative, which tensors lack.
std::optional<Tensor> share_array(nb::handle object);

/// A copy of whatever torch.tensor takes, without its warning for tensors.
Tensor tensor_from_data(nb::handle data, std::optional<DType> dtype = {});

// The two ends of DLPack (https://dmlc.github.io/dlpack/latest/python_spec.html).
Tensor tensor_from_dlpack(nb::handle object);
nb::object tensor_to_dlpack(const Tensor& tensor, bool versioned);

}  // namespace conv1d::python
