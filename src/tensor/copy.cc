#include "tensor/copy.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "tensor/cast.h"
#include "tensor/impl.h"
#include "tensor/layout.h"
#include "tensor/visit.h"

namespace conv1d {
namespace {

/// The two innermost dimensions of a copy. Strides in elements.
struct Plane {
  std::int64_t rows = 1, columns = 1;
  std::int64_t to_row = 0, to_column = 1, from_row = 0, from_column = 1;
};
using PlaneCopy = void (*)(std::byte* to, const std::byte* from, const Plane& plane);

template <class To, class From>
void copy_row(To* to, const From* from, std::int64_t count, std::int64_t to_step, std::int64_t from_step) {
  if (to_step == 1 && from_step == 1) {
    if constexpr (std::is_same_v<To, From>)
      std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(To));
    else
      for (std::int64_t i = 0; i < count; ++i) to[i] = cast<To>(from[i]);
  } else if (to_step == 1 && from_step == 0) {
    std::fill_n(to, count, cast<To>(*from));
  } else {
    for (std::int64_t i = 0; i < count; ++i) to[i * to_step] = cast<To>(from[i * from_step]);
  }
}

template <class To, class From> void copy_plane(std::byte* to_bytes, const std::byte* from_bytes, const Plane& p) {
  auto* to = reinterpret_cast<To*>(to_bytes);
  const auto* from = reinterpret_cast<const From*>(from_bytes);
  const bool transposed = p.from_row != 0 && p.from_row < p.from_column;
  if (!transposed) {
    for (std::int64_t r = 0; r < p.rows; ++r) {
      copy_row(to + r * p.to_row, from + r * p.from_row, p.columns, p.to_column, p.from_column);
    }
    return;
  }
  // Square tiles through a small buffer: whole cache lines are read, then whole lines written. Without the buffer a
  // tile's lines would fall into the same few sets of the cache wherever a stride is a power of two.
  constexpr std::int64_t kTile = 32;
  To buffer[kTile][kTile];
  for (std::int64_t r0 = 0; r0 < p.rows; r0 += kTile) {
    const std::int64_t height = std::min(kTile, p.rows - r0);
    for (std::int64_t c0 = 0; c0 < p.columns; c0 += kTile) {
      const std::int64_t width = std::min(kTile, p.columns - c0);
      for (std::int64_t c = 0; c < width; ++c) {
        const From* line = from + r0 * p.from_row + (c0 + c) * p.from_column;
        for (std::int64_t r = 0; r < height; ++r) buffer[r][c] = cast<To>(line[r * p.from_row]);
      }
      for (std::int64_t r = 0; r < height; ++r) {
        copy_row(to + (r0 + r) * p.to_row + c0 * p.to_column, buffer[r], width, p.to_column, 1);
      }
    }
  }
}

PlaneCopy plane_copy(DType to, DType from) {
  return visit(to, [from]<class To>(std::type_identity<To>) {
    return visit(from, []<class From>(std::type_identity<From>) -> PlaneCopy { return copy_plane<To, From>; });
  });
}

/// The dimensions of a copy from the outermost in the destination's memory to the innermost; neighbours that lie alike
/// on both sides are one.
struct Walk {
  Shape sizes, to, from;

  void add_outer(std::int64_t size, std::int64_t to_stride, std::int64_t from_stride) {
    if (size == 1) return;
    if (!sizes.empty() && to_stride == to.back() * sizes.back() && from_stride == from.back() * sizes.back()) {
      sizes.back() *= size;
      return;
    }
    sizes.push_back(size);
    to.push_back(to_stride);
    from.push_back(from_stride);
  }
};

Walk make_walk(const TensorImpl& to, const Shape& from_strides) {
  Walk walk;
  for (const std::int64_t dim : memory_order(to.sizes, to.strides)) {
    const auto i = static_cast<std::size_t>(dim);
    walk.add_outer(to.sizes[i], to.strides[i], from_strides[i]);
  }
  return walk;
}

void copy_elements(const TensorImpl& to, const TensorImpl& from, const Shape& from_strides) {
  const Walk walk = make_walk(to, from_strides);  // innermost first
  const auto to_size = static_cast<std::int64_t>(element_size(to.dtype));
  const auto from_size = static_cast<std::int64_t>(element_size(from.dtype));
  Plane plane;
  if (!walk.sizes.empty())
    plane.columns = walk.sizes[0], plane.to_column = walk.to[0], plane.from_column = walk.from[0];
  if (walk.sizes.size() > 1) plane.rows = walk.sizes[1], plane.to_row = walk.to[1], plane.from_row = walk.from[1];
  const PlaneCopy copy = plane_copy(to.dtype, from.dtype);
  auto* to_data = static_cast<std::byte*>(to.raw());
  const auto* from_data = static_cast<const std::byte*>(from.raw());
  Shape index(walk.sizes.size(), 0);
  for (;;) {
    copy(to_data, from_data, plane);
    std::size_t dim = 2;
    for (; dim < index.size(); ++dim) {
      to_data += walk.to[dim] * to_size;
      from_data += walk.from[dim] * from_size;
      if (++index[dim] < walk.sizes[dim]) break;
      to_data -= walk.to[dim] * walk.sizes[dim] * to_size;
      from_data -= walk.from[dim] * walk.sizes[dim] * from_size;
      index[dim] = 0;
    }
    if (dim >= index.size()) return;
  }
}

/// PyTorch's warning, once a process.
void warn_of_lost_parts(DType to, DType from) {
  if (!is_complex(from) || is_complex(to) || to == DType::Bool) return;
  static WarnOnce once;
  once("Casting complex values to real discards the imaginary part");
}

/// One past the last byte that a tensor's elements touch.
const std::byte* end_of(const TensorImpl& impl) {
  std::int64_t last = 0;
  for (std::size_t i = 0; i < impl.sizes.size(); ++i) last += (impl.sizes[i] - 1) * impl.strides[i];
  return impl.raw_as<std::byte>() + (last + 1) * static_cast<std::int64_t>(element_size(impl.dtype));
}

bool overlap(const TensorImpl& a, const TensorImpl& b) {
  const std::less<const std::byte*> before;  // a total order over unrelated pointers too
  return before(a.raw_as<std::byte>(), end_of(b)) && before(b.raw_as<std::byte>(), end_of(a));
}

Tensor copy_with_strides(const Tensor& source, DType dtype, Shape strides) {
  const TensorImpl& from = impl_of(source);
  Tensor copy = make_tensor(from.sizes, dtype, from.device);
  if (strides != copy.strides()) copy = make_view(copy, from.sizes, std::move(strides), 0);
  copy_into(copy, source);
  return copy;
}

}  // namespace

void copy_into(const Tensor& destination, const Tensor& source) {
  const TensorImpl &to = impl_of(destination), &from = impl_of(source);
  if (to.sizes != from.sizes) {
    const Shape common = broadcast_shape(to.sizes, from.sizes);
    check(common == to.sizes, "output with shape ", shape_text(to.sizes), " doesn't match the broadcast shape ",
          shape_text(common));
  }
  check<NotImplementedError>(to.device.is_meta() || !from.device.is_meta(), "Cannot copy out of meta tensor; no data!");
  warn_of_lost_parts(to.dtype, from.dtype);
  if (to.numel == 0 || to.device.is_meta()) return note_write(destination);
  const Shape from_strides = broadcast_strides(from.sizes, from.strides, to.sizes);
  if (overlap(to, from)) {
    if (to.raw() == from.raw() && to.dtype == from.dtype && to.strides == from_strides) return note_write(destination);
    return copy_into(destination, copy_of(source, from.dtype));
  }
  copy_elements(to, from, from_strides);
  note_write(destination);
}

Tensor copy_of(const Tensor& source, DType dtype) {
  return copy_with_strides(source, dtype, contiguous_strides(impl_of(source).sizes));
}

Tensor dense_copy_of(const Tensor& source, DType dtype) {
  const TensorImpl& from = impl_of(source);
  return copy_with_strides(source, dtype, dense_strides(from.sizes, from.strides));
}

Tensor raw_contiguous(const Tensor& x) { return x.is_contiguous() ? x : copy_of(x, x.dtype()); }

}  // namespace conv1d
