// Tensors, nodes and numbers as Python objects.
#include "convert.h"

#include <unistd.h>

#include <cmath>
#include <complex>
#include <cstring>
#include <memory>
#include <string>
#include <unordered_map>

#include "bindings.h"
#include "errors.h"
#include "python_objects.h"

namespace conv1d::python {
namespace {

// One Python object for one tensor: `x.grad is x.grad`. The tables are never destroyed, since objects may outlive
// static destructors at the interpreter's end. All access is under the interpreter's lock.
template <class Key> std::unordered_map<const Key*, PyObject*>& objects() {
  static auto* table = new std::unordered_map<const Key*, PyObject*>;
  return *table;
}

/// The living object of `key`, or null. One that is being destroyed no longer counts (a weak reference's callback may
/// ask).
template <class Key> PyObject* living(const Key* key) {
  const auto found = objects<Key>().find(key);
  return found != objects<Key>().end() && Py_REFCNT(found->second) > 0 ? found->second : nullptr;
}

template <class Key> void forget(const Key* key, const PyObject* object) {
  const auto found = objects<Key>().find(key);
  if (found != objects<Key>().end() && found->second == object) objects<Key>().erase(found);
}

}  // namespace

PyTensor::~PyTensor() { forget(tensor.impl().get(), object); }
PyNode::~PyNode() { forget(node.get(), object); }

Classes& classes() {
  static Classes known;
  return known;
}

// Before Python 3.14 the interpreter ends a daemon thread that asks for the lock too late by unwinding its stack, which
// C++ turns into abort() at the first function that does not throw. It is stopped instead, as 3.14 does.
Unlocked::~Unlocked() {
  try {
    PyEval_RestoreThread(state_);
  } catch (...) {
    while (true) pause();
  }
}

void refuse_self(const char* owner, nb::handle object) {
  raise<TypeError>("descriptor for '", owner, "' objects doesn't apply to a '",
                   reinterpret_cast<PyTypeObject*>(object.type().ptr())->tp_name, "' object");
}

std::string utf8_of(nb::handle text) {
  if (PyBytes_Check(text.ptr()))
    return {PyBytes_AS_STRING(text.ptr()), static_cast<std::size_t>(PyBytes_GET_SIZE(text.ptr()))};
  Py_ssize_t size = 0;
  const char* characters = PyUnicode_AsUTF8AndSize(text.ptr(), &size);
  if (!characters) throw nb::python_error();
  return {characters, static_cast<std::size_t>(size)};
}

// ---- tensors ------------------------------------------------------------------------------------------------------

bool is_tensor(nb::handle object) {
  return PyObject_TypeCheck(object.ptr(), reinterpret_cast<PyTypeObject*>(tensor_base().ptr())) &&
         nb::inst_ready(object);
}

const Tensor& tensor_of(nb::handle object) {
  if (!is_tensor(object)) refuse_self("torch._C.TensorBase", object);
  return nb::inst_ptr<PyTensor>(object)->tensor;
}

nb::object make_tensor_object(nb::handle type, const Tensor& tensor) {
  nb::object object = nb::inst_alloc(type);
  new (nb::inst_ptr<PyTensor>(object)) PyTensor{tensor, object.ptr()};
  nb::inst_mark_ready(object);
  objects<TensorImpl>()[tensor.impl().get()] = object.ptr();
  return object;
}

nb::object to_python(const Tensor& tensor) {
  if (!tensor.defined()) return nb::none();
  if (PyObject* object = living(tensor.impl().get())) return nb::borrow(object);
  return make_tensor_object(classes().tensor.is_valid() ? classes().tensor : tensor_base(), tensor);
}

nb::object to_python(const std::vector<Tensor>& tensors) {
  nb::object tuple = nb::steal(PyTuple_New(static_cast<Py_ssize_t>(tensors.size())));
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    PyTuple_SET_ITEM(tuple.ptr(), static_cast<Py_ssize_t>(i), to_python(tensors[i]).release().ptr());
  }
  return tuple;
}

nb::object size_object(const Shape& shape) {
  nb::object tuple = nb::steal(PyTuple_New(static_cast<Py_ssize_t>(shape.size())));
  for (std::size_t i = 0; i < shape.size(); ++i) {
    PyTuple_SET_ITEM(tuple.ptr(), static_cast<Py_ssize_t>(i), PyLong_FromLongLong(shape[i]));
  }
  if (!classes().size.is_valid()) return tuple;
  // As tuple.__new__(Size, tuple): the checks of Size.__new__ are for what users write.
  auto* type = reinterpret_cast<PyTypeObject*>(classes().size.ptr());
  return nb::steal(PyTuple_Type.tp_new(type, nb::make_tuple(tuple).ptr(), nullptr));
}

// ---- graph nodes --------------------------------------------------------------------------------------------------

nb::object to_python(const std::shared_ptr<Node>& node) {
  if (!node) return nb::none();
  if (PyObject* object = living(node.get())) return nb::borrow(object);
  // type(y.grad_fn).__name__ is the operation's name, so each name has a class of its own.
  const std::string name = node->name();
  nb::object kinds = nb::borrow(classes().node_kinds);
  nb::object type = nb::steal(PyObject_GetItem(kinds.ptr(), nb::str(name.c_str()).ptr()));
  if (!type.is_valid()) {
    PyErr_Clear();
    nb::dict members;
    members["__module__"] = "conv1d.autograd";
    type = nb::borrow(reinterpret_cast<PyObject*>(&PyType_Type))(name, nb::make_tuple(nb::handle(classes().node_base)),
                                                                 members);
    PyObject_SetItem(kinds.ptr(), nb::str(name.c_str()).ptr(), type.ptr());
  }
  nb::object object = nb::inst_alloc(type);
  new (nb::inst_ptr<PyNode>(object)) PyNode{node, object.ptr()};
  nb::inst_mark_ready(object);
  objects<Node>()[node.get()] = object.ptr();
  return object;
}

// ---- numbers ------------------------------------------------------------------------------------------------------

nb::object to_python(const Scalar& value) {
  if (value.is_bool()) return nb::bool_(value.to<bool>());
  if (value.is_integer()) return nb::int_(value.to<std::int64_t>());
  if (value.is_float()) return nb::float_(value.to<double>());
  const auto number = value.to<std::complex<double>>();
  return nb::steal(PyComplex_FromDoubles(number.real(), number.imag()));
}

bool is_numpy_number(nb::handle object) {
  // Without importing NumPy: its numbers are instances of classes of the module "numpy" that derive from numpy.generic.
  const auto* type = reinterpret_cast<PyTypeObject*>(object.type().ptr());
  if (std::strncmp(type->tp_name, "numpy.", 6) != 0) return false;
  const nb::handle numpy = PyImport_GetModule(nb::str("numpy").ptr());
  if (!numpy.is_valid()) {
    PyErr_Clear();
    return false;
  }
  const nb::object module = nb::steal(numpy);
  return PyObject_IsInstance(object.ptr(), nb::object(module.attr("number")).ptr()) == 1 ||
         PyObject_IsInstance(object.ptr(), nb::object(module.attr("bool_")).ptr()) == 1;
}

bool is_integer(nb::handle object) {
  if (PyLong_Check(object.ptr())) return !PyBool_Check(object.ptr());
  return PyIndex_Check(object.ptr()) && is_numpy_number(object);
}

bool is_index(nb::handle object) {
  if (PyBool_Check(object.ptr())) return false;
  if (PyLong_Check(object.ptr())) return true;
  if (is_tensor(object)) return tensor_of(object).numel() == 1 && is_integral(tensor_of(object).dtype());
  if (!PyIndex_Check(object.ptr())) return false;
  PyObject* index = PyNumber_Index(object.ptr());
  if (!index) PyErr_Clear();  // a NumPy array of several numbers has __index__ and refuses
  Py_XDECREF(index);
  return index != nullptr;
}

std::int64_t integer_of(nb::handle object) {
  const nb::object index = nb::steal(PyNumber_Index(object.ptr()));
  if (!index.is_valid()) throw nb::python_error();
  int overflow = 0;
  const long long value = PyLong_AsLongLongAndOverflow(index.ptr(), &overflow);
  if (overflow != 0) raise<ValueError>("Overflow when unpacking long long");
  if (value == -1 && PyErr_Occurred()) throw nb::python_error();
  return value;
}

std::optional<Scalar> scalar_of(nb::handle object) {
  PyObject* value = object.ptr();
  if (PyBool_Check(value)) return Scalar(value == Py_True);
  if (PyFloat_Check(value)) return Scalar(PyFloat_AS_DOUBLE(value));
  if (PyLong_Check(value)) {
    int overflow = 0;
    const long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
    if (overflow != 0) {
      const char* text = overflow > 0 ? "int too big to convert" : "can't convert negative int to unsigned";
      PyErr_SetString(PyExc_OverflowError, text);  // Python's own words, from the ways that PyTorch tries
      throw nb::python_error();
    }
    return Scalar(static_cast<std::int64_t>(number));
  }
  if (PyComplex_Check(value)) {
    const Py_complex number = PyComplex_AsCComplex(value);
    return Scalar(std::complex<double>(number.real, number.imag));
  }
  if (!is_numpy_number(object)) return std::nullopt;
  return scalar_of(nb::object(object.attr("item")()));
}

}  // namespace conv1d::python
