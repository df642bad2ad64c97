// Matching a call with the signatures: PyTorch's order of checks and its words for each failure.
#include "arguments.h"

#include <algorithm>

#include "convert.h"
#include "errors.h"
#include "refusal.h"

namespace conv1d::python {
namespace {

// NumPy's names for parameters are taken too.
bool is_other_name(std::string_view name, std::string_view given) {
  if (name == "dim") return given == "axis";
  if (name == "keepdim") return given == "keepdims";
  if (name == "input") return given == "x" || given == "a" || given == "x1";
  return name == "other" && given == "x2";
}

PyObject* find_keyword(PyObject* kwargs, const std::string& name) {
  PyObject *key = nullptr, *value = nullptr, *other = nullptr;
  Py_ssize_t position = 0;
  while (PyDict_Next(kwargs, &position, &key, &value)) {
    const std::string text = utf8_of(key);
    if (name == text) return value;
    if (is_other_name(name, text)) other = value;
  }
  return other;
}

bool is_plain_zero_dim(PyObject* object) {
  if (!is_tensor(object)) return false;
  const Tensor& tensor = tensor_of(object);
  return tensor.dim() == 0 && !tensor.requires_grad();
}

bool is_integer_tensor(PyObject* object) {
  return is_tensor(object) && tensor_of(object).numel() == 1 && is_integral(tensor_of(object).dtype()) &&
         tensor_of(object).dtype() != bool_;
}

bool is_number(PyObject* object) {
  return PyFloat_Check(object) || PyLong_Check(object) || PyComplex_Check(object) || is_numpy_number(object);
}

/// Only the first element of a sequence is looked at; *failed tells that it was the wrong one.
bool accepts_ints(const Parameter& parameter, PyObject* object, bool* failed) {
  if (!PyTuple_Check(object) && !PyList_Check(object)) {
    return parameter.single && (is_integer(object) || is_integer_tensor(object));
  }
  if (PySequence_Fast_GET_SIZE(object) == 0) return true;
  PyObject* first = PySequence_Fast_GET_ITEM(object, 0);
  const bool fits = is_index(first) && (!is_tensor(first) || is_integer_tensor(first));
  if (!fits && failed) *failed = true;
  return fits;
}

bool accepts_tensors(PyObject* object, std::size_t place) {
  if (!PyTuple_Check(object) && !PyList_Check(object)) return false;
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(object); ++i) {
    PyObject* item = PySequence_Fast_GET_ITEM(object, i);
    if (!is_tensor(item)) {
      raise<TypeError>("expected Tensor as element ", i, " in argument ", place, ", but got ", python_type_name(item));
    }
  }
  return true;
}

bool accepts(const Parameter& parameter, PyObject* object, std::size_t place, bool* failed) {
  switch (parameter.kind) {
    case Kind::Tensor:
      return is_tensor(object) || (parameter.numbers && is_number(object));
    case Kind::Number:
      return is_number(object) || is_plain_zero_dim(object);
    case Kind::Int:
      return is_integer(object) || is_integer_tensor(object);
    case Kind::Float:
      return PyFloat_Check(object) || PyLong_Check(object) || is_numpy_number(object) || is_plain_zero_dim(object);
    case Kind::Bool:
      return PyBool_Check(object) || python_type_name(object) == "numpy.bool" ||
             python_type_name(object) == "numpy.bool_";
    case Kind::Str:
      return PyUnicode_Check(object);
    case Kind::Ints:
      return accepts_ints(parameter, object, failed);
    case Kind::Tensors:
      return accepts_tensors(object, place);
    case Kind::DType:
      return is_dtype(object);
    case Kind::Device:
      return is_device(object);
    case Kind::Layout:
      return python_type_name(object) == "torch.layout";
    case Kind::MemoryFormat:
      return python_type_name(object) == "torch.memory_format";
    case Kind::Generator:
      return is_generator(object);
    case Kind::Object:
      return true;
  }
  return false;
}

}  // namespace

Signatures::Signatures(std::string function, std::initializer_list<const char*> overloads, bool method)
    : function_(std::move(function)), method_(method) {
  for (const char* text : overloads) overloads_.emplace_back(text, method);
}

Arguments Signatures::parse(PyObject* args, PyObject* kwargs, nb::handle self) const {
  if (kwargs && PyDict_GET_SIZE(kwargs) == 0) kwargs = nullptr;
  if (method_ && overloads_.size() == 1 && overloads_[0].parameters.empty()) refuse_any(args, kwargs);
  Arguments result;
  result.all_ = this;
  result.self_ = self;
  for (std::size_t i = 0; i < overloads_.size(); ++i) {
    if (overloads_[i].hidden) continue;
    if (match(overloads_[i], args, kwargs, overloads_.size() == 1, &result.slots_)) {
      result.signature_ = &overloads_[i];
      result.overload_ = i;
      return result;
    }
  }
  refuse(args, kwargs);
}

void Signatures::refuse_any(PyObject* args, PyObject* kwargs) const {
  if (kwargs) raise<TypeError>("TensorBase.", function_, "() takes no keyword arguments");
  if (PyTuple_GET_SIZE(args) > 0) {
    raise<TypeError>("TensorBase.", function_, "() takes no arguments (", PyTuple_GET_SIZE(args), " given)");
  }
}

void Signatures::refuse(PyObject* args, PyObject* kwargs) const {
  const auto count = static_cast<std::size_t>(PyTuple_GET_SIZE(args) + (kwargs ? PyDict_GET_SIZE(kwargs) : 0));
  const Signature* plausible = nullptr;
  std::size_t number = 0;
  std::vector<std::string> printed;
  for (const Signature& signature : overloads_) {
    if (signature.hidden) continue;
    printed.push_back(signature.text);
    if (signature.parameters.size() < count || signature.required > count) continue;
    plausible = &signature;
    ++number;
  }
  if (number == 1) {  // the only one that could be meant: its own complaint says more
    std::vector<PyObject*> slots;
    match(*plausible, args, kwargs, true, &slots);
  }
  throw TypeError(refusal_text(function_ + "()", printed, args, kwargs));
}

namespace {

[[noreturn]] void raise_surplus(const std::string& function, const Signature& signature, Py_ssize_t given) {
  // PyTorch counts the required keyword-only parameters in as well.
  if (signature.required != signature.positional) {
    raise<TypeError>(function, "() takes from ", signature.required, " to ", signature.positional,
                     " positional arguments but ", given, " were given");
  }
  raise<TypeError>(function, "() takes ", signature.positional, " positional argument",
                   signature.positional == 1 ? "" : "s", " but ", given, given == 1 ? " was" : " were", " given");
}

[[noreturn]] void raise_missing(const std::string& function, const Signature& signature, std::size_t from) {
  std::string names;
  std::size_t missing = 0;
  for (std::size_t i = from; i < signature.parameters.size(); ++i) {
    if (signature.parameters[i].optional) continue;
    names.append(missing++ ? ", \"" : "\"").append(signature.parameters[i].name).append("\"");
  }
  // The plural stands where one is missing: PyTorch's own slip, kept since programs compare texts.
  raise<TypeError>(function, "() missing ", missing, " required positional argument", missing == 1 ? "s" : "", ": ",
                   names);
}

[[noreturn]] void raise_keyword(const std::string& function, const Signature& signature, PyObject* kwargs,
                                std::size_t positional_given) {
  PyObject *key = nullptr, *value = nullptr;
  Py_ssize_t position = 0;
  while (PyDict_Next(kwargs, &position, &key, &value)) {
    const std::string name = utf8_of(key);
    const auto found = std::find_if(signature.parameters.begin(), signature.parameters.end(),
                                    [&](const Parameter& p) { return p.name == name || is_other_name(p.name, name); });
    if (found == signature.parameters.end()) {
      raise<TypeError>(function, "() got an unexpected keyword argument '", name, "'");
    }
    if (static_cast<std::size_t>(found - signature.parameters.begin()) < positional_given) {
      raise<TypeError>(function, "() got multiple values for argument '", name, "'");
    }
  }
  raise<TypeError>("invalid keyword arguments");
}

[[noreturn]] void raise_type(const std::string& function, const Parameter& parameter, PyObject* object, bool keyword,
                             Py_ssize_t position, bool failed_element) {
  const std::string place = keyword ? "" : text_of(" (position ", position + 1, ")");
  if (!keyword && failed_element) {
    raise<TypeError>(function, "(): argument '", parameter.name, "'", place, " must be ", parameter.type,
                     ", but found element of type ", python_type_name(PySequence_Fast_GET_ITEM(object, 0)),
                     " at pos 0");
  }
  raise<TypeError>(function, "(): argument '", parameter.name, "'", place, " must be ", parameter.type, ", not ",
                   python_type_name(object));
}

}  // namespace

bool Signatures::match(const Signature& signature, PyObject* args, PyObject* kwargs, bool raise_errors,
                       std::vector<PyObject*>* slots) const {
  const Py_ssize_t given = PyTuple_GET_SIZE(args);
  Py_ssize_t keywords_left = kwargs ? PyDict_GET_SIZE(kwargs) : 0;
  // view(2, 3) means view((2, 3)) where the sizes are all that a position can hold.
  const bool spread = signature.positional == 1 && signature.parameters[0].kind == Kind::Ints;
  const auto surplus = [&] { return raise_errors ? raise_surplus(function_, signature, given) : void(); };
  if (given > static_cast<Py_ssize_t>(signature.positional) && !spread) return surplus(), false;

  slots->assign(signature.parameters.size(), nullptr);
  Py_ssize_t position = 0;
  for (std::size_t i = 0; i < signature.parameters.size(); ++i) {
    const Parameter& parameter = signature.parameters[i];
    PyObject* object = nullptr;
    const bool keyword = position >= given;
    if (!keyword) {
      if (parameter.keyword_only) return surplus(), false;
      object = PyTuple_GET_ITEM(args, position);
    } else if (kwargs) {
      object = find_keyword(kwargs, parameter.name);
    }
    bool failed_element = false;
    if ((!object && parameter.optional) || (object == Py_None && parameter.none)) {
      // absent
    } else if (!object) {
      if (raise_errors) raise_missing(function_, signature, i);
      return false;
    } else if (accepts(parameter, object, i, &failed_element)) {
      (*slots)[i] = object;
    } else if (spread && i == 0 && !keyword && accepts_ints(parameter, args, nullptr)) {
      (*slots)[i] = args;
      position = given;
      continue;
    } else {
      if (given > static_cast<Py_ssize_t>(signature.positional)) surplus();
      if (raise_errors) raise_type(function_, parameter, object, keyword, position, failed_element);
      return false;
    }
    if (!keyword) {
      ++position;
    } else if (object) {
      --keywords_left;
    }
  }
  if (position < given) return surplus(), false;
  if (keywords_left > 0) {
    if (raise_errors) raise_keyword(function_, signature, kwargs, static_cast<std::size_t>(given));
    return false;
  }
  return true;
}

}  // namespace conv1d::python
