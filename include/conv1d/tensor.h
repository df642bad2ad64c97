// The tensor: a shape over shared memory, with PyTorch's meaning of views, dtypes and gradients.
//
// A Tensor is a handle: copying it shares the data and the gradient state, as in Python. `clone()` copies the data.
// Layout is NCW for convolution inputs: (batch, channels, length), the last dimension contiguous by default.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <conv1d/dtype.h>
#include <conv1d/scalar.h>

namespace conv1d {

struct TensorImpl;  // src/tensor/impl.h
struct Node;        // include/conv1d/autograd.h
class Generator;    // include/conv1d/random.h

/// Sizes or strides of a tensor, outermost dimension first.
using Shape = std::vector<std::int64_t>;

/// What a factory makes, by name: `zeros({3, 2}, {.dtype = float64, .requires_grad = true})`.
struct TensorOptions {
  std::optional<DType> dtype = {};  ///< default: default_dtype()
  Device device = {};
  bool requires_grad = false;
};

class Tensor {
 public:
  Tensor() = default;  ///< undefined: no shape, no data; stands for "no bias" or "no gradient"
  bool defined() const { return impl_ != nullptr; }

  // ---- what it is ------------------------------------------------------------------------------------------------
  const Shape& sizes() const;
  const Shape& strides() const;  ///< in elements, never negative
  /// IndexError where there is no such dimension; negative counts from the end.
  std::int64_t size(std::int64_t dim) const;
  std::int64_t stride(std::int64_t dim) const;
  std::int64_t dim() const;
  std::int64_t numel() const;
  std::int64_t storage_offset() const;  ///< in elements
  DType dtype() const;
  Device device() const;
  bool is_contiguous() const;
  bool is_complex() const { return conv1d::is_complex(dtype()); }
  bool is_floating_point() const { return conv1d::is_floating_point(dtype()); }
  std::size_t element_size() const { return conv1d::element_size(dtype()); }

  // ---- its numbers -----------------------------------------------------------------------------------------------
  /// First element. RuntimeError where T is not the dtype's C++ type, or the tensor is meta. Elements follow strides().
  template <class T> const T* data() const { return static_cast<const T*>(typed_data(dtype_of<T>, false)); }
  /// As data(), to write: from then on the library no longer trusts a kept copy of these numbers without comparing
  /// them.
  template <class T> T* mutable_data() { return static_cast<T*>(typed_data(dtype_of<T>, true)); }
  /// All elements in order; RuntimeError where the tensor is not contiguous.
  template <class T> std::span<const T> span() const {
    require_contiguous();
    return {data<T>(), static_cast<std::size_t>(numel())};
  }
  template <class T> std::span<T> mutable_span() {
    require_contiguous();
    return {mutable_data<T>(), static_cast<std::size_t>(numel())};
  }
  /// The only element as a T. RuntimeError where there is not exactly one.
  template <class T> T item() const { return item_scalar().to<T>(); }
  Scalar item_scalar() const;
  /// One element: `x.at<float>({0, 2, 5})`, negative indices from the end; IndexError outside.
  template <class T> T at(const Shape& index) const { return at_scalar(index).to<T>(); }
  Scalar at_scalar(const Shape& index) const;

  // ---- copies and conversions ------------------------------------------------------------------------------------
  Tensor to(DType dtype) const;
  Tensor to(Device device) const;
  Tensor clone() const;
  Tensor contiguous() const;  ///< itself where it is contiguous already
  Tensor detach() const;      ///< shares the data and the version, not the history
  Tensor data_view() const;   ///< Python's `.data`: as detach(), with a version of its own
  /// Python's `x.data = source`: this tensor, with its gradient state, now is a view of source's numbers, shape and
  /// dtype.
  Tensor& set_data(const Tensor& source);
  /// Counts changes in place through this tensor, its views and detach().
  std::uint64_t version() const;

  // ---- views (share the data) ------------------------------------------------------------------------------------
  Tensor view(const Shape& shape) const;
  Tensor reshape(const Shape& shape) const;  ///< a view where the strides allow it, else a copy
  Tensor flatten(std::int64_t start_dim = 0, std::int64_t end_dim = -1) const;
  Tensor squeeze() const;
  Tensor squeeze(std::int64_t dim) const;
  Tensor unsqueeze(std::int64_t dim) const;
  Tensor transpose(std::int64_t dim0, std::int64_t dim1) const;
  Tensor permute(const Shape& dims) const;
  Tensor t() const;
  Tensor expand(const Shape& shape) const;
  Tensor select(std::int64_t dim, std::int64_t index) const;
  Tensor slice(std::int64_t dim, std::optional<std::int64_t> start = {}, std::optional<std::int64_t> stop = {},
               std::int64_t step = 1) const;
  Tensor operator[](std::int64_t index) const { return select(0, index); }
  Tensor real() const;
  Tensor imag() const;

  // ---- arithmetic, with broadcasting and PyTorch's dtype promotion -------------------------------------------------
  Tensor neg() const;
  Tensor abs() const;
  Tensor exp() const;
  Tensor log() const;
  Tensor sqrt() const;
  Tensor square() const;
  Tensor pow(const Scalar& exponent) const;
  Tensor pow(const Tensor& exponent) const;
  Tensor conj() const;  ///< a copy (PyTorch makes a lazy view); a real tensor is returned as it is
  Tensor relu() const;
  Tensor tanh() const;
  Tensor sigmoid() const;

  // ---- reductions --------------------------------------------------------------------------------------------------
  Tensor sum() const;
  Tensor sum(const Shape& dims, bool keepdim = false) const;
  Tensor mean() const;
  Tensor mean(const Shape& dims, bool keepdim = false) const;
  Tensor max() const;
  Tensor min() const;
  Tensor argmax() const;
  Tensor argmax(std::int64_t dim, bool keepdim = false) const;

  // ---- in place ----------------------------------------------------------------------------------------------------
  Tensor& add_(const Tensor& other, const Scalar& alpha = 1);
  Tensor& add_(const Scalar& other);
  Tensor& sub_(const Tensor& other);
  Tensor& sub_(const Scalar& other);
  Tensor& mul_(const Tensor& other);
  Tensor& mul_(const Scalar& other);
  Tensor& div_(const Tensor& other);
  Tensor& div_(const Scalar& other);
  Tensor& zero_();
  Tensor& fill_(const Scalar& value);
  Tensor& copy_(const Tensor& source);  ///< broadcasts and casts
  Tensor& uniform_(double from = 0, double to = 1, Generator* generator = nullptr);
  Tensor& normal_(double mean = 0, double std = 1, Generator* generator = nullptr);

  // ---- gradients ---------------------------------------------------------------------------------------------------
  bool requires_grad() const;
  Tensor& requires_grad_(bool value = true);
  bool is_leaf() const;
  Tensor grad() const;  ///< undefined where none was computed yet
  void set_grad(const Tensor& grad);
  std::shared_ptr<Node> grad_fn() const;  ///< null for leaves
  /// Has backward() keep this tensor's gradient in grad() although it is no leaf. RuntimeError where it requires none.
  void retain_grad();
  bool retains_grad() const;
  /// Adds d(this)/d(leaf) to every leaf's grad. Without `gradient` the tensor must have one real element.
  void backward(const Tensor& gradient = {}, bool retain_graph = false, bool create_graph = false) const;

  // ---- for the library's own rooms ---------------------------------------------------------------------------------
  explicit Tensor(std::shared_ptr<TensorImpl> impl) : impl_(std::move(impl)) {}
  const std::shared_ptr<TensorImpl>& impl() const { return impl_; }
  bool is_same(const Tensor& other) const { return impl_ == other.impl_; }

 private:
  void* typed_data(DType dtype, bool mutating) const;
  void require_contiguous() const;
  std::shared_ptr<TensorImpl> impl_;
};

// ---- factories -------------------------------------------------------------------------------------------------
Tensor empty(const Shape& shape, const TensorOptions& options = {});
Tensor zeros(const Shape& shape, const TensorOptions& options = {});
Tensor ones(const Shape& shape, const TensorOptions& options = {});
Tensor full(const Shape& shape, const Scalar& value, const TensorOptions& options = {});  ///< dtype from the value
Tensor empty_like(const Tensor& like);
Tensor zeros_like(const Tensor& like);
Tensor ones_like(const Tensor& like);
Tensor full_like(const Tensor& like, const Scalar& value);
Tensor arange(const Scalar& start, const Scalar& end, const Scalar& step = 1, const TensorOptions& options = {});
Tensor linspace(double start, double end, std::int64_t steps, const TensorOptions& options = {});
/// A tensor of values in C order: `tensor<float>({1, 2, 3, 4}, {2, 2})`; without a shape it has one dimension.
template <class T>
Tensor tensor(std::initializer_list<T> values, std::optional<Shape> shape = {}, TensorOptions options = {});
template <class T>
Tensor tensor(std::span<const T> values, std::optional<Shape> shape = {}, TensorOptions options = {});

/// A tensor over memory of yours: `strides` in elements (empty: contiguous), never negative. `deleter` is called with
/// `data` when the last tensor over it is gone. RuntimeError for negative sizes or strides or where sizes overflow.
Tensor from_blob(void* data, const Shape& sizes, const Shape& strides, DType dtype,
                 std::function<void(void*)> deleter = {});
template <class T>
Tensor from_blob(T* data, const Shape& sizes, const Shape& strides = {}, std::function<void(void*)> deleter = {}) {
  return from_blob(const_cast<std::remove_const_t<T>*>(data), sizes, strides, dtype_of<std::remove_const_t<T>>,
                   std::move(deleter));
}

/// from_values(): the untyped half of tensor<T>(); copies `count` elements of `dtype`.
Tensor from_values(const void* values, std::size_t count, DType dtype, std::optional<Shape> shape,
                   const TensorOptions& options);
template <class T> Tensor tensor(std::span<const T> values, std::optional<Shape> shape, TensorOptions options) {
  return from_values(values.data(), values.size(), dtype_of<T>, std::move(shape), options);
}
template <class T> Tensor tensor(std::initializer_list<T> values, std::optional<Shape> shape, TensorOptions options) {
  return from_values(std::data(values), values.size(), dtype_of<T>, std::move(shape), options);
}

/// Gives kept memory back to the system (freed tensors leave a bounded amount for the next ones).
void empty_cache();

}  // namespace conv1d
