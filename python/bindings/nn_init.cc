// nn.init: the values are drawn in C++; Python's nn/init.py gives the functions their signatures.
#include <conv1d/nn/init.h>

#include <functional>

#include "arguments.h"
#include "bindings.h"
#include "convert.h"

namespace conv1d::python {
namespace {

namespace init = nn::init;

/// Binds `_name`, which calls itself `name` in messages and returns the tensor that it was given.
void fills(nb::module_& module, const std::string& name, const char* signature,
           std::function<void(const Tensor&, const Arguments&)> fill) {
  const Signatures signatures(name, {signature});
  module.def(("_" + name).c_str(), [signatures, fill = std::move(fill)](const nb::args& args) {
    const Arguments a = signatures.parse(args.ptr(), nullptr);
    fill(a.tensor("tensor"), a);
    return nb::borrow(a.object("tensor"));
  });
}

// Arguments own their texts; the options only look at them.
template <class Fill> auto kaiming(Fill fill) {
  return [fill](const Tensor& tensor, const Arguments& a) {
    const std::string mode = a.text("mode"), nonlinearity = a.text("nonlinearity");
    fill(tensor, {.a = a.real("a"), .mode = mode, .nonlinearity = nonlinearity, .generator = a.generator()});
  };
}

}  // namespace

void bind_nn_init(nb::module_& module) {
  constexpr const char* kKaiming =
      "(Tensor tensor, float a, str mode, str nonlinearity, torch.Generator generator = None)";
  constexpr const char* kXavier = "(Tensor tensor, float gain, torch.Generator generator = None)";

  fills(module, "uniform_", "(Tensor tensor, float a, float b, torch.Generator generator = None)",
        [](const Tensor& tensor, const Arguments& a) {
          init::uniform_(tensor, a.real("a"), a.real("b"), a.generator());
        });
  fills(module, "normal_", "(Tensor tensor, float mean, float std, torch.Generator generator = None)",
        [](const Tensor& tensor, const Arguments& a) {
          init::normal_(tensor, a.real("mean"), a.real("std"), a.generator());
        });
  fills(module, "constant_", "(Tensor tensor, Number val)",
        [](const Tensor& tensor, const Arguments& a) { init::constant_(tensor, a.number("val")); });
  fills(module, "kaiming_uniform_", kKaiming, kaiming(init::kaiming_uniform_));
  fills(module, "kaiming_normal_", kKaiming, kaiming(init::kaiming_normal_));
  fills(module, "xavier_uniform_", kXavier,
        [](const Tensor& tensor, const Arguments& a) { init::xavier_uniform_(tensor, a.real("gain"), a.generator()); });
  fills(module, "xavier_normal_", kXavier,
        [](const Tensor& tensor, const Arguments& a) { init::xavier_normal_(tensor, a.real("gain"), a.generator()); });

  module.def("_calculate_fans", [](nb::handle tensor) {
    const init::Fans fans = init::calculate_fans(tensor_of(tensor));
    return nb::make_tuple(fans.fan_in, fans.fan_out);
  });
  module.def(
      "_calculate_gain",
      [](nb::handle nonlinearity, nb::handle slope) {
        std::optional<double> given;
        if (!slope.is_none()) given = nb::cast<double>(slope);
        return init::calculate_gain(utf8_of(nb::str(nonlinearity)), given);
      },
      nb::arg().none(), nb::arg().none());
}

}  // namespace conv1d::python
