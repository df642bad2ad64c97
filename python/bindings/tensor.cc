// The class TensorBase: what a tensor is. Python's class Tensor (conv1d/_tensor.py) derives from it.
#include <bit>
#include <utility>

#include "arguments.h"
#include "bindings.h"
#include "convert.h"
#include "errors.h"
#include "python_objects.h"

namespace conv1d::python {
namespace {

nb::handle base;

/// A property that `read` computes from the tensor.
template <class F> void property(const char* name, F&& read) {
  add_property(base, name,
               nb::cpp_function([read](nb::handle self) -> nb::object { return read(tensor_of(self)); },
                                nb::is_method(), nb::sig(stub_of_property(name).c_str())));
}

void bind_facts() {
  property("shape", [](const Tensor& x) { return size_object(x.sizes()); });
  property("dtype", [](const Tensor& x) { return to_python(x.dtype()); });
  property("device", [](const Tensor& x) { return to_python(x.device()); });
  property("ndim", [](const Tensor& x) { return to_python(x.dim()); });
  property("itemsize", [](const Tensor& x) { return nb::int_(x.element_size()); });
  property("nbytes", [](const Tensor& x) { return nb::int_(static_cast<std::size_t>(x.numel()) * x.element_size()); });
  property("is_leaf", [](const Tensor& x) { return to_python(x.is_leaf()); });
  property("is_cuda", [](const Tensor&) { return to_python(false); });
  property("is_cpu", [](const Tensor& x) { return to_python(!x.device().is_meta()); });
  property("is_meta", [](const Tensor& x) { return to_python(x.device().is_meta()); });
  property("is_sparse", [](const Tensor&) { return to_python(false); });
  property("is_quantized", [](const Tensor&) { return to_python(false); });
  property("layout", [](const Tensor&) { return nb::object(nb::module_::import_("conv1d._C").attr("strided")); });
}

void bind_sizes(nb::module_& module) {
  define_method(base, "size", {"(Tensor input, int? dim = None)"}, [](const Arguments& a) -> nb::object {
    const Tensor x = a.tensor("input");
    return a.given("dim") ? to_python(x.size(a.integer("dim"))) : size_object(x.sizes());
  });
  define_method(base, "stride", {"(Tensor input, int? dim = None)"}, [](const Arguments& a) -> nb::object {
    const Tensor x = a.tensor("input");
    if (a.given("dim")) return to_python(x.stride(a.integer("dim")));
    return nb::steal(PySequence_Tuple(size_object(x.strides()).ptr()));
  });
  for (const char* name : {"dim", "ndimension"}) {
    define_method(base, name, {"(Tensor input)"},
                  [](const Arguments& a) { return to_python(a.tensor("input").dim()); });
  }
  define_method(base, "nelement", {"(Tensor input)"},
                [](const Arguments& a) { return to_python(a.tensor("input").numel()); });
  define_both(module, base, "numel", {"(Tensor input)"},
              [](const Arguments& a) { return to_python(a.tensor("input").numel()); });
  define_both(module, base, "is_complex", {"(Tensor input)"},
              [](const Arguments& a) { return to_python(a.tensor("input").is_complex()); });
  define_both(module, base, "is_floating_point", {"(Tensor input)"},
              [](const Arguments& a) { return to_python(a.tensor("input").is_floating_point()); });
  define_method(base, "is_contiguous", {"(Tensor input, *, torch.memory_format memory_format = None)"},
                [](const Arguments& a) { return to_python(a.tensor("input").is_contiguous()); });
  define_method(base, "storage_offset", {"(Tensor input)"},
                [](const Arguments& a) { return to_python(a.tensor("input").storage_offset()); });
  define_method(base, "element_size", {"(Tensor input)"}, [](const Arguments& a) {
    return to_python(static_cast<std::int64_t>(a.tensor("input").element_size()));
  });
}

// ---- numbers ------------------------------------------------------------------------------------------------------

Scalar only_element(const Tensor& x) {
  if (x.numel() == 1 && x.device().is_meta()) raise<RuntimeError>("Tensor.item() cannot be called on meta tensors");
  return x.item_scalar();
}

/// float(x), int(x), complex(x): another text than item() for several elements.
Scalar python_scalar(const Tensor& x) {
  if (x.numel() != 1) raise<ValueError>("only one element tensors can be converted to Python scalars");
  static bool warned = false;  // once in a process, as PyTorch does; under the interpreter's lock
  if (x.requires_grad() && !std::exchange(warned, true)) {
    warn_user(
        "Converting a tensor with requires_grad=True to a scalar may lead to unexpected behavior.\n"
        "Consider using tensor.detach() first.");
  }
  return only_element(x);
}

nb::object as_float(const Scalar& value) {
  if (!value.is_complex()) return nb::float_(value.to<double>());
  if (value.to<std::complex<double>>().imag() != 0) {
    raise<RuntimeError>("value cannot be converted to type double without overflow");
  }
  return nb::float_(value.to<double>());
}

nb::object as_int(const Scalar& value) {
  if (value.is_float()) return nb::steal(PyLong_FromDouble(value.to<double>()));
  if (value.is_complex()) {
    if (value.to<std::complex<double>>().imag() != 0) {
      raise<RuntimeError>("value cannot be converted to type int64_t without overflow");
    }
    return nb::steal(PyLong_FromDouble(value.to<double>()));
  }
  return nb::int_(value.to<std::int64_t>());
}

nb::object checked(nb::object value) {
  if (!value.is_valid()) throw nb::python_error();
  return value;
}

bool truth(const Tensor& x) {
  if (x.numel() == 0) raise<RuntimeError>("Boolean value of Tensor with no values is ambiguous");
  if (x.numel() > 1) raise<RuntimeError>("Boolean value of Tensor with more than one value is ambiguous");
  return only_element(x).to<std::complex<double>>() != 0.0;
}

nb::object list_of(const Tensor& x) {
  if (x.dim() == 0) return to_python(x.item_scalar());
  if (Py_EnterRecursiveCall(" while making nested lists")) throw nb::python_error();
  struct Leave {
    ~Leave() { Py_LeaveRecursiveCall(); }
  } leave;
  // Asked for at once, so that a list larger than memory (of an expanded tensor) is refused before it fills it.
  const std::int64_t size = x.sizes()[0];
  nb::object list = nb::steal(PyList_New(size));
  if (!list.is_valid()) throw nb::python_error();
  for (std::int64_t i = 0; i < size; ++i) {
    nb::object item = x.dim() > 1 ? list_of(x.select(0, i)) : to_python(x.at_scalar({i}));
    PyList_SET_ITEM(list.ptr(), i, item.release().ptr());
  }
  return list;
}

template <class F> void method(const char* name, const char* type, F&& body) {
  nb::cpp_function_def([body](nb::handle self) -> nb::object { return body(tensor_of(self)); }, nb::scope(base),
                       nb::name(name), nb::is_method(), nb::sig(text_of("def ", name, "(self) -> ", type).c_str()));
}

void bind_numbers() {
  define_method(base, "item", {"(Tensor input)"},
                [](const Arguments& a) { return to_python(only_element(a.tensor("input"))); });
  define_method(base, "tolist", {"(Tensor input)"}, [](const Arguments& a) {
    const Tensor x = a.tensor("input");
    if (x.device().is_meta()) raise<NotImplementedError>("Cannot copy out of meta tensor; no data!");
    const GradGuard guard(false);
    return list_of(x);
  });
  method("__float__", "float", [](const Tensor& x) { return as_float(python_scalar(x)); });
  method("__int__", "int", [](const Tensor& x) { return checked(as_int(python_scalar(x))); });
  method("__complex__", "typing.Any", [](const Tensor& x) {
    const auto value = python_scalar(x).to<std::complex<double>>();
    return nb::steal(PyComplex_FromDoubles(value.real(), value.imag()));
  });
  method("__bool__", "bool", [](const Tensor& x) { return to_python(truth(x)); });
  method("__index__", "int", [](const Tensor& x) -> nb::object {
    if (x.numel() != 1 || !is_integral(x.dtype())) {
      raise<TypeError>("only integer tensors of a single element can be converted to an index");
    }
    return nb::int_(only_element(x).to<std::int64_t>());
  });
  method("__len__", "int", [](const Tensor& x) {
    if (x.dim() == 0) raise<TypeError>("len() of a 0-d tensor");
    return to_python(x.sizes()[0]);
  });
  define_method(base, "data_ptr", {"(Tensor input)"}, [](const Arguments& a) -> nb::object {
    const Tensor x = a.tensor("input");
    return nb::int_(x.device().is_meta() || x.numel() == 0 ? 0 : std::bit_cast<std::uintptr_t>(mutable_address(x)));
  });
}

}  // namespace

nb::handle tensor_base() { return base; }

std::string stub_of_property(const char* name) { return text_of("def ", name, "(self) -> typing.Any"); }

void add_property(nb::handle cls, const char* name, nb::object get, nb::object set) {
  if (set.is_none()) {  // Python's own text names the property otherwise
    const std::string text = text_of("attribute '", name, "' of 'torch._C.TensorBase' objects is not writable");
    set = nb::cpp_function([text](nb::handle, nb::handle) { throw AttributeError(text); }, nb::is_method(),
                           nb::arg("value").none());
  }
  nb::setattr(cls, name, nb::borrow(reinterpret_cast<PyObject*>(&PyProperty_Type))(get, set));
}

namespace {

/// Calls f with a value of the C++ type of `dtype`.
template <class F> auto by_type(DType dtype, F&& f) {
  switch (dtype) {
    case DType::Bool:
      return f(bool{});
    case DType::UInt8:
      return f(std::uint8_t{});
    case DType::Int8:
      return f(std::int8_t{});
    case DType::Int16:
      return f(std::int16_t{});
    case DType::Int32:
      return f(std::int32_t{});
    case DType::Int64:
      return f(std::int64_t{});
    case DType::Float16:
      return f(Half{});
    case DType::BFloat16:
      return f(BFloat16{});
    case DType::Float32:
      return f(float{});
    case DType::Float64:
      return f(double{});
    case DType::Complex64:
      return f(std::complex<float>{});
    default:
      return f(std::complex<double>{});
  }
}

}  // namespace

void* mutable_address(const Tensor& x) {
  Tensor writable = x;
  return by_type(x.dtype(), [&]<class T>(T) -> void* { return writable.mutable_data<T>(); });
}

const void* const_address(const Tensor& x) {
  return by_type(x.dtype(), [&]<class T>(T) -> const void* { return x.data<T>(); });
}

void bind_tensor(nb::module_& module) {
  base = nb::class_<PyTensor>(module, "TensorBase", nb::is_weak_referenceable());
  rename_type(base, "torch._C.TensorBase");
  bind_facts();
  bind_sizes(module);
  bind_numbers();
  module.def("_set_classes", [](nb::handle tensor, nb::handle size) {
    classes().tensor = tensor.inc_ref();
    classes().size = size.inc_ref();
    rename_type(size, "torch.Size");
  });
  module.def("is_tensor", [](nb::handle object) { return is_tensor(object); });
}

}  // namespace conv1d::python
