// Loops that do nothing but multiply and add.
#if defined(CONV1D_KERNELS_ROOF_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV1D_KERNELS_ROOF_INL_H_
#undef CONV1D_KERNELS_ROOF_INL_H_
#else
#define CONV1D_KERNELS_ROOF_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "kernels/roof/roof.h"
#include "kernels/tile/targets.h"

HWY_BEFORE_NAMESPACE();
namespace conv1d::kernels::roof::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// `factor` below 1, so that no sum becomes infinite or denormal: each runs towards 1 / (1 - factor). Returns the
// operations done; what was computed goes to `sink`, else the compiler would leave it out.
template <class T> HWY_NOINLINE double MultiplyAdds(std::int64_t rounds, T factor, T* sink) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const V by = hn::Set(d, factor), one = hn::Set(d, T{1});
  V sums[kSums];
  CONV1D_UNROLL
  for (int i = 0; i < kSums; ++i) sums[i] = hn::Set(d, static_cast<T>(i));
  for (std::int64_t round = 0; round < rounds; ++round) {
    CONV1D_UNROLL
    for (int i = 0; i < kSums; ++i) sums[i] = hn::MulAdd(sums[i], by, one);
  }
  V all = sums[0];
  CONV1D_UNROLL
  for (int i = 1; i < kSums; ++i) all = hn::Add(all, sums[i]);
  *sink = hn::GetLane(all);
  return 2.0 * kSums * static_cast<double>(hn::Lanes(d)) * static_cast<double>(rounds);
}

double FloatProducts(std::int64_t rounds, float factor, float* sink) { return MultiplyAdds(rounds, factor, sink); }
double DoubleProducts(std::int64_t rounds, double factor, double* sink) { return MultiplyAdds(rounds, factor, sink); }

}  // namespace
}  // namespace conv1d::kernels::roof::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
