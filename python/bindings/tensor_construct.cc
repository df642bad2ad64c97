// torch.tensor and torch.as_tensor: from nested sequences, numbers, arrays and tensors, with PyTorch's inference of the
// dtype.
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include <conv1d/ops.h>

#include "arguments.h"
#include "bindings.h"
#include "convert.h"
#include "errors.h"
#include "interop.h"

namespace conv1d::python {
namespace {

constexpr std::size_t kMaxDims = 128;  // PyTorch's limit; a string, whose elements are strings for ever, runs into it

bool is_text(nb::handle object) { return PyUnicode_Check(object.ptr()) || PyBytes_Check(object.ptr()); }
/// A tensor has elements too, but as an element of a list it stands for a number.
bool is_sequence(nb::handle object) { return PySequence_Check(object.ptr()) && !is_tensor(object); }

nb::object item_of(nb::handle sequence, Py_ssize_t place) {
  nb::object item = nb::steal(PySequence_GetItem(sequence.ptr(), place));
  if (!item.is_valid()) {
    PyErr_Clear();
    raise<ValueError>("could not determine the shape of object type '", python_type_name(sequence), "'");
  }
  return item;
}

/// The shape, from the first elements.
Shape shape_of(nb::handle data) {
  Shape shape;
  nb::object level = nb::borrow(data);
  while (is_sequence(level)) {
    const Py_ssize_t length = PySequence_Size(level.ptr());
    if (length < 0) throw nb::python_error();
    shape.push_back(length);
    if (shape.size() > kMaxDims) raise<ValueError>("too many dimensions '", python_type_name(level), "'");
    if (length == 0) break;
    level = item_of(level, 0);
  }
  return shape;
}

DType infer(nb::handle object);

DType infer_sequence(nb::handle sequence) {
  const Py_ssize_t length = PySequence_Size(sequence.ptr());
  if (length < 0) throw nb::python_error();
  if (length == 0) return default_dtype();
  std::optional<DType> dtype;
  for (Py_ssize_t i = 0; i < length; ++i) {
    const nb::object item = item_of(sequence, i);
    if (item.is(sequence)) raise<TypeError>("new(): self-referential lists are incompatible");
    const DType element = infer(item);
    dtype = dtype ? promote_types(*dtype, element) : element;
    if (dtype == complex128) break;  // nothing is wider
  }
  return *dtype;
}

/// bool < int64 < the default float < its complex; arrays, NumPy numbers and tensors keep their dtype.
DType infer(nb::handle object) {
  PyObject* value = object.ptr();
  if (PyBool_Check(value)) return bool_;
  if (PyFloat_CheckExact(value)) return default_dtype();
  if (PyLong_Check(value)) return int64;
  if (is_tensor(object)) return tensor_of(object).dtype();
  if (is_array(object) || is_numpy_number(object)) return array_dtype(object);
  if (PyFloat_Check(value)) return default_dtype();
  if (PyComplex_Check(value)) return complex_of(default_dtype());
  if (is_text(object)) raise<TypeError>("new(): invalid data type '", python_type_name(object), "'");
  if (is_sequence(object)) {
    if (Py_EnterRecursiveCall(" while reading nested sequences")) throw nb::python_error();
    struct Leave {
      ~Leave() { Py_LeaveRecursiveCall(); }
    } leave;
    return infer_sequence(object);
  }
  raise<RuntimeError>("Could not infer dtype of ", python_type_name(object));
}

// ---- elements -----------------------------------------------------------------------------------------------------

double real_of_object(nb::handle object) {
  const double value = PyFloat_AsDouble(object.ptr());
  if (value == -1.0 && PyErr_Occurred()) throw nb::python_error();
  return value;
}

template <class T> T integer_from(nb::handle object, DType dtype) {
  const auto refuse = [&] {
    raise<RuntimeError>("value cannot be converted to type ", name(dtype), " without overflow");
  };
  if (PyFloat_Check(object.ptr())) {
    const double value = std::trunc(PyFloat_AS_DOUBLE(object.ptr()));
    // The upper limit plus one is a power of two, and so exact as a double.
    if (!(value >= static_cast<double>(std::numeric_limits<T>::min()) &&
          value < std::ldexp(1.0, std::numeric_limits<T>::digits))) {
      refuse();
    }
    return static_cast<T>(value);
  }
  const std::int64_t value = integer_of(object);
  if constexpr (sizeof(T) < sizeof(std::int64_t)) {
    // PyTorch takes -1 ... -255 for uint8, as C++ would.
    const std::int64_t low = std::is_unsigned_v<T> ? -static_cast<std::int64_t>(std::numeric_limits<T>::max())
                                                   : static_cast<std::int64_t>(std::numeric_limits<T>::min());
    if (value < low || value > static_cast<std::int64_t>(std::numeric_limits<T>::max())) refuse();
  }
  return static_cast<T>(value);
}

bool truth_from(nb::handle object) {
  if (is_numpy_number(object)) return PyObject_IsTrue(object.ptr()) == 1;
  if (PyFloat_Check(object.ptr())) return PyFloat_AS_DOUBLE(object.ptr()) != 0;
  if (PyComplex_Check(object.ptr())) return scalar_of(object)->to<std::complex<double>>() != 0.0;
  return integer_of(object) != 0;
}

template <class T> T element_from(nb::handle object, DType dtype) {
  if constexpr (std::is_same_v<T, bool>) {
    return truth_from(object);
  } else if constexpr (std::is_integral_v<T>) {
    return integer_from<T>(object, dtype);
  } else if constexpr (std::is_same_v<T, std::complex<float>> || std::is_same_v<T, std::complex<double>>) {
    const Py_complex value = PyComplex_AsCComplex(object.ptr());
    if (value.real == -1.0 && PyErr_Occurred()) throw nb::python_error();
    return T(std::complex<double>(value.real, value.imag));
  } else if constexpr (std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>) {
    return T(static_cast<float>(real_of_object(object)));  // through float32, as in PyTorch
  } else {
    return static_cast<T>(real_of_object(object));
  }
}

/// Reads the elements of `object`, which must have `shape` from `dim` on, into `out`.
template <class T> class Reader {
 public:
  Reader(const Shape& shape, DType dtype, T* out) : shape_(shape), dtype_(dtype), out_(out) {}

  void read(nb::handle object, std::size_t dim) {
    if (dim == shape_.size()) {
      if (is_text(object)) raise<TypeError>("new(): invalid data type '", python_type_name(object), "'");
      *out_++ = element_from<T>(object, dtype_);
      return;
    }
    const nb::object sequence = nb::steal(PySequence_Fast(object.ptr(), "not a sequence"));
    if (!sequence.is_valid()) throw nb::python_error();
    const Py_ssize_t size = PySequence_Fast_GET_SIZE(sequence.ptr());
    if (size != shape_[dim]) {
      raise<ValueError>("expected sequence of length ", shape_[dim], " at dim ", dim, " (got ", size, ")");
    }
    for (Py_ssize_t i = 0; i < size; ++i) {
      // An element's conversion runs Python code, which may change the list under our hands.
      if (PySequence_Fast_GET_SIZE(sequence.ptr()) != size)
        raise<RuntimeError>("the sequence changed while it was read");
      const nb::object item = nb::borrow(PySequence_Fast_GET_ITEM(sequence.ptr(), i));
      warn_of_array(item);
      read(item, dim + 1);
    }
  }

 private:
  static void warn_of_array(nb::handle item) {
    static bool warned = false;
    if (warned || !is_array(item)) return;
    warned = true;
    warn_user(
        "Creating a tensor from a list of numpy.ndarrays is extremely slow. Please consider converting the list to a "
        "single "
        "numpy.ndarray with numpy.array() before converting to a tensor.");
  }

  const Shape& shape_;
  DType dtype_;
  T* out_;
};

template <class T> Tensor read_elements(nb::handle data, const Shape& shape, const TensorOptions& options) {
  std::size_t count = 1;
  for (const std::int64_t size : shape) {
    if (__builtin_mul_overflow(count, static_cast<std::size_t>(size), &count))
      raise<RuntimeError>("too many elements for a tensor");
  }
  // std::vector<bool> has no data(): bytes instead, which bool is stored as.
  std::vector<std::conditional_t<std::is_same_v<T, bool>, unsigned char, T>> values(count);
  // Nothing to store, nothing read: PyTorch takes [[], [1]] for an empty tensor.
  if (count > 0) Reader<T>(shape, *options.dtype, reinterpret_cast<T*>(values.data())).read(data, 0);
  return from_values(values.data(), count, *options.dtype, shape, options);
}

Tensor from_sequence(nb::handle data, TensorOptions options) {
  if (is_text(data)) raise<TypeError>("new(): invalid data type '", python_type_name(data), "'");
  const Shape shape = shape_of(data);
  if (!options.dtype) options.dtype = infer(data);
  switch (*options.dtype) {
    case DType::Bool:
      return read_elements<bool>(data, shape, options);
    case DType::UInt8:
      return read_elements<std::uint8_t>(data, shape, options);
    case DType::Int8:
      return read_elements<std::int8_t>(data, shape, options);
    case DType::Int16:
      return read_elements<std::int16_t>(data, shape, options);
    case DType::Int32:
      return read_elements<std::int32_t>(data, shape, options);
    case DType::Int64:
      return read_elements<std::int64_t>(data, shape, options);
    case DType::Float16:
      return read_elements<Half>(data, shape, options);
    case DType::BFloat16:
      return read_elements<BFloat16>(data, shape, options);
    case DType::Float32:
      return read_elements<float>(data, shape, options);
    case DType::Float64:
      return read_elements<double>(data, shape, options);
    case DType::Complex64:
      return read_elements<std::complex<float>>(data, shape, options);
    case DType::Complex128:
      return read_elements<std::complex<double>>(data, shape, options);
  }
  return {};
}

Tensor converted(Tensor x, const std::optional<DType>& dtype, const std::optional<Device>& device) {
  if (device) x = x.to(*device);
  return dtype ? x.to(*dtype) : x;
}

/// A leaf of its own with the numbers of `source`.
Tensor copied(const Tensor& source, const std::optional<DType>& dtype, const std::optional<Device>& device) {
  const GradGuard guard(false);
  const Tensor result = converted(source, dtype, device);
  return result.is_same(source) ? source.clone() : result;
}

Tensor with_gradient(Tensor x, bool requires_grad) {
  if (!requires_grad) return x;
  if (!is_differentiable(x.dtype())) {
    raise<RuntimeError>("Only Tensors of floating point and complex dtype can require gradients");
  }
  x.requires_grad_();
  return x;
}

nb::object make_tensor(const Arguments& a) {
  const nb::handle data = a.object("data");
  TensorOptions options = a.options();
  const auto device = a.given("device") ? std::optional(options.device) : std::nullopt;
  if (is_tensor(data)) {
    warn_user(
        "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
        "sourceTensor.detach().clone().requires_grad_(True), rather than torch.tensor(sourceTensor).");
    return to_python(with_gradient(copied(tensor_of(data), options.dtype, device), options.requires_grad));
  }
  if (const auto shared = share_array(data)) {
    return to_python(with_gradient(copied(*shared, options.dtype, device), options.requires_grad));
  }
  const bool requires_grad = std::exchange(options.requires_grad, false);
  return to_python(with_gradient(from_sequence(data, options), requires_grad));
}

nb::object as_tensor(const Arguments& a) {
  const nb::handle data = a.object("data");
  const auto device = a.given("device") ? std::optional(a.device()) : std::nullopt;
  if (is_tensor(data)) return to_python(converted(tensor_of(data), a.dtype(), device));
  if (const auto shared = share_array(data)) return to_python(converted(*shared, a.dtype(), device));
  return to_python(from_sequence(data, a.options()));
}

}  // namespace

Tensor tensor_from_data(nb::handle data, std::optional<DType> dtype) {
  if (is_tensor(data)) return copied(tensor_of(data), dtype, {});
  if (const auto shared = share_array(data)) return copied(*shared, dtype, {});
  return from_sequence(data, {.dtype = dtype});
}

void bind_tensor_construct(nb::module_& module) {
  define(module, "tensor",
         {"(object data, *, torch.dtype dtype = None, torch.device device = None, bool pin_memory = False, bool "
          "requires_grad = "
          "False)"},
         make_tensor);
  define(module, "as_tensor", {"(object data, *, torch.dtype dtype = None, torch.device device = None)"}, as_tensor);
  // What a pickled tensor is: its elements in C order.
  module.def("_to_bytes", [](nb::handle self) {
    const Tensor x = tensor_of(self).detach().contiguous();
    return nb::bytes(x.numel() == 0 ? "" : static_cast<const char*>(const_address(x)),
                     static_cast<std::size_t>(x.numel()) * x.element_size());
  });
  module.def("_from_bytes", [](const nb::bytes& data, nb::handle sizes, nb::handle dtype) {
    Shape shape;
    std::int64_t count = 1;
    for (const nb::handle size : nb::borrow<nb::tuple>(sizes)) {
      shape.push_back(integer_of(size));
      if (shape.back() < 0 || __builtin_mul_overflow(count, shape.back(), &count))
        raise<ValueError>("not the sizes of a tensor");
    }
    const std::size_t bytes = element_size(dtype_of_object(dtype));
    if (data.size() % bytes != 0 || data.size() / bytes != static_cast<std::size_t>(count)) {
      raise<ValueError>("the data of a tensor do not fit its shape");
    }
    return to_python(from_values(data.data(), static_cast<std::size_t>(count), dtype_of_object(dtype), shape, {}));
  });
  // torch.Tensor(data): the default dtype whatever the data.
  module.def("_legacy_tensor", [](nb::handle data) { return to_python(tensor_from_data(data, default_dtype())); });
}

}  // namespace conv1d::python
