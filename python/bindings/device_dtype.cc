// torch.dtype, torch.device, layout and memory format.
#include <array>
#include <map>
#include <string>
#include <utility>

#include "arguments.h"
#include "bindings.h"
#include "convert.h"
#include "errors.h"
#include "python_objects.h"

namespace conv1d::python {
namespace {

constexpr std::array kDTypes = {bool_,   uint8,    int8,    int16,   int32,     int64,
                                float16, bfloat16, float32, float64, complex64, complex128};
std::array<nb::handle, kDTypes.size()> dtype_objects;
nb::handle dtype_class, device_class;

/// "bool_" for bool: in the stub file of this module a variable named bool would hide the type. The package names it
/// `bool`.
std::string name_in_module(DType dtype) { return dtype == bool_ ? "bool_" : std::string(name(dtype)); }

DType dtype_of_self(nb::handle self) {
  if (!self.type().is(dtype_class) || !nb::inst_ready(self)) refuse_self("torch.dtype", self);
  return nb::inst_ptr<PyDType>(self)->dtype;
}

void bind_dtype(nb::module_& module) {
  auto cls = nb::class_<PyDType>(module, "dtype", nb::is_final());
  dtype_class = cls;
  rename_type(cls, "torch.dtype");
  cls.def("__init__", [](PyDType*, const nb::args&) { raise<TypeError>("cannot create 'torch.dtype' instances"); })
      .def("__repr__", [](nb::handle self) { return "torch." + std::string(name(dtype_of_self(self))); })
      .def("__reduce__",
           [](nb::handle self) {
             const nb::object find = nb::module_::import_("conv1d._C").attr("_dtype_by_name");
             return nb::make_tuple(find, nb::make_tuple(std::string(name(dtype_of_self(self)))));
           })
      .def("to_complex", [](nb::handle self) { return to_python(complex_of(dtype_of_self(self))); })
      .def("to_real", [](nb::handle self) { return to_python(real_of(dtype_of_self(self))); })
      .def_prop_ro("is_floating_point", [](nb::handle self) { return is_floating_point(dtype_of_self(self)); })
      .def_prop_ro("is_complex", [](nb::handle self) { return is_complex(dtype_of_self(self)); })
      .def_prop_ro("is_signed",
                   [](nb::handle self) { return dtype_of_self(self) != uint8 && dtype_of_self(self) != bool_; })
      .def_prop_ro("itemsize", [](nb::handle self) { return element_size(dtype_of_self(self)); });
  for (std::size_t i = 0; i < kDTypes.size(); ++i) {
    nb::object object = nb::inst_alloc(cls);
    new (nb::inst_ptr<PyDType>(object)) PyDType{kDTypes[i]};
    nb::inst_mark_ready(object);
    module.attr(name_in_module(kDTypes[i]).c_str()) = object;
    dtype_objects[i] = object.release();
  }
  // Pickles name a dtype, so that the one object of each comes back.
  module.def("_dtype_by_name", [](const std::string& wanted) {
    for (const DType dtype : kDTypes) {
      if (name(dtype) == wanted) return to_python(dtype);
    }
    raise<ValueError>("no dtype is named '", wanted, "'");
  });
}

// ---- devices ------------------------------------------------------------------------------------------------------

/// Splits "cuda:1". The library knows the types of device and the words for a wrong one; what it refuses only on use
/// ("cuda") may still be named.
PyDevice read_device(const std::string& text) {
  try {
    const Device known(text);
    static_cast<void>(known);
  } catch (const AssertionError&) {
    // a device that this build lacks
  } catch (const NotImplementedError&) {
    // likewise
  }
  const auto colon = text.find(':');
  if (colon == text.npos) return {text, std::nullopt};
  return {text.substr(0, colon), std::stoll(text.substr(colon + 1))};
}

std::string device_text(const PyDevice& device) {
  return device.index ? device.type + ":" + std::to_string(*device.index) : device.type;
}

const PyDevice& device_of_self(nb::handle self) {
  if (!self.type().is(device_class) || !nb::inst_ready(self)) refuse_self("torch.device", self);
  return *nb::inst_ptr<PyDevice>(self);
}

[[noreturn]] void refuse_accelerator(std::int64_t index) {
  if (index < 0) raise<RuntimeError>("Device index must not be negative");
  raise<RuntimeError>("Cannot access accelerator device when none is available.");
}

nb::object make_device(PyDevice device) {
  nb::object object = nb::inst_alloc(device_class);
  new (nb::inst_ptr<PyDevice>(object)) PyDevice(std::move(device));
  nb::inst_mark_ready(object);
  return object;
}

/// PyTorch takes bytes wherever it takes a str.
bool is_string(nb::handle object) { return PyUnicode_Check(object.ptr()) || PyBytes_Check(object.ptr()); }

PyDevice construct_device(const Arguments& a) {
  if (a.overload() == 0) {
    const nb::handle given = a.object("device");
    if (is_integer(given)) refuse_accelerator(integer_of(given));
    return is_string(given) ? read_device(a.text("device")) : device_of_self(given);
  }
  PyDevice device = read_device(a.text("type"));
  if (a.given("index")) {
    if (device.index)
      raise<RuntimeError>("type (string) must not include an index because index was passed explicitly: ",
                          a.text("type"));
    const std::int64_t index = a.integer("index", -1);
    if (index < 0) raise<RuntimeError>("Device index must not be negative");
    device.index = index;
  }
  return device;
}

void bind_device(nb::module_& module) {
  auto cls = nb::class_<PyDevice>(module, "device", nb::is_final());
  device_class = cls;
  cls.def("__init__",
          [signatures = Signatures("device", {"(torch.device device)", "(str type, int? index = -1)"})](
              PyDevice* self, const nb::args& args, const nb::kwargs& kwargs) {
            new (self) PyDevice(construct_device(signatures.parse(args.ptr(), kwargs.ptr())));
          })
      .def("__repr__",
           [](nb::handle self) {
             const PyDevice& device = device_of_self(self);
             return "device(type='" + device.type + "'" +
                    (device.index ? ", index=" + std::to_string(*device.index) : "") + ")";
           })
      .def("__str__", [](nb::handle self) { return device_text(device_of_self(self)); })
      .def("__hash__", [](nb::handle self) { return std::hash<std::string>()(device_text(device_of_self(self))) >> 1; })
      .def("__eq__",
           [](nb::handle self, nb::handle other) -> nb::object {
             if (!other.type().is(device_class)) return nb::borrow(Py_NotImplemented);
             return nb::bool_(device_text(device_of_self(self)) == device_text(device_of_self(other)));
           })
      .def("__reduce__",
           [](nb::handle self) {
             const PyDevice& device = device_of_self(self);
             const nb::str type(device.type.c_str());
             return nb::make_tuple(nb::handle(device_class),
                                   device.index ? nb::make_tuple(type, *device.index) : nb::make_tuple(type));
           })
      .def_prop_ro("type", [](nb::handle self) { return device_of_self(self).type; })
      .def_prop_ro("index", [](nb::handle self) -> nb::object {
        return device_of_self(self).index ? nb::object(nb::int_(*device_of_self(self).index)) : nb::none();
      });
  rename_type(cls, "torch.device");
}

void bind_layouts(nb::module_& module) {
  auto layout = nb::class_<PyLayout>(module, "layout", nb::is_final());
  rename_type(layout, "torch.layout");
  layout.def("__repr__", [](nb::handle) { return "torch.strided"; }).def("__reduce__", [](nb::handle) {
    return "strided";
  });
  module.attr("strided") = nb::cast(PyLayout{});

  auto format = nb::class_<PyMemoryFormat>(module, "memory_format", nb::is_final());
  rename_type(format, "torch.memory_format");
  const auto name_of = [](nb::handle self) {
    if (!nb::isinstance<PyMemoryFormat>(self) || !nb::inst_ready(self)) refuse_self("torch.memory_format", self);
    return nb::inst_ptr<PyMemoryFormat>(self)->name;
  };
  format.def("__repr__", [name_of](nb::handle self) { return "torch." + name_of(self); }).def("__reduce__", name_of);
  for (const char* name : {"contiguous_format", "preserve_format"}) module.attr(name) = nb::cast(PyMemoryFormat{name});
}

}  // namespace

bool is_dtype(nb::handle object) {
  PyObject* type = object.ptr();
  return object.type().is(dtype_class) || type == reinterpret_cast<PyObject*>(&PyFloat_Type) ||
         type == reinterpret_cast<PyObject*>(&PyLong_Type) || type == reinterpret_cast<PyObject*>(&PyBool_Type) ||
         type == reinterpret_cast<PyObject*>(&PyComplex_Type);
}

DType dtype_of_object(nb::handle object) {
  PyObject* type = object.ptr();
  if (type == reinterpret_cast<PyObject*>(&PyFloat_Type)) return float64;
  if (type == reinterpret_cast<PyObject*>(&PyLong_Type)) return int64;
  if (type == reinterpret_cast<PyObject*>(&PyBool_Type)) return bool_;
  if (type == reinterpret_cast<PyObject*>(&PyComplex_Type)) return complex128;
  return dtype_of_self(object);
}

nb::object to_python(DType dtype) { return nb::borrow(dtype_objects[static_cast<std::size_t>(dtype)]); }

bool is_device(nb::handle object) { return is_string(object) || is_integer(object) || object.type().is(device_class); }

Device device_of(nb::handle object) {
  if (is_integer(object)) refuse_accelerator(integer_of(object));
  if (object.type().is(device_class)) return Device(device_text(device_of_self(object)));
  return Device(utf8_of(object));
}

nb::object to_python(Device device) { return make_device({device.str(), std::nullopt}); }

void bind_device_dtype(nb::module_& module) {
  bind_dtype(module);
  bind_device(module);
  bind_layouts(module);
}

}  // namespace conv1d::python
