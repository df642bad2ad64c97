// Values between Python and C++. Every binding goes through these, so that a tensor is one Python object however it is
// reached.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <conv1d/autograd.h>
#include <conv1d/tensor.h>

namespace conv1d::python {

namespace nb = nanobind;

/// For a method or property called on an object of another type, as `Tensor.shape.__get__(3)` does: nanobind does not
/// look at a bare handle. `owner` as PyTorch's message names the class.
[[noreturn]] void refuse_self(const char* owner, nb::handle object);
/// The characters of a str or bytes; UnicodeEncodeError where they have no UTF-8, as a lone surrogate has none.
std::string utf8_of(nb::handle text);

// ---- tensors ------------------------------------------------------------------------------------------------------
bool is_tensor(nb::handle object);
/// The tensor behind a Python object; TypeError for another object.
const Tensor& tensor_of(nb::handle object);
/// The Python object of a tensor: the one that exists already, else a new conv1d.Tensor; None for an undefined tensor.
nb::object to_python(const Tensor& tensor);
/// A new Python object of `type` (a subclass of Tensor, as Parameter is), which from now on stands for this tensor.
nb::object make_tensor_object(nb::handle type, const Tensor& tensor);
nb::object to_python(const std::vector<Tensor>& tensors);  ///< a tuple
/// The first element, to write: from then on the library compares the numbers before it trusts a kept copy of them.
void* mutable_address(const Tensor& tensor);
const void* const_address(const Tensor& tensor);  ///< to read; the library's trust is not touched

/// Writes a tensor or a number, broadcast, into `target`; TypeError for other values.
void assign(const Tensor& target, nb::handle value);

// ---- numbers ------------------------------------------------------------------------------------------------------
nb::object to_python(const Scalar& value);
inline nb::object to_python(bool value) { return nb::bool_(value); }
inline nb::object to_python(std::int64_t value) { return nb::int_(value); }
inline nb::object to_python(double value) { return nb::float_(value); }
inline nb::object to_python(const std::string& value) { return nb::str(value.c_str(), value.size()); }
/// int, float, bool, complex, or a NumPy number; nothing for others. OverflowError beyond 64 bits.
std::optional<Scalar> scalar_of(nb::handle object);
bool is_integer(nb::handle object);  ///< int but not bool; a NumPy integer too
bool is_index(nb::handle object);    ///< is_integer, or anything with __index__ but bool
bool is_numpy_number(nb::handle object);
std::int64_t integer_of(nb::handle object);  ///< ValueError "Overflow when unpacking long long" beyond 64 bits

// ---- dtypes, devices, sizes, generators ---------------------------------------------------------------------------
bool is_dtype(nb::handle object);  ///< a dtype object, or Python's float, int, bool, complex
DType dtype_of_object(nb::handle object);
nb::object to_python(DType dtype);
bool is_device(nb::handle object);    ///< a device object, a string or an integer
Device device_of(nb::handle object);  ///< refuses CUDA and unknown devices in PyTorch's words
nb::object to_python(Device device);
bool is_generator(nb::handle object);
Generator* generator_of(nb::handle object);
nb::object size_object(const Shape& shape);  ///< conv1d.Size

// ---- graph nodes --------------------------------------------------------------------------------------------------
nb::object to_python(const std::shared_ptr<Node>& node);  ///< None for null

/// Gives the interpreter's lock away for a scope.
class Unlocked {
 public:
  Unlocked() : state_(PyEval_SaveThread()) {}
  ~Unlocked();  ///< a daemon thread that comes back while the interpreter ends stops here for ever
  Unlocked(const Unlocked&) = delete;
  Unlocked& operator=(const Unlocked&) = delete;

 private:
  PyThreadState* state_;
};

/// Runs `work` without the interpreter's lock, so that other Python threads go on.
template <class F> auto unlocked(F&& work) {
  const Unlocked scope;
  return std::forward<F>(work)();
}

}  // namespace conv1d::python
