#include "autograd/strided.h"

#include <algorithm>
#include <cstring>

#include "autograd/record.h"
#include "base/check.h"
#include "tensor/copy.h"
#include "tensor/impl.h"
#include "tensor/visit.h"

namespace conv1d {
namespace {

std::int64_t last_element(const Geometry& g) {
  std::int64_t last = g.offset;
  for (std::size_t i = 0; i < g.sizes.size(); ++i) last += std::max<std::int64_t>(g.sizes[i] - 1, 0) * g.strides[i];
  return last;
}

/// Zeroed memory in which both geometries fit, and the two views of it.
struct Stage {
  Tensor at_base, at_view;

  Stage(const Geometry& base, const Geometry& view, Device device) {
    const std::int64_t ratio = base.dtype == view.dtype ? 1 : 2;  // a real view of a complex base
    // `.data = ...` can give a view or its base any dtype: no memory holds both then.
    check(ratio == 1 || (is_complex(base.dtype) && view.dtype == real_of(base.dtype)), "a view of dtype ",
          name(view.dtype), " and its base of dtype ", name(base.dtype),
          " no longer share memory: one of them had its .data set");
    const std::int64_t first = std::min(base.offset, view.offset / ratio);
    const std::int64_t last = std::max(last_element(base), last_element(view) / ratio);
    const Tensor memory = make_tensor({last - first + 1}, base.dtype, device);
    if (Storage& storage = *memory.impl()->storage; storage.data != nullptr)
      std::memset(storage.data, 0, storage.bytes);
    at_base = make_view(memory, base.sizes, base.strides, base.offset - first);
    at_view = make_view(memory, view.sizes, view.strides, view.offset - first * ratio, view.dtype);
  }
};

/// destination += source where elements of destination may share memory.
void add_overlapping(const Tensor& destination, const Tensor& source) {
  if (destination.device().is_meta() || destination.numel() == 0) return;
  const Tensor values = copy_of(source, destination.dtype());
  const Shape& sizes = destination.sizes();
  const Shape& strides = destination.strides();
  visit(destination.dtype(), [&]<class T>(std::type_identity<T>) {
    if constexpr (!std::is_integral_v<T>) {
      T* out = destination.impl()->raw_as<T>();
      const T* in = values.impl()->raw_as<T>();
      Shape index(sizes.size(), 0);
      for (std::int64_t i = 0, n = values.numel(); i < n; ++i) {
        *out = T(static_cast<Compute<T>>(*out) + static_cast<Compute<T>>(in[i]));
        for (std::size_t d = sizes.size(); d-- > 0;) {
          out += strides[d];
          if (++index[d] < sizes[d]) break;
          out -= sizes[d] * strides[d];
          index[d] = 0;
        }
      }
    }
  });
}

}  // namespace

Geometry geometry_of(const Tensor& tensor) {
  const TensorImpl& impl = impl_of(tensor);
  return {impl.sizes, impl.strides, impl.offset, impl.dtype};
}

Geometry as_real(const Geometry& complex) {
  Geometry real{complex.sizes, complex.strides, complex.offset * 2, real_of(complex.dtype)};
  for (std::int64_t& stride : real.strides) stride *= 2;
  real.sizes.push_back(2);
  real.strides.push_back(1);
  return real;
}

Tensor gather_strided(const Tensor& source, const Geometry& base, const Geometry& view) {
  const Stage stage(base, view, source.device());
  copy_into(stage.at_base, source);
  return record("AsStridedBackward0", copy_of(stage.at_view, view.dtype), {source}, {},
                [base, view](const BackwardArgs& args) -> std::vector<Tensor> {
                  return {scatter_strided(args.grad(), view, base)};
                });
}

Tensor scatter_strided(const Tensor& part, const Geometry& view, const Geometry& base) {
  const Stage stage(base, view, part.device());
  add_overlapping(stage.at_view, part);
  return record("AsStridedScatterBackward0", copy_of(stage.at_base, base.dtype), {part}, {},
                [base, view](const BackwardArgs& args) -> std::vector<Tensor> {
                  return {gather_strided(args.grad(), base, view)};
                });
}

Tensor replace_strided(const Tensor& source, const Geometry& base, const Geometry& view, const Tensor& part) {
  const Stage stage(base, view, source.device());
  copy_into(stage.at_base, source);
  copy_into(
      stage.at_view, part.defined() ? part : [&] {
        const Geometry nothing{view.sizes, Shape(view.sizes.size(), 0), 0, view.dtype};
        return Stage(nothing, nothing, source.device()).at_view;
      }());
  return record("AsStridedScatterBackward0", copy_of(stage.at_base, base.dtype), {source, part}, {},
                [base, view](const BackwardArgs& args) -> std::vector<Tensor> {
                  return {args.wanted[0] ? replace_strided(args.grad(), base, view, {}) : Tensor(),
                          args.wanted[1] ? gather_strided(args.grad(), base, view) : Tensor()};
                });
}

}  // namespace conv1d
