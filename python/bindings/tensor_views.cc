// Views, copies and conversions of a tensor, as methods and as functions of the module.
#include <algorithm>
#include <array>
#include <utility>

#include "arguments.h"
#include "bindings.h"
#include "convert.h"
#include "errors.h"

namespace conv1d::python {
namespace {

using Method = Tensor (Tensor::*)() const;

nb::object call(const Arguments& a, Method method) { return to_python((a.tensor("input").*method)()); }

nb::object transposed(const Tensor& x) {
  if (x.dim() != 2) {
    warn_user(
        "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated and it will throw "
        "an "
        "error in a future release. Consider `x.mT` to transpose batches of matrices or "
        "`x.permute(*torch.arange(x.ndim "
        "- 1, -1, -1))` to reverse the dimensions of a tensor.");
  }
  Shape dims;
  for (std::int64_t i = x.dim() - 1; i >= 0; --i) dims.push_back(i);
  return to_python(x.permute(dims));
}

void bind_shapes(nb::module_& module) {
  const nb::handle base = tensor_base();
  define_both(module, base, "reshape", {"(Tensor input, tuple of ints shape)"},
              [](const Arguments& a) { return to_python(a.tensor("input").reshape(a.ints("shape"))); });
  define_method(base, "view", {"(Tensor input, torch.dtype dtype)", "(Tensor input, tuple of ints size)"},
                [](const Arguments& a) {
                  if (a.overload() == 0) refuse_option("view", "dtype");
                  return to_python(a.tensor("input").view(a.ints("size")));
                });
  for (const auto& [name, view] : {std::pair("view_as", &Tensor::view), std::pair("reshape_as", &Tensor::reshape),
                                   std::pair("expand_as", &Tensor::expand)}) {
    define_method(base, name, {"(Tensor input, Tensor other)"}, [view = view](const Arguments& a) {
      return to_python((a.tensor("input").*view)(a.tensor("other").sizes()));
    });
  }
  define_both(module, base, "flatten", {"(Tensor input, int start_dim = 0, int end_dim = -1)"}, [](const Arguments& a) {
    return to_python(a.tensor("input").flatten(a.integer("start_dim", 0), a.integer("end_dim", -1)));
  });
  define_both(module, base, "squeeze",
              {"(Tensor input)", "(Tensor input, int dim)", "(Tensor input, tuple of ints dim)"},
              [](const Arguments& a) {
                Tensor x = a.tensor("input");
                if (a.overload() == 0) return to_python(x.squeeze());
                if (a.overload() == 1) return to_python(x.squeeze(a.integer("dim")));
                std::vector<std::int64_t> dims = a.ints("dim");
                for (std::int64_t& dim : dims) dim += dim < 0 ? x.dim() : 0;
                std::sort(dims.rbegin(), dims.rend());  // from the last on, so that the others keep their numbers
                for (const std::int64_t dim : dims) x = x.squeeze(dim);
                return to_python(x);
              });
  define_both(module, base, "unsqueeze", {"(Tensor input, int dim)"},
              [](const Arguments& a) { return to_python(a.tensor("input").unsqueeze(a.integer("dim"))); });
  define_both(module, base, "transpose", {"(Tensor input, int dim0, int dim1)"}, [](const Arguments& a) {
    return to_python(a.tensor("input").transpose(a.integer("dim0"), a.integer("dim1")));
  });
  define_both(module, base, "permute", {"(Tensor input, tuple of ints dims)"},
              [](const Arguments& a) { return to_python(a.tensor("input").permute(a.ints("dims"))); });
  define_both(module, base, "t", {"(Tensor input)"}, [](const Arguments& a) { return call(a, &Tensor::t); });
  define_method(base, "expand", {"(Tensor input, tuple of ints size, *, bool implicit = False)"},
                [](const Arguments& a) { return to_python(a.tensor("input").expand(a.ints("size"))); });
  define_both(module, base, "select", {"(Tensor input, int dim, int index)"}, [](const Arguments& a) {
    return to_python(a.tensor("input").select(a.integer("dim"), a.integer("index")));
  });
}

void bind_copies(nb::module_& module) {
  const nb::handle base = tensor_base();
  define_method(base, "contiguous", {"(Tensor input, *, torch.memory_format memory_format = contiguous_format)"},
                [](const Arguments& a) {
                  const Tensor x = a.tensor("input");
                  return to_python(x.is_contiguous() ? x : unlocked([&] { return x.contiguous(); }));
                });
  define_both(module, base, "clone", {"(Tensor input, *, torch.memory_format memory_format = None)"},
              [](const Arguments& a) {
                const Tensor x = a.tensor("input");
                return to_python(unlocked([&] { return x.clone(); }));
              });
  define_both(module, base, "detach", {"(Tensor input)"}, [](const Arguments& a) { return call(a, &Tensor::detach); });
  define_both(module, base, "conj", {"(Tensor input)"}, [](const Arguments& a) { return call(a, &Tensor::conj); });
}

Tensor converted(const Tensor& x, std::optional<DType> dtype, std::optional<Device> device, bool copy) {
  return unlocked([&] {
    Tensor result = x;
    if (device) result = result.to(*device);
    if (dtype) result = result.to(*dtype);
    return copy && result.is_same(x) ? x.clone() : result;
  });
}

nb::object convert_to(const Arguments& a) {
  const Tensor x = a.tensor("input");
  if (a.given("tensor")) {
    const Tensor like = a.tensor("tensor");
    return to_python(converted(x, like.dtype(), like.device(), a.flag("copy")));
  }
  const std::optional<Device> device = a.given("device") ? std::optional(a.device()) : std::nullopt;
  return to_python(converted(x, a.dtype(), device, a.flag("copy")));
}

std::string type_text(const Tensor& x) {
  return (x.device().is_meta() ? "torch.meta." : "torch.") + std::string(scalar_name(x.dtype())) + "Tensor";
}

/// x.type(): its name; x.type(torch.float64), x.type('torch.DoubleTensor'): converted.
nb::object type_or_convert(const Arguments& a) {
  const Tensor x = a.tensor("input");
  if (!a.given("dtype")) return to_python(type_text(x));
  const nb::handle wanted = a.object("dtype");
  if (is_dtype(wanted)) return to_python(converted(x, dtype_of_object(wanted), {}, false));
  if (!PyUnicode_Check(wanted.ptr())) raise<TypeError>("dtype must be a type, str, or dtype object");
  const std::string text = utf8_of(wanted);
  for (const DType dtype :
       {bool_, uint8, int8, int16, int32, int64, float16, bfloat16, float32, float64, complex64, complex128}) {
    if (text == "torch." + std::string(scalar_name(dtype)) + "Tensor") return to_python(converted(x, dtype, {}, false));
  }
  raise<ValueError>("invalid type: '", text, "'");
}

void bind_conversions(nb::module_& module) {
  const nb::handle base = tensor_base();
  define_method(
      base, "to",
      {"(Tensor input, torch.device device = None, torch.dtype dtype = None, bool non_blocking = False, bool copy = "
       "False, *, torch.memory_format memory_format = None)",
       "(Tensor input, torch.dtype dtype, bool non_blocking = False, bool copy = False, *, torch.memory_format "
       "memory_format = None)",
       "(Tensor input, Tensor tensor, bool non_blocking = False, bool copy = False, *, torch.memory_format "
       "memory_format = None)"},
      convert_to);
  constexpr std::array<std::pair<const char*, DType>, 12> kCasts = {{{"bool", bool_},
                                                                     {"byte", uint8},
                                                                     {"char", int8},
                                                                     {"short", int16},
                                                                     {"int", int32},
                                                                     {"long", int64},
                                                                     {"half", float16},
                                                                     {"bfloat16", bfloat16},
                                                                     {"float", float32},
                                                                     {"double", float64},
                                                                     {"cfloat", complex64},
                                                                     {"cdouble", complex128}}};
  for (const auto& [name, dtype] : kCasts) {
    define_method(
        base, name, {"(Tensor input, *, torch.memory_format memory_format = None)"},
        [dtype = dtype](const Arguments& a) { return to_python(converted(a.tensor("input"), dtype, {}, false)); });
  }
  define_method(base, "type", {"(Tensor input, object dtype = None, bool non_blocking = False)"}, type_or_convert);
  define_method(base, "type_as", {"(Tensor input, Tensor other)"}, [](const Arguments& a) {
    return to_python(converted(a.tensor("input"), a.tensor("other").dtype(), a.tensor("other").device(), false));
  });
  define_method(base, "cpu", {"(Tensor input, *, torch.memory_format memory_format = None)"},
                [](const Arguments& a) { return to_python(a.tensor("input").to(Device())); });
  define_method(base, "cuda",
                {"(Tensor input, torch.device device = None, bool non_blocking = False, *, torch.memory_format "
                 "memory_format = None)"},
                [](const Arguments& a) { return to_python(a.tensor("input").to(Device("cuda"))); });
  for (const auto& [name, part] : {std::pair("real", &Tensor::real), std::pair("imag", &Tensor::imag)}) {
    const auto read = [part = part](const Arguments& a) { return call(a, part); };
    define(module, name, {"(Tensor input)"}, read);
  }
}

void bind_view_properties() {
  add_property(tensor_base(), "T",
               nb::cpp_function([](nb::handle self) { return transposed(tensor_of(self)); }, nb::is_method(),
                                nb::sig(stub_of_property("T").c_str())));
  for (const auto& [name, part] : {std::pair("real", &Tensor::real), std::pair("imag", &Tensor::imag)}) {
    add_property(
        tensor_base(), name,
        nb::cpp_function([part = part](nb::handle self) { return to_python((tensor_of(self).*part)()); },
                         nb::is_method(), nb::sig(stub_of_property(name).c_str())),
        nb::cpp_function([part = part](nb::handle self, nb::handle value) { assign((tensor_of(self).*part)(), value); },
                         nb::is_method(), nb::arg("value").none()));
  }
}

}  // namespace

void bind_tensor_views(nb::module_& module) {
  bind_shapes(module);
  bind_copies(module);
  bind_conversions(module);
  bind_view_properties();
}

}  // namespace conv1d::python
