// The loops: tiles to spectra, a matrix product for each value of a spectrum, products back to outputs.
#if defined(CONV1D_KERNELS_TILES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV1D_KERNELS_TILES_INL_H_
#undef CONV1D_KERNELS_TILES_INL_H_
#else
#define CONV1D_KERNELS_TILES_INL_H_
#endif

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/sizes.h"
#include "hwy/highway.h"
#include "kernels/range.h"
#include "kernels/tile/tile-inl.h"
#include "kernels/tiles/lanes-inl.h"
#include "kernels/tiles/tiles.h"

HWY_BEFORE_NAMESPACE();
namespace conv1d::kernels::tiles::HWY_NAMESPACE {
namespace {
namespace tile = conv1d::kernels::HWY_NAMESPACE;

constexpr std::uint32_t kInfinity = 0x7f800000;

template <class Transform> class TileConvolution {
  static constexpr std::int64_t kVector = static_cast<std::int64_t>(kLanes);

 public:
  TileConvolution(const Plan& plan, const Operands& operands, const void* packed, std::byte* scratch)
      : p_(plan.problem),
        d_(plan.get<Details>()),
        geometry_(Geometry::of(p_)),
        panels_(p_.outputs, tile::kRegisters),
        operands_(operands),
        finite_(static_cast<const PackedHeader*>(packed)->finite == 1),
        packed_(reinterpret_cast<const float*>(static_cast<const PackedHeader*>(packed) + 1)),
        points_(static_cast<std::size_t>(d_.points)),
        segment_(static_cast<std::size_t>(d_.segment)),
        segments_((points_ + segment_ - 1) / segment_),
        values_(d_.values),
        transform_(d_),
        line_(static_cast<std::int64_t>(points_ + 2 * kLanes)) {
    const auto take = [&scratch](std::int64_t bytes) {
      std::byte* piece = scratch;
      scratch += bytes;
      return piece;
    };
    spectra_ = reinterpret_cast<float*>(take(d_.spectra_bytes));
    products_ = reinterpret_cast<float*>(take(d_.products_bytes));
    lanes_ = reinterpret_cast<float*>(take(d_.lanes_bytes));
    lines_ = lanes_ + static_cast<std::size_t>(d_.loaded) * kLanes;
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
    std::fill(largest_, largest_ + static_cast<std::size_t>(d_.unit_tiles) * segments_, 0u);
    for (std::int64_t first = 0; first < d_.unit_tiles; first += kVector) {
      const bool run = IsRun(tiles_ + first);
      for (std::int64_t row = 0; row < d_.rows; ++row) {
        LoadTiles(tiles_ + first, run, row);
        TrackLargest(largest_ + static_cast<std::size_t>(first) * segments_);
        transform_.Forward(lanes_, spectra_ + row * d_.unit_tiles + first, d_.rows * d_.unit_tiles);
      }
    }
  }

  // Are these neighbouring tiles of one phase (lanes without a tile may follow)? Then they are loaded and stored as
  // one.
  bool IsRun(const Tile* tiles) const {
    for (std::size_t l = 1; l < kLanes; ++l) {
      const Tile& t = tiles[l];
      if (t.count == 0) return t.batch == 0 && t.start == 0 ? IsEmpty(tiles + l, kLanes - l) : false;
      if (t.batch != tiles[0].batch || t.phase != tiles[0].phase) return false;
      if (t.start != tiles[l - 1].start + d_.valid) return false;
    }
    return true;
  }
  static bool IsEmpty(const Tile* tiles, std::size_t count) {
    return std::all_of(tiles, tiles + count, [](const Tile& t) { return t.count == 0; });
  }

  void LoadTiles(const Tile* tiles, bool run, std::int64_t row) {
    const float* lines[kLanes];
    const std::int64_t stride = geometry_.dilation * p_.step * p_.input.column;
    const std::int64_t lines_apart = run ? d_.valid : d_.loaded,
                       samples = run ? d_.valid * (kVector - 1) + d_.loaded : d_.loaded;
    for (std::int64_t l = 0; l < kVector; ++l) {
      float* const line = lines_ + l * lines_apart;
      lines[l] = line;
      if (run && l > 0) {
        lines[l] = lines[l - 1] + d_.valid;
        continue;
      }
      const std::int64_t start = FirstPosition(tiles[l], row % geometry_.classes);
      if (tiles[l].count == 0) {
        std::fill(line, line + samples, 0.0f);
      } else if (stride == 1 && start >= 0 && start <= p_.in_length - samples) {
        lines[l] = InputRow(tiles[l], row) + start;
      } else {
        FillLine(tiles[l], row, samples, line);
      }
    }
    LinesToLanes(lines, static_cast<std::size_t>(d_.loaded), lanes_);
  }

  // The largest magnitude of each segment of each tile, over all rows; as integers, so that NaN is the largest of all.
  void TrackLargest(std::uint32_t* largest) const {
    const hn::Repartition<std::int32_t, D> di;
    const auto magnitude = hn::Set(di, 0x7fffffff);
    for (std::size_t s = 0; s < segments_; ++s) {
      std::int32_t* at = reinterpret_cast<std::int32_t*>(largest + s * kLanes);
      auto most = hn::Load(di, at);
      for (std::size_t i = s * segment_, end = std::min(points_, i + segment_); i < end; ++i) {
        most = hn::Max(most, hn::And(hn::BitCast(di, LoadAt(lanes_, i)), magnitude));
      }
      hn::Store(most, di, at);
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
    for (std::int64_t first = 0; first < d_.unit_tiles; first += kVector) {
      const Tile* tiles = tiles_ + first;
      const bool run = IsRun(tiles) && std::none_of(tiles, tiles + kLanes, [](const Tile& t) { return t.uneven; });
      Tile all = tiles[0];
      for (std::size_t l = 1; l < kLanes; ++l) all.count += tiles[l].count;
      for (std::int64_t m = 0; m < block_rows; ++m) {
        transform_.Inverse(products_ + m * d_.unit_tiles + first, block_rows * d_.unit_tiles, lanes_);
        LanesToLines(lanes_, used, lines_, static_cast<std::size_t>(d_.valid));
        if (run) {
          StoreTile(all, first_row + m, lines_);
          continue;
        }
        for (std::int64_t l = 0; l < kVector; ++l) {
          if (!tiles[l].uneven) StoreTile(tiles[l], first_row + m, lines_ + l * d_.valid);
        }
      }
    }
  }

  // One tile, or several that are neighbours.
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

  // In a transform one huge sample drowns its neighbours, and NaN and infinity reach every output of the tile. Such
  // tiles are computed as direct sums instead.
  bool MarkUneven() {
    bool all = true;
    for (std::int64_t i = 0; i < d_.unit_tiles; ++i) {
      tiles_[i].uneven = tiles_[i].count > 0 && (!finite_ || IsUneven(i));
      all &= tiles_[i].uneven || tiles_[i].count == 0;
    }
    return all;
  }

  bool IsUneven(std::int64_t index) const {
    const Tile& t = tiles_[index];
    const std::size_t vector = static_cast<std::size_t>(index) / kLanes,
                      lane = static_cast<std::size_t>(index) % kLanes;
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

  // One tile as direct sums of at most kDirectSum products each.
  void RecomputeTile(const Tile& t) {
    float* const lines = spectra_;  // no longer needed, and larger
    for (std::int64_t row = 0; row < d_.rows; ++row) FillLine(t, row, line_, lines + row * line_);
    const std::int64_t total = p_.inputs * p_.taps, stride = ceil_div(d_.valid, kVector) * kVector;
    tile::TileJob<float> job{};
    job.in = lines;
    job.offsets = offsets_;
    job.out = products_;
    job.out_stride = static_cast<std::ptrdiff_t>(stride);
    for (std::int64_t i = 0; i < panels_.count(); ++i) {
      const Panel rows = panels_[i];
      const float* weights =
          packed_ + p_.groups * values_ * p_.outputs * d_.rows + (group_ * p_.outputs + rows.row) * total;
      for (std::int64_t done = 0; done < total; done += kDirectSum) {
        const std::int64_t count = std::min(kDirectSum, total - done);
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
      for (int m = 0; m < rows.rows; ++m) StoreTile(t, rows.row + m, products_ + m * stride);
    }
  }

  // Where products `done`, `done` + 1, ... find their samples.
  void FindOffsets(std::int64_t done, std::int64_t count) {
    for (std::int64_t k = 0; k < count; ++k) {
      const std::int64_t r = (done + k) / p_.taps, tap = (done + k) % p_.taps;
      offsets_[k] = static_cast<std::ptrdiff_t>((r * geometry_.classes + tap % geometry_.classes) * line_ +
                                                geometry_.sample_of(tap, p_.taps));
    }
  }

  // Padding adds nothing under a weight that is not finite, while zero times infinity is NaN: it is left out of the
  // sums.
  void SumInside(const tile::TileJob<float>& job, int rows, const Tile& t, std::int64_t done) const {
    for (std::int64_t i = 0; i < t.count; ++i) {
      const std::int64_t column = t.phase + geometry_.dilation * (t.start + i);
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

  std::int64_t BlockRows(std::int64_t panel, std::int64_t end_panel) const {
    const Panel last = panels_[end_panel - 1];
    return last.row + last.rows - panels_[panel].row;
  }

  const TapProblem& p_;
  const Details d_;
  const Geometry geometry_;
  const Panels panels_;
  const Operands& operands_;
  const bool finite_;  // all weights
  const float* packed_;
  const std::size_t points_, segment_, segments_;
  const std::int64_t values_;
  const Transform transform_;
  const std::int64_t line_;  // samples kept of a directly computed row
  std::int64_t group_ = 0;
  float* spectra_;
  float* products_;
  float* lanes_;
  float* lines_;
  Tile* tiles_;
  std::uint32_t* largest_;
  std::ptrdiff_t* offsets_;
};

template <class Transform>
void Run(const Plan& plan, const Operands& operands, const void* packed, std::byte* scratch, std::int64_t begin,
         std::int64_t end) {
  TileConvolution<Transform>(plan, operands, packed, scratch).RunUnits(begin, end);
}

}  // namespace
}  // namespace conv1d::kernels::tiles::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
