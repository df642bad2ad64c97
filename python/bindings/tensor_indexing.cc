// x[...] and x[...] = value: integers, slices, None, Ellipsis step by step as views; tensors and lists at the end.
#include <optional>
#include <string>
#include <vector>

#include <conv1d/indexing.h>

#include "arguments.h"
#include "bindings.h"
#include "convert.h"
#include "errors.h"
#include "interop.h"

namespace conv1d::python {
namespace {

bool is_index_tensor(nb::handle item) { return is_tensor(item) || is_array(item); }

/// A sequence that holds slices, sequences or tensors is read as a tuple; one of integers or bools is an index by
/// itself.
bool stands_for_tuple(nb::handle index) {
  constexpr Py_ssize_t kLongest = 32;  // NumPy's limit of dimensions, which PyTorch took over
  if (is_index_tensor(index) || !PySequence_Check(index.ptr())) return false;
  const Py_ssize_t size = PySequence_Size(index.ptr());
  if (size < 0) PyErr_Clear();
  for (Py_ssize_t i = 0; i < size && size < kLongest; ++i) {
    const nb::object item = nb::steal(PySequence_GetItem(index.ptr(), i));
    if (!item.is_valid()) throw nb::python_error();
    if (is_index_tensor(item) || PySequence_Check(item.ptr()) || PySlice_Check(item.ptr()) || item.is_none() ||
        item.ptr() == Py_Ellipsis) {
      warn_user(
          "Using a non-tuple sequence for multidimensional indexing is deprecated and will be changed in pytorch 2.9; "
          "use "
          "x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this will be interpreted as tensor index, "
          "x[torch.tensor(seq)], "
          "which will result either in an error or a different result");
      return true;
    }
  }
  return false;
}

nb::object as_tuple(nb::handle index) {
  if (PyTuple_Check(index.ptr())) return nb::borrow(index);
  if (stands_for_tuple(index)) return nb::steal(PySequence_Tuple(index.ptr()));
  return nb::make_tuple(index);
}

/// Applies one index after the other to a view of the tensor.
class Selection {
 public:
  Selection(const Tensor& x, nb::handle index) : x_(x), rank_(x.dim()), items_(as_tuple(index)) {
    if (rank_ == 0) check_single(index);
    const std::int64_t named = count_named();
    if (named > rank_) raise<IndexError>("too many indices for tensor of dimension ", rank_);
    hidden_ = rank_ - named;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(items_.ptr()); ++i) {
      place_ = i;
      apply(PyTuple_GET_ITEM(items_.ptr(), i));
    }
  }

  const Tensor& view() const { return x_; }
  bool by_tensors() const { return !tensors_.empty(); }
  const std::vector<Tensor>& tensors() const { return tensors_; }

 private:
  static void check_single(nb::handle index) {
    if (PySlice_Check(index.ptr())) raise<IndexError>("slice() cannot be applied to a 0-dim tensor.");
    if (!is_integer(index)) return;
    raise<IndexError>(
        "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a "
        "0-dim "
        "tensor to a number");
  }

  /// Dimensions that the indices name, for Ellipsis to stand for the others.
  std::int64_t count_named() const {
    std::int64_t named = 0;
    for (const nb::handle item : nb::borrow<nb::tuple>(items_)) {
      if (is_tensor(item) && (tensor_of(item).dtype() == bool_ || tensor_of(item).dtype() == uint8)) {
        named += tensor_of(item).dim();
      } else if (!item.is_none() && item.ptr() != Py_Ellipsis && !PyBool_Check(item.ptr())) {
        ++named;
      }
    }
    return named;
  }

  void apply(nb::handle item) {
    if (item.ptr() == Py_Ellipsis) return skip(hidden_);
    if (item.is_none()) {
      x_ = x_.unsqueeze(dim_++);
    } else if (PyBool_Check(item.ptr())) {
      x_ = x_.unsqueeze(dim_);
      place(full({1}, Scalar(item.ptr() == Py_True)));
    } else if (PySlice_Check(item.ptr())) {
      slice(item);
    } else if (is_index_tensor(item)) {
      by_tensor(is_tensor(item) ? tensor_of(item) : *share_array(item));
    } else if (is_index(item)) {
      select(integer_of(item));
    } else if (PySequence_Check(item.ptr())) {
      by_tensor(from_list(item));
    } else {
      raise<IndexError>(
          "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got ",
          python_type_name(item), ")");
    }
  }

  void skip(std::int64_t dims) { dim_ += dims; }

  void select(std::int64_t index) {
    const std::int64_t size = x_.sizes()[static_cast<std::size_t>(dim_)];
    if (index < -size || index >= size) {
      raise<IndexError>("index ", index, " is out of bounds for dimension ", place_, " with size ", size);
    }
    x_ = x_.select(dim_, index);
  }

  void slice(nb::handle item) {
    Py_ssize_t start = 0, stop = 0, step = 0;
    if (PySlice_Unpack(item.ptr(), &start, &stop, &step) < 0) throw nb::python_error();
    if (step <= 0) raise<ValueError>("step must be greater than zero");
    // x[:] is a view too: writing through it shows in the history of x as CopySlices.
    x_ = x_.slice(dim_, start, stop, step);
    skip(1);
  }

  Tensor from_list(nb::handle item) const {
    const Tensor index = tensor_from_data(item);
    return index.numel() == 0 ? index.to(int64) : index;
  }

  void by_tensor(const Tensor& index) {
    if (index.dim() == 0 && is_integral(index.dtype()) && index.dtype() != bool_ && index.dtype() != uint8) {
      return select(index.item<std::int64_t>());
    }
    if (index.dtype() == bool_ || index.dtype() == uint8) {
      if (index.dtype() == uint8) {
        warn_user("indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool instead.");
      }
      if (index.dim() == 0) x_ = x_.unsqueeze(dim_);
      // A mask stands for as many dimensions as it has.
      const std::int64_t dims = std::max<std::int64_t>(index.dim(), 1);
      place(index.dim() == 0 ? index.reshape({1}) : index);
      return skip(dims - 1);
    }
    if (!is_integral(index.dtype())) {
      raise<IndexError>("tensors used as indices must be long, int, byte or bool tensors");
    }
    place(index);
  }

  /// `index` chooses along the present dimension.
  void place(const Tensor& index) {
    tensors_.resize(static_cast<std::size_t>(dim_));
    tensors_.push_back(index);
    ++dim_;
  }

  Tensor x_;
  std::int64_t rank_;
  nb::object items_;
  std::int64_t dim_ = 0;         ///< of the view: where the next index applies
  std::int64_t place_ = 0;       ///< of the index among all, which PyTorch's messages call the dimension
  std::int64_t hidden_ = 0;      ///< dimensions that Ellipsis stands for
  std::vector<Tensor> tensors_;  ///< undefined where a dimension is taken whole
};

nb::object get_item(nb::handle self, nb::handle index) {
  const Tensor x = tensor_of(self);
  const Selection selection(x, index);
  if (selection.by_tensors()) return to_python(conv1d::index(selection.view(), selection.tensors()));
  // x[...] is a new tensor over the same data.
  return to_python(selection.view().is_same(x) ? alias(x) : selection.view());
}

/// The value as a tensor of the target's dtype.
Tensor value_for(const Tensor& target, nb::handle value) {
  if (is_tensor(value)) return tensor_of(value);
  if (PyLong_Check(value.ptr())) static_cast<void>(integer_of(value));  // another error beyond 64 bits than elsewhere
  const std::optional<Scalar> number = scalar_of(value);
  if (!number) {
    raise<TypeError>("can't assign a ", python_type_name(value), " to a torch.", scalar_name(target.dtype()), "Tensor");
  }
  return full({}, *number, {.dtype = target.dtype(), .device = target.device()});
}

/// Leading dimensions of 1 are not part of the value.
Tensor without_leading_ones(const Tensor& value) {
  Shape sizes = value.sizes();
  std::size_t ones = 0;
  while (ones < sizes.size() && sizes[ones] == 1) ++ones;
  if (ones == 0) return value;
  sizes.erase(sizes.begin(), sizes.begin() + static_cast<std::ptrdiff_t>(ones));
  return value.view(sizes);
}

void write(Tensor target, const Tensor& source) {
  unlocked([&] {
    const Tensor value = source.dim() <= target.dim() ? source : without_leading_ones(source);
    target.copy_(value.expand(target.sizes()));
  });
}

void set_item(nb::handle self, nb::handle index, nb::handle value) {
  Tensor x = tensor_of(self);
  const Tensor source = value_for(x, value);
  const Selection selection(x, index);
  Tensor target = selection.view();
  if (selection.by_tensors()) {
    index_put_(target, selection.tensors(), source);
    return;
  }
  write(target, source);
}

}  // namespace

void assign(const Tensor& target, nb::handle value) { write(target, value_for(target, value)); }

void bind_tensor_indexing(nb::module_&) {
  const nb::handle base = tensor_base();
  nb::cpp_function_def(get_item, nb::scope(base), nb::name("__getitem__"), nb::is_method(), nb::arg("index").none(),
                       nb::sig("def __getitem__(self, index: typing.Any) -> typing.Any"));
  nb::cpp_function_def(set_item, nb::scope(base), nb::name("__setitem__"), nb::is_method(), nb::arg("index").none(),
                       nb::arg("value").none());
  nb::cpp_function_def([](nb::handle, nb::handle) { raise<TypeError>("Tensor does not support deleting items"); },
                       nb::scope(base), nb::name("__delitem__"), nb::is_method(), nb::arg("index").none());
}

}  // namespace conv1d::python
