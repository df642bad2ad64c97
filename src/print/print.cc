#include <conv1d/print.h>

#include <complex>
#include <ostream>
#include <type_traits>
#include <vector>

#include <conv1d/autograd.h>

#include "print/layout.h"
#include "print/numbers.h"
#include "tensor/impl.h"
#include "tensor/visit.h"

namespace conv1d {
namespace {

using print::Axis;
using print::FloatFormat;
using print::IntegerFormat;

// The elements shown, in order, widened: their formats are measured and their texts written from these.
struct ShownValues {
  std::vector<std::int64_t> integers;
  std::vector<double> reals;  // also the real parts of complex numbers
  std::vector<double> imaginaries;
};

ShownValues shown_values(const Tensor& tensor, const std::vector<Axis>& axes) {
  ShownValues values;
  const TensorImpl& impl = impl_of(tensor);
  visit(impl.dtype, [&](auto type) {
    using T = typename decltype(type)::type;
    const T* data = impl.raw_as<const T>();
    print::for_each_shown(axes, impl.strides, [&](std::int64_t offset) {
      if constexpr (std::is_integral_v<T>) {
        values.integers.push_back(static_cast<std::int64_t>(data[offset]));
      } else if constexpr (std::is_same_v<T, std::complex<float>> || std::is_same_v<T, std::complex<double>>) {
        values.reals.push_back(data[offset].real());
        values.imaginaries.push_back(data[offset].imag());
      } else {
        values.reals.push_back(static_cast<double>(static_cast<Compute<T>>(data[offset])));
      }
    });
  });
  return values;
}

/// The elements between their brackets; `indent` columns stand before the first.
std::string body(const Tensor& tensor, std::int64_t indent, const PrintOptions& options) {
  const std::vector<Axis> axes = print::shown_axes(tensor.sizes(), tensor.numel(), options);
  const ShownValues values = shown_values(tensor, axes);
  const auto lay_out = [&](std::size_t width, const auto& text_of) {
    std::size_t n = 0;
    return print::lay_out(axes, width, indent, options, [&] { return text_of(n++); });
  };
  if (is_integral(tensor.dtype())) {
    const IntegerFormat format(values.integers, tensor.dtype() == bool_);
    return lay_out(format.width(), [&](std::size_t n) { return format.text(values.integers[n]); });
  }
  const FloatFormat real(values.reals, options);
  if (!tensor.is_complex()) {
    return lay_out(real.width(), [&](std::size_t n) { return real.text(values.reals[n]); });
  }
  const FloatFormat imaginary(values.imaginaries, options);
  return lay_out(real.width() + imaginary.width() + 1, [&](std::size_t n) {
    return print::complex_text(real.text(values.reals[n]), imaginary.text(values.imaginaries[n]));
  });
}

// "size=(2, 3)", as Python writes a tuple: "(3,)" and "()" too.
std::string size_suffix(const Shape& sizes) {
  std::string text = "size=(";
  for (std::size_t d = 0; d < sizes.size(); ++d) text += (d > 0 ? ", " : "") + std::to_string(sizes[d]);
  return text + (sizes.size() == 1 ? ",)" : ")");
}

// Whether the numbers themselves tell the dtype: literals of Python have these.
bool is_plain_dtype(DType dtype) {
  const DType real = default_dtype();
  return dtype == real || dtype == (real == float64 ? complex128 : complex64) || dtype == int64 || dtype == bool_;
}

std::vector<std::string> suffixes_of(const Tensor& tensor, const PrintOptions& options) {
  std::vector<std::string> suffixes;
  const bool is_meta = tensor.device().is_meta(), is_empty = tensor.numel() == 0;
  if (is_meta) suffixes.push_back("device='" + tensor.device().str() + "'");
  const bool shape_is_hidden = is_empty ? tensor.dim() != 1 : options.edgeitems == 0;
  if (is_meta || shape_is_hidden) suffixes.push_back(size_suffix(tensor.sizes()));
  const bool dtype_is_seen = is_meta || is_empty ? tensor.dtype() == default_dtype() : is_plain_dtype(tensor.dtype());
  if (!dtype_is_seen) suffixes.push_back("dtype=torch." + std::string(name(tensor.dtype())));
  if (const std::shared_ptr<Node> grad_fn = tensor.grad_fn()) {
    suffixes.push_back("grad_fn=<" + grad_fn->name() + ">");
  } else if (tensor.requires_grad()) {
    suffixes.push_back("requires_grad=True");
  }
  return suffixes;
}

}  // namespace

std::string to_string(const Tensor& tensor, std::string_view name) {
  if (!tensor.defined()) return "[ Tensor (undefined) ]";
  const PrintOptions options = print_options();
  const std::string prefix = std::string(name) + "(";
  std::string text = "[]";
  if (tensor.device().is_meta()) {
    text = "...";
  } else if (tensor.numel() > 0) {
    text = body(tensor, static_cast<std::int64_t>(prefix.size()), options);
  }
  return print::with_suffixes(prefix, text, suffixes_of(tensor, options), options);
}

std::ostream& operator<<(std::ostream& out, const Tensor& tensor) { return out << to_string(tensor); }

}  // namespace conv1d
