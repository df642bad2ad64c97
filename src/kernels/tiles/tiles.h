// Convolution by tiles: a short piece of each row is transformed, multiplied by the transformed filters, transformed
// back.
//
// One tile lies in each SIMD lane. A transform turns `points` samples into `values` numbers in which convolution is a
// product, one at a time (Toom-Cook: the values of polynomials; FFT: spectra, with Gauss's three products for each
// complex one). For each value, the sum over the channels is a matrix product, and it runs through the same register
// tile as the direct sum.
//
// Rows first: what a tap reads with a stride or a dilation becomes consecutive samples of *virtual* rows. Taps whose
// positions agree modulo the step share a virtual row ("class", as in direct.h); columns that agree modulo `dilation`
// are convolved apart ("phase"). So k taps at stride s are k/s taps of s times the channels, and any dilation is none.
//
// More taps than a tile takes are cut into *windows*: output tile j sums the products of window w and input tile j + w.
// The same spectra serve all windows, and in the matrix products a window is one more row, read some tiles on.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/plan.h"

namespace conv1d::kernels::tiles {

inline constexpr std::int64_t kMostPoints = 512;
inline constexpr std::int64_t kMostValues = kMostPoints / 2 * 3;
inline constexpr std::int64_t kMostSegments = 8;
/// Spectra in a partial sum: fewer than the direct sum has products, since transforms add their own rounding.
inline constexpr std::int64_t kSumRows = 64;

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
  /// The tap of a class that reads `sample`.
  std::int64_t tap_of(std::int64_t cls, std::int64_t sample, std::int64_t taps) const {
    return cls + classes * (reversed ? taps_of(cls, taps) - 1 - sample : sample);
  }
  /// Position in the input of sample 0 of a class.
  std::int64_t origin(const TapProblem& p, std::int64_t cls) const {
    const std::int64_t lowest = reversed ? cls + (taps_of(cls, p.taps) - 1) * classes : cls;
    return p.first + lowest * p.between;
  }
};

/// Which tiles share a vector, and so how samples get into lanes (load-inl.h).
enum class Layout : std::uint8_t {
  kNeighbours,  // neighbouring tiles of a phase: rows are transposed
  kPhases,      // neighbouring phases of a tile: rows are read as they lie
  kAnywhere,    // whatever comes next: few tiles, short rows; samples are gathered
  kWindows,     // neighbouring tiles of a phase, so that a window's tiles are neighbours too; samples are gathered
};

struct Details {
  std::int64_t points, values, valid;    // of a tile: samples, numbers that they become, outputs
  std::int64_t loaded;                   // points, rounded up to the transposition's four
  std::int64_t segment, segments;        // samples whose largest magnitude is tracked together; of a tile
  std::int64_t rows;                     // virtual rows of a group
  std::int64_t window, windows;          // taps that a tile takes, and how many such windows there are
  std::int64_t row_tiles;                // tiles of a row that a unit loads: its own, and those of later windows
  std::int64_t pitch;                    // kWindows: tiles listed of a phase
  std::int64_t phases, phase_tiles;      // tiles of a phase
  std::int64_t tiles;                    // of a group: batch x phases x phase_tiles
  std::int64_t unit_tiles, tile_blocks;  // a unit's, and how many units they make
  std::int64_t block_panels;             // panels whose products are held at a time
  std::int64_t stretch;                  // kNeighbours: positions from a tile's first sample to the next tile's
  std::int64_t lowest;                   // kNeighbours: position of plane 0 for tile 0
  std::int64_t plane_lines;              // kNeighbours: stretches held of a row, a multiple of the lanes
  std::int64_t spectra_stride, products_stride;  // from one value to the next
  std::int64_t spectra_bytes, products_bytes, planes_bytes, line_bytes, samples_bytes, block_bytes, tiles_bytes,
      uneven_bytes, offsets_bytes;  // scratch memory; the block's twice more
  float uneven;                     // bound of a tile's largest sample over what an output reads
  Layout layout;
  std::uint8_t joined;  // classes whose values make one row of spectra: see Transform

  std::int64_t sums() const { return rows / joined * windows; }  ///< products of one value of one output
  /// Samples of a row that the outputs of one tile read, at most.
  std::int64_t reach() const { return (windows - 1) * window + points; }
  /// Floats held of a row when a tile is computed directly: what it reads, and what its last vectors reach beyond.
  std::int64_t line(std::int64_t lanes) const { return reach() + 2 * lanes; }
};

/// Which tile is number `index` of a group.
struct Tile {
  std::int64_t batch, phase, start;  // start: first output, in samples of the phase
  std::int64_t count;                // outputs, 0 for a lane without a tile, or one that later windows need
  bool uneven;                       // to be computed directly
  bool beside_uneven;                // the first of vectors that are stored together: one of them is
};

/// In front of the packed weights.
struct PackedHeader {
  std::uint64_t finite;  ///< 1 if every weight is: else all tiles are computed directly
  std::uint64_t unused[7];
};
static_assert(sizeof(PackedHeader) == kAlignment);

using RunUnits = void (*)(const Plan& plan, const Operands& operands, const void* packed, std::byte* scratch,
                          std::int64_t begin, std::int64_t end);
using PackWeights = void (*)(const Plan& plan, const void* weight, void* packed);

struct Functions {
  RunUnits run;
  PackWeights pack;
};

/// What a transform costs and needs, as far as plans depend on it.
struct Transform {
  std::int64_t points, values;  // of a tile
  std::int64_t window;          // taps that it takes; longer spans are cut
  std::int64_t segment;         // see Details
  double seconds_a_vector;      // of one transform of a vector of tiles, its loads and stores included
  // Classes of taps that are treated differently: the values of the first are followed by those of the second, in one row
  // of spectra, and no product is spent on what one of them needs and the other does not. Else 1.
  std::uint8_t joined = 1;
};

/// Has the problem a form that tiles can compute? float32, spans of two taps or more, nothing empty.
bool accepts(const TapProblem& problem);

/// Estimated seconds of the whole problem; infinity where packed weights of this transform take more than is allowed.
double cost(const TapProblem& problem, const ChooseOptions& options, const Transform& transform);

/// Fills in the plan for this transform.
void prepare(Plan& plan, const ChooseOptions& options, const Transform& transform);

}  // namespace conv1d::kernels::tiles
