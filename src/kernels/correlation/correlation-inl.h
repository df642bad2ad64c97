// The loops of the correlation: one row of weights (taps) against a row of input, at several columns at once.
#if defined(CONV1D_KERNELS_CORRELATION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV1D_KERNELS_CORRELATION_INL_H_
#undef CONV1D_KERNELS_CORRELATION_INL_H_
#else
#define CONV1D_KERNELS_CORRELATION_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "kernels/correlation/correlation.h"
#include "kernels/problem.h"
#include "kernels/tile/targets.h"

HWY_BEFORE_NAMESPACE();
namespace conv1d::kernels::correlation::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// A stretch of taps: weight[t] meets in[position + t + column * step], t in [begin, end).
template <class T> struct Stretch {
  const T* weight;
  const T* in;  // of position 0
  std::int64_t in_length, position, step, begin, end;
};

// sums[c] += dot product at column + c, for taps that lie inside the input at all kColumns of them.
template <std::size_t kColumns, class T>
HWY_NOINLINE void Dots(const Stretch<T>& s, std::int64_t column, std::int64_t begin, std::int64_t end, double* sums) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  constexpr std::size_t kBeside = 2;  // chains of sums a column, to hide the latency of the multiplication
  const std::int64_t lanes = static_cast<std::int64_t>(hn::Lanes(d));
  V acc[kColumns][kBeside];
  CONV1D_UNROLL
  for (std::size_t c = 0; c < kColumns; ++c) acc[c][0] = acc[c][1] = hn::Zero(d);
  const T* in = s.in + s.position + column * s.step;
  const std::int64_t step = s.step;
  std::int64_t t = begin;
  for (; t + 2 * lanes <= end; t += 2 * lanes) {
    const V w0 = hn::LoadU(d, s.weight + t), w1 = hn::LoadU(d, s.weight + t + lanes);
    CONV1D_UNROLL
    for (std::size_t c = 0; c < kColumns; ++c) {
      const T* x = in + t + static_cast<std::int64_t>(c) * step;
      acc[c][0] = hn::MulAdd(w0, hn::LoadU(d, x), acc[c][0]);
      acc[c][1] = hn::MulAdd(w1, hn::LoadU(d, x + lanes), acc[c][1]);
    }
  }
  T rest[kColumns] = {};
  for (; t < end; ++t) {
    for (std::size_t c = 0; c < kColumns; ++c) rest[c] += s.weight[t] * in[t + static_cast<std::int64_t>(c) * step];
  }
  CONV1D_UNROLL
  for (std::size_t c = 0; c < kColumns; ++c) {
    sums[c] += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, hn::Add(acc[c][0], acc[c][1])))) +
               static_cast<double>(rest[c]);
  }
}

template <class T>
HWY_INLINE double Products(const Stretch<T>& s, std::int64_t column, std::int64_t begin, std::int64_t end) {
  T sum{0};
  for (std::int64_t t = begin; t < end; ++t) {
    const std::int64_t position = s.position + t + column * s.step;
    if (position >= 0 && position < s.in_length) sum += s.weight[t] * s.in[position];
  }
  return static_cast<double>(sum);
}

// All taps of the stretch, those beside the ends of the input one by one: padding adds nothing.
template <std::size_t kColumns, class T>
HWY_INLINE void Columns(const Stretch<T>& s, std::int64_t column, double* sums) {
  const std::int64_t one = column * s.step, other = (column + static_cast<std::int64_t>(kColumns) - 1) * s.step;
  const std::int64_t low = std::clamp(-(s.position + std::min(one, other)), s.begin, s.end);
  const std::int64_t high = std::clamp(s.in_length - s.position - std::max(one, other), low, s.end);
  for (std::size_t c = 0; c < kColumns; ++c) {
    sums[c] += Products(s, column + static_cast<std::int64_t>(c), s.begin, low);
    sums[c] += Products(s, column + static_cast<std::int64_t>(c), high, s.end);
  }
  if (low < high) Dots<kColumns>(s, column, low, high, sums);
}

template <class T> HWY_INLINE void AllColumns(const Stretch<T>& s, std::int64_t columns, double* sums) {
  std::int64_t j = 0;
  for (; j + 5 <= columns; j += 5) Columns<5>(s, j, sums + j);
  switch (columns - j) {
    case 4:
      return Columns<4>(s, j, sums + j);
    case 3:
      return Columns<3>(s, j, sums + j);
    case 2:
      return Columns<2>(s, j, sums + j);
    case 1:
      return Columns<1>(s, j, sums + j);
    default:
      return;
  }
}

template <class T>
void Run(const TapProblem& p, const Operands& operands, double* sums, std::int64_t begin, std::int64_t end) {
  for (std::int64_t unit = begin; unit < end; ++unit) {
    const std::int64_t m = unit % p.outputs, b = unit / p.outputs % p.batch, g = unit / p.outputs / p.batch;
    const T* weight = static_cast<const T*>(operands.weight) + g * p.weight.group + m * p.weight.output;
    const T* input = static_cast<const T*>(operands.input) + g * p.input.group + b * p.input.batch;
    std::fill(sums, sums + p.columns, 0.0);
    for (std::int64_t r = 0; r < p.inputs; ++r) {
      for (std::int64_t t = 0; t < p.taps; t += kChunk) {
        const Stretch<T> stretch{weight + r * p.weight.input, input + r * p.input.row, p.in_length, p.first, p.step, t,
                                 std::min(p.taps, t + kChunk)};
        AllColumns(stretch, p.columns, sums);
      }
    }
    T* out = static_cast<T*>(operands.output) + g * p.output.group + b * p.output.batch + m * p.output.output;
    T bias{0};
    if (p.start == Start::kBias) bias = static_cast<const T*>(operands.bias)[g * p.bias.group + m * p.bias.output];
    for (std::int64_t j = 0; j < p.columns; ++j) {
      T& y = out[j * p.output.column];
      y = static_cast<T>(static_cast<double>(p.start == Start::kAccumulate ? y : bias) + sums[j]);
      if (p.finish == Finish::kRelu && y < T{0}) y = T{0};
    }
  }
}

}  // namespace
}  // namespace conv1d::kernels::correlation::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
