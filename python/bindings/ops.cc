// Arithmetic and comparisons: operators, methods, functions of the module.
#include <array>
#include <utility>

#include <conv1d/ops.h>

#include "arguments.h"
#include "bindings.h"
#include "convert.h"
#include "errors.h"
#include "interop.h"

namespace conv1d::python {
namespace {

using TensorTensor = Tensor (*)(const Tensor&, const Tensor&);
using TensorScalar = Tensor (*)(const Tensor&, const Scalar&);
using InPlaceTensor = Tensor& (*)(Tensor&, const Tensor&);
using InPlaceScalar = Tensor& (*)(Tensor&, const Scalar&);
using Unary = Tensor (Tensor::*)() const;

nb::object not_implemented() { return nb::borrow(Py_NotImplemented); }

// ---- Python's operators -------------------------------------------------------------------------------------------

/// What an operator does with a NumPy array. NumPy itself does arithmetic with a tensor as with an array, once it is
/// given NotImplemented.
enum class Arrays : std::uint8_t {
  Leave,
  Take,          ///< as a tensor: for comparisons, where Python has no error but answers that two objects differ
  TimesInverse,  ///< PyTorch divides an array by multiplying it, in NumPy, by the reciprocal
};

/// `self OP other` for a tensor or a number; NotImplemented for others, so that Python words the error.
void bind_operator(const char* name, TensorTensor tensors, TensorScalar scalar, Arrays arrays = Arrays::Leave) {
  nb::cpp_function_def(
      [tensors, scalar, arrays](nb::handle self, nb::handle other) -> nb::object {
        const Tensor x = tensor_of(self);
        if (is_tensor(other)) {
          const Tensor y = tensor_of(other);
          return to_python(unlocked([&] { return tensors(x, y); }));
        }
        if (arrays == Arrays::Take && is_array(other)) {
          const Tensor y = tensor_from_data(other);
          return to_python(unlocked([&] { return tensors(x, y); }));
        }
        if (arrays == Arrays::TimesInverse && is_array(other)) return to_python(rdiv(x, 1)) * nb::borrow(other);
        const std::optional<Scalar> number = scalar_of(other);
        return number ? to_python(unlocked([&] { return scalar(x, *number); })) : not_implemented();
      },
      nb::scope(tensor_base()), nb::name(name), nb::is_method(), nb::arg("other").none(),
      nb::sig(text_of("def ", name, "(self, other: typing.Any) -> typing.Any").c_str()));
}

void bind_inplace_operator(const char* name, InPlaceTensor tensors, InPlaceScalar scalar) {
  nb::cpp_function_def(
      [tensors, scalar](nb::handle self, nb::handle other) -> nb::object {
        Tensor x = tensor_of(self);
        if (is_tensor(other)) {
          const Tensor y = tensor_of(other);
          unlocked([&] { tensors(x, y); });
          return nb::borrow(self);
        }
        const std::optional<Scalar> number = scalar_of(other);
        if (!number) return not_implemented();
        unlocked([&] { scalar(x, *number); });
        return nb::borrow(self);
      },
      nb::scope(tensor_base()), nb::name(name), nb::is_method(), nb::arg("other").none(),
      nb::sig(text_of("def ", name, "(self, other: typing.Any) -> typing.Any").c_str()));
}

template <TensorTensor kFunction> Tensor swapped(const Tensor& a, const Tensor& b) { return kFunction(b, a); }
/// With a number on the left, which takes part in promotion as a number does.
template <TensorTensor kFunction> Tensor from_scalar(const Tensor& a, const Scalar& b) {
  return kFunction(full({}, b, {.dtype = result_type(a, b)}), a);
}

nb::object invert(nb::handle self) {
  const Tensor& x = tensor_of(self);
  if (!is_integral(x.dtype())) {
    raise<TypeError>("~ (operator.invert) is only implemented on integer and Boolean-type tensors");
  }
  return to_python(bitwise_not(x));
}

void bind_operators() {
  const TensorTensor plus = [](const Tensor& a, const Tensor& b) { return add(a, b); };
  const TensorTensor minus = [](const Tensor& a, const Tensor& b) { return sub(a, b); };
  const TensorTensor minus_reversed = [](const Tensor& a, const Tensor& b) { return sub(b, a); };
  const TensorTensor over_reversed = [](const Tensor& a, const Tensor& b) { return div(b, a); };
  const TensorTensor power = [](const Tensor& a, const Tensor& b) { return a.pow(b); };
  const TensorTensor power_reversed = [](const Tensor& a, const Tensor& b) { return b.pow(a); };
  bind_operator("__add__", plus, add);
  bind_operator("__radd__", plus, add);
  bind_operator("__sub__", minus, sub);
  bind_operator("__rsub__", minus_reversed, rsub);
  bind_operator("__mul__", mul, mul);
  bind_operator("__rmul__", mul, mul);
  bind_operator("__truediv__", div, div);
  bind_operator("__rtruediv__", over_reversed, rdiv, Arrays::TimesInverse);
  bind_operator("__mod__", remainder, remainder);
  bind_operator("__rmod__", swapped<TensorTensor{remainder}>, from_scalar<TensorTensor{remainder}>);
  bind_operator("__floordiv__", floor_divide, floor_divide);
  bind_operator("__rfloordiv__", swapped<TensorTensor{floor_divide}>, from_scalar<TensorTensor{floor_divide}>);
  bind_operator("__pow__", power, [](const Tensor& a, const Scalar& b) { return a.pow(b); });
  bind_operator("__rpow__", power_reversed, rpow);
  bind_operator("__and__", bitwise_and, bitwise_and);
  bind_operator("__rand__", bitwise_and, bitwise_and);
  bind_operator("__or__", bitwise_or, bitwise_or);
  bind_operator("__ror__", bitwise_or, bitwise_or);
  bind_operator("__xor__", bitwise_xor, bitwise_xor);
  bind_operator("__rxor__", bitwise_xor, bitwise_xor);
  nb::cpp_function_def(invert, nb::scope(tensor_base()), nb::name("__invert__"), nb::is_method(),
                       nb::sig("def __invert__(self) -> typing.Any"));
  bind_operator("__eq__", eq, eq, Arrays::Take);
  bind_operator("__ne__", ne, ne, Arrays::Take);
  bind_operator("__lt__", lt, lt);
  bind_operator("__le__", le, le);
  bind_operator("__gt__", gt, gt);
  bind_operator("__ge__", ge, ge);
  bind_inplace_operator(
      "__iadd__", [](Tensor& a, const Tensor& b) -> Tensor& { return a.add_(b); },
      [](Tensor& a, const Scalar& b) -> Tensor& { return a.add_(b); });
  bind_inplace_operator(
      "__isub__", [](Tensor& a, const Tensor& b) -> Tensor& { return a.sub_(b); },
      [](Tensor& a, const Scalar& b) -> Tensor& { return a.sub_(b); });
  bind_inplace_operator(
      "__imul__", [](Tensor& a, const Tensor& b) -> Tensor& { return a.mul_(b); },
      [](Tensor& a, const Scalar& b) -> Tensor& { return a.mul_(b); });
  bind_inplace_operator(
      "__itruediv__", [](Tensor& a, const Tensor& b) -> Tensor& { return a.div_(b); },
      [](Tensor& a, const Scalar& b) -> Tensor& { return a.div_(b); });
}

// ---- functions and methods ----------------------------------------------------------------------------------------

bool is_number(const Arguments& a, const char* name) { return a.given(name) && !is_tensor(a.object(name)); }

/// other * alpha, where both are numbers.
Scalar scaled(const Scalar& other, const Scalar& alpha) {
  if (alpha.is_integer() && alpha.to<std::int64_t>() == 1) return other;
  if (other.is_complex() || alpha.is_complex())
    return other.to<std::complex<double>>() * alpha.to<std::complex<double>>();
  if (other.is_float() || alpha.is_float()) return other.to<double>() * alpha.to<double>();
  return other.to<std::int64_t>() * alpha.to<std::int64_t>();
}

void bind_sums(nb::module_& module) {
  const auto define_sum = [&](const char* name, auto tensors, TensorScalar scalar) {
    define_both(module, tensor_base(), name,
                {"(Tensor# input, Tensor# other, *, Number alpha = 1, Tensor out = None)",
                 "hidden (Tensor input, Number alpha, Tensor other)"},
                [tensors, scalar](const Arguments& a) {
                  const Tensor x = a.tensor("input");
                  const Scalar alpha = a.number("alpha", 1);
                  if (is_number(a, "other")) {
                    const Scalar number = scaled(a.number("other"), alpha);
                    return to_python(unlocked([&] { return scalar(x, number); }));
                  }
                  const Tensor y = a.tensor("other");
                  return to_python(unlocked([&] { return tensors(x, y, alpha); }));
                });
  };
  using WithAlpha = Tensor (*)(const Tensor&, const Tensor&, const Scalar&);
  define_sum("add", static_cast<WithAlpha>(add), add);
  define_sum("sub", static_cast<WithAlpha>(sub), sub);
}

void bind_products(nb::module_& module) {
  const auto define_product = [&](const char* name, TensorTensor tensors, TensorScalar scalar) {
    define_both(module, tensor_base(), name, {"(Tensor# input, Tensor# other, *, Tensor out = None)"},
                [tensors, scalar](const Arguments& a) {
                  const Tensor x = a.tensor("input");
                  if (is_number(a, "other")) {
                    const Scalar number = a.number("other");
                    return to_python(unlocked([&] { return scalar(x, number); }));
                  }
                  const Tensor y = a.tensor("other");
                  return to_python(unlocked([&] { return tensors(x, y); }));
                });
  };
  define_product("mul", mul, mul);
  define_product("multiply", mul, mul);
  define_product("div", div, div);
  define_product("divide", div, div);
  define_product("true_divide", div, div);
  define_product("remainder", remainder, remainder);
  define_product("floor_divide", floor_divide, floor_divide);
  const auto power = [](const Arguments& a) {
    if (a.overload() == 1) return to_python(rpow(a.tensor("exponent"), a.number("self")));
    const Tensor x = a.tensor("input");
    if (is_tensor(a.object("exponent"))) return to_python(x.pow(a.tensor("exponent")));
    return to_python(x.pow(a.number("exponent")));
  };
  define(
      module, "pow",
      {"(Tensor input, Tensor exponent, *, Tensor out = None)", "(Number self, Tensor exponent, *, Tensor out = None)",
       "(Tensor input, Number exponent, *, Tensor out = None)"},
      power);
  define_method(tensor_base(), "pow", {"(Tensor input, Tensor exponent)", "(Tensor input, Number exponent)"},
                [](const Arguments& a) {
                  const Tensor x = a.tensor("input");
                  return to_python(a.overload() == 0 ? x.pow(a.tensor("exponent")) : x.pow(a.number("exponent")));
                });
}

void bind_comparisons(nb::module_& module) {
  const auto define_comparison = [&](const char* name, TensorTensor tensors, TensorScalar scalar) {
    define_both(
        module, tensor_base(), name,
        {"(Tensor input, Tensor other, *, Tensor out = None)", "(Tensor input, Number other, *, Tensor out = None)"},
        [tensors, scalar](const Arguments& a) {
          const Tensor x = a.tensor("input");
          return to_python(a.overload() == 0 ? tensors(x, a.tensor("other")) : scalar(x, a.number("other")));
        });
  };
  define_comparison("eq", eq, eq);
  define_comparison("ne", ne, ne);
  define_comparison("lt", lt, lt);
  define_comparison("le", le, le);
  define_comparison("gt", gt, gt);
  define_comparison("ge", ge, ge);
  define_both(module, tensor_base(), "equal", {"(Tensor input, Tensor other)"},
              [](const Arguments& a) { return to_python(equal(a.tensor("input"), a.tensor("other"))); });
  define_both(module, tensor_base(), "allclose",
              {"(Tensor input, Tensor other, float rtol = 1e-05, float atol = 1e-08, bool equal_nan = False)"},
              [](const Arguments& a) {
                return to_python(allclose(a.tensor("input"), a.tensor("other"), a.real("rtol", 1e-5),
                                          a.real("atol", 1e-8), a.flag("equal_nan")));
              });
}

void bind_unary(nb::module_& module) {
  constexpr std::array<std::pair<const char*, Unary>, 11> kUnary = {{{"abs", &Tensor::abs},
                                                                     {"absolute", &Tensor::abs},
                                                                     {"neg", &Tensor::neg},
                                                                     {"negative", &Tensor::neg},
                                                                     {"exp", &Tensor::exp},
                                                                     {"log", &Tensor::log},
                                                                     {"sqrt", &Tensor::sqrt},
                                                                     {"square", &Tensor::square},
                                                                     {"relu", &Tensor::relu},
                                                                     {"tanh", &Tensor::tanh},
                                                                     {"sigmoid", &Tensor::sigmoid}}};
  for (const auto& [name, op] : kUnary) {
    define_both(module, tensor_base(), name, {"(Tensor input, *, Tensor out = None)"}, [op = op](const Arguments& a) {
      const Tensor x = a.tensor("input");
      return to_python(unlocked([&] { return (x.*op)(); }));
    });
  }
  for (const auto& [name, op] : {std::pair("__neg__", &Tensor::neg), std::pair("__abs__", &Tensor::abs)}) {
    nb::cpp_function_def(
        [op = op](nb::handle self) {
          const Tensor x = tensor_of(self);
          return to_python(unlocked([&] { return (x.*op)(); }));
        },
        nb::scope(tensor_base()), nb::name(name), nb::is_method());
  }
  nb::cpp_function_def([](nb::handle self) { return nb::borrow(self); }, nb::scope(tensor_base()), nb::name("__pos__"),
                       nb::is_method());
}

void bind_joins(nb::module_& module) {
  for (const auto& [name, join] : {std::pair("cat", &cat), std::pair("concat", &cat), std::pair("stack", &stack)}) {
    define(module, name, {"(tuple of Tensors tensors, int dim = 0, *, Tensor out = None)"},
           [join = join](const Arguments& a) {
             const std::vector<Tensor> tensors = a.tensors("tensors");
             const std::int64_t dim = a.integer("dim", 0);
             return to_python(unlocked([&] { return join(tensors, dim); }));
           });
  }
  define(module, "complex", {"(Tensor real, Tensor imag, *, Tensor out = None)"},
         [](const Arguments& a) { return to_python(complex(a.tensor("real"), a.tensor("imag"))); });
}

// ---- dtypes of results --------------------------------------------------------------------------------------------

DType dtype_of_number(const Scalar& number) {
  if (number.is_bool()) return bool_;
  if (number.is_integer()) return int64;
  return number.is_float() ? default_dtype() : complex_of(default_dtype());
}

void bind_promotion(nb::module_& module) {
  define(
      module, "result_type",
      {"(Tensor tensor, Tensor other)", "(Number scalar, Tensor tensor)", "(Tensor tensor, Number other)",
       "(Number scalar1, Number scalar2)"},
      [](const Arguments& a) {
        switch (a.overload()) {
          case 0:
            return to_python(result_type(a.tensor("tensor"), a.tensor("other")));
          case 1:
            return to_python(result_type(a.tensor("tensor"), a.number("scalar")));
          case 2:
            return to_python(result_type(a.tensor("tensor"), a.number("other")));
          default:
            return to_python(promote_types(dtype_of_number(a.number("scalar1")), dtype_of_number(a.number("scalar2"))));
        }
      });
  define(module, "promote_types", {"(torch.dtype type1, torch.dtype type2)"},
         [](const Arguments& a) { return to_python(promote_types(*a.dtype("type1"), *a.dtype("type2"))); });
}

}  // namespace

void bind_ops(nb::module_& module) {
  bind_operators();
  bind_sums(module);
  bind_products(module);
  bind_comparisons(module);
  bind_unary(module);
  bind_joins(module);
  bind_promotion(module);
}

}  // namespace conv1d::python
