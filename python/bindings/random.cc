// Generators and random tensors.
#include <conv1d/random.h>

#include <memory>
#include <span>

#include "arguments.h"
#include "bindings.h"
#include "convert.h"
#include "errors.h"
#include "python_objects.h"

namespace conv1d::python {
namespace {

nb::handle generator_class;

Generator& generator_of_self(nb::handle self) {
  if (!nb::isinstance<PyGenerator>(self) || !nb::inst_ready(self)) refuse_self("torch._C.Generator", self);
  return *nb::inst_ptr<PyGenerator>(self)->generator;
}

/// A seed has 64 bits: -2**63 ... 2**64 - 1, the negative ones counted from the end.
std::uint64_t seed_of(nb::handle object) {
  int overflow = 0;
  const long long value = PyLong_AsLongLongAndOverflow(object.ptr(), &overflow);
  if (overflow == 0) return static_cast<std::uint64_t>(value);
  const unsigned long long wide = overflow > 0 ? PyLong_AsUnsignedLongLong(object.ptr()) : 0;
  if (overflow < 0 || PyErr_Occurred()) {
    PyErr_Clear();
    raise<ValueError>("Overflow when unpacking long long");
  }
  return wide;
}

nb::object default_generator_object() {
  static PyObject* object = [] {
    nb::object made = nb::inst_alloc(generator_class);
    new (nb::inst_ptr<PyGenerator>(made)) PyGenerator{&default_generator(), nullptr};
    nb::inst_mark_ready(made);
    return made.release().ptr();
  }();
  return nb::borrow(object);
}

nb::object get_state(nb::handle self) {
  const std::vector<std::uint8_t> state = generator_of_self(self).get_state();
  return to_python(tensor(std::span<const std::uint8_t>(state)));
}

nb::object set_state(nb::handle self, nb::handle state) {
  Generator& generator = generator_of_self(self);
  if (!is_tensor(state)) raise<TypeError>("expected a torch.ByteTensor, but got ", python_type_name(state));
  const Tensor bytes = tensor_of(state);
  if (bytes.dtype() != uint8 || bytes.device().is_meta()) raise<TypeError>("RNG state must be a torch.ByteTensor");
  if (!bytes.is_contiguous()) raise<RuntimeError>("RNG state must be contiguous");
  generator.set_state(bytes.span<std::uint8_t>());
  return nb::borrow(self);
}

/// Pickled as in PyTorch: made for its device, then given (seed, offset, state); a CPU generator has no offset.
nb::object reduce(nb::handle self) {
  const nb::object seed = nb::int_(generator_of_self(self).initial_seed());
  return nb::make_tuple(generator_class, nb::make_tuple(to_python(Device())),
                        nb::make_tuple(seed, nb::none(), get_state(self)));
}

nb::object copy_of(nb::handle self) {
  nb::object copy = generator_class();
  set_state(copy, get_state(self));
  return copy;
}

void bind_generator_class(nb::module_& module) {
  auto cls = nb::class_<PyGenerator>(module, "Generator");
  generator_class = cls;
  cls.def("__init__",
          [signatures = Signatures("Generator", {"(torch.device device = None)"})](
              PyGenerator* self, const nb::args& args, const nb::kwargs& kwargs) {
            const Device device = signatures.parse(args.ptr(), kwargs.ptr()).device();
            if (device.is_meta()) raise<RuntimeError>("META device type not an accelerator.");
            auto own = std::make_unique<Generator>();
            Generator* generator = own.get();
            new (self) PyGenerator{generator, std::move(own)};
          })
      .def("manual_seed",
           [](nb::handle self, nb::handle seed) {
             if (!is_integer(seed))
               raise<RuntimeError>("manual_seed expected a long, but got ", python_type_name(seed));
             generator_of_self(self).manual_seed(seed_of(seed));
             return nb::borrow(self);
           })
      .def("initial_seed", [](nb::handle self) { return generator_of_self(self).initial_seed(); })
      .def("seed", [](nb::handle self) { return generator_of_self(self).seed(); })
      .def("__repr__",
           [](nb::handle self) {
             return text_of("<torch._C.Generator object at 0x", std::hex, reinterpret_cast<std::uintptr_t>(self.ptr()),
                            ">");
           })
      .def("get_state", get_state)
      .def("set_state", set_state, nb::arg().none())
      .def("clone_state", copy_of)
      .def("__reduce__", reduce)
      .def("__setstate__",
           [](nb::handle self, const nb::tuple& state) {
             if (state.size() != 3) raise<ValueError>("a generator's pickle holds its seed, None and its state");
             set_state(self, state[2]);
           })
      .def_prop_ro("device", [](nb::handle) { return to_python(Device()); });
  rename_type(cls, "torch._C.Generator");
}

#define CONV1D_PLACE                                                                                            \
  "torch.dtype dtype = None, torch.layout layout = None, torch.device device = None, bool pin_memory = False, " \
  "bool requires_grad = False)"
#define CONV1D_OUT "Tensor out = None, "
#define CONV1D_LIKE "torch.memory_format memory_format = None, " CONV1D_PLACE
#define CONV1D_GENERATOR "torch.Generator? generator, "

using ByShape = Tensor (*)(const Shape&, const TensorOptions&, Generator*);

void bind_by_shape(nb::module_& module) {
  for (const auto& [name, make] : {std::pair<const char*, ByShape>("rand", rand), {"randn", randn}}) {
    define(module, name,
           {"(tuple of ints size, *, " CONV1D_GENERATOR CONV1D_OUT CONV1D_PLACE,
            "(tuple of ints size, *, " CONV1D_OUT CONV1D_PLACE},
           [make = make](const Arguments& a) {
             const Shape shape = a.ints("size");
             const TensorOptions options = a.options();
             Generator* generator = a.generator();
             return to_python(unlocked([&] { return make(shape, options, generator); }));
           });
  }
  for (const auto& [name, make] : {std::pair<const char*, ByShape>("rand_like", rand), {"randn_like", randn}}) {
    define(module, name, {"(Tensor input, *, " CONV1D_GENERATOR CONV1D_LIKE, "(Tensor input, *, " CONV1D_LIKE},
           [make = make](const Arguments& a) {
             const Tensor like = a.tensor("input");
             TensorOptions options = a.options();
             if (!options.dtype) options.dtype = like.dtype();
             if (!a.given("device")) options.device = like.device();
             return to_python(make(like.sizes(), options, a.generator()));
           });
  }
}

void bind_integers(nb::module_& module) {
  define(
      module, "randint",
      {"(int high, tuple of ints size, *, " CONV1D_GENERATOR CONV1D_OUT CONV1D_PLACE,
       "(int high, tuple of ints size, *, " CONV1D_OUT CONV1D_PLACE,
       "(int low, int high, tuple of ints size, *, " CONV1D_GENERATOR CONV1D_OUT CONV1D_PLACE,
       "(int low, int high, tuple of ints size, *, " CONV1D_OUT CONV1D_PLACE},
      [](const Arguments& a) {
        return to_python(randint(a.integer("low", 0), a.integer("high"), a.ints("size"), a.options(), a.generator()));
      });
  define(module, "randperm",
         {"(int n, *, " CONV1D_GENERATOR CONV1D_OUT CONV1D_PLACE, "(int n, *, " CONV1D_OUT CONV1D_PLACE},
         [](const Arguments& a) { return to_python(randperm(a.integer("n"), a.options(), a.generator())); });
}

void bind_normal(nb::module_& module) {
  define(module, "normal",
         {"(Tensor mean, Tensor std, *, torch.Generator generator = None, Tensor out = None)",
          "(Tensor mean, float std = 1, *, torch.Generator generator = None, Tensor out = None)",
          "(float mean, Tensor std, *, torch.Generator generator = None, Tensor out = None)",
          "(float mean, float std, tuple of ints size, *, torch.Generator generator = None, " CONV1D_OUT CONV1D_PLACE},
         [](const Arguments& a) {
           if (a.overload() != 3) refuse_option("normal", a.overload() == 2 ? "std" : "mean");
           TensorOptions options = a.options();
           const bool requires_grad = std::exchange(options.requires_grad, false);
           Tensor result = empty(a.ints("size"), options);
           result.normal_(a.real("mean"), a.real("std", 1), a.generator());
           if (requires_grad) result.requires_grad_();
           return to_python(result);
         });
}

}  // namespace

bool is_generator(nb::handle object) {
  return PyObject_TypeCheck(object.ptr(), reinterpret_cast<PyTypeObject*>(generator_class.ptr()));
}

Generator* generator_of(nb::handle object) { return &generator_of_self(object); }

void bind_random(nb::module_& module) {
  bind_generator_class(module);
  bind_by_shape(module);
  bind_integers(module);
  bind_normal(module);
  // conv1d/random.py turns the seed into an int first, in Python's own words.
  module.def("_manual_seed", [](nb::handle seed) {
    default_generator().manual_seed(seed_of(seed));
    return default_generator_object();
  });
  module.def("_default_generator", default_generator_object);
}

}  // namespace conv1d::python
