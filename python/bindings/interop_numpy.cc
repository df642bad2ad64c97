// NumPy arrays by their __array_interface__, so that neither NumPy's headers nor NumPy itself are needed.
#include "interop.h"

#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "arguments.h"
#include "bindings.h"
#include "convert.h"
#include "errors.h"

namespace conv1d::python {
namespace {

// NumPy's names of types, and which dtype each is. '|' and '=' and '<' are all native here.
constexpr std::array<std::pair<const char*, DType>, 11> kTypes = {{{"b1", bool_},
                                                                   {"u1", uint8},
                                                                   {"i1", int8},
                                                                   {"i2", int16},
                                                                   {"i4", int32},
                                                                   {"i8", int64},
                                                                   {"f2", float16},
                                                                   {"f4", float32},
                                                                   {"f8", float64},
                                                                   {"c8", complex64},
                                                                   {"c16", complex128}}};

nb::object numpy() {
  nb::object module = nb::steal(PyImport_ImportModule("numpy"));
  if (module.is_valid()) return module;
  if (!PyErr_ExceptionMatches(PyExc_ImportError)) throw nb::python_error();
  PyErr_Clear();
  raise<RuntimeError>("Numpy is not available");
}

nb::object loaded_numpy() {
  nb::object module = nb::steal(PyImport_GetModule(nb::str("numpy").ptr()));
  if (!module.is_valid()) PyErr_Clear();
  return module;
}

DType dtype_of_typestr(const std::string& typestr, nb::handle array) {
  for (const auto& [text, dtype] : kTypes) {
    if (typestr.substr(1) == text) {
      if (typestr[0] == '>') {
        raise<ValueError>(
            "given numpy array has byte order different from the native byte order. Conversion between byte orders is "
            "currently not supported.");
      }
      return dtype;
    }
  }
  const nb::object type = array.attr("dtype").attr("type");
  raise<TypeError>(
      "can't convert np.ndarray of type ", reinterpret_cast<PyTypeObject*>(type.ptr())->tp_name,
      ". The only supported types are: float64, float32, float16, complex64, complex128, int64, int32, int16, int8, "
      "uint64, uint32, uint16, uint8, and bool.");
}

struct Layout {
  Shape sizes, strides;  ///< strides in elements
  bool negative = false;
};

/// Sizes and strides of an array; false in `negative` means that a tensor can look at its memory.
Layout layout_of(nb::handle array, std::size_t item_size) {
  Layout layout;
  const nb::object sizes = array.attr("shape"), strides = array.attr("strides");
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(sizes.ptr()); ++i) {
    const std::int64_t size = PyLong_AsLongLong(PyTuple_GET_ITEM(sizes.ptr(), i));
    const std::int64_t bytes = PyLong_AsLongLong(PyTuple_GET_ITEM(strides.ptr(), i));
    if (bytes % static_cast<std::int64_t>(item_size) != 0) {
      raise<ValueError>(
          "given numpy array strides not a multiple of the element byte size. Copy the numpy array to reallocate the "
          "memory.");
    }
    layout.sizes.push_back(size);
    layout.strides.push_back(bytes / static_cast<std::int64_t>(item_size));
    // A dimension of one element may have any stride: it is never taken.
    layout.negative |= bytes < 0 && size != 1;
    if (bytes < 0 && size == 1) layout.strides.back() = 1;
  }
  return layout;
}

void warn_if_read_only(nb::handle array) {
  static bool warned = false;
  if (warned || nb::cast<bool>(array.attr("flags").attr("writeable"))) return;
  warned = true;
  warn_user(
      "The given NumPy array is not writable, and PyTorch does not support non-writable tensors. This means writing to "
      "this "
      "tensor will result in undefined behavior. You may want to copy the array to protect its data or make it "
      "writable before "
      "converting it to a tensor. This type of warning will be suppressed for the rest of this program.");
}

Tensor share(nb::handle array) {
  nb::object interface = array.attr("__array_interface__");
  const DType dtype = dtype_of_typestr(nb::cast<std::string>(nb::str(interface["typestr"])), array);
  Layout layout = layout_of(array, element_size(dtype));
  const bool aligned = nb::cast<bool>(array.attr("flags").attr("aligned"));
  // A plain array: a class of the user's own may copy as it likes.
  if (layout.negative || !aligned) return share(numpy().attr("array")(array));
  warn_if_read_only(array);
  const nb::object address = nb::object(interface["data"])[0];
  PyObject* owner = array.inc_ref().ptr();
  return from_blob(PyLong_AsVoidPtr(address.ptr()), layout.sizes, layout.strides, dtype, [owner](void*) {
    if (!Py_IsInitialized()) return;  // the interpreter is gone, and with it the array
    const nb::gil_scoped_acquire acquire;
    Py_DECREF(owner);
  });
}

/// What NumPy makes an array of: it keeps the tensor alive.
nb::object array_of(nb::handle self) {
  const Tensor& x = tensor_of(self);
  if (x.dtype() == bfloat16) raise<TypeError>("Got unsupported ScalarType BFloat16");
  const char* code = nullptr;
  for (const auto& [text, dtype] : kTypes) code = dtype == x.dtype() ? text : code;
  nb::list strides;
  for (const std::int64_t stride : x.strides()) strides.append(stride * static_cast<std::int64_t>(x.element_size()));
  nb::object module = numpy();
  nb::object dtype = module.attr("dtype")(code);
  nb::object sizes = nb::steal(PySequence_Tuple(size_object(x.sizes()).ptr()));
  if (x.numel() == 0) return module.attr("empty")(sizes, dtype);
  // The memory as bytes that belong to `self`: a view of ctypes' making would need ctypes; NumPy takes an object with
  // the interface.
  nb::object holder = nb::module_::import_("conv1d._tensor").attr("_ArrayHolder")(nb::borrow(self));
  nb::dict interface;
  interface["version"] = 3;
  interface["shape"] = sizes;
  interface["typestr"] = dtype.attr("str");
  interface["strides"] = nb::steal(PySequence_Tuple(strides.ptr()));
  interface["data"] = nb::make_tuple(nb::steal(PyLong_FromVoidPtr(mutable_address(x))), false);
  nb::setattr(holder, "__array_interface__", interface);
  return module.attr("asarray")(holder);
}

nb::object numpy_of(nb::handle self, bool force) {
  Tensor x = tensor_of(self);
  if (x.device().is_meta()) {
    raise<TypeError>(
        "can't convert meta device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory first.");
  }
  if (!x.requires_grad()) return array_of(self);
  if (!force)
    raise<RuntimeError>("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.");
  return array_of(to_python(x.detach()));
}

}  // namespace

bool is_array(nb::handle object) {
  PyObject* value = object.ptr();
  if (PyFloat_CheckExact(value) || PyLong_CheckExact(value) || PyList_CheckExact(value) || PyBool_Check(value))
    return false;
  if (std::strcmp(reinterpret_cast<PyTypeObject*>(object.type().ptr())->tp_name, "numpy.ndarray") == 0) return true;
  if (!PyObject_HasAttrString(object.type().ptr(), "__array_interface__") || is_tensor(object)) return false;
  const nb::object module = loaded_numpy();
  return module.is_valid() && PyObject_IsInstance(object.ptr(), nb::object(module.attr("ndarray")).ptr()) == 1;
}

DType array_dtype(nb::handle array) {
  return dtype_of_typestr(nb::cast<std::string>(nb::str(nb::object(array.attr("dtype").attr("str")))), array);
}

std::optional<Tensor> share_array(nb::handle object) {
  if (is_array(object)) return share(object);
  if (is_tensor(object) || is_numpy_number(object) || !PyObject_HasAttrString(object.ptr(), "__dlpack__"))
    return std::nullopt;
  return tensor_from_dlpack(object);
}

void bind_interop(nb::module_& module) {
  define_method(tensor_base(), "numpy", {"(Tensor input, *, bool force = False)"},
                [](const Arguments& a) { return numpy_of(a.self(), a.flag("force")); });
  module.def(
      "from_numpy",
      [](nb::handle array) {
        if (!is_array(array)) raise<TypeError>("expected np.ndarray (got ", python_type_name(array), ")");
        return to_python(share(array));
      },
      nb::arg().none());
  module.def("_from_dlpack", [](nb::handle object) { return to_python(tensor_from_dlpack(object)); }, nb::arg().none());
  module.def("_to_dlpack",
             [](nb::handle self, bool versioned) { return tensor_to_dlpack(tensor_of(self), versioned); });
}

}  // namespace conv1d::python
