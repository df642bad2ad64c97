// Settings of the process: the default dtype, the number of threads, what is kept, precision.
#include <conv1d/kept_memory.h>
#include <conv1d/precision.h>
#include <conv1d/threads.h>

#include <limits>
#include <string>

#include "arguments.h"
#include "bindings.h"
#include "convert.h"
#include "errors.h"

namespace conv1d::python {

void bind_settings(nb::module_& module) {
  module.attr("_version") = CONV1D_VERSION;
  module.def("get_default_dtype", [] { return to_python(default_dtype()); });
  module.def(
      "_set_default_dtype",
      [](nb::handle d) {
        if (PyType_Check(d.ptr()) || !is_dtype(d)) {
          raise<TypeError>("invalid dtype object: only floating-point types are supported as the default type");
        }
        set_default_dtype(dtype_of_object(d));
      },
      nb::arg("d").none());
  module.def("get_num_threads", [] { return get_num_threads(); });
  module.def(
      "set_num_threads",
      [](nb::handle threads) {
        if (!is_integer(threads)) {
          raise<RuntimeError>("set_num_threads expects an int, but got ", python_type_name(threads));
        }
        const std::int64_t count = integer_of(threads);
        if (count > std::numeric_limits<int>::max()) raise<ValueError>("Overflow when unpacking long");
        set_num_threads(static_cast<int>(std::max<std::int64_t>(count, 0)));
      },
      nb::arg("threads").none());
  module.def("empty_cache", [] { empty_cache(); });
  module.def("_set_kept_memory", [](std::size_t bytes) { set_kept_memory(bytes); });
  module.def("kept_memory", [] { return kept_memory(); });
  module.def(
      "set_float32_conv_precision",
      [](nb::handle precision) {
        if (!PyUnicode_Check(precision.ptr())) {
          raise<RuntimeError>("set_float32_conv_precision expects a str, but got ", python_type_name(precision));
        }
        set_float32_conv_precision(nb::cast<std::string>(precision));
      },
      nb::arg("precision").none());
  module.def("get_float32_conv_precision", [] { return std::string(get_float32_conv_precision()); });
}

}  // namespace conv1d::python
