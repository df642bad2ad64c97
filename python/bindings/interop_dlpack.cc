// DLPack, version 1 and the unversioned form before it: https://dmlc.github.io/dlpack/latest/
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include <nanobind/ndarray.h>

#include "arguments.h"
#include "convert.h"
#include "errors.h"
#include "interop.h"

namespace conv1d::python {
namespace {

namespace dlpack = nb::dlpack;

constexpr std::int32_t kCpu = 1;                 ///< kDLCPU
constexpr std::uint32_t kMajor = 1, kMinor = 0;  ///< what we write
constexpr const char* kInvalidCapsule =
    "from_dlpack received an invalid capsule. Note that DLTensor capsules can be consumed only once, so you might have "
    "already constructed a tensor from it once.";
constexpr const char* kName = "dltensor";
constexpr const char* kVersionedName = "dltensor_versioned";

// DLManagedTensor and DLManagedTensorVersioned of dlpack.h.
struct Managed {
  dlpack::dltensor tensor;
  void* context;
  void (*deleter)(Managed*);
};
struct ManagedVersioned {
  std::uint32_t major, minor;
  void* context;
  void (*deleter)(ManagedVersioned*);
  std::uint64_t flags;
  dlpack::dltensor tensor;
};

dlpack::dtype code_of(DType dtype) {
  const auto bits = static_cast<std::uint8_t>(element_size(dtype) * 8);
  dlpack::dtype_code code = dlpack::dtype_code::Int;
  if (dtype == bool_) code = dlpack::dtype_code::Bool;
  if (dtype == uint8) code = dlpack::dtype_code::UInt;
  if (is_floating_point(dtype)) code = dtype == bfloat16 ? dlpack::dtype_code::Bfloat : dlpack::dtype_code::Float;
  if (is_complex(dtype)) code = dlpack::dtype_code::Complex;
  return {static_cast<std::uint8_t>(code), bits, 1};
}

DType dtype_of_code(const dlpack::dtype& code) {
  for (const DType dtype :
       {bool_, uint8, int8, int16, int32, int64, float16, bfloat16, float32, float64, complex64, complex128}) {
    if (code_of(dtype) == code) return dtype;
  }
  raise<RuntimeError>("Unsupported dtype of DLPack: code ", int{code.code}, ", ", int{code.bits}, " bits, ", code.lanes,
                      " lanes");
}

// ---- out ----------------------------------------------------------------------------------------------------------

/// A managed tensor together with what it points to.
template <class M> struct Exported {
  M managed{};
  Tensor tensor;
  Shape sizes, strides;
};

template <class M> void destroy(M* managed) { delete static_cast<Exported<M>*>(managed->context); }

template <class M> nb::object export_as(const Tensor& x, const char* name) {
  auto exported = std::make_unique<Exported<M>>();
  exported->tensor = x;
  exported->sizes = x.sizes();
  exported->strides = x.strides();
  exported->managed.context = exported.get();
  exported->managed.deleter = destroy<M>;
  if constexpr (std::is_same_v<M, ManagedVersioned>) {
    exported->managed.major = kMajor;
    exported->managed.minor = kMinor;
  }
  exported->managed.tensor = {.data = x.numel() == 0 ? nullptr : mutable_address(x),
                              .device = {kCpu, 0},
                              .ndim = static_cast<std::int32_t>(x.dim()),
                              .dtype = code_of(x.dtype()),
                              .shape = exported->sizes.data(),
                              .strides = exported->strides.data(),
                              .byte_offset = 0};
  // Whoever takes the tensor renames the capsule; one that nobody took frees it.
  nb::object capsule = nb::steal(PyCapsule_New(&exported->managed, name, [](PyObject* self) {
    for (const char* unused : {kName, kVersionedName}) {
      if (!PyCapsule_IsValid(self, unused)) continue;
      auto* managed = static_cast<M*>(PyCapsule_GetPointer(self, unused));
      managed->deleter(managed);
    }
  }));
  if (!capsule.is_valid()) throw nb::python_error();
  exported.release();
  return capsule;
}

// ---- in -----------------------------------------------------------------------------------------------------------

template <class M> Tensor import_from(nb::handle capsule, const char* name, const char* used) {
  auto* managed = static_cast<M*>(PyCapsule_GetPointer(capsule.ptr(), name));
  if (!managed) throw nb::python_error();
  if constexpr (std::is_same_v<M, ManagedVersioned>) {
    // Of another major version nothing is known but where its deleter stands.
    if (managed->major > kMajor) raise<RuntimeError>("DLPack of version ", managed->major, " is not supported");
  }
  const dlpack::dltensor& source = managed->tensor;
  if (source.device.device_type != kCpu) raise<RuntimeError>("Unsupported device_type: ", source.device.device_type);
  const DType dtype = dtype_of_code(source.dtype);
  const Shape sizes(source.shape, source.shape + source.ndim);
  Shape strides;
  if (source.strides) strides.assign(source.strides, source.strides + source.ndim);
  for (const std::int64_t stride : strides) {
    if (stride < 0) raise<RuntimeError>("negative strides are not supported: copy the array first");
  }
  Tensor result =
      from_blob(static_cast<std::byte*>(source.data) + source.byte_offset, sizes, strides, dtype, [managed](void*) {
        if (!Py_IsInitialized()) return;  // the owner is gone with the interpreter
        const nb::gil_scoped_acquire acquire;
        if (managed->deleter) managed->deleter(managed);
      });
  PyCapsule_SetName(capsule.ptr(), used);
  return result;
}

nb::object capsule_of(nb::handle object) {
  if (PyCapsule_CheckExact(object.ptr())) return nb::borrow(object);
  if (!PyObject_HasAttrString(object.ptr(), "__dlpack__")) raise<RuntimeError>(kInvalidCapsule);
  nb::object method = object.attr("__dlpack__");
  PyObject* result = PyObject_Call(method.ptr(), nb::tuple().ptr(),
                                   [] {
                                     nb::dict keywords;
                                     keywords["max_version"] = nb::make_tuple(kMajor, kMinor);
                                     return keywords;
                                   }()
                                       .ptr());
  if (!result && PyErr_ExceptionMatches(PyExc_TypeError)) {  // a producer from before version 1
    PyErr_Clear();
    result = PyObject_CallNoArgs(method.ptr());
  }
  if (!result) throw nb::python_error();
  return nb::steal(result);
}

/// An array that runs backwards cannot be shared: NumPy copies it.
bool runs_backwards(nb::handle object) {
  if (!is_array(object)) return false;
  for (const nb::handle stride : nb::borrow<nb::tuple>(nb::object(object.attr("strides")))) {
    if (PyLong_AsLongLong(stride.ptr()) < 0) return true;  // also of one element: see share_array()
  }
  return false;
}

}  // namespace

Tensor tensor_from_dlpack(nb::handle object) {
  if (runs_backwards(object)) return *share_array(object);
  const nb::object capsule = capsule_of(object);
  if (PyCapsule_IsValid(capsule.ptr(), kVersionedName)) {
    return import_from<ManagedVersioned>(capsule, kVersionedName, "used_dltensor_versioned");
  }
  if (!PyCapsule_IsValid(capsule.ptr(), kName)) {
    raise<RuntimeError>(kInvalidCapsule);
  }
  return import_from<Managed>(capsule, kName, "used_dltensor");
}

nb::object tensor_to_dlpack(const Tensor& x, bool versioned) {
  return versioned ? export_as<ManagedVersioned>(x, kVersionedName) : export_as<Managed>(x, kName);
}

}  // namespace conv1d::python
