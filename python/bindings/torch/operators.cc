// The operators that PyTorch's dispatcher calls, on tensors of the CPU.
//
//   conv1d_p, conv1d_gp    eager: a layer by its number; gradients are the caller's business (no autograd formulas)
//   the others             plain arguments, for compiled and exported programs
//
// What is not served throws: the callers in Python then ask PyTorch's own operator, which answers or says what is
// wrong.
#include <array>
#include <stdexcept>
#include <string>
#include <utility>

#include "layers.h"
#include "shim.h"

namespace conv1d::python::pytorch {
namespace {

void check_call(int status, const char* what) {
  if (status != 0) throw std::runtime_error(std::string("conv1d: PyTorch's ") + what + " failed");
}

[[noreturn]] void not_served() { throw std::runtime_error("conv1d: these arguments are not served"); }

/// A tensor that this call owns.
class Owned {
 public:
  Owned() = default;
  explicit Owned(Handle handle) : handle_(handle) {}
  explicit Owned(Slot slot) : handle_(reinterpret_cast<Handle>(slot)) {}
  ~Owned() {
    if (handle_) shim().delete_tensor(handle_);
  }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  Handle get() const { return handle_; }
  Slot give() { return reinterpret_cast<Slot>(std::exchange(handle_, nullptr)); }

 private:
  Handle handle_ = nullptr;
};

/// The tensor of a `Tensor?` slot, or none.
Handle taken_from(Slot slot) {
  auto* inner = reinterpret_cast<Slot*>(slot);
  if (!inner) return nullptr;
  const auto handle = reinterpret_cast<Handle>(*inner);
  if (shim().delete_slot)
    shim().delete_slot(inner);
  else
    ::operator delete(inner);
  return handle;
}

DType dtype_of_code(std::int32_t code) {
  struct Code {
    std::int32_t code;
    DType dtype;
  };
  static const std::array<Code, 6> codes = {{{shim().dtype_float32(), DType::Float32},
                                             {shim().dtype_float64(), DType::Float64},
                                             {shim().dtype_bfloat16(), DType::BFloat16},
                                             {shim().dtype_float16(), DType::Float16},
                                             {shim().dtype_complex64(), DType::Complex64},
                                             {shim().dtype_complex128(), DType::Complex128}}};
  for (const Code& known : codes) {
    if (known.code == code) return known.dtype;
  }
  not_served();
}

void* data_of(Handle handle) {
  void* data = nullptr;
  check_call(shim().data_ptr(handle, &data), "get_data_ptr");
  return data;
}

/// Where a tensor's numbers are. Asked for to read only, where PyTorch knows the difference: a lazy clone stays lazy.
const void* read_from(Handle handle) {
  if (shim().const_data_ptr) {
    const void* data = nullptr;
    check_call(shim().const_data_ptr(handle, &data), "get_const_data_ptr");
    return data;
  }
  return data_of(handle);
}

/// A storage may have been freed or cut under a tensor (`untyped_storage().resize_(0)`, as FSDP does): not served.
void check_storage(Handle handle, const guest::Array& array) {
  std::int64_t bytes = 0, offset = 0;
  check_call(shim().storage_size(handle, &bytes), "get_storage_size");
  check_call(shim().storage_offset(handle, &offset), "get_storage_offset");
  __int128 last = offset;
  for (int d = 0; d < 3; ++d) {
    if (array.sizes[d] == 0) return;
    last += static_cast<__int128>(array.sizes[d] - 1) * array.strides[d];
  }
  if ((last + 1) * static_cast<std::int64_t>(element_size(array.dtype)) > bytes) not_served();
}

struct Operand {
  guest::Array array;
  std::int32_t code = 0;  // PyTorch's number of the dtype
  std::int64_t dim = 0;
};

/// Of `least` to `most` dimensions; the first ones of the three that are missing count as 1 (an unbatched input).
Operand operand(Handle handle, std::int64_t most, std::int64_t least) {
  static const std::int32_t cpu = shim().device_type_cpu();
  Operand result;
  std::int64_t *sizes = nullptr, *strides = nullptr;
  std::int32_t device = 0;
  check_call(shim().dim(handle, &result.dim), "get_dim");
  check_call(shim().device_type(handle, &device), "get_device_type");
  if (device != cpu || result.dim > most || result.dim < least) not_served();
  check_call(shim().dtype(handle, &result.code), "get_dtype");
  check_call(shim().sizes(handle, &sizes), "get_sizes");
  check_call(shim().strides(handle, &strides), "get_strides");
  result.array.data = read_from(handle);
  result.array.dtype = dtype_of_code(result.code);
  result.array.sizes = {1, 1, 1};
  for (std::int64_t d = 0; d < result.dim; ++d) {
    const auto at = static_cast<std::size_t>(3 - result.dim + d);
    result.array.sizes[at] = sizes[d];
    result.array.strides[at] = strides[d];
  }
  check_storage(handle, result.array);
  return result;
}
Operand batched(Handle handle) { return operand(handle, 3, 2); }
Operand weight_of(Handle handle) { return operand(handle, 3, 3); }

/// New memory of PyTorch's for a pass's output: contiguous, its first dimensions left out where `dim` is below 3.
Handle new_output(const guest::Sizes& sizes, std::int64_t dim, std::int32_t code) {
  const guest::Sizes strides = {sizes[1] * sizes[2], sizes[2], 1};
  Handle result = nullptr;
  check_call(shim().empty_strided(dim, sizes.data() + 3 - dim, strides.data() + 3 - dim, code, shim().device_type_cpu(),
                                  0, &result),
             "empty_strided");
  return result;
}

Slot forward(guest::Layer& layer, const Owned& input, const Owned& weight, const Owned& bias) {
  const Operand x = batched(input.get()), w = weight_of(weight.get());
  const Operand b = bias.get() ? operand(bias.get(), 1, 1) : Operand{};
  const auto pass = layer.forward(x.array, w.array, bias.get() ? &b.array : nullptr);
  if (!pass) not_served();
  Owned output(new_output(sizes_of(*pass), x.dim, x.code));
  layer.run(*pass, {x.array.data, w.array.data, b.array.data, data_of(output.get())});
  return output.give();
}

Slot input_grad(guest::Layer& layer, const Operand& grad, const Operand& weight, std::int64_t in_length) {
  const auto pass = layer.input_grad(grad.array, weight.array, in_length);
  if (!pass) not_served();
  Owned output(new_output(sizes_of(*pass), grad.dim, grad.code));
  layer.run(*pass, {grad.array.data, weight.array.data, nullptr, data_of(output.get())});
  return output.give();
}

Slot weight_grad(guest::Layer& layer, const Operand& grad, const Operand& input, std::int64_t kernel) {
  const auto pass = layer.weight_grad(grad.array, input.array, kernel);
  if (!pass) not_served();
  Owned output(new_output(sizes_of(*pass), 3, grad.code));
  layer.run(*pass, {grad.array.data, input.array.data, nullptr, data_of(output.get())});
  return output.give();
}

Slot bias_grad(const Operand& grad) {
  Owned output(new_output({1, 1, grad.array.sizes[1]}, 1, grad.code));
  if (!guest::bias_grad(grad.array, data_of(output.get()))) not_served();
  return output.give();
}

Slot undefined() {
  Handle handle = nullptr;
  check_call(shim().new_undefined(&handle), "new_uninitialized_tensor");
  return reinterpret_cast<Slot>(handle);
}

// conv1d_p(Tensor input, Tensor weight, Tensor? bias, int layer) -> Tensor
void layer_forward(Slot* stack, std::uint64_t, std::uint64_t) {
  const Owned input(stack[0]), weight(stack[1]), bias(taken_from(stack[2]));
  const auto layer = layer_of(static_cast<std::int64_t>(stack[3]));
  if (!layer) not_served();
  stack[0] = forward(*layer, input, weight, bias);
}

// conv1d_gp(Tensor grad, Tensor input, Tensor weight, int layer_and_mask) -> (Tensor, Tensor, Tensor)
void layer_gradients(Slot* stack, std::uint64_t, std::uint64_t) {
  const Owned grad(stack[0]), input(stack[1]), weight(stack[2]);
  const auto number = static_cast<std::int64_t>(stack[3]);
  const auto layer = layer_of(number >> 3);
  if (!layer) not_served();
  const Operand g = batched(grad.get()), x = batched(input.get()), w = weight_of(weight.get());
  Owned dx(number & 1 ? input_grad(*layer, g, w, x.array.sizes[2]) : undefined());
  Owned dw(number & 2 ? weight_grad(*layer, g, x, w.array.sizes[2]) : undefined());
  Owned db(number & 4 ? bias_grad(g) : undefined());
  stack[0] = dx.give();
  stack[1] = dw.give();
  stack[2] = db.give();
}

guest::Settings settings_from(const Slot* stack, bool transposed) {
  const auto at = [stack](int i) { return static_cast<std::int64_t>(stack[i]); };
  guest::Settings settings{.stride = at(0), .pad_left = at(1), .pad_right = at(2), .dilation = at(3), .groups = at(4)};
  if (transposed) settings.transposed = true, settings.output_padding = at(5);
  return settings;
}

void plain_forward(Slot* stack, bool transposed) {
  const Owned input(stack[0]), weight(stack[1]), bias(taken_from(stack[2]));
  const Operand w = weight_of(weight.get());
  const auto layer = recent_layer(w.array.data, settings_from(stack + 3, transposed));
  stack[0] = forward(layer->layer(), input, weight, bias);
}

// conv1d(Tensor input, Tensor weight, Tensor? bias, stride, pad_left, pad_right, dilation, groups) -> Tensor
void conv1d(Slot* stack, std::uint64_t, std::uint64_t) { plain_forward(stack, false); }

// conv_transpose1d(Tensor input, Tensor weight, Tensor? bias, stride, pad_left, pad_right, dilation, groups,
//                  output_padding) -> Tensor
void conv_transpose1d(Slot* stack, std::uint64_t, std::uint64_t) { plain_forward(stack, true); }

// conv1d_input_grad(Tensor grad, Tensor weight, in_length, stride, pad_left, pad_right, dilation, groups) -> Tensor
void conv1d_input_grad(Slot* stack, std::uint64_t, std::uint64_t) {
  const Owned grad(stack[0]), weight(stack[1]);
  const Operand g = batched(grad.get()), w = weight_of(weight.get());
  const auto layer = recent_layer(w.array.data, settings_from(stack + 3, false));
  stack[0] = input_grad(layer->layer(), g, w, static_cast<std::int64_t>(stack[2]));
}

// conv1d_weight_grad(Tensor grad, Tensor input, kernel, stride, pad_left, pad_right, dilation, groups) -> Tensor
void conv1d_weight_grad(Slot* stack, std::uint64_t, std::uint64_t) {
  const Owned grad(stack[0]), input(stack[1]);
  const Operand g = batched(grad.get()), x = batched(input.get());
  // No weight takes part: nothing will be packed, so that one layer serves all weights.
  const auto layer = recent_layer(nullptr, settings_from(stack + 3, false));
  stack[0] = weight_grad(layer->layer(), g, x, static_cast<std::int64_t>(stack[2]));
}

struct Operator {
  const char* name;
  const char* schema;
  BoxedKernel kernel;
};

#define CONV1D_SETTINGS "SymInt stride, SymInt pad_left, SymInt pad_right, SymInt dilation, SymInt groups"
constexpr Operator kOperators[] = {
    {"conv1d_p", "conv1d_p(Tensor input, Tensor weight, Tensor? bias, int layer) -> Tensor", layer_forward},
    {"conv1d_gp", "conv1d_gp(Tensor grad, Tensor input, Tensor weight, int layer_and_mask) -> (Tensor, Tensor, Tensor)",
     layer_gradients},
    {"conv1d", "conv1d(Tensor input, Tensor weight, Tensor? bias, " CONV1D_SETTINGS ") -> Tensor", conv1d},
    {"conv_transpose1d",
     "conv_transpose1d(Tensor input, Tensor weight, Tensor? bias, " CONV1D_SETTINGS
     ", SymInt output_padding) -> Tensor",
     conv_transpose1d},
    {"conv1d_input_grad",
     "conv1d_input_grad(Tensor grad, Tensor weight, SymInt in_length, " CONV1D_SETTINGS ") -> Tensor",
     conv1d_input_grad},
    {"conv1d_weight_grad",
     "conv1d_weight_grad(Tensor grad, Tensor input, SymInt kernel_size, " CONV1D_SETTINGS ") -> Tensor",
     conv1d_weight_grad},
};
#undef CONV1D_SETTINGS

}  // namespace

std::string register_operators() {
  const Shim& s = shim();
  LibraryHandle definitions = nullptr, kernels = nullptr;
  // The handles are kept for ever: the registration ends with them.
  if (s.library_init_def("conv1d", __FILE__, __LINE__, &definitions) != 0) return "the namespace conv1d is taken";
  if (s.library_init_impl("conv1d", "CPU", __FILE__, __LINE__, &kernels) != 0) return "no kernels can be registered";
  for (const Operator& op : kOperators) {
    const bool defined = s.library_def(definitions, op.schema) == 0;
    const int status = !defined         ? 1
                       : s.library_impl ? s.library_impl(kernels, op.name, op.kernel, s.abi_version())
                                        : s.library_impl_old(kernels, op.name, op.kernel);
    if (status != 0) return std::string("the operator ") + op.name + " cannot be registered";
  }
  return {};
}

}  // namespace conv1d::python::pytorch
