// Arithmetic on shapes and strides: which views exist, how copies are laid out. Nothing here touches data or records.
#pragma once

#include <optional>

#include <conv1d/tensor.h>

namespace conv1d {

/// `shape` with its -1 replaced by what `numel` elements leave for it. RuntimeError with PyTorch's texts where it does
/// not fit.
Shape infer_shape(const Shape& shape, std::int64_t numel);

/// The strides under which `shape` (no -1, same number of elements) is a view of sizes and strides, or nothing where
/// only a copy can have that shape.
std::optional<Shape> view_strides(const Shape& sizes, const Shape& strides, const Shape& shape);

/// The common shape of two operands. RuntimeError "The size of tensor a (3) must match the size of tensor b (2) at
/// ...".
Shape broadcast_shape(const Shape& a, const Shape& b);

/// Strides that read a tensor of `sizes` as if it had `shape`, to which it broadcasts: 0 where it is repeated.
Shape broadcast_strides(const Shape& sizes, const Shape& strides, const Shape& shape);

/// The order of dimensions from the fastest in memory to the slowest, as PyTorch's element-wise operations walk a
/// tensor.
Shape memory_order(const Shape& sizes, const Shape& strides);

/// The strides that clone(), to() and *_like() give a copy: the same where the tensor fills its memory without gaps or
/// overlap, else dense in the same memory_order().
Shape dense_strides(const Shape& sizes, const Shape& strides);

/// Whether the elements fill their span of memory exactly once each.
bool is_dense(const Shape& sizes, const Shape& strides);

/// Whether two elements with different indices surely or possibly share memory: for tensors made by expand(), surely.
bool has_repeats(const Shape& sizes, const Shape& strides);

}  // namespace conv1d
