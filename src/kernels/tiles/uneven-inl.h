// Tiles that a transform would spoil, and their outputs as direct sums.
//
// In a transform one huge sample drowns its neighbours, and NaN and infinity reach every output of the tile. So a tile
// whose largest sample is far above all that one of its outputs reads is computed directly; NaN and infinity then reach
// the outputs that read them, and no others.
#if defined(CONV1D_KERNELS_TILES_UNEVEN_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV1D_KERNELS_TILES_UNEVEN_INL_H_
#undef CONV1D_KERNELS_TILES_UNEVEN_INL_H_
#else
#define CONV1D_KERNELS_TILES_UNEVEN_INL_H_
#endif

#include <algorithm>
#include <bit>

#include "base/sizes.h"
#include "hwy/highway.h"
#include "kernels/kernel.h"
#include "kernels/range.h"
#include "kernels/tile/tile-inl.h"
#include "kernels/tiles/lanes-inl.h"
#include "kernels/tiles/store-inl.h"
#include "kernels/tiles/tiles.h"
#include "kernels/tiles/unit-inl.h"

HWY_BEFORE_NAMESPACE();
namespace conv1d::kernels::tiles::HWY_NAMESPACE {
namespace {
namespace tile = conv1d::kernels::HWY_NAMESPACE;

class UnevenTiles {
  static constexpr std::uint32_t kInfinity = 0x7f800000;

 public:
  // largest: magnitudes of segments, as Loader finds them; lines and sums: memory for d.line() samples of all rows, and
  // of kMostPanelRows; taps: the weights themselves, in panels.
  UnevenTiles(const Unit& unit, const Panels& panels, const float* taps, bool finite, std::uint32_t* largest,
              float* lines, float* sums, std::ptrdiff_t* offsets)
      : unit_(unit),
        p_(unit.p),
        d_(unit.d),
        panels_(panels),
        taps_(taps),
        finite_(finite),
        largest_(largest),
        lines_(lines),
        sums_(sums),
        offsets_(offsets),
        line_(d_.line(kVector)),
        apart_(unit.geometry.dilation * p_.step),
        full_windows_(std::max<std::int64_t>(1, unit.geometry.span / d_.window)),
        whole_(std::max<std::int64_t>(1, std::min(d_.window, unit.geometry.span) / d_.segment - 1)) {}

  void Forget() { std::fill(largest_, largest_ + d_.row_tiles * d_.segments, 0u); }

  // Marks them, and the first of `together` vectors that are stored at once; are all of the unit's tiles uneven?
  bool Mark(std::int64_t together) {
    if (finite_ && AllEven()) return false;
    bool all = true;
    for (std::int64_t i = 0; i < d_.unit_tiles; ++i) {
      Tile& t = unit_.tiles[i];
      t.uneven = t.count > 0 && (!finite_ || IsUneven(i));
      all &= t.uneven || t.count == 0;
      Tile& first = unit_.tiles[i - i % (together * kVector)];
      first.beside_uneven |= t.uneven;
    }
    return all;
  }

  void Recompute(const Storer& storer) {
    for (std::int64_t i = 0; i < d_.unit_tiles; ++i) {
      if (unit_.tiles[i].uneven) RecomputeTile(unit_.tiles[i], storer);
    }
  }

 private:
  // Is every tile even by the simplest measure, its largest segment over its smallest? The usual case, at a glance;
  // with windows, all tiles together.
  bool AllEven() const {
    const hn::Repartition<std::int32_t, D> di;
    const auto bound = hn::Set(D(), d_.uneven), infinity = hn::Set(D(), std::bit_cast<float>(kInfinity));
    const auto* at = reinterpret_cast<const std::int32_t*>(largest_);
    auto most = hn::Load(di, at), least = most;
    for (std::int64_t v = 0; v < d_.row_tiles / kVector; ++v) {
      if (d_.windows == 1) most = least = hn::Load(di, at);
      for (std::int64_t s = 0; s < d_.segments; ++s, at += kVector) {
        const auto magnitude = hn::Load(di, at);
        most = hn::Max(most, magnitude);
        least = hn::Min(least, magnitude);
      }
      if (d_.windows > 1 && v + 1 < d_.row_tiles / kVector) continue;
      const V largest = hn::BitCast(D(), d_.windows > 1 ? hn::MaxOfLanes(di, most) : most);
      const V smallest = hn::BitCast(D(), d_.windows > 1 ? hn::MinOfLanes(di, least) : least);
      const auto even = hn::And(hn::Lt(largest, infinity), hn::Le(largest, hn::Mul(bound, smallest)));
      if (!hn::AllTrue(D(), even)) return false;
    }
    return true;
  }

  bool Exceeds(std::uint32_t most, std::uint32_t least) const {
    return most >= kInfinity || std::bit_cast<float>(most) > d_.uneven * std::bit_cast<float>(least);
  }
  Range Inside(const Tile& t, std::int64_t from, std::int64_t count) const {
    return inside_row(unit_.FirstPosition(t, 0) + from * apart_, apart_, p_.in_length, count);
  }

  // Is the tile's largest sample far above all that one of its outputs reads? By segments: an output reads some of them
  // whole, at least `whole_` one after the other of every window that is full; beside the row's ends, one.
  bool IsUneven(std::int64_t index) const {
    std::uint32_t read[kMostSegments] = {}, most = 0, least = kInfinity;
    bool inside[kMostSegments] = {}, clipped = false;
    for (std::int64_t w = 0; w < d_.windows; ++w) {
      const std::uint32_t* const largest = Largest(index + w);
      const Range row = Inside(unit_.tiles[index], w * d_.window, d_.points);
      clipped |= row.end - row.begin < d_.points;
      for (std::int64_t s = 0; s < d_.segments; ++s) {
        most = std::max(most, largest[s * kVector]);
        if (w < full_windows_) read[s] = std::max(read[s], largest[s * kVector]);
        // A segment of padding alone says nothing.
        inside[s] |= w < full_windows_ && s * d_.segment < row.end && (s + 1) * d_.segment > row.begin;
      }
    }
    const std::int64_t whole = clipped ? 1 : whole_;
    std::int64_t compared = 0;
    for (std::int64_t first = 0; first + whole <= d_.segments; ++first) {
      std::uint32_t together = 0;
      bool any = false;
      for (std::int64_t s = first; s < first + whole; ++s) together = std::max(together, read[s]), any |= inside[s];
      if (any) least = std::min(least, together), ++compared;
    }
    // One segment alone cannot be compared with another.
    return clipped && compared < 2 ? HasUnevenSamples(unit_.tiles[index]) : Exceeds(most, least);
  }

  // The same to the sample: for tiles of which little lies inside the row.
  bool HasUnevenSamples(const Tile& t) const {
    const std::int64_t reach = d_.reach(), span = unit_.geometry.span;
    float* const line = sums_;  // no sum is made yet
    std::uint32_t* const magnitudes = reinterpret_cast<std::uint32_t*>(sums_ + line_);
    std::fill(magnitudes, magnitudes + reach, 0u);
    for (std::int64_t row = 0; row < d_.rows; ++row) {
      unit_.FillTile(t, row, reach, line);
      for (std::int64_t i = 0; i < reach; ++i) {
        magnitudes[i] = std::max(magnitudes[i], std::bit_cast<std::uint32_t>(line[i]) & 0x7fffffffu);
      }
    }
    const Range inside = Inside(t, 0, reach);
    std::uint32_t least = kInfinity;
    for (std::int64_t i = 0; i < t.count; ++i) {
      const std::int64_t begin = std::max(i, inside.begin), end = std::min(i + span, inside.end);
      if (begin < end) least = std::min(least, *std::max_element(magnitudes + begin, magnitudes + end));
    }
    return Exceeds(*std::max_element(magnitudes, magnitudes + reach), least);
  }

  const std::uint32_t* Largest(std::int64_t tile) const {
    return largest_ + tile / kVector * d_.segments * kVector + tile % kVector;
  }

  // In sums of at most kPartialSum products each.
  void RecomputeTile(const Tile& t, const Storer& storer) {
    for (std::int64_t row = 0; row < d_.rows; ++row) unit_.FillTile(t, row, line_, lines_ + row * line_);
    const std::int64_t total = p_.inputs * p_.taps, stride = ceil_div(d_.valid, kVector) * kVector;
    tile::TileJob<float> job{};
    job.in = lines_;
    job.offsets = offsets_;
    job.out = sums_;
    job.out_stride = static_cast<std::ptrdiff_t>(stride);
    for (std::int64_t i = 0; i < panels_.count(); ++i) {
      const Panel rows = panels_[i];
      const float* weights = taps_ + (unit_.group * p_.outputs + rows.row) * total;
      for (std::int64_t done = 0; done < total; done += kPartialSum) {
        const std::int64_t count = std::min(kPartialSum, total - done);
        FindOffsets(done, count);
        job.products = static_cast<std::size_t>(count);
        job.weights = weights + done * rows.rows;
        job.add = done > 0;
        if (finite_) {
          tile::RunPanel<float, false>(job, rows.rows, static_cast<std::size_t>(t.count));
        } else {
          SumInside(job, rows.rows, t, done);
        }
      }
      for (int m = 0; m < rows.rows; ++m) {
        float* const row = sums_ + m * stride;
        const float bias = unit_.Bias(rows.row + m);
        for (std::int64_t x = 0; x < t.count; ++x) row[x] += bias;
        storer.StoreTile(t, rows.row + m, row);
      }
    }
  }

  // Where products `done`, `done` + 1, ... find their samples.
  void FindOffsets(std::int64_t done, std::int64_t count) {
    for (std::int64_t k = 0; k < count; ++k) {
      const std::int64_t r = (done + k) / p_.taps, tap = (done + k) % p_.taps, classes = unit_.geometry.classes;
      offsets_[k] =
          static_cast<std::ptrdiff_t>((r * classes + tap % classes) * line_ + unit_.geometry.sample_of(tap, p_.taps));
    }
  }

  // Padding adds nothing under a weight that is not finite, while zero times infinity is NaN: it is left out of the
  // sums.
  void SumInside(const tile::TileJob<float>& job, int rows, const Tile& t, std::int64_t done) const {
    for (std::int64_t i = 0; i < t.count; ++i) {
      const std::int64_t column = t.phase + unit_.geometry.dilation * (t.start + i);
      for (int m = 0; m < rows; ++m) {
        float sum = 0;
        for (std::size_t k = 0; k < job.products; ++k) {
          const std::int64_t tap = (done + static_cast<std::int64_t>(k)) % p_.taps;
          const std::int64_t position = p_.first + tap * p_.between + column * p_.step;
          if (position < 0 || position >= p_.in_length) continue;
          sum += job.weights[k * static_cast<std::size_t>(rows) + static_cast<std::size_t>(m)] *
                 job.in[job.offsets[k] + i];
        }
        float& out = job.out[m * job.out_stride + i];
        out = job.add ? out + sum : sum;
      }
    }
  }

  const Unit& unit_;
  const TapProblem& p_;
  const Details& d_;
  const Panels& panels_;
  const float* const taps_;
  const bool finite_;  // all weights
  std::uint32_t* const largest_;
  float* const lines_;
  float* const sums_;
  std::ptrdiff_t* const offsets_;
  const std::int64_t line_;          // samples kept of a row
  const std::int64_t apart_;         // positions from one sample to the next
  const std::int64_t full_windows_;  // those that have all their taps; the only one, if there is one
  const std::int64_t whole_;         // segments
};

}  // namespace
}  // namespace conv1d::kernels::tiles::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
