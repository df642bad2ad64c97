// The direct sum: its sizes, decided in the plan, and the layout that its blocks of input take.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/sizes.h"
#include "kernels/plan.h"

namespace conv1d::kernels::direct {

struct Details {
  std::int64_t chunk_inputs, chunk_taps;       // of a partial sum: some channels with all taps, or one with some taps
  std::int64_t block_columns, column_blocks;   // columns of a unit
  std::int64_t strip_columns, strip_elements;  // columns of a unit that are packed apart, or all; elements they take
  std::int64_t strip_panels;                   // panels that take turns with a unit's strips
  std::int64_t block_panels, panel_blocks;     // panels of a unit
  std::int64_t offsets_bytes, block_bytes, stage_bytes;  // pieces of the scratch memory
  bool merged;                                           // taps share segments: see Segments
  bool raw;                                              // read the input where it lies, wherever that is possible
  bool prefetched;                                       // the input is too large for the caches: prefetch-inl.h
  bool staged;  // outputs are put together in scratch memory: narrow or strided ones
};

/// Where the taps of a partial sum find their columns in a packed row.
///
/// Tap t of column j reads position p(t) + j*step. Taps whose p differ by a multiple of step can share one segment of
/// the row, in which they are `apart` elements from each other. That is so for every `classes`-th tap. With a stride of
/// 1 there is one class, the row itself. Taps farther apart than a block is wide (huge dilation) gain nothing by
/// sharing.
struct Segments {
  std::int64_t classes, apart, most;  // most: taps of a class, at most

  static Segments of(const TapProblem& p, std::int64_t taps, bool merged);
  std::int64_t taps_of(std::int64_t cls, std::int64_t taps) const { return taps / classes + (cls < taps % classes); }
  /// Elements of a segment, with what the last vector reads beyond.
  std::int64_t length(std::int64_t columns, std::int64_t lanes) const {
    const std::int64_t distance = apart < 0 ? -apart : apart;
    return (columns + lanes - 1) / lanes * lanes + (most - 1) * distance;
  }
};

/// Lies before the packed weights.
struct alignas(kAlignment) PackedHeader {
  std::uint64_t finite;  ///< 1 if every weight is: then zeros may stand for what lies outside the input
};

template <class Real> const Real* weights_of(const void* packed) {
  return reinterpret_cast<const Real*>(static_cast<const PackedHeader*>(packed) + 1);
}
inline bool is_finite(const void* packed) { return static_cast<const PackedHeader*>(packed)->finite == 1; }

bool accepts(const TapProblem& problem, const ChooseOptions& options);
double cost(const TapProblem& problem, const ChooseOptions& options);
void prepare(Plan& plan, const ChooseOptions& options);
void pack(const Plan& plan, const void* weight, void* packed) noexcept;

using RunUnits = void (*)(const Plan& plan, const Operands& operands, const void* packed, std::byte* scratch,
                          std::int64_t begin, std::int64_t end);
RunUnits run_float32(Isa isa, Element element);  // float32, complex64 and the halves
RunUnits run_float64(Isa isa, Element element);  // float64, complex128

}  // namespace conv1d::kernels::direct
