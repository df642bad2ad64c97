// What conv1d.torch calls: layers, threads, the operators' registration, and the way without PyTorch's C names.
#include <new>
#include <optional>
#include <string>
#include <tuple>

#include <conv1d/guest.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "../bindings.h"
#include "../errors.h"
#include "layers.h"
#include "serve.h"
#include "shim.h"

namespace conv1d::python {
namespace {

using pytorch::NumberedLayer;

// ---- threads --------------------------------------------------------------------------------------------------------

struct Work {
  void (*task)(void* context, int part) noexcept;
  void* context;
};

void run_parts(std::int64_t begin, std::int64_t end, void* work) {
  const Work& w = *static_cast<const Work*>(work);
  for (std::int64_t part = begin; part < end; ++part) w.task(w.context, static_cast<int>(part));
}

int torch_threads() {
  std::uint32_t count = 1;
  return pytorch::shim().num_threads(&count) == 0 ? static_cast<int>(count) : 1;
}

void run_on_torch(int parts, void (*task)(void* context, int part) noexcept, void* context) {
  Work work{task, context};
  pytorch::shim().parallel_for(0, parts, 1, run_parts, &work);
}

void run_alone(int parts, void (*task)(void* context, int part) noexcept, void* context) {
  for (int part = 0; part < parts; ++part) task(context, part);
}

/// Threads of PyTorch's where its C interface gives them (2.10 and later), else the caller's alone: two pools would
/// fight for the cores.
void use_torch_threads() {
  const pytorch::Shim& s = pytorch::shim();
  if (s.parallel_for && s.num_threads)
    guest::use_threads({torch_threads, run_on_torch});
  else
    guest::use_threads({[] { return 1; }, run_alone});
}

// ---- without the C names: pointers come through Python ---------------------------------------------------------

/// (data_ptr, dtype, sizes, strides) as PyTorch tells them.
using Described = std::tuple<std::uintptr_t, std::string, std::vector<std::int64_t>, std::vector<std::int64_t>>;

std::optional<guest::Array> array_of(const Described& tensor) {
  static const std::pair<std::string_view, DType> dtypes[] = {
      {"torch.float32", DType::Float32},     {"torch.float64", DType::Float64},
      {"torch.float16", DType::Float16},     {"torch.bfloat16", DType::BFloat16},
      {"torch.complex64", DType::Complex64}, {"torch.complex128", DType::Complex128}};
  const auto& [address, dtype, sizes, strides] = tensor;
  guest::Array array;
  array.data = reinterpret_cast<const void*>(address);
  array.sizes = {1, 1, 1};
  if (sizes.size() > 3 || strides.size() != sizes.size()) return std::nullopt;
  for (std::size_t d = 0; d < sizes.size(); ++d) {
    array.sizes[3 - sizes.size() + d] = sizes[d];
    array.strides[3 - sizes.size() + d] = strides[d];
  }
  for (const auto& [name, known] : dtypes) {
    if (name == dtype) return array.dtype = known, array;
  }
  return std::nullopt;
}

/// Computes into memory that `allocate(sizes)` returns the address of. False where it is not served.
bool run_described(const std::shared_ptr<guest::Layer>& layer, const std::shared_ptr<const guest::Pass>& pass,
                   guest::Pointers pointers, const nb::callable& allocate) {
  if (!pass) return false;
  const guest::Sizes& s = sizes_of(*pass);
  pointers.output = reinterpret_cast<void*>(nb::cast<std::uintptr_t>(allocate(nb::make_tuple(s[0], s[1], s[2]))));
  const nb::gil_scoped_release released;
  layer->run(*pass, pointers);
  return true;
}

bool forward(std::int64_t number, const Described& input, const Described& weight, const std::optional<Described>& bias,
             const nb::callable& allocate) {
  const auto layer = pytorch::layer_of(number);
  const auto x = array_of(input), w = array_of(weight), b = bias ? array_of(*bias) : std::nullopt;
  if (!layer || !x || !w || (bias && !b)) return false;
  return run_described(layer, layer->forward(*x, *w, b ? &*b : nullptr),
                       {x->data, w->data, b ? b->data : nullptr, nullptr}, allocate);
}

/// The family that forward() takes; nothing where it is not served.
std::optional<std::string> kernel(std::int64_t number, const Described& input, const Described& weight,
                                  const std::optional<Described>& bias) {
  const auto layer = pytorch::layer_of(number);
  const auto x = array_of(input), w = array_of(weight), b = bias ? array_of(*bias) : std::nullopt;
  if (!layer || !x || !w || (bias && !b)) return std::nullopt;
  const auto pass = layer->forward(*x, *w, b ? &*b : nullptr);
  return pass ? std::optional<std::string>(guest::kernel_of(*pass)) : std::nullopt;
}

bool input_grad(std::int64_t number, const Described& grad, const Described& weight, std::int64_t in_length,
                const nb::callable& allocate) {
  const auto layer = pytorch::layer_of(number);
  const auto g = array_of(grad), w = array_of(weight);
  if (!layer || !g || !w) return false;
  return run_described(layer, layer->input_grad(*g, *w, in_length), {g->data, w->data, nullptr, nullptr}, allocate);
}

bool weight_grad(std::int64_t number, const Described& grad, const Described& input, std::int64_t kernel,
                 const nb::callable& allocate) {
  const auto layer = pytorch::layer_of(number);
  const auto g = array_of(grad), x = array_of(input);
  if (!layer || !g || !x) return false;
  return run_described(layer, layer->weight_grad(*g, *x, kernel), {g->data, x->data, nullptr, nullptr}, allocate);
}

guest::Settings settings_of(std::int64_t stride, std::int64_t pad_left, std::int64_t pad_right, std::int64_t dilation,
                            std::int64_t groups, std::int64_t output_padding, bool transposed) {
  return {.stride = stride,
          .pad_left = pad_left,
          .pad_right = pad_right,
          .dilation = dilation,
          .groups = groups,
          .output_padding = output_padding,
          .transposed = transposed};
}

}  // namespace

void bind_torch(nb::module_& module) {
  nb::class_<NumberedLayer>(module, "GuestLayer")
      .def(
          "__init__",
          [](NumberedLayer* self, std::int64_t stride, std::int64_t pad_left, std::int64_t pad_right,
             std::int64_t dilation, std::int64_t groups, std::int64_t output_padding, bool transposed) {
            new (self)
                NumberedLayer(settings_of(stride, pad_left, pad_right, dilation, groups, output_padding, transposed));
          },
          nb::arg("stride"), nb::arg("pad_left"), nb::arg("pad_right"), nb::arg("dilation"), nb::arg("groups"),
          nb::arg("output_padding"), nb::arg("transposed"))
      .def_prop_ro("number", &NumberedLayer::number)
      .def_prop_ro("settings",
                   [](NumberedLayer& self) {
                     const guest::Settings& s = self.layer().settings();
                     return std::make_tuple(s.stride, s.pad_left, s.pad_right, s.dilation, s.groups, s.output_padding,
                                            s.transposed);
                   })
      .def_prop_ro("kept_bytes", [](NumberedLayer& self) { return self.layer().kept_bytes(); })
      .def("clear", [](NumberedLayer& self) { self.layer().clear(); });

  module.def("_torch_recent_layer",
             [](std::uintptr_t weight, std::int64_t stride, std::int64_t pad_left, std::int64_t pad_right,
                std::int64_t dilation, std::int64_t groups, std::int64_t output_padding, bool transposed) {
               return pytorch::recent_layer(
                   reinterpret_cast<const void*>(weight),
                   settings_of(stride, pad_left, pad_right, dilation, groups, output_padding, transposed));
             });
  module.def("_torch_forget_recent_layers", &pytorch::forget_recent_layers);
  pytorch::bind_serve(module);
  module.def("_torch_find", &pytorch::find_shim);
  module.def("_torch_register", &pytorch::register_operators);
  module.def("_torch_use_threads", &use_torch_threads);
  module.def("_torch_forward", &forward, nb::arg(), nb::arg(), nb::arg(), nb::arg().none(), nb::arg());
  module.def("_torch_kernel", &kernel, nb::arg(), nb::arg(), nb::arg(), nb::arg().none());
  module.def("_torch_input_grad", &input_grad);
  module.def("_torch_weight_grad", &weight_grad);
  module.def("_torch_served", [] {
    const guest::Served s = guest::served();
    return std::make_tuple(s.forward, s.input_grad, s.weight_grad);
  });
}

}  // namespace conv1d::python
