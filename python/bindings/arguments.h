// How a call from Python is understood: signatures written as PyTorch prints them, tried in PyTorch's order, refused in
// its words.
//
//   define(module, "zeros", {"(tuple of ints size, *, torch.dtype dtype = None, bool requires_grad = False)"},
//          [](const Arguments& a) { return to_python(zeros(a.ints("size"), {.dtype = a.dtype("dtype")})); });
//
// A signature is the very text of the message "received an invalid combination of arguments", with three marks that are
// not printed: `tuple of ints[1] stride` also takes a single integer, `Tensor? weight` also takes None (a default of
// None says so by itself), `Tensor# other` also takes a number.
#pragma once

#include <complex>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nanobind/nanobind.h>

#include <conv1d/tensor.h>

namespace conv1d::python {

namespace nb = nanobind;

/// What a parameter takes.
enum class Kind : std::uint8_t {
  Tensor,
  Number,
  Int,
  Float,
  Bool,
  Str,
  Ints,
  Tensors,
  DType,
  Device,
  Layout,
  MemoryFormat,
  Generator,
  Object
};

struct Parameter {
  Kind kind = Kind::Object;
  std::string type;  ///< as printed: "tuple of ints"
  std::string name;
  bool optional = false;  ///< has a default
  bool none = false;      ///< None counts as not given
  bool numbers = false;   ///< a Tensor that may be a number
  bool keyword_only = false;
  bool single = false;  ///< Ints that may be one integer
};

struct Signature {
  std::string text;  ///< as printed
  std::vector<Parameter> parameters;
  std::size_t positional = 0;  ///< parameters that may be given by position
  std::size_t required = 0;
  bool hidden = false;  ///< PyTorch has this one but does not print it; we never match it

  /// `method` leaves out the first parameter (the tensor itself) and `out`.
  Signature(std::string_view text, bool method);
};

class Signatures;

/// A call whose arguments fit one of the signatures. A parameter is asked for by its name; one that this overload
/// lacks, and one that was None or not given, reads as absent.
class Arguments {
 public:
  const std::string& function() const;
  std::size_t overload() const { return overload_; }  ///< number of the signature that fits
  bool given(std::string_view name) const { return find(name) != nullptr; }
  nb::handle object(std::string_view name) const { return find(name); }  ///< null where absent

  Tensor tensor(std::string_view name) const;  ///< undefined where absent; a number becomes a 0-d tensor
  Scalar number(std::string_view name) const;
  Scalar number(std::string_view name, const Scalar& absent) const { return given(name) ? number(name) : absent; }
  std::int64_t integer(std::string_view name, std::int64_t absent = 0) const;
  double real(std::string_view name, double absent = 0) const;
  bool flag(std::string_view name, bool absent = false) const;
  std::string text(std::string_view name, const char* absent = "") const;
  std::vector<std::int64_t> ints(std::string_view name, std::vector<std::int64_t> absent = {}) const;
  std::vector<Tensor> tensors(std::string_view name) const;
  std::optional<DType> dtype(std::string_view name = "dtype") const;
  Device device(std::string_view name = "device") const;  ///< cpu where absent
  Generator* generator(std::string_view name = "generator") const;
  /// dtype, device and requires_grad of a factory. Refuses `out` and pin_memory, which this library lacks.
  TensorOptions options() const;

  /// Refuses `out` where it was given.
  void refuse_out() const;
  /// Whether the call computes something of tensors, in a dtype of their own, that could be written into an `out`.
  bool computes() const { return signature_->parameters[0].name == "input" && find_kind(Kind::DType) == nullptr; }

  nb::handle self() const { return self_; }  ///< the Python object of a method; null for functions

 private:
  friend class Signatures;
  PyObject* find(std::string_view name) const;
  std::int64_t element(std::string_view name, PyObject* item, std::size_t place) const;
  const Parameter* find_kind(Kind kind) const;

  const Signatures* all_ = nullptr;
  const Signature* signature_ = nullptr;
  std::size_t overload_ = 0;
  nb::handle self_;
  std::vector<PyObject*> slots_;  ///< borrowed, one for each parameter; null where absent
};

/// The overloads of one function.
class Signatures {
 public:
  Signatures(std::string function, std::initializer_list<const char*> overloads, bool method = false);

  /// The first overload that fits; TypeError in PyTorch's words where none does. `kwargs` may be null.
  Arguments parse(PyObject* args, PyObject* kwargs, nb::handle self = {}) const;

  const std::string& function() const { return function_; }

 private:
  bool match(const Signature& signature, PyObject* args, PyObject* kwargs, bool raise,
             std::vector<PyObject*>* slots) const;
  [[noreturn]] void refuse(PyObject* args, PyObject* kwargs) const;
  /// A method that takes nothing refuses everything, in other words than those with parameters.
  void refuse_any(PyObject* args, PyObject* kwargs) const;

  std::string function_;
  std::vector<Signature> overloads_;
  bool method_;
};

using Body = std::function<nb::object(const Arguments&)>;

/// The library's own refusal of what PyTorch has and this library has not: NotImplementedError that says so.
[[noreturn]] void refuse_option(const std::string& function, const std::string& option);

/// Binds a function of the module.
void define(nb::module_& module, const char* name, std::initializer_list<const char*> overloads, Body body);
/// Binds a method: the signatures start with the tensor itself ("Tensor input"), which is not printed.
void define_method(nb::handle cls, const char* name, std::initializer_list<const char*> overloads, Body body);
/// Both at once.
void define_both(nb::module_& module, nb::handle cls, const char* name, std::initializer_list<const char*> overloads,
                 Body body);

/// The name that PyTorch's messages give to an object's type: "int", "Tensor", "numpy.ndarray", "torch.Size".
std::string python_type_name(nb::handle object);

}  // namespace conv1d::python
