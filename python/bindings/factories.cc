// Tensors made from a shape and a value.
#include <string>

#include "arguments.h"
#include "bindings.h"
#include "convert.h"
#include "errors.h"

namespace conv1d::python {
namespace {

// The end of each factory's signature.
#define CONV1D_PLACE                                                                                            \
  "torch.dtype dtype = None, torch.layout layout = None, torch.device device = None, bool pin_memory = False, " \
  "bool requires_grad = False)"
#define CONV1D_OUT "Tensor out = None, "

void bind_by_shape(nb::module_& module) {
  define(module, "zeros", {"(tuple of ints size, *, " CONV1D_OUT CONV1D_PLACE}, [](const Arguments& a) {
    const Shape shape = a.ints("size");
    for (const std::int64_t size : shape) {
      if (size < 0) raise<RuntimeError>("zeros: Dimension size must be non-negative.");
    }
    return to_python(zeros(shape, a.options()));
  });
  define(module, "ones", {"(tuple of ints size, *, " CONV1D_OUT CONV1D_PLACE},
         [](const Arguments& a) { return to_python(ones(a.ints("size"), a.options())); });
  define(module, "empty",
         {"(tuple of ints size, *, torch.memory_format memory_format = None, " CONV1D_OUT CONV1D_PLACE},
         [](const Arguments& a) { return to_python(empty(a.ints("size"), a.options())); });
  define(module, "full", {"(tuple of ints size, Number fill_value, *, " CONV1D_OUT CONV1D_PLACE},
         [](const Arguments& a) { return to_python(full(a.ints("size"), a.number("fill_value"), a.options())); });
}

/// dtype and device of `like` where the call gives no others.
TensorOptions options_like(const Arguments& a, const Tensor& like) {
  TensorOptions options = a.options();
  if (!options.dtype) options.dtype = like.dtype();
  if (!a.given("device")) options.device = like.device();
  return options;
}

/// PyTorch keeps the strides of `like`; the C++ factories do where the dtype and the device stay.
template <class Same, class Other> nb::object make_like(const Arguments& a, Same same, Other other) {
  const Tensor like = a.tensor("input");
  const TensorOptions options = options_like(a, like);
  if (*options.dtype != like.dtype() || options.device != like.device()) return to_python(other(like.sizes(), options));
  Tensor result = same(like);
  if (options.requires_grad) result.requires_grad_();
  return to_python(result);
}

#define CONV1D_LIKE "torch.memory_format memory_format = None, " CONV1D_PLACE

void bind_by_example(nb::module_& module) {
  define(module, "empty_like", {"(Tensor input, *, " CONV1D_LIKE},
         [](const Arguments& a) { return make_like(a, empty_like, empty); });
  define(module, "zeros_like", {"(Tensor input, *, " CONV1D_LIKE},
         [](const Arguments& a) { return make_like(a, zeros_like, zeros); });
  define(module, "ones_like", {"(Tensor input, *, " CONV1D_LIKE},
         [](const Arguments& a) { return make_like(a, ones_like, ones); });
  define(module, "full_like", {"(Tensor input, Number fill_value, *, " CONV1D_LIKE}, [](const Arguments& a) {
    const Scalar value = a.number("fill_value");
    return make_like(
        a, [&](const Tensor& like) { return full_like(like, value); },
        [&](const Shape& shape, const TensorOptions& options) { return full(shape, value, options); });
  });
}

void bind_ranges(nb::module_& module) {
  define(module, "arange",
         {"(Number end, *, " CONV1D_OUT CONV1D_PLACE, "(Number start, Number end, *, " CONV1D_PLACE,
          "(Number start, Number end, Number step = 1, *, " CONV1D_OUT CONV1D_PLACE},
         [](const Arguments& a) {
           return to_python(arange(a.number("start", 0), a.number("end"), a.number("step", 1), a.options()));
         });
  define(module, "linspace",
         {"(Tensor start, Tensor end, int steps, *, " CONV1D_OUT CONV1D_PLACE,
          "(Number start, Tensor end, int steps, *, " CONV1D_OUT CONV1D_PLACE,
          "(Tensor start, Number end, int steps, *, " CONV1D_OUT CONV1D_PLACE,
          "(Number start, Number end, int steps, *, " CONV1D_OUT CONV1D_PLACE},
         [](const Arguments& a) {
           const Scalar start = a.number("start"), end = a.number("end");
           if (start.is_complex() || end.is_complex()) {
             throw NotImplementedError("linspace(): complex ends are not supported");
           }
           return to_python(linspace(start.to<double>(), end.to<double>(), a.integer("steps"), a.options()));
         });
}

}  // namespace

void bind_factories(nb::module_& module) {
  bind_by_shape(module);
  bind_by_example(module);
  bind_ranges(module);
}

}  // namespace conv1d::python
