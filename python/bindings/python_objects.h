// What the Python objects of this module hold, and the Python classes that C++ creates objects of.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <nanobind/nanobind.h>

#include <conv1d/autograd.h>
#include <conv1d/random.h>

namespace conv1d::python {

namespace nb = nanobind;

/// TensorBase. `object` is the Python object itself, borrowed: the table of living objects is told when it goes.
struct PyTensor {
  Tensor tensor;
  PyObject* object = nullptr;

  PyTensor(Tensor t, PyObject* o) : tensor(std::move(t)), object(o) {}
  PyTensor(const PyTensor&) = delete;
  PyTensor& operator=(const PyTensor&) = delete;
  ~PyTensor();
};

struct PyNode {
  std::shared_ptr<Node> node;
  PyObject* object = nullptr;

  PyNode(std::shared_ptr<Node> n, PyObject* o) : node(std::move(n)), object(o) {}
  PyNode(const PyNode&) = delete;
  PyNode& operator=(const PyNode&) = delete;
  ~PyNode();
};

struct PyDType {
  DType dtype;
};

/// A device as Python names it: also one that this build cannot use, as `torch.device('cuda')` can be written anywhere.
struct PyDevice {
  std::string type;
  std::optional<std::int64_t> index;
};

struct PyLayout {};
struct PyMemoryFormat {
  std::string name;
};

struct PyGenerator {
  Generator* generator;  ///< the default generator, or `own`
  std::unique_ptr<Generator> own;
};

/// Classes written in Python, told to C++ when the package is imported. Owned until the process ends.
struct Classes {
  nb::handle tensor;      ///< conv1d.Tensor
  nb::handle size;        ///< conv1d.Size
  nb::handle node_base;   ///< conv1d._C.Node
  nb::handle node_kinds;  ///< dict: name of an operation -> its class
};
Classes& classes();

/// Gives a class the name that PyTorch's messages have: C code writes tp_name, which for our classes would start with
/// "conv1d._C".
inline void rename_type(nb::handle type, const char* name) {
  reinterpret_cast<PyTypeObject*>(type.ptr())->tp_name = name;
}

}  // namespace conv1d::python
