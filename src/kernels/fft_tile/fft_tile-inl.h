// The loops: tiles to spectra, a matrix product for each value of a spectrum, products back to outputs.
#if defined(CONV1D_KERNELS_FFT_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV1D_KERNELS_FFT_TILE_INL_H_
#undef CONV1D_KERNELS_FFT_TILE_INL_H_
#else
#define CONV1D_KERNELS_FFT_TILE_INL_H_
#endif

#include <algorithm>
#include <bit>
#include <cstring>

#include "hwy/highway.h"
#include "kernels/fft_tile/lanes-inl.h"
#include "kernels/fft_tile/transform-inl.h"
#include "kernels/range.h"
#include "kernels/tile/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace conv1d::kernels::fft_tile::HWY_NAMESPACE {
namespace {
namespace tile = conv1d::kernels::HWY_NAMESPACE;

// Products of one sum when a tile is computed directly; see direct.h.
constexpr std::int64_t kDirectSum = 256;
constexpr std::uint32_t kInfinity = 0x7f800000;

class FftTile {
 public:
  FftTile(const Plan& plan, const Operands& operands, const void* packed, std::byte* scratch)
      : p_(plan.problem), d_(plan.get<Details>()), geometry_(Geometry::of(p_)), panels_(p_.outputs, tile::kRegisters),
        operands_(operands), packed_(static_cast<const float*>(packed)), points_(static_cast<std::size_t>(d_.points)),
        segment_(std::max<std::size_t>(8, points_ / 8)), segments_(points_ / segment_),
        values_(spectrum_values(d_.points)), line_(static_cast<std::int64_t>(points_ + 2 * kLanes)) {
    const auto take = [&scratch](std::int64_t bytes) {
      std::byte* piece = scratch;
      scratch += bytes;
      return piece;
    };
    spectra_ = reinterpret_cast<float*>(take(d_.spectra_bytes));
    products_ = reinterpret_cast<float*>(take(d_.products_bytes));
    lanes_ = reinterpret_cast<float*>(take(d_.lanes_bytes));
    lines_ = lanes_ + points_ * kLanes;
    tiles_ = reinterpret_cast<Tile*>(take(d_.tiles_bytes));
    largest_ = reinterpret_cast<std::uint32_t*>(take(d_.uneven_bytes));
    offsets_ = reinterpret_cast<std::ptrdiff_t*>(take(d_.offsets_bytes));
  }

  void RunUnits(std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      group_ = i / d_.tile_blocks;
      FindTiles(i % d_.tile_blocks * d_.unit_tiles);
      LoadSpectra();
      const bool all_uneven = MarkUneven();
      for (std::int64_t panel = 0; panel < panels_.count() && !all_uneven; panel += d_.block_panels) {
        const std::int64_t end_panel = std::min(panel + d_.block_panels, panels_.count());
        MultiplySpectra(panel, end_panel);
        StoreOutputs(panel, end_panel);
      }
      RecomputeUneven();
    }
  }

 private:
  // Neighbouring tiles of a phase first, then the other phases, so that a unit reads one stretch of the row.
  void FindTiles(std::int64_t first) {
    const std::int64_t chunk = d_.run_tiles * d_.phases, a_batch = d_.phase_tiles * d_.phases;
    for (std::int64_t i = 0; i < d_.unit_tiles; ++i) {
      Tile& t = tiles_[i];
      t = {0, 0, 0, 0, false};
      const std::int64_t index = first + i;
      if (index >= d_.tiles) continue;
      const std::int64_t in_batch = index % a_batch, chunk_start = in_batch / chunk * d_.run_tiles;
      const std::int64_t run = std::min(d_.run_tiles, d_.phase_tiles - chunk_start), in_chunk = in_batch % chunk;
      t.batch = index / a_batch;
      t.phase = in_chunk / run;
      t.start = (chunk_start + in_chunk % run) * d_.valid;
      const std::int64_t columns = (p_.columns - t.phase + geometry_.dilation - 1) / geometry_.dilation;
      t.count = std::clamp<std::int64_t>(columns - t.start, 0, d_.valid);
    }
  }

  std::int64_t FirstPosition(const Tile& t, std::int64_t cls) const {
    return geometry_.origin(p_, cls) + (t.phase + geometry_.dilation * t.start) * p_.step;
  }

  const float* InputRow(const Tile& t, std::int64_t row) const {
    return static_cast<const float*>(operands_.input) + group_ * p_.input.group + t.batch * p_.input.batch +
           row / geometry_.classes * p_.input.row;
  }

  // `count` samples of a virtual row, zeros outside the input.
  void FillLine(const Tile& t, std::int64_t row, std::int64_t count, float* line) const {
    const std::int64_t start = FirstPosition(t, row % geometry_.classes), stride = geometry_.dilation * p_.step;
    const Range inside = inside_row(start, stride, p_.in_length, count);
    std::fill(line, line + inside.begin, 0.0f);
    if (inside.begin < inside.end) {
      const float* from = InputRow(t, row) + (start + inside.begin * stride) * p_.input.column;
      const std::int64_t apart = stride * p_.input.column;
      for (std::int64_t i = inside.begin; i < inside.end; ++i, from += apart) line[i] = *from;
    }
    std::fill(line + inside.end, line + count, 0.0f);
  }

  void LoadSpectra() {
    const std::int64_t vectors = d_.unit_tiles / static_cast<std::int64_t>(kLanes);
    std::fill(largest_, largest_ + d_.unit_tiles * static_cast<std::int64_t>(segments_), 0u);
    for (std::int64_t row = 0; row < d_.rows; ++row) {
      for (std::int64_t vector = 0; vector < vectors; ++vector) {
        const Tile* tiles = tiles_ + vector * static_cast<std::int64_t>(kLanes);
        LoadTiles(tiles, row);
        TrackLargest(largest_ + static_cast<std::size_t>(vector) * segments_ * kLanes);
        Forward(table_, lanes_, points_);
        StoreSpectrum(spectra_ + row * d_.unit_tiles + vector * static_cast<std::int64_t>(kLanes));
      }
    }
  }

  void LoadTiles(const Tile* tiles, std::int64_t row) {
    const float* lines[kLanes];
    const std::int64_t stride = geometry_.dilation * p_.step * p_.input.column;
    for (std::size_t l = 0; l < kLanes; ++l) {
      float* line = lines_ + l * points_;
      lines[l] = line;
      const std::int64_t start = FirstPosition(tiles[l], row % geometry_.classes);
      if (tiles[l].count == 0) {
        std::fill(line, line + points_, 0.0f);
      } else if (stride == 1 && start >= 0 && start <= p_.in_length - d_.points) {
        lines[l] = InputRow(tiles[l], row) + start;
      } else {
        FillLine(tiles[l], row, d_.points, line);
      }
    }
    LinesToLanes(lines, points_, lanes_);
  }

  // The largest magnitude of each segment of each tile, over all rows; as integers, so that NaN is the largest of all.
  void TrackLargest(std::uint32_t* largest) const {
    const hn::Repartition<std::int32_t, D> di;
    const auto magnitude = hn::Set(di, 0x7fffffff);
    for (std::size_t s = 0; s < segments_; ++s) {
      std::int32_t* at = reinterpret_cast<std::int32_t*>(largest + s * kLanes);
      auto most = hn::Load(di, at);
      for (std::size_t i = s * segment_; i < (s + 1) * segment_; ++i) {
        most = hn::Max(most, hn::And(hn::BitCast(di, LoadAt(lanes_, i)), magnitude));
      }
      hn::Store(most, di, at);
    }
  }

  // A real value stands once; a complex one as real + imaginary, imaginary, real: what Gauss's three products take.
  void StoreSpectrum(float* to) const {
    const std::int64_t apart = d_.rows * d_.unit_tiles;
    hn::StoreU(LoadAt(lanes_, 0), D(), to);
    hn::StoreU(LoadAt(lanes_, 1), D(), to += apart);
    for (std::size_t m = 2; m < points_; m *= 2) {
      for (std::size_t i = m; i < m + m / 2; ++i) {
        const V re = LoadAt(lanes_, i), im = LoadAt(lanes_, i + m / 2);
        hn::StoreU(hn::Add(re, im), D(), to += apart);
        hn::StoreU(im, D(), to += apart);
        hn::StoreU(re, D(), to += apart);
      }
    }
  }

  void MultiplySpectra(std::int64_t panel, std::int64_t end_panel) {
    const std::int64_t first_row = panels_[panel].row, block_rows = BlockRows(panel, end_panel);
    for (std::int64_t r = 0; r < std::min(d_.rows, d_.sum_rows); ++r) {
      offsets_[r] = static_cast<std::ptrdiff_t>(r * d_.unit_tiles);
    }
    tile::TileJob<float> job{};
    job.offsets = offsets_;
    job.out_stride = static_cast<std::ptrdiff_t>(d_.unit_tiles);
    for (std::int64_t v = 0; v < values_; ++v) {
      for (std::int64_t i = panel; i < end_panel; ++i) {
        const Panel rows = panels_[i];
        job.out = products_ + (v * block_rows + rows.row - first_row) * d_.unit_tiles;
        const float* weights = packed_ + ((group_ * values_ + v) * p_.outputs + rows.row) * d_.rows;
        for (std::int64_t r = 0; r < d_.rows; r += d_.sum_rows) {
          job.in = spectra_ + (v * d_.rows + r) * d_.unit_tiles;
          job.products = static_cast<std::size_t>(std::min(d_.sum_rows, d_.rows - r));
          job.weights = weights + r * rows.rows;
          job.add = r > 0;
          tile::RunPanel<float, false>(job, rows.rows, static_cast<std::size_t>(d_.unit_tiles));
        }
      }
    }
  }

  void StoreOutputs(std::int64_t panel, std::int64_t end_panel) {
    const std::int64_t first_row = panels_[panel].row, block_rows = BlockRows(panel, end_panel);
    const std::size_t used = static_cast<std::size_t>(d_.valid + 3) / 4 * 4;
    for (std::int64_t m = 0; m < block_rows; ++m) {
      for (std::int64_t first = 0; first < d_.unit_tiles; first += static_cast<std::int64_t>(kLanes)) {
        LoadProducts(products_ + m * d_.unit_tiles + first, block_rows * d_.unit_tiles);
        Inverse(table_, lanes_, points_);
        LanesToLines(lanes_, used, lines_, points_);
        for (std::size_t l = 0; l < kLanes; ++l) {
          const Tile& t = tiles_[first + static_cast<std::int64_t>(l)];
          if (!t.uneven) StoreTile(t, first_row + m, lines_ + l * points_);
        }
      }
    }
  }

  void LoadProducts(const float* from, std::int64_t apart) {
    StoreAt(hn::LoadU(D(), from), lanes_, 0);
    StoreAt(hn::LoadU(D(), from += apart), lanes_, 1);
    for (std::size_t m = 2; m < points_; m *= 2) {
      for (std::size_t i = m; i < m + m / 2; ++i) {
        const V common = hn::LoadU(D(), from += apart);
        const V imaginary = hn::LoadU(D(), from += apart), real = hn::LoadU(D(), from += apart);
        StoreAt(hn::Sub(common, imaginary), lanes_, i);
        StoreAt(hn::Add(common, real), lanes_, i + m / 2);
      }
    }
  }

  void StoreTile(const Tile& t, std::int64_t m, const float* values) const {
    if (t.count == 0) return;
    const std::int64_t apart = geometry_.dilation * p_.output.column;
    float* out = static_cast<float*>(operands_.output) + group_ * p_.output.group + t.batch * p_.output.batch +
                 m * p_.output.output + (t.phase + geometry_.dilation * t.start) * p_.output.column;
    const float bias = p_.start == Start::kBias
                           ? static_cast<const float*>(operands_.bias)[group_ * p_.bias.group + m * p_.bias.output]
                           : 0.0f;
    const bool add = p_.start == Start::kAccumulate, relu = p_.finish == Finish::kRelu;
    std::int64_t i = 0;
    if (apart == 1) {
      const V biases = hn::Set(D(), bias);
      for (; i + static_cast<std::int64_t>(kLanes) <= t.count; i += static_cast<std::int64_t>(kLanes)) {
        V y = hn::Add(hn::LoadU(D(), values + i), biases);
        if (add) y = hn::Add(hn::LoadU(D(), out + i), y);
        if (relu) y = tile::Relu(D(), y);
        hn::StoreU(y, D(), out + i);
      }
    }
    for (; i < t.count; ++i) {
      float y = values[i] + bias;
      if (add) y += out[i * apart];
      if (relu && y < 0) y = 0;
      out[i * apart] = y;
    }
  }

  // In a transform one huge sample drowns its neighbours, and NaN and infinity reach every output of the tile. Such tiles
  // are computed as direct sums instead.
  bool MarkUneven() {
    bool all = true;
    for (std::int64_t i = 0; i < d_.unit_tiles; ++i) {
      tiles_[i].uneven = tiles_[i].count > 0 && IsUneven(i);
      all &= tiles_[i].uneven || tiles_[i].count == 0;
    }
    return all;
  }

  bool IsUneven(std::int64_t index) const {
    const Tile& t = tiles_[index];
    const std::size_t vector = static_cast<std::size_t>(index) / kLanes, lane = static_cast<std::size_t>(index) % kLanes;
    const std::uint32_t* largest = largest_ + vector * segments_ * kLanes + lane;
    const Range inside = inside_row(FirstPosition(t, 0), geometry_.dilation * p_.step, p_.in_length, d_.points);
    std::uint32_t most = 0, least = kInfinity;
    for (std::size_t s = 0; s < segments_; ++s) {
      most = std::max(most, largest[s * kLanes]);
      const std::int64_t first = static_cast<std::int64_t>(s * segment_);
      // A segment of padding alone says nothing.
      if (first < inside.end && first + static_cast<std::int64_t>(segment_) > inside.begin) {
        least = std::min(least, largest[s * kLanes]);
      }
    }
    return most >= kInfinity || std::bit_cast<float>(most) > d_.uneven * std::bit_cast<float>(least);
  }

  void RecomputeUneven() {
    for (std::int64_t i = 0; i < d_.unit_tiles; ++i) {
      if (tiles_[i].uneven) RecomputeTile(tiles_[i]);
    }
  }

  void RecomputeTile(const Tile& t) {
    float* const lines = spectra_;  // no longer needed, and larger
    for (std::int64_t row = 0; row < d_.rows; ++row) FillLine(t, row, line_, lines + row * line_);
    const std::int64_t total = p_.inputs * p_.taps;
    const std::int64_t stride = (d_.valid + static_cast<std::int64_t>(kLanes)) / static_cast<std::int64_t>(kLanes) *
                                static_cast<std::int64_t>(kLanes);
    tile::TileJob<float> job{};
    job.in = lines;
    job.offsets = offsets_;
    job.out = products_;
    job.out_stride = static_cast<std::ptrdiff_t>(stride);
    for (std::int64_t i = 0; i < panels_.count(); ++i) {
      const Panel rows = panels_[i];
      const float* weights = packed_ + (p_.groups * values_ * p_.outputs * d_.rows) +
                             (group_ * p_.outputs + rows.row) * total;
      for (std::int64_t done = 0; done < total; done += kDirectSum) {
        const std::int64_t count = std::min(kDirectSum, total - done);
        for (std::int64_t k = 0; k < count; ++k) {
          const std::int64_t r = (done + k) / p_.taps, tap = (done + k) % p_.taps;
          offsets_[k] = static_cast<std::ptrdiff_t>((r * geometry_.classes + tap % geometry_.classes) * line_ +
                                                    geometry_.sample_of(tap, p_.taps));
        }
        job.products = static_cast<std::size_t>(count);
        job.weights = weights + done * rows.rows;
        job.add = done > 0;
        tile::RunPanel<float, false>(job, rows.rows, static_cast<std::size_t>(t.count));
      }
      for (int m = 0; m < rows.rows; ++m) StoreTile(t, rows.row + m, products_ + m * stride);
    }
  }

  std::int64_t BlockRows(std::int64_t panel, std::int64_t end_panel) const {
    const Panel last = panels_[end_panel - 1];
    return last.row + last.rows - panels_[panel].row;
  }

  const TapProblem& p_;
  const Twiddles& table_ = twiddles();
  const Details d_;
  const Geometry geometry_;
  const Panels panels_;
  const Operands& operands_;
  const float* packed_;
  const std::size_t points_, segment_, segments_;
  const std::int64_t values_, line_;  // of a spectrum; samples kept of a directly computed row
  std::int64_t group_ = 0;
  float* spectra_;
  float* products_;
  float* lanes_;
  float* lines_;
  Tile* tiles_;
  std::uint32_t* largest_;
  std::ptrdiff_t* offsets_;
};

}  // namespace
}  // namespace conv1d::kernels::fft_tile::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
