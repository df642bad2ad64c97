// A tensor's text, and the options that shape it.
#include <conv1d/print.h>

#include <limits>

#include "bindings.h"
#include "convert.h"

namespace conv1d::python {

void bind_print(nb::module_& module) {
  module.def("_to_string",
             [](nb::handle tensor, const std::string& name) { return to_string(tensor_of(tensor), name); });
  // conv1d/printing.py keeps the options as they were given; here they are known to be numbers.
  module.def(
      "_set_print_options",
      [](std::int64_t precision, double threshold, std::int64_t edgeitems, std::int64_t linewidth,
         nb::handle sci_mode) {
        PrintOptions options{
            .precision = precision, .threshold = threshold, .edgeitems = edgeitems, .linewidth = linewidth};
        if (!sci_mode.is_none()) options.sci_mode = PyObject_IsTrue(sci_mode.ptr()) == 1;
        set_print_options(options);
      },
      nb::arg("precision"), nb::arg("threshold"), nb::arg("edgeitems"), nb::arg("linewidth"),
      nb::arg("sci_mode").none());
}

}  // namespace conv1d::python
