// Reading the arguments of a call that was understood, and binding functions that are called so.
#include "arguments.h"
#include "convert.h"
#include "errors.h"

namespace conv1d::python {

PyObject* Arguments::find(std::string_view name) const {
  for (std::size_t i = 0; i < signature_->parameters.size(); ++i) {
    if (signature_->parameters[i].name == name) return slots_[i];
  }
  return nullptr;
}

const std::string& Arguments::function() const { return all_->function(); }

const Parameter* Arguments::find_kind(Kind kind) const {
  for (const Parameter& parameter : signature_->parameters) {
    if (parameter.kind == kind) return &parameter;
  }
  return nullptr;
}

Tensor Arguments::tensor(std::string_view name) const {
  PyObject* object = find(name);
  if (!object) return self_.is_valid() && name == "input" ? tensor_of(self_) : Tensor();
  if (is_tensor(object)) return tensor_of(object);
  return full({}, *scalar_of(object));
}

Scalar Arguments::number(std::string_view name) const {
  PyObject* object = find(name);
  if (!object) raise<TypeError>(all_->function(), "(): argument '", name, "' is missing");
  return is_tensor(object) ? tensor_of(object).item_scalar() : *scalar_of(object);
}

std::int64_t Arguments::integer(std::string_view name, std::int64_t absent) const {
  PyObject* object = find(name);
  if (!object) return absent;
  return is_tensor(object) ? tensor_of(object).item<std::int64_t>() : integer_of(object);
}

double Arguments::real(std::string_view name, double absent) const {
  PyObject* object = find(name);
  if (!object) return absent;
  if (is_tensor(object)) return tensor_of(object).item<double>();
  const double value = PyFloat_AsDouble(object);
  if (value == -1.0 && PyErr_Occurred()) throw nb::python_error();
  return value;
}

bool Arguments::flag(std::string_view name, bool absent) const {
  PyObject* object = find(name);
  return object ? PyObject_IsTrue(object) == 1 : absent;
}

std::string Arguments::text(std::string_view name, const char* absent) const {
  PyObject* object = find(name);
  return object ? utf8_of(object) : absent;
}

std::int64_t Arguments::element(std::string_view name, PyObject* item, std::size_t place) const {
  std::string reason;
  try {
    if (is_index(item) || PyBool_Check(item)) return integer_of(item);  // a bool is refused in the first place only
    reason = "type must be tuple of ints,but got " + python_type_name(item);
  } catch (const Error& error) {
    reason = error.what();
  }
  raise<TypeError>(all_->function(), "(): argument '", name, "' failed to unpack the object at pos ", place + 1,
                   " with error \"", reason, "\"");
}

std::vector<std::int64_t> Arguments::ints(std::string_view name, std::vector<std::int64_t> absent) const {
  PyObject* object = find(name);
  if (!object) return absent;
  if (!PyTuple_Check(object) && !PyList_Check(object)) return {integer(name)};
  // A tuple of its own: an element's __index__ is Python code, which may change the list that was given.
  const nb::object items = nb::steal(PySequence_Tuple(object));
  if (!items.is_valid()) throw nb::python_error();
  const auto size = static_cast<std::size_t>(PyTuple_GET_SIZE(items.ptr()));
  std::vector<std::int64_t> values;
  values.reserve(size);
  for (std::size_t i = 0; i < size; ++i) {
    values.push_back(element(name, PyTuple_GET_ITEM(items.ptr(), static_cast<Py_ssize_t>(i)), i));
  }
  return values;
}

std::vector<Tensor> Arguments::tensors(std::string_view name) const {
  std::vector<Tensor> values;
  PyObject* object = find(name);
  const Py_ssize_t size = object ? PySequence_Fast_GET_SIZE(object) : 0;
  for (Py_ssize_t i = 0; i < size; ++i) values.push_back(tensor_of(PySequence_Fast_GET_ITEM(object, i)));
  return values;
}

std::optional<DType> Arguments::dtype(std::string_view name) const {
  PyObject* object = find(name);
  return object ? std::optional(dtype_of_object(object)) : std::nullopt;
}

Device Arguments::device(std::string_view name) const {
  PyObject* object = find(name);
  return object ? device_of(object) : Device();
}

Generator* Arguments::generator(std::string_view name) const {
  PyObject* object = find(name);
  return object ? generator_of(object) : nullptr;
}

TensorOptions Arguments::options() const {
  if (flag("pin_memory")) refuse_option(all_->function(), "pin_memory");
  return {.dtype = dtype(), .device = device(), .requires_grad = flag("requires_grad")};
}

void Arguments::refuse_out() const {
  if (given("out")) refuse_option(all_->function(), "out");
}

void refuse_option(const std::string& function, const std::string& option) {
  throw NotImplementedError(
      text_of(function, "(): the argument '", option, "' is not supported"),
      "conv1d covers the layer Conv1d and what is needed around it; PyTorch's other options are left out.");
}

std::string python_type_name(nb::handle object) {
  if (PyType_Check(object.ptr())) return "type";
  return reinterpret_cast<PyTypeObject*>(object.type().ptr())->tp_name;
}

// ---- binding ------------------------------------------------------------------------------------------------------

namespace {

std::string shape_of_text(const Shape& sizes) {
  std::string text = "[";
  for (const std::int64_t size : sizes) text.append(text.size() > 1 ? ", " : "").append(std::to_string(size));
  return text + "]";
}

/// What the stub file says: the arguments are read by ourselves, so nanobind knows nothing of them.
std::string stub_of(const char* name, const char* self) {
  return text_of("def ", name, "(", self, "*args: typing.Any, **kwargs: typing.Any) -> typing.Any");
}

}  // namespace

namespace {

/// Whether numbers of one dtype may be written as another: never to a poorer kind.
bool can_cast(DType from, DType to) {
  if (is_complex(from) && !is_complex(to)) return false;
  if (is_differentiable(from) && is_integral(to)) return false;
  return from == bool_ || to != bool_;
}

/// Writes what a function computed into the tensor that was given as `out`, which takes its shape.
nb::object into_out(const std::string& function, const Tensor& result, nb::handle object) {
  Tensor out = tensor_of(object);
  if (is_grad_enabled() && (result.requires_grad() || out.requires_grad())) {
    raise<RuntimeError>(function,
                        "(): functions with out=... arguments don't support automatic differentiation, but one of the "
                        "arguments requires grad.");
  }
  if (!can_cast(result.dtype(), out.dtype())) {
    raise<RuntimeError>("result type ", scalar_name(result.dtype()), " can't be cast to the desired output type ",
                        scalar_name(out.dtype()));
  }
  if (result.device() != out.device()) {
    raise<RuntimeError>("Attempting to copy from device ", result.device().str(), " to device ", out.device().str(),
                        ", but cross-device copies are not allowed!");
  }
  const GradGuard guard(false);
  if (out.sizes() == result.sizes()) {
    out.copy_(result);
    return nb::borrow(object);
  }
  if (out.numel() > 0) {
    warn_user("An output with one or more elements was resized since it had shape " + shape_of_text(out.sizes()) +
              ", which does not match the required output shape " + shape_of_text(result.sizes()) +
              ". This behavior is deprecated, and in a future PyTorch release outputs will not be resized unless they "
              "have zero elements. You can explicitly reuse an out tensor t by resizing it, inplace, to zero elements "
              "with t.resize_(0).");
  }
  out.set_data(result.to(out.dtype()));
  return nb::borrow(object);
}

nb::object call(const Body& body, const Arguments& a) {
  if (!a.given("out")) return body(a);
  if (!a.computes() || !is_tensor(a.object("out"))) a.refuse_out();
  const nb::object result = body(a);
  if (!is_tensor(result)) a.refuse_out();
  return into_out(a.function(), tensor_of(result), a.object("out"));
}

}  // namespace

void define(nb::module_& module, const char* name, std::initializer_list<const char*> overloads, Body body) {
  module.def(
      name,
      [signatures = Signatures(name, overloads), body = std::move(body)](const nb::args& args,
                                                                         const nb::kwargs& kwargs) {
        return call(body, signatures.parse(args.ptr(), kwargs.ptr()));
      },
      nb::sig(stub_of(name, "").c_str()));
}

void define_method(nb::handle cls, const char* name, std::initializer_list<const char*> overloads, Body body) {
  nb::cpp_function_def(
      [signatures = Signatures(name, overloads, true), body = std::move(body)](nb::handle self, const nb::args& args,
                                                                               const nb::kwargs& kwargs) {
        if (!is_tensor(self)) {
          raise<TypeError>("descriptor '", signatures.function(),
                           "' for 'torch._C.TensorBase' objects doesn't apply to a '", python_type_name(self),
                           "' object");
        }
        return body(signatures.parse(args.ptr(), kwargs.ptr(), self));
      },
      nb::scope(cls), nb::name(name), nb::is_method(), nb::sig(stub_of(name, "self, ").c_str()));
}

void define_both(nb::module_& module, nb::handle cls, const char* name, std::initializer_list<const char*> overloads,
                 Body body) {
  define(module, name, overloads, body);
  define_method(cls, name, overloads, std::move(body));
}

}  // namespace conv1d::python
