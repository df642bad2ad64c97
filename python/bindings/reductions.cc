// sum, mean, max, min, argmax.
#include <numeric>
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
  define_both(module, tensor_base(), "argmax",
              {"(Tensor input, int dim = None, bool keepdim = False, *, Tensor out = None)"}, [](const Arguments& a) {
                const Tensor x = a.tensor("input");
                if (!a.given("dim")) return to_python(x.argmax());
                return to_python(x.argmax(a.integer("dim"), a.flag("keepdim")));
              });
}

}  // namespace conv1d::python
