// Methods that change a tensor in place and return it.
#include "arguments.h"
#include "bindings.h"
#include "convert.h"
#include "errors.h"

namespace conv1d::python {
namespace {

bool is_number(const Arguments& a, const char* name) { return !is_tensor(a.object(name)); }

/// Binds `name`; `body` changes the tensor it is given without the interpreter's lock.
template <class Body> void define_inplace(const char* name, std::initializer_list<const char*> overloads, Body body) {
  define_method(tensor_base(), name, overloads, [body](const Arguments& a) {
    Tensor x = a.tensor("input");
    body(x, a);
    return nb::borrow(a.self());
  });
}

template <class TensorForm, class ScalarForm>
void define_arithmetic(const char* name, TensorForm tensors, ScalarForm scalar) {
  define_inplace(name, {"(Tensor input, Tensor# other)"}, [tensors, scalar](Tensor& x, const Arguments& a) {
    if (is_number(a, "other")) {
      const Scalar number = a.number("other");
      unlocked([&] { (x.*scalar)(number); });
    } else {
      const Tensor other = a.tensor("other");
      unlocked([&] { (x.*tensors)(other); });
    }
  });
}

void define_add_sub() {
  for (const bool adds : {true, false}) {
    define_inplace(adds ? "add_" : "sub_", {"(Tensor input, Tensor# other, *, Number alpha = 1)"},
                   [adds](Tensor& x, const Arguments& a) {
                     Scalar alpha = a.number("alpha", 1);
                     if (!adds)
                       alpha = alpha.is_integer() ? Scalar(-alpha.to<std::int64_t>())
                                                  : Scalar(-alpha.to<std::complex<double>>());
                     const bool plain = !a.given("alpha");
                     if (is_number(a, "other") && plain) {
                       const Scalar number = a.number("other");
                       unlocked([&] { adds ? x.add_(number) : x.sub_(number); });
                       return;
                     }
                     const Tensor other = a.tensor("other");
                     unlocked([&] { plain && !adds ? x.sub_(other) : x.add_(other, alpha); });
                   });
  }
}

}  // namespace

void bind_inplace(nb::module_&) {
  using ByTensor = Tensor& (Tensor::*)(const Tensor&);
  using ByScalar = Tensor& (Tensor::*)(const Scalar&);
  define_add_sub();
  define_arithmetic("mul_", static_cast<ByTensor>(&Tensor::mul_), static_cast<ByScalar>(&Tensor::mul_));
  define_arithmetic("div_", static_cast<ByTensor>(&Tensor::div_), static_cast<ByScalar>(&Tensor::div_));
  define_inplace("zero_", {"(Tensor input)"}, [](Tensor& x, const Arguments&) { unlocked([&] { x.zero_(); }); });
  define_inplace("fill_", {"(Tensor input, Tensor value)", "(Tensor input, Number value)"},
                 [](Tensor& x, const Arguments& a) {
                   if (is_tensor(a.object("value")) && tensor_of(a.object("value")).dim() != 0) {
                     raise<RuntimeError>("fill_ only supports 0-dimension value tensor but got tensor with ",
                                         tensor_of(a.object("value")).dim(), " dimensions.");
                   }
                   const Scalar value = a.number("value");
                   unlocked([&] { x.fill_(value); });
                 });
  define_inplace("copy_", {"(Tensor input, Tensor# other, bool non_blocking = False)"},
                 [](Tensor& x, const Arguments& a) {
                   const Tensor other = a.tensor("other");
                   unlocked([&] { x.copy_(other); });
                 });
  define_inplace("uniform_", {"(Tensor input, float from = 0, float to = 1, *, torch.Generator generator = None)"},
                 [](Tensor& x, const Arguments& a) {
                   const double from = a.real("from", 0), to = a.real("to", 1);
                   Generator* generator = a.generator();
                   unlocked([&] { x.uniform_(from, to, generator); });
                 });
  define_inplace("normal_", {"(Tensor input, float mean = 0, float std = 1, *, torch.Generator generator = None)"},
                 [](Tensor& x, const Arguments& a) {
                   const double mean = a.real("mean", 0), std = a.real("std", 1);
                   Generator* generator = a.generator();
                   unlocked([&] { x.normal_(mean, std, generator); });
                 });
}

}  // namespace conv1d::python
