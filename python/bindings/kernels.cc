// For the benchmark: plans by the name of their algorithm, timed without Python between the calls, and the roof.
#include <conv1d/autograd.h>
#include <conv1d/kernels.h>
#include <conv1d/nn/conv1d.h>
#include <conv1d/roof.h>

#include <cstdint>
#include <optional>
#include <string>

#include "arguments.h"
#include "bindings.h"
#include "convert.h"
#include "errors.h"

namespace conv1d::python {
namespace {

std::string text(std::string_view view) { return std::string(view); }

const Tensor& plain_tensor(nb::handle object, const char* name, DType dtype, std::int64_t elements) {
  if (!is_tensor(object)) raise<TypeError>("conv1d.bench: ", name, " must be a Tensor, not ", python_type_name(object));
  const Tensor& tensor = tensor_of(object);
  if (tensor.dtype() != dtype || tensor.numel() < elements || !tensor.is_contiguous()) {
    raise<RuntimeError>("conv1d.bench: ", name, " must be contiguous, with ", elements,
                        " elements of the plan's dtype");
  }
  return tensor;
}

// conv1d::Plan over tensors. Neither padding modes nor gradients: one call of a kernel.
class PlanOfTensors {
 public:
  PlanOfTensors(nb::handle weight, nb::handle bias, std::int64_t batch, std::int64_t length, std::int64_t stride,
                std::int64_t padding, std::int64_t padding_end, std::int64_t dilation, std::int64_t groups,
                const std::string& kernel, bool fixed_order)
      : options_(options_of(weight, batch, length, groups)), plan_([&] {
          options_.stride = stride;
          options_.padding = padding;
          options_.padding_end = padding_end;
          options_.dilation = dilation;
          options_.kernel = kernel;
          options_.fixed_order = fixed_order;
          const void* biases = bias.is_none()
                                   ? nullptr
                                   : const_address(plain_tensor(bias, "bias", options_.dtype, options_.out_channels));
          return Plan(options_, const_address(tensor_of(weight)), biases);
        }()) {
    options_.kernel = {};  // the caller's text ends with this call
  }

  const Plan& plan() const { return plan_; }

  // Seconds of processor time of so many calls.
  double run(nb::handle in, nb::handle out, nb::handle scratch, std::int64_t calls) const {
    const std::int64_t rows_in = options_.batch * options_.in_channels,
                       rows_out = options_.batch * options_.out_channels;
    const void* from = const_address(plain_tensor(in, "input", options_.dtype, rows_in * options_.length));
    void* to = mutable_address(plain_tensor(out, "output", options_.dtype, rows_out * plan_.out_length()));
    void* room =
        mutable_address(plain_tensor(scratch, "scratch", uint8, static_cast<std::int64_t>(plan_.scratch_bytes())));
    return unlocked([&] {
      const double begin = thread_seconds();
      for (std::int64_t call = 0; call < calls; ++call) plan_.run(from, to, room);
      return thread_seconds() - begin;
    });
  }

 private:
  static Plan::Options options_of(nb::handle weight, std::int64_t batch, std::int64_t length, std::int64_t groups) {
    if (!is_tensor(weight)) raise<TypeError>("conv1d.bench: weight must be a Tensor, not ", python_type_name(weight));
    const Tensor& tensor = tensor_of(weight);
    if (tensor.dim() != 3 || !tensor.is_contiguous()) {
      raise<RuntimeError>("conv1d.bench: weight must be contiguous: (out_channels, in_channels / groups, kernel_size)");
    }
    Plan::Options options{.in_channels = tensor.size(1) * groups,
                          .length = length,
                          .out_channels = tensor.size(0),
                          .kernel_size = tensor.size(2)};
    options.batch = batch;
    options.groups = groups;
    options.dtype = tensor.dtype();
    return options;
  }

  Plan::Options options_;
  Plan plan_;
};

// Seconds of processor time of so many calls of nn::Conv1d, as a C++ program makes them: tensor in, tensor out. The call
// before, which packs the weight, is not counted.
double layer_calls(const Tensor& weight, nb::handle bias, const Tensor& input, const nn::Conv1dOptions& options,
                   std::int64_t calls) {
  const nn::Conv1d layer = [&] {
    nn::Conv1d made(weight.size(1) * options.groups, weight.size(0), weight.size(2), options);
    nn::StateDict state{{"weight", weight}};
    if (options.bias) state.emplace_back("bias", tensor_of(bias));
    made.load_state_dict(state);
    return made;
  }();
  return unlocked([&] {
    const NoGradGuard guard;
    layer(input);
    const double begin = thread_seconds();
    for (std::int64_t call = 0; call < calls; ++call) layer(input);
    return thread_seconds() - begin;
  });
}

double layer_calls_of(nb::handle weight, nb::handle bias, nb::handle input, std::int64_t stride, std::int64_t padding,
                      std::int64_t dilation, std::int64_t groups, std::int64_t calls) {
  for (nb::handle tensor : {weight, input}) {
    if (!is_tensor(tensor)) raise<TypeError>("conv1d.bench: expected a Tensor, not ", python_type_name(tensor));
  }
  const Tensor& w = tensor_of(weight);
  if (w.dim() != 3 || !(bias.is_none() || is_tensor(bias))) {
    raise<TypeError>("conv1d.bench: the weight has three dimensions, the bias is a Tensor or None");
  }
  return layer_calls(w, bias, tensor_of(input),
                     {.stride = stride,
                      .padding = padding,
                      .dilation = dilation,
                      .groups = groups,
                      .bias = !bias.is_none(),
                      .dtype = w.dtype()},
                     calls);
}

// Seconds of processor time for copying one tensor's bytes into another's, so many times.
double copies(nb::handle from, nb::handle to, std::int64_t calls) {
  const std::int64_t bytes = is_tensor(from) ? tensor_of(from).numel() : 0;
  const void* source = const_address(plain_tensor(from, "the source", uint8, bytes));
  void* target = mutable_address(plain_tensor(to, "the target", uint8, bytes));
  return unlocked(
      [&] { return measure_copies(source, target, static_cast<std::size_t>(bytes), static_cast<int>(calls)); });
}

}  // namespace

void bind_kernels(nb::module_& module) {
  nb::class_<PlanOfTensors>(module, "_Plan")
      .def(nb::init<nb::handle, nb::handle, std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t,
                    std::int64_t, std::int64_t, const std::string&, bool>(),
           nb::arg("weight"), nb::arg("bias").none(), nb::kw_only(), nb::arg("batch"), nb::arg("length"),
           nb::arg("stride") = 1, nb::arg("padding") = 0, nb::arg("padding_end") = -1, nb::arg("dilation") = 1,
           nb::arg("groups") = 1, nb::arg("kernel") = "", nb::arg("fixed_order") = false)
      .def_prop_ro("kernel", [](const PlanOfTensors& self) { return text(self.plan().kernel()); })
      .def_prop_ro("out_length", [](const PlanOfTensors& self) { return self.plan().out_length(); })
      .def_prop_ro("scratch_bytes", [](const PlanOfTensors& self) { return self.plan().scratch_bytes(); })
      .def_prop_ro("kept_bytes", [](const PlanOfTensors& self) { return self.plan().kept_bytes(); })
      .def("run", &PlanOfTensors::run, nb::arg("input"), nb::arg("output"), nb::arg("scratch"), nb::arg("calls") = 1);
  module.def("_kernel_names", [] {
    nb::list names;
    for (const std::string_view name : Plan::kernels()) names.append(text(name));
    return names;
  });
  module.def("_instruction_set", [] { return text(instruction_set()); });
  module.def("_thread_seconds", [] { return thread_seconds(); });
  module.def(
      "_peak_flops",
      [](nb::handle dtype, double seconds) {
        const DType of = dtype_of_object(dtype);
        return unlocked([&] { return measure_peak(of, seconds); });
      },
      nb::arg("dtype"), nb::arg("seconds") = 0.01);
  module.def("_layer_calls", &layer_calls_of, nb::arg("weight"), nb::arg("bias").none(), nb::arg("input"),
             nb::kw_only(), nb::arg("stride"), nb::arg("padding"), nb::arg("dilation"), nb::arg("groups"),
             nb::arg("calls"));
  module.def("_copies", &copies, nb::arg("source"), nb::arg("target"), nb::arg("calls") = 1);
}

}  // namespace conv1d::python
