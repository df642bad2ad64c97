// Short convolutions by real FFTs of 16 to 512 points, one tile of the row in each SIMD lane.
//
// A tile is `points` consecutive samples of a row; its spectrum times that of the filter, summed over the channels and
// transformed back, gives `valid` = points - span + 1 outputs (overlap-save). Per frequency the sum over channels is a matrix
// product, three real ones by Gauss's trick, and they run through the same register tile as the direct sum.
//
// Rows first: what a tap reads with a stride or a dilation becomes consecutive samples of *virtual* rows. Taps whose
// positions agree modulo the step share a virtual row ("class", as in direct.h); columns that agree modulo `dilation` are
// convolved apart ("phase"). So k taps at stride s are k/s taps of s times the channels, and any dilation is none.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/plan.h"

namespace conv1d::kernels::fft_tile {

inline constexpr int kMostPoints = 512;
inline constexpr int kLeastPoints = 16;

/// How taps become virtual rows: tap t belongs to class t % classes, in which it is number t / classes.
struct Geometry {
  std::int64_t classes;   ///< virtual rows a row
  std::int64_t dilation;  ///< distance of neighbouring taps of a class, in columns
  std::int64_t span;      ///< taps of a class, at most
  bool reversed;          ///< later taps read earlier samples

  static Geometry of(const TapProblem& p);
  std::int64_t taps_of(std::int64_t cls, std::int64_t taps) const { return taps / classes + (cls < taps % classes); }
  /// Sample of the virtual row that tap `t` reads for column 0, in units of `dilation`.
  std::int64_t sample_of(std::int64_t t, std::int64_t taps) const {
    return reversed ? taps_of(t % classes, taps) - 1 - t / classes : t / classes;
  }
  /// Position in the input of sample 0 of a class.
  std::int64_t origin(const TapProblem& p, std::int64_t cls) const {
    const std::int64_t lowest = reversed ? cls + (taps_of(cls, p.taps) - 1) * classes : cls;
    return p.first + lowest * p.between;
  }
};

/// Values of a spectrum: two real ones and three (sum, imaginary, real) for each complex one.
constexpr std::int64_t spectrum_values(std::int64_t points) { return points / 2 * 3 - 1; }

struct Details {
  std::int64_t points, valid;           // of a tile
  std::int64_t rows;                    // virtual rows of a group
  std::int64_t phases, phase_tiles;     // tiles of a phase
  std::int64_t run_tiles;               // neighbouring tiles of a phase in a row of the order
  std::int64_t tiles;                   // of a group: batch x phases x phase_tiles
  std::int64_t unit_tiles, tile_blocks; // a unit's, and how many units they make
  std::int64_t block_panels;            // panels whose products are held at a time
  std::int64_t sum_rows;                // virtual rows of a partial sum
  std::int64_t spectra_bytes, products_bytes, lanes_bytes, tiles_bytes, uneven_bytes, offsets_bytes;  // scratch memory
  float uneven;                         // bound of a tile's largest over its smallest segment
};

/// Which tile is number `index` of a group.
struct Tile {
  std::int64_t batch, phase, start;  // start: first output, in samples of the phase
  std::int64_t count;                // outputs, 0 for a lane without a tile
  bool uneven;                       // to be computed directly
};

using RunUnits = void (*)(const Plan& plan, const Operands& operands, const void* packed, std::byte* scratch,
                          std::int64_t begin, std::int64_t end);
using PackWeights = void (*)(const Plan& plan, const void* weight, void* packed);

struct Functions {
  RunUnits run;
  PackWeights pack;
};
Functions functions_for(Isa isa);

/// The twiddle of node `k` of the tree of factors: x^L - w splits into x^(L/2) -+ s, s = sqrt(w). The root (k = 1) is
/// w = i, node k's children are 2k (w = s) and 2k + 1 (w = -s). The same table serves every size.
struct Twiddles {
  float re[kMostPoints / 2], im[kMostPoints / 2];
};
const Twiddles& twiddles();

}  // namespace conv1d::kernels::fft_tile
