// PyTorch's stable C interface, found by name in the running process: neither its headers nor its libraries are needed
// to build or to import conv1d.
//
// Slots (StableIValue): a tensor is an owned handle; int and bool are 64 bits; `Tensor?` is 0 or a pointer to a slot of
// its own on the heap. All functions that return int return 0 for success.
#pragma once

#include <cstdint>
#include <string>

namespace conv1d::python::pytorch {

using Slot = std::uint64_t;
using Handle = struct OpaqueTensor*;
using LibraryHandle = struct OpaqueLibrary*;
using BoxedKernel = void (*)(Slot* stack, std::uint64_t arguments, std::uint64_t results);

struct Shim {
  // 2.7 and later
  std::uint64_t (*abi_version)() = nullptr;
  int (*library_init_def)(const char* ns, const char* file, std::uint32_t line, LibraryHandle* result) = nullptr;
  int (*library_init_impl)(const char* ns, const char* key, const char* file, std::uint32_t line,
                           LibraryHandle* result) = nullptr;
  int (*library_def)(LibraryHandle, const char* schema) = nullptr;
  int (*library_impl_old)(LibraryHandle, const char* name, BoxedKernel) = nullptr;
  int (*delete_tensor)(Handle) = nullptr;
  int (*new_undefined)(Handle* result) = nullptr;
  int (*data_ptr)(Handle, void** result) = nullptr;
  int (*storage_size)(Handle, std::int64_t* bytes) = nullptr;
  int (*storage_offset)(Handle, std::int64_t* elements) = nullptr;
  int (*dim)(Handle, std::int64_t* result) = nullptr;
  int (*sizes)(Handle, std::int64_t** result) = nullptr;
  int (*strides)(Handle, std::int64_t** result) = nullptr;
  int (*dtype)(Handle, std::int32_t* result) = nullptr;
  int (*device_type)(Handle, std::int32_t* result) = nullptr;
  int (*empty_strided)(std::int64_t dim, const std::int64_t* sizes, const std::int64_t* strides, std::int32_t dtype,
                       std::int32_t device_type, std::int32_t device_index, Handle* result) = nullptr;
  std::int32_t (*device_type_cpu)() = nullptr;
  std::int32_t (*dtype_float16)() = nullptr;
  std::int32_t (*dtype_bfloat16)() = nullptr;
  std::int32_t (*dtype_float32)() = nullptr;
  std::int32_t (*dtype_float64)() = nullptr;
  std::int32_t (*dtype_complex64)() = nullptr;
  std::int32_t (*dtype_complex128)() = nullptr;
  // 2.10 and later; else null
  int (*const_data_ptr)(Handle, const void** result) = nullptr;
  int (*library_impl)(LibraryHandle, const char* name, BoxedKernel, std::uint64_t version) = nullptr;
  int (*parallel_for)(std::int64_t begin, std::int64_t end, std::int64_t grain,
                      void (*body)(std::int64_t begin, std::int64_t end, void* context), void* context) = nullptr;
  int (*num_threads)(std::uint32_t* result) = nullptr;
  // 2.13 and later; else null, and such a slot goes back by operator delete
  int (*delete_slot)(Slot*) = nullptr;
};

/// Looks the functions up: PyTorch must be imported already. Empty, or what is missing.
std::string find_shim();

/// After find_shim() returned an empty text.
const Shim& shim();

/// Defines the operators of the namespace conv1d. Empty, or what went wrong.
std::string register_operators();

}  // namespace conv1d::python::pytorch
