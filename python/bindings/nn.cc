// What nn.Module, nn.Parameter and their messages need from C++.
#include <string>

#include <conv1d/nn/texts.h>

#include "arguments.h"
#include "bindings.h"
#include "convert.h"
#include "errors.h"

namespace conv1d::python {
namespace {

/// "torch.FloatTensor": what Tensor.type() says, and what messages call a tensor that stands where something else
/// should.
std::string tensor_typename(nb::handle object) {
  const Tensor& tensor = tensor_of(object);
  const std::string name(scalar_name(tensor.dtype()));
  return (tensor.device().is_meta() ? "torch.meta." : "torch.") + name + "Tensor";
}

/// An object of `type` (Parameter, or a class made from it) that shares the memory of `data`, and is a leaf.
nb::object make_parameter(nb::handle type, nb::handle data, nb::handle require_grad) {
  if (!PyBool_Check(require_grad.ptr())) {
    raise<TypeError>("_make_subclass(): argument 'require_grad' (position 3) must be bool, not ",
                     python_type_name(require_grad));
  }
  Tensor tensor = tensor_of(data).detach();
  if (require_grad.ptr() == Py_True) {
    // A parameter's text, where Tensor::requires_grad_() has another.
    if (!is_differentiable(tensor.dtype())) raise<RuntimeError>(texts::kParameterDType);
    tensor.requires_grad_(true);
  }
  return make_tensor_object(type, tensor);
}

/// The arguments of Module.to() as (device, dtype), None where not given.
nb::object parse_to(const nb::args& args, const nb::kwargs& kwargs) {
  static const Signatures signatures(
      "to", {"(torch.device device = None, torch.dtype dtype = None, bool non_blocking = False, bool copy = False, *, "
             "torch.memory_format memory_format = None)",
             "(torch.dtype dtype, bool non_blocking = False, bool copy = False, *, "
             "torch.memory_format memory_format = None)",
             "(Tensor tensor, bool non_blocking = False, bool copy = False, *, "
             "torch.memory_format memory_format = None)"});
  const Arguments a = signatures.parse(args.ptr(), kwargs.ptr());
  if (a.overload() == 2) {
    const Tensor like = a.tensor("tensor");
    return nb::make_tuple(to_python(like.device()), to_python(like.dtype()));
  }
  const nb::object device = a.given("device") ? to_python(a.device()) : nb::none();
  const auto dtype = a.dtype();
  return nb::make_tuple(device, dtype ? to_python(*dtype) : nb::none());
}

/// The constructor's texts: Python checks values of any type, in C++'s words.
nb::dict constructor_texts() {
  nb::dict all;
  all["groups_positive"] = texts::kGroupsPositive;
  all["in_channels_divisible"] = texts::kInChannelsDivisible;
  all["out_channels_divisible"] = texts::kOutChannelsDivisible;
  all["same_strided"] = texts::kSameStrided;
  all["groups_positive_hint"] = texts::kGroupsPositiveHint;
  all["same_strided_hint"] = texts::kSameStridedHint;
  all["padding_names_hint"] = texts::kPaddingNamesHint;
  all["zero_elements"] = texts::kZeroElements;
  all["complex_module"] = texts::kComplexModule;
  return all;
}

}  // namespace

void bind_nn_init(nb::module_& module);  // nn_init.cc

void bind_nn(nb::module_& module) {
  module.def("_tensor_typename", &tensor_typename);
  module.def("_make_parameter", &make_parameter, nb::arg(), nb::arg(), nb::arg().none());
  module.def("_parse_to", &parse_to);
  module.attr("_texts") = constructor_texts();
  module.def("_invalid_padding_string",
             [](const std::string& quoted) { return texts::invalid_padding_string(quoted); });
  module.def("_uneven_groups_hint",
             [](const std::string& name, const std::string& channels, const std::string& groups) {
               return texts::uneven_groups_hint(name, channels, groups);
             });
  module.def("_invalid_padding_mode", [](const std::string& shown) { return texts::invalid_padding_mode(shown); });
  module.def("_zeros_only", [](const std::string& class_name) { return texts::zeros_only(class_name); });
  module.def("_output_size_count", &texts::output_size_count);
  module.def("_output_size_range",
             [](const std::string& requested, const std::string& least, const std::string& most,
                const std::string& input) { return texts::output_size_range(requested, least, most, input); });
  bind_nn_init(module);
}

}  // namespace conv1d::python
