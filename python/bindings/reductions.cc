// sum, mean, max, min, argmax, argmin, all, any.
#include <numeric>
#include <optional>
#include <utility>

#include <conv1d/ops.h>

#include "arguments.h"
#include "bindings.h"
#include "convert.h"
#include "errors.h"

namespace conv1d::python {
namespace {

/// The dimensions to reduce: all of them where `dim` is None or empty.
Shape dims_of(const Arguments& a, const Tensor& x) {
  Shape dims = a.ints("dim");
  if (dims.empty()) {
    dims.resize(static_cast<std::size_t>(x.dim()));
    std::iota(dims.begin(), dims.end(), 0);
  }
  return dims;
}

template <class All, class Some> nb::object reduce(const Arguments& a, All all, Some some) {
  Tensor x = a.tensor("input");
  const std::optional<DType> dtype = a.dtype();
  if (dtype) {
    if (x.requires_grad() && !is_differentiable(*dtype)) {
      raise<RuntimeError>("Autograd not support dtype: ", scalar_name(*dtype));
    }
    x = x.to(*dtype);
  }
  const bool keep = a.flag("keepdim");
  const Shape dims = a.overload() == 0 ? Shape() : dims_of(a, x);
  return to_python(unlocked([&] {
    const Tensor result = a.overload() == 0 ? all(x) : some(x, dims, keep);
    return dtype ? result.to(*dtype) : result;  // sums of integers are int64
  }));
}

/// max(dim) and min(dim) return a named tuple of their own in PyTorch.
nb::object named(const char* name, const ValuesAndIndices& result) {
  return nb::module_::import_("conv1d.return_types").attr(name)(to_python(result.values), to_python(result.indices));
}

using Along = ValuesAndIndices (*)(const Tensor&, std::int64_t, bool);
using Whole = Tensor (Tensor::*)() const;

void bind_extreme(nb::module_& module, const char* name, Whole whole, Along along) {
  const std::string function = name;
  define_both(module, tensor_base(), name,
              {"(Tensor input, *, Tensor out = None)", "(Tensor input, Tensor other, *, Tensor out = None)",
               "(Tensor input, int dim, bool keepdim = False, *, tuple of Tensors out = None)"},
              [function, whole, along](const Arguments& a) {
                const Tensor x = a.tensor("input");
                if (a.overload() == 1) refuse_option(function, "other");
                if (a.overload() == 0) return to_python(unlocked([&] { return (x.*whole)(); }));
                const std::int64_t dim = a.integer("dim");
                const bool keep = a.flag("keepdim");
                return named(function.c_str(), unlocked([&] { return along(x, dim, keep); }));
              });
}

// ---- all, any -----------------------------------------------------------------------------------------------------

/// Whether every element, or any, is other than zero. Bool, but uint8 for uint8, as in PyTorch.
Tensor truth(const Tensor& x, const Shape& dims, bool keep, bool all) {
  const GradGuard guard(false);
  const Tensor found = (all ? eq(x, 0) : ne(x, 0)).sum(dims, keep);
  const Tensor result = all ? eq(found, 0) : ne(found, 0);
  return x.dtype() == uint8 ? result.to(uint8) : result;
}

void bind_truth(nb::module_& module, const char* name, bool all) {
  define_both(module, tensor_base(), name,
              {"(Tensor input, *, Tensor out = None)",
               "(Tensor input, tuple of ints dim = None, bool keepdim = False, *, Tensor out = None)",
               "(Tensor input, int dim, bool keepdim = False, *, Tensor out = None)"},
              [all](const Arguments& a) {
                const Tensor x = a.tensor("input");
                const Shape dims = a.overload() == 2 ? Shape{a.integer("dim")} : dims_of(a, x);
                const bool keep = a.flag("keepdim");
                return to_python(unlocked([&] { return truth(x, dims, keep, all); }));
              });
}

// ---- argmax, argmin -----------------------------------------------------------------------------------------------

Tensor argmin(const Tensor& x, std::optional<std::int64_t> dim, bool keep) {
  if (x.dtype() == bool_) raise<RuntimeError>("argmin(): does not support bool input");
  if (x.is_complex()) raise<RuntimeError>("argmin(): does not support complex input");
  const GradGuard guard(false);
  if (dim) return min(x, *dim, keep).indices;
  if (x.numel() == 0) raise<IndexError>("argmin(): Expected reduction dim to be specified for input.numel() == 0.");
  return min(x.flatten(), 0).indices;
}

Tensor argmax(const Tensor& x, std::optional<std::int64_t> dim, bool keep) {
  return dim ? x.argmax(*dim, keep) : x.argmax();
}

using Arg = Tensor (*)(const Tensor&, std::optional<std::int64_t>, bool);

void bind_arg(nb::module_& module, const char* name, Arg place_of) {
  define_both(module, tensor_base(), name,
              {"(Tensor input, int dim = None, bool keepdim = False, *, Tensor out = None)"},
              [place_of](const Arguments& a) {
                const Tensor x = a.tensor("input");
                const bool keep = a.flag("keepdim");
                const auto dim = a.given("dim") ? std::optional(a.integer("dim")) : std::nullopt;
                return to_python(unlocked([&] {
                  const Tensor place = place_of(x, dim, keep);
                  return keep && !dim ? place.reshape(Shape(static_cast<std::size_t>(x.dim()), 1)) : place;
                }));
              });
}

}  // namespace

void bind_reductions(nb::module_& module) {
  define_both(
      module, tensor_base(), "sum",
      {"(Tensor input, *, torch.dtype dtype = None)",
       "(Tensor input, tuple of ints[1]? dim, bool keepdim = False, *, torch.dtype dtype = None, Tensor out = None)"},
      [](const Arguments& a) {
        return reduce(
            a, [](const Tensor& x) { return x.sum(); },
            [](const Tensor& x, const Shape& dims, bool keep) { return x.sum(dims, keep); });
      });
  define_both(
      module, tensor_base(), "mean",
      {"(Tensor input, *, torch.dtype dtype = None, Tensor out = None)",
       "(Tensor input, tuple of ints[1]? dim, bool keepdim = False, *, torch.dtype dtype = None, Tensor out = None)"},
      [](const Arguments& a) {
        const std::optional<DType> dtype = a.dtype();
        if (dtype && !is_differentiable(*dtype)) {
          raise<RuntimeError>(
              "mean(): could not infer output dtype. Optional dtype must be either a floating point or complex dtype. "
              "Got: ",
              scalar_name(*dtype));
        }
        return reduce(
            a, [](const Tensor& x) { return x.mean(); },
            [](const Tensor& x, const Shape& dims, bool keep) { return x.mean(dims, keep); });
      });
  bind_extreme(module, "max", &Tensor::max, max);
  bind_extreme(module, "min", &Tensor::min, min);
  bind_arg(module, "argmax", argmax);
  bind_arg(module, "argmin", argmin);
  bind_truth(module, "all", true);
  bind_truth(module, "any", false);
}

}  // namespace conv1d::python
