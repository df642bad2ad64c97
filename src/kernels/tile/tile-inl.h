// The one register tile that multiplies: rows of weights times vectors along the columns.
//
//   out[m][x]  (+)=  init[m]  +  sum over k of  weight(k, m) * in(k)[x]        m < rows, x < vectors * lanes
//
// with packed weights, weight(k, m) = weights[k * rows + m] and in(k) = in + offsets[k]: convolutions. Or with weights
// that lie anywhere, weight(k, m) = weights[offsets[k] + row_offsets[m]] and in(k) = in + k * in_stride: the weight
// gradient.
//
// Weights are broadcast and columns lie in the lanes, so no sum ever crosses lanes: an output has the same bits in
// whatever lane, tile or instruction set with FMA it is computed. Compiled once an instruction set; include guards as
// Highway's.
#if defined(CONV1D_KERNELS_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV1D_KERNELS_TILE_INL_H_
#undef CONV1D_KERNELS_TILE_INL_H_
#else
#define CONV1D_KERNELS_TILE_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "kernels/tile/panels.h"

HWY_BEFORE_NAMESPACE();
namespace conv1d::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
constexpr int kRegisters = 32;
#else
constexpr int kRegisters = 16;
#endif

// One panel of weights against one block of columns.
template <class T> struct TileJob {
  const T* in;
  const std::ptrdiff_t* offsets;      // one a product, counted in T, as all that follow
  const std::ptrdiff_t* row_offsets;  // one a row: kAnywhere only
  std::ptrdiff_t in_stride;           // kAnywhere only
  std::size_t products;
  const T* weights;
  T* out;
  std::ptrdiff_t out_stride;  // from one row of the output to the next, in T
  const T* init;              // a start value a row (a pair a complex row), or null: zero
  bool add;                   // to what the output holds, when the sum is done
  bool preload;               // the sum begins with what the output holds; real numbers only
  bool relu;
  bool prefetch_out;  // ask for the output's lines while the sum is being made
};

enum class Weights { kPacked, kAnywhere };

template <class D, class V> HWY_INLINE V Relu(D d, V x) {
  return hn::IfThenZeroElse(hn::Lt(x, hn::Zero(d)), x);  // NaN is not less than zero and stays
}

// The loop. With 8 rows Highway's Set() of a loaded scalar is folded into the multiplication (AVX-512) or hoisted.
template <class T, Weights kWeights, std::size_t kRows, std::size_t kVectors, class D, class V>
HWY_INLINE void MultiplyInto(D d, const TileJob<T>& job, V (&acc)[kRows][kVectors]) {
  const std::size_t lanes = hn::Lanes(d);
  const T* HWY_RESTRICT weights = job.weights;
  const std::ptrdiff_t* HWY_RESTRICT offsets = job.offsets;
  const T* HWY_RESTRICT in = job.in;
  const T* rows[kRows];
  if constexpr (kWeights == Weights::kAnywhere) {
    CONV1D_UNROLL
    for (std::size_t m = 0; m < kRows; ++m) rows[m] = weights + job.row_offsets[m];
  }
  for (std::size_t k = 0; k < job.products; ++k) {
    const std::ptrdiff_t offset = offsets[k];
    const T* HWY_RESTRICT x = kWeights == Weights::kPacked ? in + offset : in;
    V columns[kVectors];
    CONV1D_UNROLL
    for (std::size_t v = 0; v < kVectors; ++v) columns[v] = hn::LoadU(d, x + v * lanes);
    CONV1D_UNROLL
    for (std::size_t m = 0; m < kRows; ++m) {
      const V weight = hn::Set(d, kWeights == Weights::kPacked ? weights[m] : rows[m][offset]);
      CONV1D_UNROLL
      for (std::size_t v = 0; v < kVectors; ++v) acc[m][v] = hn::MulAdd(weight, columns[v], acc[m][v]);
    }
    if constexpr (kWeights == Weights::kPacked) {
      weights += kRows;
    } else {
      in += job.in_stride;
    }
  }
}

template <class T, Weights kWeights, std::size_t kRows, std::size_t kVectors>
HWY_NOINLINE void RealTile(const TileJob<T>& job) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const std::size_t lanes = hn::Lanes(d);
  V acc[kRows][kVectors];
  if (job.prefetch_out) {
    CONV1D_UNROLL
    for (std::size_t m = 0; m < kRows; ++m) {
      const T* row = job.out + static_cast<std::ptrdiff_t>(m) * job.out_stride;
      __builtin_prefetch(row, 1);
      __builtin_prefetch(row + kVectors * lanes - 1, 1);
    }
  }
  CONV1D_UNROLL
  for (std::size_t m = 0; m < kRows; ++m) {
    const V init = job.init ? hn::Set(d, job.init[m]) : hn::Zero(d);
    CONV1D_UNROLL
    for (std::size_t v = 0; v < kVectors; ++v) {
      acc[m][v] =
          job.preload ? hn::LoadU(d, job.out + static_cast<std::ptrdiff_t>(m) * job.out_stride + v * lanes) : init;
    }
  }
  MultiplyInto<T, kWeights, kRows, kVectors>(d, job, acc);
  CONV1D_UNROLL
  for (std::size_t m = 0; m < kRows; ++m) {
    T* row = job.out + static_cast<std::ptrdiff_t>(m) * job.out_stride;
    CONV1D_UNROLL
    for (std::size_t v = 0; v < kVectors; ++v) {
      V y = acc[m][v];
      if (job.add) y = hn::Add(hn::LoadU(d, row + v * lanes), y);
      if (job.relu) y = Relu(d, y);
      hn::StoreU(y, d, row + v * lanes);
    }
  }
}

// Pairs of rows (real, imaginary part of a weight) over interleaved columns; A = w.real * x, B = w.imag * x hold all
// four products, and the sums are put together once, at the end: (A.re - B.im, A.im + B.re).
template <class T, Weights kWeights, std::size_t kRows, std::size_t kVectors>
HWY_NOINLINE void ComplexTile(const TileJob<T>& job) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  V acc[kRows][kVectors];
  CONV1D_UNROLL
  for (std::size_t m = 0; m < kRows; ++m) {
    CONV1D_UNROLL
    for (std::size_t v = 0; v < kVectors; ++v) acc[m][v] = hn::Zero(d);
  }
  MultiplyInto<T, kWeights, kRows, kVectors>(d, job, acc);
#if HWY_TARGET == HWY_SCALAR
  // One lane: a pair is two vectors.
  CONV1D_UNROLL
  for (std::size_t m = 0; m < kRows; m += 2) {
    T* row = job.out + static_cast<std::ptrdiff_t>(m / 2) * job.out_stride;
    CONV1D_UNROLL
    for (std::size_t v = 0; v < kVectors; v += 2) {
      T re = hn::GetLane(hn::Sub(acc[m][v], acc[m + 1][v + 1]));
      T im = hn::GetLane(hn::Add(acc[m][v + 1], acc[m + 1][v]));
      if (job.init) re = job.init[m] + re, im = job.init[m + 1] + im;
      row[v] = job.add ? row[v] + re : re;
      row[v + 1] = job.add ? row[v + 1] + im : im;
    }
  }
#else
  const std::size_t lanes = hn::Lanes(d);
  CONV1D_UNROLL
  for (std::size_t m = 0; m < kRows; m += 2) {
    T* row = job.out + static_cast<std::ptrdiff_t>(m / 2) * job.out_stride;
    const V init = job.init ? hn::OddEven(hn::Set(d, job.init[m + 1]), hn::Set(d, job.init[m])) : hn::Zero(d);
    CONV1D_UNROLL
    for (std::size_t v = 0; v < kVectors; ++v) {
      const V swapped = hn::Reverse2(d, acc[m + 1][v]);
      V y = hn::OddEven(hn::Add(acc[m][v], swapped), hn::Sub(acc[m][v], swapped));
      if (job.init) y = hn::Add(init, y);
      if (job.add) y = hn::Add(hn::LoadU(d, row + v * lanes), y);
      hn::StoreU(y, d, row + v * lanes);
    }
  }
#endif
}

template <class T, Weights kWeights, bool kComplex, std::size_t kRows, std::size_t kVectors>
HWY_INLINE void RunTile(const TileJob<T>& job) {
  if constexpr (kComplex) {
    ComplexTile<T, kWeights, kRows, kVectors>(job);
  } else {
    RealTile<T, kWeights, kRows, kVectors>(job);
  }
}

// The last columns: the tile writes to a buffer, from which the wanted ones are copied. Masked loads in the tile's loop
// would cost twice the time, here and on targets that only emulate them.
template <class T, Weights kWeights, bool kComplex, std::size_t kRows, std::size_t kVectors>
HWY_NOINLINE void RunPartialTile(TileJob<T> job, std::size_t columns) {
  constexpr std::size_t kOutRows = kComplex ? kRows / 2 : kRows;
  const std::size_t width = kVectors * hn::Lanes(hn::ScalableTag<T>());
  HWY_ALIGN T buffer[kOutRows * kVectors * HWY_MAX_BYTES / sizeof(T)];
  T* const out = job.out;
  const std::ptrdiff_t out_stride = job.out_stride;
  if (job.add || job.preload) {
    for (std::size_t m = 0; m < kOutRows; ++m) {
      const T* row = out + static_cast<std::ptrdiff_t>(m) * out_stride;
      for (std::size_t x = 0; x < width; ++x) buffer[m * width + x] = x < columns ? row[x] : T{0};
    }
  }
  job.out = buffer;
  job.out_stride = static_cast<std::ptrdiff_t>(width);
  RunTile<T, kWeights, kComplex, kRows, kVectors>(job);
  for (std::size_t m = 0; m < kOutRows; ++m) {
    T* row = out + static_cast<std::ptrdiff_t>(m) * out_stride;
    for (std::size_t x = 0; x < columns; ++x) row[x] = buffer[m * width + x];
  }
}

// All columns of a panel. The input may be read up to the next multiple of a vector, the output is written exactly.
template <class T, Weights kWeights, bool kComplex, std::size_t kRows, std::size_t kVectors>
HWY_INLINE void RunColumns(TileJob<T>& job, std::size_t columns) {
  const std::size_t lanes = hn::Lanes(hn::ScalableTag<T>()), width = kVectors * lanes;
  for (; columns >= width; columns -= width, job.in += width, job.out += width) {
    RunTile<T, kWeights, kComplex, kRows, kVectors>(job);
  }
  if (columns == 0) return;
  // Narrower tiles take the rest: 6 vectors leave it to 3, then 2 and 1 (each width more takes its time to compile).
  // With one lane a tile of complex numbers has an even number of vectors.
  constexpr std::size_t kLess = HWY_TARGET == HWY_SCALAR && kComplex ? 2 : 1;
  constexpr std::size_t kNarrower = kVectors > 3 && kLess == 1 ? kVectors / 2 : kVectors - kLess;
  if constexpr (kNarrower > 0) {
    if (columns <= (kVectors - kLess) * lanes) return RunColumns<T, kWeights, kComplex, kRows, kNarrower>(job, columns);
  }
  RunPartialTile<T, kWeights, kComplex, kRows, kVectors>(job, columns);
}

template <class T, Weights kWeights, bool kComplex, std::size_t kRows>
HWY_NOINLINE void RunPanelOf(TileJob<T> job, std::size_t columns) {
  constexpr std::size_t kVectors = tile_vectors(kRows, kRegisters);
  constexpr std::size_t kUsed = HWY_TARGET == HWY_SCALAR && kComplex ? (kVectors + 1) / 2 * 2 : kVectors;
  RunColumns<T, kWeights, kComplex, kRows, kUsed>(job, columns);
}

// `rows` as cut by Panels, for 16 registers with kAnywhere; with kComplex, rows and columns count reals.
template <class T, bool kComplex, Weights kWeights = Weights::kPacked>
HWY_INLINE void RunPanel(const TileJob<T>& job, int rows, std::size_t columns) {
  constexpr bool kEight = kRegisters == 32 && kWeights == Weights::kPacked;
  switch (rows) {
    case 2:
      return RunPanelOf<T, kWeights, kComplex, 2>(job, columns);
    case 4:
      return RunPanelOf<T, kWeights, kComplex, 4>(job, columns);
    case 6:
      return RunPanelOf<T, kWeights, kComplex, 6>(job, columns);
    case 8:
      if constexpr (kEight) return RunPanelOf<T, kWeights, kComplex, 8>(job, columns);
      break;
    default:
      if constexpr (!kComplex) {
        if (rows == 1) return RunPanelOf<T, kWeights, kComplex, 1>(job, columns);
        if (rows == 3) return RunPanelOf<T, kWeights, kComplex, 3>(job, columns);
        if (rows == 5) return RunPanelOf<T, kWeights, kComplex, 5>(job, columns);
        if constexpr (kEight) return RunPanelOf<T, kWeights, kComplex, 7>(job, columns);
      }
  }
}

}  // namespace
}  // namespace conv1d::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
