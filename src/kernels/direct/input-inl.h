// Blocks of input, laid out so that every product of a partial sum reads consecutive columns: strided rows are de-interleaved,
// narrow types widened, and what lies outside the row is zero.
#if defined(CONV1D_KERNELS_DIRECT_INPUT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV1D_KERNELS_DIRECT_INPUT_INL_H_
#undef CONV1D_KERNELS_DIRECT_INPUT_INL_H_
#else
#define CONV1D_KERNELS_DIRECT_INPUT_INL_H_
#endif

#include <algorithm>
#include <complex>
#include <cstdint>
#include <cstring>

#include "hwy/highway.h"
#include "kernels/direct/direct.h"
#include "kernels/half.h"

HWY_BEFORE_NAMESPACE();
namespace conv1d::kernels::direct::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// How elements of the operands become reals of the tile, `count` of them, `stride` elements apart.
template <class T> struct RealElements {
  using Stored = T;
  using Real = T;
  static constexpr bool kComplex = false;
  static constexpr int kReals = 1;
  static void Load(const Stored* from, std::int64_t stride, std::int64_t count, bool, Real* to) {
    if (stride == 1) {
      std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(T));
    } else if (stride == 2) {
      for (std::int64_t i = 0; i < count; ++i) to[i] = from[2 * i];
    } else {
      for (std::int64_t i = 0; i < count; ++i) to[i] = from[i * stride];
    }
  }
  static void Store(const Real* from, std::int64_t stride, std::int64_t count, Stored* to) {
    for (std::int64_t i = 0; i < count; ++i) to[i * stride] = from[i];
  }
};

template <class T> struct ComplexElements {
  using Stored = std::complex<T>;
  using Real = T;
  static constexpr bool kComplex = true;
  static constexpr int kReals = 2;
  static void Load(const Stored* from, std::int64_t stride, std::int64_t count, bool conjugate, Real* to) {
    const T* reals = reinterpret_cast<const T*>(from);  // an array of two, by the standard
    const T sign = conjugate ? T{-1} : T{1};
    for (std::int64_t i = 0; i < count; ++i) {
      to[2 * i] = reals[2 * i * stride];
      to[2 * i + 1] = sign * reals[2 * i * stride + 1];
    }
  }
  static void Store(const Real* from, std::int64_t stride, std::int64_t count, Stored* to) {
    T* reals = reinterpret_cast<T*>(to);
    for (std::int64_t i = 0; i < count; ++i) {
      reals[2 * i * stride] = from[2 * i];
      reals[2 * i * stride + 1] = from[2 * i + 1];
    }
  }
};

template <class Convert> struct HalfElements {
  using Stored = std::uint16_t;
  using Real = float;
  static constexpr bool kComplex = false;
  static constexpr int kReals = 1;
  static void Load(const Stored* from, std::int64_t stride, std::int64_t count, bool, Real* to) {
    if (stride == 1) {
      for (std::int64_t i = 0; i < count; ++i) to[i] = Convert::widen(from[i]);
    } else {
      for (std::int64_t i = 0; i < count; ++i) to[i] = Convert::widen(from[i * stride]);
    }
  }
  static void Store(const Real* from, std::int64_t stride, std::int64_t count, Stored* to) {
    if (stride == 1) {
      for (std::int64_t i = 0; i < count; ++i) to[i] = Convert::narrow(from[i]);
    } else {
      for (std::int64_t i = 0; i < count; ++i) to[i * stride] = Convert::narrow(from[i]);
    }
  }
};

struct Range {
  std::int64_t begin, end;
};

// Those i in [0, count) for which 0 <= start + i*step < length.
HWY_INLINE Range InsideRow(std::int64_t start, std::int64_t step, std::int64_t length, std::int64_t count) {
  std::int64_t begin = 0, end = count;
  if (step > 0) {
    if (start < 0) begin = (-start + step - 1) / step;
    end = start >= length ? 0 : (length - start + step - 1) / step;
  } else if (step < 0) {
    if (start >= length) begin = (start - length) / -step + 1;
    end = start < 0 ? 0 : start / -step + 1;
  } else if (start < 0 || start >= length) {
    end = 0;
  }
  begin = std::min(begin, count);
  return {begin, std::clamp(end, begin, count)};
}

// One segment: positions start, start + step, ... of a row; zeros outside the row and up to `padded`.
template <class Elements>
HWY_INLINE void FillSegment(const typename Elements::Stored* row, const TapProblem& p, std::int64_t start,
                            std::int64_t count, std::int64_t padded, typename Elements::Real* to) {
  constexpr int kReals = Elements::kReals;
  const Range inside = InsideRow(start, p.step, p.in_length, count);
  std::fill(to, to + inside.begin * kReals, typename Elements::Real{0});
  if (inside.begin < inside.end) {
    const std::int64_t first = (start + inside.begin * p.step) * p.input.column;
    Elements::Load(row + first, p.step * p.input.column, inside.end - inside.begin, p.conjugate_input,
                   to + inside.begin * kReals);
  }
  std::fill(to + inside.end * kReals, to + padded * kReals, typename Elements::Real{0});
}

// A partial sum's share of the input: `inputs` rows, `taps` taps from position `start` on.
struct Share {
  std::int64_t inputs, taps, start;
};

// Fills `block` and the offset of each (row, tap) in it.
template <class Elements>
HWY_INLINE void PackInput(const TapProblem& p, const Segments& segments, const Share& share,
                          const typename Elements::Stored* rows, std::int64_t columns, typename Elements::Real* block,
                          std::ptrdiff_t* offsets) {
  constexpr int kReals = Elements::kReals;
  const std::int64_t lanes = static_cast<std::int64_t>(hn::Lanes(hn::ScalableTag<typename Elements::Real>()));
  const std::int64_t length = segments.length(columns, lanes), row_length = segments.classes * length;
  for (std::int64_t r = 0; r < share.inputs; ++r) {
    for (std::int64_t c = 0; c < segments.classes; ++c) {
      const std::int64_t taps = segments.taps_of(c, share.taps);
      if (taps == 0) break;
      const std::int64_t lowest = segments.apart < 0 ? c + (taps - 1) * segments.classes : c;
      const std::int64_t count = columns + (taps - 1) * std::abs(segments.apart);
      FillSegment<Elements>(rows + r * p.input.row, p, share.start + lowest * p.between, count, length,
                            block + (r * row_length + c * length) * kReals);
    }
    for (std::int64_t t = 0; t < share.taps; ++t) {
      const std::int64_t c = t % segments.classes, i = t / segments.classes;
      const std::int64_t at =
          segments.apart < 0 ? (segments.taps_of(c, share.taps) - 1 - i) * -segments.apart : i * segments.apart;
      offsets[r * share.taps + t] = static_cast<std::ptrdiff_t>((r * row_length + c * length + at) * kReals);
    }
  }
}

}  // namespace
}  // namespace conv1d::kernels::direct::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
