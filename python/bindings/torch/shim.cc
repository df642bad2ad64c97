#include "shim.h"

#include <dlfcn.h>

namespace conv1d::python::pytorch {
namespace {

Shim the_shim;

template <class F> bool find(void* library, const char* name, F* function) {
  *function = reinterpret_cast<F>(dlsym(library, name));
  return *function != nullptr;
}

}  // namespace

const Shim& shim() { return the_shim; }

std::string find_shim() {
  // Only what the process has loaded already: conv1d never loads PyTorch.
  void* library = dlopen("libtorch_cpu.so", RTLD_NOLOAD | RTLD_NOW);
  if (!library) return "libtorch_cpu.so is not loaded";
  Shim& s = the_shim;
  std::string missing;
  const auto need = [&](const char* name, auto* function) {
    if (!find(library, name, function)) missing += missing.empty() ? name : std::string(", ") + name;
  };
  need("aoti_torch_abi_version", &s.abi_version);
  need("aoti_torch_library_init_def", &s.library_init_def);
  need("aoti_torch_library_init_impl", &s.library_init_impl);
  need("aoti_torch_library_def", &s.library_def);
  need("aoti_torch_library_impl", &s.library_impl_old);
  need("aoti_torch_delete_tensor_object", &s.delete_tensor);
  need("aoti_torch_new_uninitialized_tensor", &s.new_undefined);
  need("aoti_torch_get_data_ptr", &s.data_ptr);
  need("aoti_torch_get_storage_size", &s.storage_size);
  need("aoti_torch_get_storage_offset", &s.storage_offset);
  need("aoti_torch_get_dim", &s.dim);
  need("aoti_torch_get_sizes", &s.sizes);
  need("aoti_torch_get_strides", &s.strides);
  need("aoti_torch_get_dtype", &s.dtype);
  need("aoti_torch_get_device_type", &s.device_type);
  need("aoti_torch_empty_strided", &s.empty_strided);
  need("aoti_torch_device_type_cpu", &s.device_type_cpu);
  need("aoti_torch_dtype_float16", &s.dtype_float16);
  need("aoti_torch_dtype_bfloat16", &s.dtype_bfloat16);
  need("aoti_torch_dtype_float32", &s.dtype_float32);
  need("aoti_torch_dtype_float64", &s.dtype_float64);
  need("aoti_torch_dtype_complex64", &s.dtype_complex64);
  need("aoti_torch_dtype_complex128", &s.dtype_complex128);
  find(library, "torch_library_impl", &s.library_impl);
  find(library, "torch_get_const_data_ptr", &s.const_data_ptr);
  find(library, "torch_parallel_for", &s.parallel_for);
  find(library, "torch_get_num_threads", &s.num_threads);
  find(library, "torch_delete_stable_ivalue", &s.delete_slot);
  return missing;
}

}  // namespace conv1d::python::pytorch
