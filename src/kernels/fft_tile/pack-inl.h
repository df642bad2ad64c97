// Filters as the products want them: [group][value][panel][virtual row][rows of the panel], then the taps themselves for
// tiles that are computed directly.
#if defined(CONV1D_KERNELS_FFT_TILE_PACK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV1D_KERNELS_FFT_TILE_PACK_INL_H_
#undef CONV1D_KERNELS_FFT_TILE_PACK_INL_H_
#else
#define CONV1D_KERNELS_FFT_TILE_PACK_INL_H_
#endif

#include <algorithm>

#include "hwy/highway.h"
#include "kernels/fft_tile/transform-inl.h"
#include "kernels/tile/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace conv1d::kernels::fft_tile::HWY_NAMESPACE {
namespace {

class FilterPacker {
 public:
  FilterPacker(const Plan& plan, const void* weight, void* packed)
      : p_(plan.problem), d_(plan.get<Details>()), geometry_(Geometry::of(p_)),
        panels_(p_.outputs, conv1d::kernels::HWY_NAMESPACE::kRegisters), weight_(static_cast<const float*>(weight)),
        packed_(static_cast<float*>(packed)), points_(static_cast<std::size_t>(d_.points)),
        values_(spectrum_values(d_.points)) {}

  void Run() {
    for (std::int64_t g = 0; g < p_.groups; ++g) {
      for (std::int64_t m = 0; m < p_.outputs; m += static_cast<std::int64_t>(kLanes)) {
        for (std::int64_t row = 0; row < d_.rows; ++row) PackFilters(g, m, row);
      }
    }
    PackTaps();
  }

 private:
  // As many outputs' filters as a vector has lanes. y[i] = sum w[q] x[i + q] is a product of polynomials in x with
  // sum w[q] x^-q. Inverse() is not scaled and sees one of each pair of complex values: hence 1/N and 2/N.
  void PackFilters(std::int64_t g, std::int64_t first, std::int64_t row) {
    std::fill(lanes_, lanes_ + points_ * kLanes, 0.0f);
    const std::int64_t count = std::min(static_cast<std::int64_t>(kLanes), p_.outputs - first);
    const std::int64_t cls = row % geometry_.classes;
    for (std::int64_t t = cls; t < p_.taps; t += geometry_.classes) {
      const std::size_t at = (points_ - static_cast<std::size_t>(geometry_.sample_of(t, p_.taps))) % points_ * kLanes;
      const float* w = weight_ + g * p_.weight.group + first * p_.weight.output +
                       row / geometry_.classes * p_.weight.input + t * p_.weight.tap;
      for (std::int64_t l = 0; l < count; ++l) lanes_[at + static_cast<std::size_t>(l)] = w[l * p_.weight.output];
    }
    Forward(table_, lanes_, points_);
    const V real_scale = hn::Set(D(), 1.0f / static_cast<float>(points_)), complex_scale = hn::Set(D(), 2.0f / static_cast<float>(points_));
    std::int64_t value = 0;
    StoreValue(g, value++, first, count, row, hn::Mul(LoadAt(lanes_, 0), real_scale));
    StoreValue(g, value++, first, count, row, hn::Mul(LoadAt(lanes_, 1), real_scale));
    for (std::size_t m = 2; m < points_; m *= 2) {
      for (std::size_t i = m; i < m + m / 2; ++i) {
        const V re = hn::Mul(LoadAt(lanes_, i), complex_scale), im = hn::Mul(LoadAt(lanes_, i + m / 2), complex_scale);
        StoreValue(g, value++, first, count, row, re);
        StoreValue(g, value++, first, count, row, hn::Add(re, im));
        StoreValue(g, value++, first, count, row, hn::Sub(im, re));
      }
    }
  }

  void StoreValue(std::int64_t g, std::int64_t value, std::int64_t first, std::int64_t count, std::int64_t row, V v) {
    HWY_ALIGN float values[kLanes];
    hn::Store(v, D(), values);
    float* const matrix = packed_ + (g * values_ + value) * p_.outputs * d_.rows;
    for (std::int64_t l = 0; l < count; ++l) {
      const Panel panel = panels_[panels_.of_row(first + l)];
      matrix[panel.row * d_.rows + row * panel.rows + first + l - panel.row] = values[l];
    }
  }

  void PackTaps() {
    float* out = packed_ + p_.groups * values_ * p_.outputs * d_.rows;
    for (std::int64_t g = 0; g < p_.groups; ++g) {
      for (std::int64_t i = 0; i < panels_.count(); ++i) {
        const Panel panel = panels_[i];
        const float* weight = weight_ + g * p_.weight.group + panel.row * p_.weight.output;
        for (std::int64_t r = 0; r < p_.inputs; ++r) {
          for (std::int64_t t = 0; t < p_.taps; ++t) {
            const float* w = weight + r * p_.weight.input + t * p_.weight.tap;
            for (int m = 0; m < panel.rows; ++m) *out++ = w[m * p_.weight.output];
          }
        }
      }
    }
  }

  const TapProblem& p_;
  const Details d_;
  const Geometry geometry_;
  const Panels panels_;
  const float* weight_;
  float* packed_;
  const std::size_t points_;
  const std::int64_t values_;
  const Twiddles& table_ = twiddles();
  HWY_ALIGN float lanes_[kMostPoints * kLanes];
};

}  // namespace
}  // namespace conv1d::kernels::fft_tile::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
