// Tiles into lanes and back: a transposition of as many lines as a vector has lanes.
#if defined(CONV1D_KERNELS_TILES_LANES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV1D_KERNELS_TILES_LANES_INL_H_
#undef CONV1D_KERNELS_TILES_LANES_INL_H_
#else
#define CONV1D_KERNELS_TILES_LANES_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace conv1d::kernels::tiles::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr std::size_t kLanes = hn::MaxLanes(D());

// Element i of an array of vectors: sample i of as many tiles as there are lanes.
HWY_INLINE V LoadAt(const float* x, std::size_t i) { return hn::Load(D(), x + i * kLanes); }
HWY_INLINE void StoreAt(V v, float* x, std::size_t i) { hn::Store(v, D(), x + i * kLanes); }

#if HWY_TARGET == HWY_SCALAR

// One lane: a tile is a line already.
HWY_INLINE void LinesToLanes(const float* const* lines, std::size_t count, float* x, std::size_t stride) {
  for (std::size_t i = 0; i < count; ++i) x[i * stride] = lines[0][i];
}
HWY_INLINE void LanesToLines(const float* x, std::size_t count, float* lines, std::size_t) {
  for (std::size_t i = 0; i < count; ++i) lines[i] = x[i];
}

#else

using D4 = hn::Full128<float>;

// Four samples each of lines j, j + 4, j + 8, ...: no shuffle crosses 128 bits, so one code serves every width.
HWY_INLINE V LoadPieces(const float* const* lines, std::size_t j, std::size_t at) {
#if HWY_TARGET == HWY_AVX3
  const hn::Full256<float> d8;
  const auto low = hn::Combine(d8, hn::LoadU(D4(), lines[j + 4] + at), hn::LoadU(D4(), lines[j] + at));
  const auto high = hn::Combine(d8, hn::LoadU(D4(), lines[j + 12] + at), hn::LoadU(D4(), lines[j + 8] + at));
  return hn::Combine(D(), high, low);
#elif HWY_TARGET == HWY_AVX2
  return hn::Combine(D(), hn::LoadU(D4(), lines[j + 4] + at), hn::LoadU(D4(), lines[j] + at));
#else
  return hn::LoadU(D(), lines[j] + at);
#endif
}

HWY_INLINE void StorePieces(V v, float* lines, std::size_t stride, std::size_t j, std::size_t at) {
  float* const out = lines + j * stride + at;
#if HWY_TARGET == HWY_AVX3
  const hn::Full256<float> d8;
  const auto low = hn::LowerHalf(d8, v), high = hn::UpperHalf(d8, v);
  hn::StoreU(hn::LowerHalf(D4(), low), D4(), out);
  hn::StoreU(hn::UpperHalf(D4(), low), D4(), out + 4 * stride);
  hn::StoreU(hn::LowerHalf(D4(), high), D4(), out + 8 * stride);
  hn::StoreU(hn::UpperHalf(D4(), high), D4(), out + 12 * stride);
#elif HWY_TARGET == HWY_AVX2
  hn::StoreU(hn::LowerHalf(D4(), v), D4(), out);
  hn::StoreU(hn::UpperHalf(D4(), v), D4(), out + 4 * stride);
#else
  hn::StoreU(v, D(), out);
#endif
}

// 4 x 4 within every 128 bits; its own inverse.
HWY_INLINE void Transpose4(V& a, V& b, V& c, V& d) {
  const D df;
  const hn::Repartition<double, D> dd;
  const auto ab0 = hn::BitCast(dd, hn::InterleaveLower(df, a, b)), ab1 = hn::BitCast(dd, hn::InterleaveUpper(df, a, b));
  const auto cd0 = hn::BitCast(dd, hn::InterleaveLower(df, c, d)), cd1 = hn::BitCast(dd, hn::InterleaveUpper(df, c, d));
  a = hn::BitCast(df, hn::InterleaveLower(dd, ab0, cd0));
  b = hn::BitCast(df, hn::InterleaveUpper(dd, ab0, cd0));
  c = hn::BitCast(df, hn::InterleaveLower(dd, ab1, cd1));
  d = hn::BitCast(df, hn::InterleaveUpper(dd, ab1, cd1));
}

// x[i * stride + l] = lines[l][i]; count is a multiple of 4, stride one of the lanes.
HWY_INLINE void LinesToLanes(const float* const* lines, std::size_t count, float* x, std::size_t stride) {
  for (std::size_t i = 0; i < count; i += 4) {
    V a = LoadPieces(lines, 0, i), b = LoadPieces(lines, 1, i), c = LoadPieces(lines, 2, i),
      d = LoadPieces(lines, 3, i);
    Transpose4(a, b, c, d);
    hn::Store(a, D(), x + i * stride);
    hn::Store(b, D(), x + (i + 1) * stride);
    hn::Store(c, D(), x + (i + 2) * stride);
    hn::Store(d, D(), x + (i + 3) * stride);
  }
}

// lines[l * stride + i] = x[i] lane l; count is a multiple of 4. From the end, so that with stride < count the surplus
// of a line is written over by the next one's start.
HWY_INLINE void LanesToLines(const float* x, std::size_t count, float* lines, std::size_t stride) {
  for (std::size_t i = count; i > 0;) {
    i -= 4;
    V a = LoadAt(x, i), b = LoadAt(x, i + 1), c = LoadAt(x, i + 2), d = LoadAt(x, i + 3);
    Transpose4(a, b, c, d);
    StorePieces(a, lines, stride, 0, i);
    StorePieces(b, lines, stride, 1, i);
    StorePieces(c, lines, stride, 2, i);
    StorePieces(d, lines, stride, 3, i);
  }
}

#endif

}  // namespace
}  // namespace conv1d::kernels::tiles::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
