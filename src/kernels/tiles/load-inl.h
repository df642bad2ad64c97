// Samples into lanes: sample i of as many tiles as a vector has lanes, wherever those lie.
//
// Neighbouring tiles (Layout::kNeighbours): tile t + 1 reads what tile t reads, `stretch` positions on. A row is cut
// into lines of one stretch and transposed, so that position q of every stretch makes a *plane*; then sample i of
// neighbouring tiles is a piece of a plane, for every phase and every class of taps. One transposition serves them all,
// and samples that two tiles share are moved once.
//
// Phases: sample i of neighbouring phases is a piece of the row as it lies.
#if defined(CONV1D_KERNELS_TILES_LOAD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV1D_KERNELS_TILES_LOAD_INL_H_
#undef CONV1D_KERNELS_TILES_LOAD_INL_H_
#else
#define CONV1D_KERNELS_TILES_LOAD_INL_H_
#endif

#include <algorithm>

#include "hwy/highway.h"
#include "kernels/tiles/lanes-inl.h"
#include "kernels/tiles/tiles.h"
#include "kernels/tiles/unit-inl.h"

HWY_BEFORE_NAMESPACE();
namespace conv1d::kernels::tiles::HWY_NAMESPACE {
namespace {

template <class Transform> class Loader {
 public:
  // planes: d.planes_bytes; line: d.line_bytes; samples: d.samples_bytes.
  Loader(const Unit& unit, const Transform& transform, float* planes, float* line, float* samples)
      : unit_(unit), p_(unit.p), d_(unit.d), transform_(transform), planes_(planes), line_(line), samples_(samples) {}

  // The spectra of a virtual row's tiles, the unit's vectors one after the other in `spectra`; the largest magnitude of
  // each segment of each tile is raised in `largest`. Rows of a channel come one after the other.
  void LoadRow(std::int64_t row, float* spectra, std::uint32_t* largest) {
    switch (d_.layout) {
      case Layout::kNeighbours:
        if (row % unit_.geometry.classes == 0) MakePlanes(row / unit_.geometry.classes);
        return LoadNeighbours(row % unit_.geometry.classes, spectra, largest);
      case Layout::kPhases:
        return ForEachVector(spectra, largest, [&](const Tile* tiles, float* to, std::uint32_t* most) {
          LoadPhases(tiles[0], row, to, most);
        });
      case Layout::kAnywhere:
      case Layout::kWindows:
        return ForEachVector(spectra, largest, [&](const Tile* tiles, float* to, std::uint32_t* most) {
          LoadAnywhere(tiles, row, to, most);
        });
    }
  }

 private:
  using DI = hn::Repartition<std::int32_t, D>;
  using VI = hn::Vec<DI>;
  static constexpr std::int64_t kPoints = Transform::kPoints;  // 0: known at run time

  template <class Load> void ForEachVector(float* spectra, std::uint32_t* largest, const Load& load) const {
    for (std::int64_t v = 0; v < d_.row_tiles / kVector; ++v) {
      load(unit_.tiles + v * kVector, spectra + v * kVector, largest + v * d_.segments * kVector);
    }
  }

  // `at(i)`: where the vector of samples i lies. Magnitudes are compared as integers: NaN is the largest of all.
  template <class At>
  HWY_INLINE void TransformVector(const At& at, std::int64_t cls, float* to, std::uint32_t* largest) const {
    const DI di;
    const VI magnitude = hn::Set(di, 0x7fffffff);
    const auto larger = [&](VI most, V v) { return hn::Max(most, hn::And(hn::BitCast(di, v), magnitude)); };
    std::int32_t* most_at = reinterpret_cast<std::int32_t*>(largest);
    if constexpr (kPoints > 0) {
      V samples[kPoints];
      CONV1D_UNROLL
      for (std::int64_t i = 0; i < kPoints; ++i) samples[i] = hn::LoadU(D(), at(i));
      CONV1D_UNROLL
      for (std::int64_t first = 0; first < kPoints; first += Transform::kSegment, most_at += kLanes) {
        VI most = hn::Load(di, most_at);
        CONV1D_UNROLL
        for (std::int64_t i = first; i < first + Transform::kSegment && i < kPoints; ++i)
          most = larger(most, samples[i]);
        hn::Store(most, di, most_at);
      }
      transform_.Forward(samples, cls, to, d_.spectra_stride);
    } else {
      for (std::int64_t first = 0; first < d_.points; first += d_.segment, most_at += kLanes) {
        VI most = hn::Load(di, most_at);
        for (std::int64_t i = first, end = std::min(d_.points, first + d_.segment); i < end; ++i) {
          const V v = hn::LoadU(D(), at(i));
          StoreAt(v, samples_, static_cast<std::size_t>(i));
          most = larger(most, v);
        }
        hn::Store(most, di, most_at);
      }
      transform_.Forward(samples_, cls, to, d_.spectra_stride);
    }
  }

  void MakePlanes(std::int64_t channel) {
    const std::int64_t count = d_.plane_lines * d_.stretch;
    const std::int64_t start = d_.lowest + unit_.first_tile * d_.stretch;
    const float* from = unit_.InputRow(unit_.tiles[0].batch, channel);
    // The transposition takes four samples at a time and may read three beyond.
    if (p_.input.column == 1 && start >= 0 && start + count + 3 <= p_.in_length) {
      from += start;
    } else {
      unit_.FillLine(from, start, 1, count + 3, line_);
      from = line_;
    }
    const float* lines[kLanes];
    for (std::int64_t first = 0; first < d_.plane_lines; first += kVector) {
      for (std::int64_t l = 0; l < kVector; ++l) lines[l] = from + (first + l) * d_.stretch;
      LinesToLanes(lines, static_cast<std::size_t>(d_.stretch + 3) / 4 * 4, planes_ + first,
                   static_cast<std::size_t>(d_.plane_lines));
    }
  }

  void LoadNeighbours(std::int64_t cls, float* spectra, std::uint32_t* largest) const {
    const std::int64_t origin = unit_.geometry.origin(p_, cls) - d_.lowest, apart = unit_.geometry.dilation * p_.step;
    const float* at[kMostPoints];
    for (std::int64_t phase = 0; phase < d_.phases; ++phase) {
      std::int64_t plane = (origin + phase * p_.step) % d_.stretch;
      const float* line = planes_ + (origin + phase * p_.step) / d_.stretch;
      for (std::int64_t i = 0; i < d_.points; ++i) {
        at[i] = line + plane * d_.plane_lines;
        plane += apart;
        if (plane >= d_.stretch) plane -= d_.stretch, ++line;
      }
      const std::int64_t vectors = d_.unit_tiles / kVector;
      for (std::int64_t v = phase, first = 0; v < vectors; v += d_.phases, first += kVector) {
        TransformVector([&](std::int64_t i) HWY_ATTR { return at[i] + first; }, cls, spectra + v * kVector,
                        largest + v * d_.segments * kVector);
      }
    }
  }

  void LoadPhases(const Tile& t, std::int64_t row, float* to, std::uint32_t* largest) const {
    const std::int64_t cls = row % unit_.geometry.classes;
    const std::int64_t start = unit_.FirstPosition(t, cls), apart = unit_.geometry.dilation;
    const float* const from = unit_.InputRow(t.batch, row / unit_.geometry.classes);
    if (start >= 0 && start + (d_.points - 1) * apart + kVector <= p_.in_length) {
      return TransformVector([&](std::int64_t i) { return from + start + i * apart; }, cls, to, largest);
    }
    // Beside the row's ends: what is not whole in it is put together, one vector after the other.
    float* const line = line_;
    TransformVector(
        [&](std::int64_t i) {
          const std::int64_t at = start + i * apart;
          if (at >= 0 && at + kVector <= p_.in_length) return from + at;
          unit_.FillLine(from, at, 1, kVector, line + i * kVector);
          return static_cast<const float*>(line + i * kVector);
        },
        cls, to, largest);
  }

  void LoadAnywhere(const Tile* tiles, std::int64_t row, float* to, std::uint32_t* largest) const {
    const Geometry& g = unit_.geometry;
    const std::int64_t stride = g.dilation * p_.step, channel = row / g.classes, cls = row % g.classes;
    const std::int64_t origin = g.origin(p_, cls);
    const bool whole = stride * p_.input.column == 1;
    const float* lines[kLanes];
    for (std::int64_t l = 0; l < kVector; ++l) {
      float* const line = line_ + l * d_.loaded;
      lines[l] = line;
      const Tile& t = tiles[l];
      if (t.count == 0 && d_.layout == Layout::kAnywhere) {
        std::fill(line, line + d_.loaded, 0.0f);
        continue;
      }
      const std::int64_t start = origin + unit_.Offset(t);
      const float* const from = unit_.InputRow(t.batch, channel);
      if (whole && start >= 0 && start <= p_.in_length - d_.loaded) {
        lines[l] = from + start;
      } else {
        unit_.FillLine(from, start, stride, d_.loaded, line);
      }
    }
    LinesToLanes(lines, static_cast<std::size_t>(d_.loaded), samples_, kLanes);
    TransformVector([&](std::int64_t i) { return samples_ + i * kVector; }, cls, to, largest);
  }

  const Unit& unit_;
  const TapProblem& p_;
  const Details& d_;
  const Transform& transform_;
  float* const planes_;
  float* const line_;
  float* const samples_;
};

}  // namespace
}  // namespace conv1d::kernels::tiles::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
