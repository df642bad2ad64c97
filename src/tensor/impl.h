// What a Tensor's handle points to.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include <conv1d/tensor.h>

namespace conv1d {

/// Memory shared by tensors. 64-byte aligned where the library allocated it.
struct Storage {
  std::byte* data = nullptr;  ///< null for meta tensors and zero bytes
  std::size_t bytes = 0;
  std::function<void()> release;  ///< gives the memory back; empty for meta

  /// Raised by every writing path of ours, through whatever view: a kept copy of the numbers made at another count is
  /// stale.
  std::atomic<std::uint64_t> writes{0};
  /// Somebody outside (NumPy, DLPack, from_blob, a mutable pointer) can write without raising `writes`: then only
  /// comparing the bytes tells whether a kept copy still holds (design rule: a packed weight is never stale).
  std::atomic<bool> seen_outside{false};

  Storage() = default;
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;
  ~Storage() {
    if (release) release();
  }
};

/// Counts in-place changes for autograd's saved tensors. Shared by a tensor, its views and detach(), not by `.data`.
struct Version {
  std::atomic<std::uint64_t> count{0};
};

struct TensorImpl {
  std::shared_ptr<Storage> storage;
  Shape sizes;
  Shape strides;            ///< elements, never negative
  std::int64_t offset = 0;  ///< elements from storage->data
  std::int64_t numel = 0;   ///< product of sizes, kept
  bool contiguous = true;   ///< kept
  DType dtype = DType::Float32;
  Device device;
  std::shared_ptr<Version> version = std::make_shared<Version>();
  /// The gradient state (autograd/meta.h), opaque here: tensors do not know autograd. Null until it is needed.
  std::shared_ptr<void> autograd;

  /// First element, unchecked; null for meta.
  void* raw() const {
    return storage && storage->data ? storage->data + static_cast<std::size_t>(offset) * element_size(dtype) : nullptr;
  }
  template <class T> T* raw_as() const { return static_cast<T*>(raw()); }
};

/// The implementation behind a defined tensor; RuntimeError for an undefined one.
TensorImpl& impl_of(const Tensor& tensor);

/// New memory of the given shape, uninitialised (meta: none). Checks negative sizes and overflow with PyTorch's texts:
/// "Trying to create tensor with negative dimension -1: [3, -1]", "Storage size calculation overflowed with
/// sizes=[...]", and the allocator's "can't allocate memory" text. No gradient state.
Tensor make_tensor(const Shape& sizes, DType dtype, Device device = {});

/// Another view of the same storage and version. The caller guarantees that it lies inside the storage. No gradient
/// state.
Tensor make_view(const Tensor& base, Shape sizes, Shape strides, std::int64_t offset);
/// As make_view, with another dtype (view_as_real and its kind); offset in elements of the new dtype.
Tensor make_view(const Tensor& base, Shape sizes, Shape strides, std::int64_t offset, DType dtype);

/// Notes that the library wrote into this tensor: raises the storage's write count and the version.
void note_write(const Tensor& tensor);

Shape contiguous_strides(const Shape& sizes);
/// "[2, 3]" as in PyTorch's messages.
std::string shape_text(const Shape& sizes);
/// A dimension counted from the end made positive; IndexError "Dimension out of range (expected to be in range of ...".
std::int64_t wrap_dim(std::int64_t dim, std::int64_t rank);

}  // namespace conv1d
