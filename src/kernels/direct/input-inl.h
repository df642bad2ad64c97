// Blocks of input, laid out so that every product of a partial sum reads consecutive columns: strided rows are
// de-interleaved, narrow types widened, and what lies outside the row is zero.
#if defined(CONV1D_KERNELS_DIRECT_INPUT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV1D_KERNELS_DIRECT_INPUT_INL_H_
#undef CONV1D_KERNELS_DIRECT_INPUT_INL_H_
#else
#define CONV1D_KERNELS_DIRECT_INPUT_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include "hwy/highway.h"
#include "kernels/direct/direct.h"
#include "kernels/range.h"
#include "kernels/tile/elements-inl.h"

HWY_BEFORE_NAMESPACE();
namespace conv1d::kernels::direct::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// One segment: positions start, start + step, ... of a row; zeros outside the row and up to `padded`.
template <class Elements>
HWY_INLINE void FillSegment(const typename Elements::Stored* row, const TapProblem& p, std::int64_t start,
                            std::int64_t count, std::int64_t padded, typename Elements::Real* to) {
  constexpr int kReals = Elements::kReals;
  const Range inside = inside_row(start, p.step, p.in_length, count);
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

// Where each (row, tap) of a share finds its columns in a block whose segments are `length` long.
template <class Elements>
HWY_INLINE void FindOffsets(const Segments& segments, const Share& share, std::int64_t length,
                            std::ptrdiff_t* offsets) {
  for (std::int64_t r = 0; r < share.inputs; ++r) {
    for (std::int64_t t = 0; t < share.taps; ++t) {
      const std::int64_t c = t % segments.classes, i = t / segments.classes;
      const std::int64_t at =
          segments.apart < 0 ? (segments.taps_of(c, share.taps) - 1 - i) * -segments.apart : i * segments.apart;
      offsets[r * share.taps + t] =
          static_cast<std::ptrdiff_t>(((r * segments.classes + c) * length + at) * Elements::kReals);
    }
  }
}

// Fills `block`, whose segments are `length` long, with what `columns` columns read.
template <class Elements>
HWY_INLINE void PackInput(const TapProblem& p, const Segments& segments, const Share& share,
                          const typename Elements::Stored* rows, std::int64_t columns, std::int64_t length,
                          typename Elements::Real* block) {
  constexpr int kReals = Elements::kReals;
  for (std::int64_t r = 0; r < share.inputs; ++r) {
    for (std::int64_t c = 0; c < segments.classes; ++c) {
      const std::int64_t taps = segments.taps_of(c, share.taps);
      if (taps == 0) break;
      const std::int64_t lowest = segments.apart < 0 ? c + (taps - 1) * segments.classes : c;
      const std::int64_t count = columns + (taps - 1) * std::abs(segments.apart);
      FillSegment<Elements>(rows + r * p.input.row, p, share.start + lowest * p.between, count, length,
                            block + (r * segments.classes + c) * length * kReals);
    }
  }
}

}  // namespace
}  // namespace conv1d::kernels::direct::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
