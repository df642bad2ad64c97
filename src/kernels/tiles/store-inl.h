// Lanes back to outputs.
#if defined(CONV1D_KERNELS_TILES_STORE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV1D_KERNELS_TILES_STORE_INL_H_
#undef CONV1D_KERNELS_TILES_STORE_INL_H_
#else
#define CONV1D_KERNELS_TILES_STORE_INL_H_
#endif

#include <algorithm>
#include <cstring>

#include "hwy/highway.h"
#include "kernels/tile/tile-inl.h"
#include "kernels/tiles/lanes-inl.h"
#include "kernels/tiles/tiles.h"
#include "kernels/tiles/unit-inl.h"

HWY_BEFORE_NAMESPACE();
namespace conv1d::kernels::tiles::HWY_NAMESPACE {
namespace {

class Storer {
 public:
  // block: d.block_bytes; lines: as many.
  Storer(const Unit& unit, float* block, float* lines)
      : unit_(unit), p_(unit.p), d_(unit.d), block_(block), lines_(lines) {}

  // Vectors that Store() takes at once: those whose outputs are neighbours.
  std::int64_t Vectors() const { return d_.layout == Layout::kNeighbours ? d_.phases : 1; }

  // Where the outputs of the i-th of these vectors are wanted, `valid` (rounded up to four) vectors of them.
  float* Block(std::int64_t i) const { return block_ + i * d_.loaded * kVector; }

  // Output row m of the vectors from `vector` on. Tiles that are uneven are left out.
  void Store(std::int64_t vector, std::int64_t m) const {
    const Tile* const tiles = unit_.tiles + vector * kVector;
    const bool whole = !tiles[0].beside_uneven;
    if (whole && d_.layout == Layout::kNeighbours) return StoreNeighbours(tiles[0], m);
    if (whole && d_.layout == Layout::kPhases) return StorePhases(tiles, m);
    for (std::int64_t i = 0; i < Vectors(); ++i) {
      LanesToLines(Block(i), static_cast<std::size_t>(d_.valid + 3) / 4 * 4, lines_,
                   static_cast<std::size_t>(d_.valid));
      for (std::int64_t l = 0; l < kVector; ++l) {
        const Tile& t = tiles[i * kVector + l];
        if (!t.uneven) StoreTile(t, m, lines_ + l * d_.valid);
      }
    }
  }

  void StoreTile(const Tile& t, std::int64_t m, const float* values) const {
    const std::int64_t apart = unit_.geometry.dilation;
    StoreRow(values, t.count, t.phase + apart * t.start, apart, unit_.OutputRow(t.batch, m));
  }

 private:
  // `count` values to columns first, first + apart, ...
  void StoreRow(const float* values, std::int64_t count, std::int64_t first, std::int64_t apart, float* row) const {
    if (count <= 0) return;
    float* out = row + first * p_.output.column;
    apart *= p_.output.column;
    const bool add = p_.start == Start::kAccumulate, relu = p_.finish == Finish::kRelu;
    std::int64_t i = 0;
    if (apart == 1 && !add && !relu && count > 8 * kVector) {
      std::memcpy(out, values, static_cast<std::size_t>(count) * sizeof(float));
      return;
    }
    if (apart == 1) {
      for (; i + kVector <= count; i += kVector) {
        V y = hn::LoadU(D(), values + i);
        if (add) y = hn::Add(hn::LoadU(D(), out + i), y);
        if (relu) y = conv1d::kernels::HWY_NAMESPACE::Relu(D(), y);
        hn::StoreU(y, D(), out + i);
      }
    }
    for (; i < count; ++i) {
      float y = values[i];
      if (add) y += out[i * apart];
      if (relu && y < 0) y = 0;
      out[i * apart] = y;
    }
  }

  // All phases of neighbouring tiles make one piece of the row.
  void StoreNeighbours(const Tile& first, std::int64_t m) const {
    const std::int64_t line = d_.valid * d_.phases, column = unit_.geometry.dilation * first.start;
    const std::int64_t count = std::min(kVector * line, p_.columns - column);
    if (count <= 0) return;
    const float* from = block_;
    if (d_.phases > 1) {
      // From the vectors of a phase to those of a column.
      float* const mixed = lines_ + kVector * d_.phases * d_.loaded;
      for (std::int64_t phase = 0; phase < d_.phases; ++phase) {
        const float* const vectors = Block(phase);
        for (std::int64_t i = 0; i < d_.valid; ++i) {
          StoreAt(LoadAt(vectors, static_cast<std::size_t>(i)), mixed, static_cast<std::size_t>(i * d_.phases + phase));
        }
      }
      from = mixed;
    }
    const std::size_t rounded = static_cast<std::size_t>(line + 3) / 4 * 4, stride = static_cast<std::size_t>(line);
    float* const row = unit_.OutputRow(first.batch, m);
    const bool plain = p_.output.column == 1 && p_.start != Start::kAccumulate && p_.finish == Finish::kNone;
    if (plain && rounded == stride && count == kVector * line) return LanesToLines(from, rounded, row + column, stride);
    LanesToLines(from, rounded, lines_, stride);
    StoreRow(lines_, count, column, 1, row);
  }

  void StorePhases(const Tile* tiles, std::int64_t m) const {
    if (tiles[0].count == 0) return;  // beyond the last vector; later phases have no more columns than the first
    float* const row = unit_.OutputRow(tiles[0].batch, m);
    const std::int64_t used = std::min(kVector, d_.phases - tiles[0].phase);
    for (std::int64_t i = 0; i < d_.valid; ++i) {
      const std::int64_t column = tiles[0].phase + unit_.geometry.dilation * (tiles[0].start + i);
      StoreRow(block_ + i * kVector, std::min(used, p_.columns - column), column, 1, row);
    }
  }

  const Unit& unit_;
  const TapProblem& p_;
  const Details& d_;
  float* const block_;
  float* const lines_;
};

}  // namespace
}  // namespace conv1d::kernels::tiles::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
