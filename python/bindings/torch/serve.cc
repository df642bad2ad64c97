#include "serve.h"

#include <array>
#include <vector>

namespace conv1d::python::pytorch {
namespace {

/// What is asked before a call is taken, all of it PyTorch's: set once, when conv1d.torch is imported.
struct Questions {
  nb::object tensor, parameter;           // types; a subclass may mean anything by an operator
  nb::object forward_ad;                  // the module: a _current_level of 0 or more means dual numbers
  std::vector<nb::object> must_be_none;   // functions that return None where nobody traces or transforms
  std::vector<nb::object> must_be_false;  // functions that return 0 or False where there is no mode
  nb::object is_autocast_enabled;         // asked from the moment when autocast has been met for the first time
  bool asks_autocast = false;
  nb::object is_grad_enabled;
  nb::object left;        // a set of dtypes that are PyTorch's to compute
  nb::object forward;     // (input, weight, bias, number)
  nb::object record;      // (input, weight, bias, layer, number): the same with its gradient
  nb::object not_served;  // what record raises where the kernels refuse
};

// Never destroyed: it holds Python objects, and the interpreter ends before static objects do.
Questions& questions() {
  static Questions* the_questions = new Questions;
  return *the_questions;
}

enum class Truth : std::uint8_t { kFalse, kTrue, kError };

Truth truth_of(PyObject* owned) {
  if (!owned) return Truth::kError;
  const int truth = owned == Py_None ? 0 : PyObject_IsTrue(owned);
  Py_DECREF(owned);
  return truth < 0 ? Truth::kError : truth ? Truth::kTrue : Truth::kFalse;
}

PyObject* interned(const char* name) { return PyUnicode_InternFromString(name); }

bool is_plain(const Questions& q, PyObject* object) {
  const auto* type = reinterpret_cast<PyObject*>(Py_TYPE(object));
  return type == q.tensor.ptr() || type == q.parameter.ptr();
}

/// Whether the attributes of `owner` are still the very objects that were seen. A dead owner has not changed.
bool is_unchanged(PyObject* weak_owner, PyObject* names, PyObject* seen) {
  PyObject* owner = PyWeakref_CheckRef(weak_owner) ? PyWeakref_GET_OBJECT(weak_owner) : Py_None;
  if (owner == Py_None) return false;  // gone: what is called is a copy that somebody made by hand
  PyObject** dict = _PyObject_GetDictPtr(owner);
  if (!dict || !*dict || !PyDict_Check(*dict) || PyTuple_GET_SIZE(seen) != PyTuple_GET_SIZE(names)) return false;
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(names); ++i) {
    if (PyDict_GetItemWithError(*dict, PyTuple_GET_ITEM(names, i)) != PyTuple_GET_ITEM(seen, i)) return false;
  }
  return true;
}

/// False, too, where a question could not be asked.
bool is_unwatched(const Questions& q) {
  static PyObject* const level_name = interned("_current_level");
  PyObject* level = PyObject_GetAttr(q.forward_ad.ptr(), level_name);
  if (!level) return false;
  const bool dual = PyLong_AsLong(level) != -1;
  Py_DECREF(level);
  if (dual) return false;
  for (const nb::object& function : q.must_be_none) {
    PyObject* answer = PyObject_CallNoArgs(function.ptr());
    Py_XDECREF(answer);
    if (answer != Py_None) return false;
  }
  for (const nb::object& function : q.must_be_false) {
    if (truth_of(PyObject_CallNoArgs(function.ptr())) != Truth::kFalse) return false;
  }
  return !q.asks_autocast || truth_of(PyObject_CallNoArgs(q.is_autocast_enabled.ptr())) == Truth::kFalse;
}

bool wants_gradient(PyObject* tensor) {
  static PyObject* const name = interned("requires_grad");
  return tensor != Py_None && truth_of(PyObject_GetAttr(tensor, name)) != Truth::kFalse;
}

bool is_left(const Questions& q, PyObject* tensor) {
  if (PySet_GET_SIZE(q.left.ptr()) == 0) return false;
  static PyObject* const name = interned("dtype");
  PyObject* dtype = PyObject_GetAttr(tensor, name);
  const bool left = !dtype || PySet_Contains(q.left.ptr(), dtype) != 0;
  Py_XDECREF(dtype);
  return left;
}

enum Argument { kOwner, kNames, kSeen, kLayer, kNumber, kInput, kWeight, kBias, kArguments };

/// The layer's answer. None where more has to be asked than here; False where the kernels refuse.
PyObject* serve(PyObject*, PyObject* const* a, Py_ssize_t count) {
  if (count != kArguments || !PyTuple_Check(a[kNames]) || !PyTuple_Check(a[kSeen])) {
    PyErr_SetString(PyExc_TypeError, "_torch_serve(owner, names, seen, layer, number, input, weight, bias)");
    return nullptr;
  }
  const Questions& q = questions();
  const bool taken = q.forward.is_valid() && is_plain(q, a[kInput]) && is_plain(q, a[kWeight]) &&
                     (a[kBias] == Py_None || is_plain(q, a[kBias])) && is_unchanged(a[kOwner], a[kNames], a[kSeen]) &&
                     is_unwatched(q) && !is_left(q, a[kInput]);
  if (!taken) {
    PyErr_Clear();
    Py_RETURN_NONE;
  }
  const bool recorded = truth_of(PyObject_CallNoArgs(q.is_grad_enabled.ptr())) != Truth::kFalse &&
                        (wants_gradient(a[kInput]) || wants_gradient(a[kWeight]) || wants_gradient(a[kBias]));
  // The place before the arguments is the callee's to use.
  std::array<PyObject*, 6> arguments = {nullptr, a[kInput], a[kWeight], a[kBias], a[kNumber], nullptr};
  if (recorded) arguments[4] = a[kLayer], arguments[5] = a[kNumber];
  PyObject* output = PyObject_Vectorcall((recorded ? q.record : q.forward).ptr(), arguments.data() + 1,
                                         (recorded ? 5 : 4) | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr);
  if (output) return output;
  // Whatever is wrong, PyTorch's own call says it in its words. An interrupt is nobody's mistake, and what hooks of
  // saved tensors raise is nobody's business but theirs.
  if (!PyErr_ExceptionMatches(recorded ? q.not_served.ptr() : PyExc_Exception)) return nullptr;
  PyErr_Clear();
  Py_RETURN_FALSE;
}

PyMethodDef serve_definition = {"_torch_serve", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(serve)),
                                METH_FASTCALL, nullptr};

}  // namespace

void bind_serve(nb::module_& module) {
  // Not through nanobind, whose conversions take as long as the rest of it.
  module.attr("_torch_serve") = nb::steal(PyCFunction_New(&serve_definition, nullptr));
  module.def(
      "_torch_serve_with",
      [](const nb::object& tensor, const nb::object& parameter, const nb::object& forward_ad,
         const nb::tuple& must_be_none, const nb::tuple& must_be_false, const nb::object& is_autocast_enabled,
         const nb::object& is_grad_enabled, const nb::frozenset& left, const nb::object& forward,
         const nb::object& record, const nb::object& not_served) {
        Questions q{tensor, parameter,       forward_ad, {},      {},     is_autocast_enabled,
                    false,  is_grad_enabled, left,       forward, record, not_served};
        for (const nb::handle function : must_be_none) q.must_be_none.push_back(nb::borrow(function));
        for (const nb::handle function : must_be_false) q.must_be_false.push_back(nb::borrow(function));
        questions() = std::move(q);
      },
      nb::arg("tensor"), nb::arg("parameter"), nb::arg("forward_ad"), nb::arg("must_be_none"), nb::arg("must_be_false"),
      nb::arg("is_autocast_enabled"), nb::arg("is_grad_enabled"), nb::arg("left"), nb::arg("forward"),
      nb::arg("record"), nb::arg("not_served"));
  module.def("_torch_serve_asks_autocast", [] { questions().asks_autocast = true; });
}

}  // namespace conv1d::python::pytorch
