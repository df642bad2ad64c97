// Filters as the products want them: [group][value][panel][virtual row, window][rows of the panel], then the taps
// themselves for tiles that are computed directly.
#if defined(CONV1D_KERNELS_TILES_PACK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV1D_KERNELS_TILES_PACK_INL_H_
#undef CONV1D_KERNELS_TILES_PACK_INL_H_
#else
#define CONV1D_KERNELS_TILES_PACK_INL_H_
#endif

#include <algorithm>

#include "hwy/highway.h"
#include "kernels/tile/tile-inl.h"
#include "kernels/tiles/lanes-inl.h"
#include "kernels/tiles/tiles.h"

HWY_BEFORE_NAMESPACE();
namespace conv1d::kernels::tiles::HWY_NAMESPACE {
namespace {

template <class Transform> class FilterPacker {
 public:
  FilterPacker(const Plan& plan, const void* weight, void* packed)
      : p_(plan.problem),
        d_(plan.get<Details>()),
        geometry_(Geometry::of(p_)),
        panels_(p_.outputs, conv1d::kernels::HWY_NAMESPACE::kRegisters),
        transform_(d_),
        weight_(static_cast<const float*>(weight)),
        header_(static_cast<PackedHeader*>(packed)),
        packed_(reinterpret_cast<float*>(header_ + 1)) {}

  void Run() {
    for (std::int64_t g = 0; g < p_.groups; ++g) {
      for (std::int64_t m = 0; m < p_.outputs; m += static_cast<std::int64_t>(kLanes)) {
        for (std::int64_t k = 0; k < d_.sums(); ++k) PackFilters(g, m, k);
      }
    }
    *header_ = {.finite = PackTaps(), .unused = {}};
  }

 private:
  // One window of as many outputs' filters as a vector has lanes.
  void PackFilters(std::int64_t g, std::int64_t first, std::int64_t k) {
    const std::int64_t count = std::min(static_cast<std::int64_t>(kLanes), p_.outputs - first);
    for (std::int64_t joined = 0; joined < d_.joined; ++joined) {
      GatherTaps(g, first, count, k / d_.windows * d_.joined + joined, k % d_.windows * d_.window);
      transform_.Filter(taps_, joined, values_);
    }
    for (std::int64_t l = 0; l < count; ++l) {
      const Panel panel = panels_[panels_.of_row(first + l)];
      float* to = packed_ + g * d_.values * p_.outputs * d_.sums() + panel.row * d_.sums() + k * panel.rows + first +
                  l - panel.row;
      const float* from = values_ + l;
      for (std::int64_t v = 0; v < d_.values; ++v, to += p_.outputs * d_.sums(), from += kLanes) *to = *from;
    }
  }

  // The taps of a window of a virtual row that begins at sample `begin`.
  void GatherTaps(std::int64_t g, std::int64_t first, std::int64_t count, std::int64_t row, std::int64_t begin) {
    const std::int64_t cls = row % geometry_.classes, taps = geometry_.taps_of(cls, p_.taps);
    const std::int64_t end = std::min(begin + d_.window, taps);
    std::fill(taps_, taps_ + static_cast<std::size_t>(d_.points) * kLanes, 0.0f);
    for (std::int64_t sample = begin; sample < end; ++sample) {
      const std::int64_t t = geometry_.tap_of(cls, sample, p_.taps);
      float* const lanes = taps_ + static_cast<std::size_t>(sample - begin) * kLanes;
      const float* w = weight_ + g * p_.weight.group + first * p_.weight.output +
                       row / geometry_.classes * p_.weight.input + t * p_.weight.tap;
      for (std::int64_t l = 0; l < count; ++l) lanes[l] = w[l * p_.weight.output];
    }
  }

  // Returns whether all are finite.
  bool PackTaps() {
    float zeros = 0;  // an infinity or NaN times zero is NaN
    float* out = packed_ + p_.groups * d_.values * p_.outputs * d_.sums();
    for (std::int64_t g = 0; g < p_.groups; ++g) {
      for (std::int64_t i = 0; i < panels_.count(); ++i) {
        const Panel panel = panels_[i];
        const float* weight = weight_ + g * p_.weight.group + panel.row * p_.weight.output;
        for (std::int64_t r = 0; r < p_.inputs; ++r) {
          for (std::int64_t t = 0; t < p_.taps; ++t) {
            const float* w = weight + r * p_.weight.input + t * p_.weight.tap;
            for (int m = 0; m < panel.rows; ++m) {
              *out = w[m * p_.weight.output];
              zeros += *out++ * 0.0f;
            }
          }
        }
      }
    }
    return zeros == 0;
  }

  const TapProblem& p_;
  const Details d_;
  const Geometry geometry_;
  const Panels panels_;
  const Transform transform_;
  const float* weight_;
  PackedHeader* header_;
  float* packed_;
  HWY_ALIGN float taps_[kMostPoints * kLanes];
  HWY_ALIGN float values_[kMostValues * kLanes];
};

template <class Transform> void Pack(const Plan& plan, const void* weight, void* packed) {
  FilterPacker<Transform>(plan, weight, packed).Run();
}

}  // namespace
}  // namespace conv1d::kernels::tiles::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
