// One unit of work: which tiles it holds, and where their samples lie.
#if defined(CONV1D_KERNELS_TILES_UNIT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV1D_KERNELS_TILES_UNIT_INL_H_
#undef CONV1D_KERNELS_TILES_UNIT_INL_H_
#else
#define CONV1D_KERNELS_TILES_UNIT_INL_H_
#endif

#include <algorithm>

#include "base/sizes.h"
#include "hwy/highway.h"
#include "kernels/range.h"
#include "kernels/tiles/lanes-inl.h"
#include "kernels/tiles/tiles.h"

HWY_BEFORE_NAMESPACE();
namespace conv1d::kernels::tiles::HWY_NAMESPACE {
namespace {

constexpr std::int64_t kVector = static_cast<std::int64_t>(kLanes);

struct Unit {
  const TapProblem& p;
  const Details& d;
  const Geometry geometry;
  const Operands& operands;
  Tile* tiles;  // d.row_tiles: a vector's lanes are neighbours
  std::int64_t group = 0;
  std::int64_t first_tile = 0;  // kNeighbours: of every phase

  void Find(std::int64_t index) {
    group = index / d.tile_blocks;
    const std::int64_t block = index % d.tile_blocks;
    switch (d.layout) {
      case Layout::kNeighbours:
        return FindNeighbours(block);
      case Layout::kPhases:
        return FindPhases(block * (d.unit_tiles / kVector));
      case Layout::kAnywhere:
        return FindAnywhere(block * d.unit_tiles);
      case Layout::kWindows:
        return FindWindows(block * d.unit_tiles);
    }
  }

  // Where a tile's samples begin, from a class's origin on.
  std::int64_t Offset(const Tile& t) const { return (t.phase + geometry.dilation * t.start) * p.step; }
  std::int64_t FirstPosition(const Tile& t, std::int64_t cls) const { return geometry.origin(p, cls) + Offset(t); }
  const float* InputRow(std::int64_t batch, std::int64_t channel) const {
    return static_cast<const float*>(operands.input) + group * p.input.group + batch * p.input.batch +
           channel * p.input.row;
  }

  // `count` samples of a row, `stride` positions from each other, zeros outside the input.
  void FillLine(const float* row, std::int64_t start, std::int64_t stride, std::int64_t count, float* line) const {
    const Range inside = inside_row(start, stride, p.in_length, count);
    std::fill(line, line + inside.begin, 0.0f);
    if (inside.begin < inside.end) {
      const float* from = row + (start + inside.begin * stride) * p.input.column;
      const std::int64_t apart = stride * p.input.column;
      if (apart == 1) {
        std::copy(from, from + (inside.end - inside.begin), line + inside.begin);
      } else {
        for (std::int64_t i = inside.begin; i < inside.end; ++i, from += apart) line[i] = *from;
      }
    }
    std::fill(line + inside.end, line + count, 0.0f);
  }
  void FillTile(const Tile& t, std::int64_t row, std::int64_t count, float* line) const {
    FillLine(InputRow(t.batch, row / geometry.classes), FirstPosition(t, row % geometry.classes),
             geometry.dilation * p.step, count, line);
  }

  float Bias(std::int64_t m) const {
    if (p.start != Start::kBias) return 0;
    return static_cast<const float*>(operands.bias)[group * p.bias.group + m * p.bias.output];
  }
  float* OutputRow(std::int64_t batch, std::int64_t m) const {
    return static_cast<float*>(operands.output) + group * p.output.group + batch * p.output.batch + m * p.output.output;
  }

 private:
  Tile TileAt(std::int64_t batch, std::int64_t phase, std::int64_t number) const {
    const std::int64_t start = number * d.valid, columns = ceil_div(p.columns - phase, geometry.dilation);
    return {batch, phase, start, std::clamp<std::int64_t>(columns - start, 0, d.valid), false, false};
  }

  // Lanes: as many neighbouring tiles of a phase; vectors: the phases of one stretch of the row, then the next stretch.
  void FindNeighbours(std::int64_t block) {
    const std::int64_t width = d.unit_tiles / d.phases, a_batch = ceil_div(d.phase_tiles, width);
    first_tile = block % a_batch * width;
    for (std::int64_t i = 0; i < d.unit_tiles; ++i) {
      const std::int64_t vector = i / kVector, number = first_tile + vector / d.phases * kVector + i % kVector;
      tiles[i] = TileAt(block / a_batch, vector % d.phases, number);
    }
  }

  // Lanes: neighbouring phases of the same tile.
  void FindPhases(std::int64_t first) {
    const std::int64_t groups = ceil_div(d.phases, kVector);
    for (std::int64_t i = 0; i < d.unit_tiles; ++i) {
      const std::int64_t vector = first + i / kVector, phase = vector % groups * kVector + i % kVector;
      const std::int64_t number = vector / groups % d.phase_tiles, batch = vector / groups / d.phase_tiles;
      if (phase < d.phases && batch < p.batch) {
        tiles[i] = TileAt(batch, phase, number);
      } else {
        tiles[i] = {std::min(batch, p.batch - 1), phase, number * d.valid, 0, false, false};
      }
    }
  }

  // Lanes: neighbouring tiles of a phase, whose list may go on with the next phase. Tiles beyond the unit are loaded
  // for later windows; where a phase is a multiple of the unit, they are what would come next in it.
  void FindWindows(std::int64_t first) {
    const bool apart = d.pitch % d.unit_tiles == 0;
    for (std::int64_t i = 0; i < d.row_tiles; ++i) {
      const std::int64_t row = (apart ? first : first + i) / d.pitch, number = first + i - row * d.pitch;
      tiles[i] = TileAt(std::min(row / d.phases, p.batch - 1), row % d.phases, number);
      if (row >= p.batch * d.phases || i >= d.unit_tiles) tiles[i].count = 0;
    }
  }

  // Lanes: whatever comes next, so that none is empty. Phases vary fastest: a unit reads one stretch of the row.
  void FindAnywhere(std::int64_t first) {
    for (std::int64_t i = 0; i < d.unit_tiles; ++i) {
      const std::int64_t index = first + i;
      tiles[i] = index < d.tiles
                     ? TileAt(index / (d.phases * d.phase_tiles), index % d.phases, index / d.phases % d.phase_tiles)
                     : Tile{};
    }
  }
};

}  // namespace
}  // namespace conv1d::kernels::tiles::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
