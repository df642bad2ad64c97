// Exceptions of the library as Python's, their hints as notes; warnings as UserWarning.
#include "errors.h"

#include <exception>
#include <utility>

#include <nanobind/nanobind.h>

#include "bindings.h"

namespace conv1d::python {
namespace {

/// Sets Python's error, with the hint as a note (PEP 678): the text itself stays PyTorch's.
void set_error(PyObject* type, const Error& error) {
  PyErr_SetString(type, error.what());
  if (error.hint().empty()) return;
  PyObject *kind = nullptr, *value = nullptr, *trace = nullptr;
  PyErr_Fetch(&kind, &value, &trace);
  PyErr_NormalizeException(&kind, &value, &trace);
  if (PyObject* done = PyObject_CallMethod(value, "add_note", "s", error.hint().c_str())) {
    Py_DECREF(done);
  } else {
    PyErr_Clear();  // the error matters more than its note
  }
  PyErr_Restore(kind, value, trace);
}

void translate(const std::exception_ptr& pointer, void*) {
  try {
    std::rethrow_exception(pointer);
  } catch (const ValueError& error) {
    set_error(PyExc_ValueError, error);
  } catch (const TypeError& error) {
    set_error(PyExc_TypeError, error);
  } catch (const IndexError& error) {
    set_error(PyExc_IndexError, error);
  } catch (const AttributeError& error) {
    set_error(PyExc_AttributeError, error);
  } catch (const NotImplementedError& error) {
    set_error(PyExc_NotImplementedError, error);
  } catch (const AssertionError& error) {
    set_error(PyExc_AssertionError, error);
  } catch (const Error& error) {
    set_error(PyExc_RuntimeError, error);
  }
}

}  // namespace

void warn_user(const std::string& text) {
  if (PyErr_WarnEx(PyExc_UserWarning, text.c_str(), 1) != 0) throw nb::python_error();
}

void bind_errors(nb::module_&) {
  nb::register_exception_translator(translate);
  set_warning_handler([](const std::string& text) {
    if (!Py_IsInitialized()) return;
    const nb::gil_scoped_acquire acquire;
    warn_user(text);
  });
}

}  // namespace conv1d::python
