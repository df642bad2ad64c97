// The loops of the depthwise family: a row of input, a row of output, the taps in registers where they are few.
#if defined(CONV1D_KERNELS_DEPTHWISE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV1D_KERNELS_DEPTHWISE_INL_H_
#undef CONV1D_KERNELS_DEPTHWISE_INL_H_
#else
#define CONV1D_KERNELS_DEPTHWISE_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "kernels/depthwise/depthwise.h"
#include "kernels/problem.h"
#include "kernels/range.h"
#include "kernels/tile/targets.h"

HWY_BEFORE_NAMESPACE();
namespace conv1d::kernels::depthwise::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// One row. `weights` are gathered once: taps of a view may lie anywhere.
template <class T> struct Row {
  const T* in;  // of position 0
  std::int64_t in_length, first, between, taps;
  T* out;
  T init;
  bool add, relu;
  bool finite;  // all weights
  HWY_ALIGN T weights[kMostTaps];
};

// Samples beside an end of the row, zeros outside it, that a stretch of columns is computed from.
constexpr std::int64_t kEdgeSamples = 2048;

template <class D, class V> HWY_INLINE void Finish(D d, const V sum, bool add, bool relu, hn::TFromD<D>* out) {
  V y = add ? hn::Add(hn::LoadU(d, out), sum) : sum;
  if (relu) y = hn::IfThenZeroElse(hn::Lt(y, hn::Zero(d)), y);
  hn::StoreU(y, d, out);
}

// kVectors * lanes columns; `in`: what tap 0 of the first one reads.
template <std::size_t kVectors, class D, class T> HWY_INLINE void Columns(D d, const Row<T>& row, const T* in, T* out) {
  using V = hn::Vec<D>;
  const std::size_t lanes = hn::Lanes(d);
  V sums[kVectors];
  CONV1D_UNROLL
  for (std::size_t v = 0; v < kVectors; ++v) sums[v] = hn::Set(d, row.init);
  for (std::int64_t t = 0; t < row.taps; ++t, in += row.between) {
    const V weight = hn::Set(d, row.weights[t]);
    CONV1D_UNROLL
    for (std::size_t v = 0; v < kVectors; ++v) sums[v] = hn::MulAdd(weight, hn::LoadU(d, in + v * lanes), sums[v]);
  }
  CONV1D_UNROLL
  for (std::size_t v = 0; v < kVectors; ++v) Finish(d, sums[v], row.add, row.relu, out + v * lanes);
}
// The same of columns from j on, all of whose taps lie inside the input.
template <std::size_t kVectors, class D, class T> HWY_INLINE void Columns(D d, const Row<T>& row, std::int64_t j) {
  Columns<kVectors>(d, row, row.in + row.first + j, row.out + j);
}

// The same for few taps, whose weights stay in registers over the whole row.
template <std::size_t kTaps, class T>
HWY_NOINLINE std::int64_t FewTaps(const Row<T>& row, std::int64_t begin, std::int64_t end) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const std::int64_t lanes = static_cast<std::int64_t>(hn::Lanes(d));
  V weights[kTaps];
  CONV1D_UNROLL
  for (std::size_t t = 0; t < kTaps; ++t) weights[t] = hn::Set(d, row.weights[t]);
  const V init = hn::Set(d, row.init);
  const bool add = row.add, relu = row.relu;
  std::int64_t j = begin;
  for (; j + 2 * lanes <= end; j += 2 * lanes) {
    const T* in = row.in + row.first + j;
    V first = init, second = init;
    CONV1D_UNROLL
    for (std::size_t t = 0; t < kTaps; ++t, in += row.between) {
      first = hn::MulAdd(weights[t], hn::LoadU(d, in), first);
      second = hn::MulAdd(weights[t], hn::LoadU(d, in + lanes), second);
    }
    Finish(d, first, add, relu, row.out + j);
    Finish(d, second, add, relu, row.out + j + lanes);
  }
  return j;
}

// One column beside an end of the row: taps outside it are left out, so padding adds nothing under an infinite weight.
template <class T> HWY_INLINE void EdgeColumn(const Row<T>& row, std::int64_t j) {
  const hn::CappedTag<T, 1> one;
  auto sum = hn::Set(one, row.init);
  for (std::int64_t t = 0; t < row.taps; ++t) {
    const std::int64_t position = row.first + j + t * row.between;
    if (position < 0 || position >= row.in_length) continue;
    sum = hn::MulAdd(hn::Set(one, row.weights[t]), hn::Set(one, row.in[position]), sum);
  }
  T y = hn::GetLane(sum);
  if (row.add) y = row.out[j] + y;
  if (row.relu && y < T{0}) y = T{0};
  row.out[j] = y;
}

// Columns [from, to), some of whose taps lie outside the input. Zeros may stand for those where the weights are finite.
template <class T> HWY_NOINLINE void EdgeColumns(const Row<T>& row, std::int64_t from, std::int64_t to) {
  const hn::ScalableTag<T> d;
  const std::int64_t lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const std::int64_t reach = std::max<std::int64_t>(0, row.taps - 1) * row.between,
                     low = std::min<std::int64_t>(0, reach);
  const std::int64_t start = row.first + from + low, count = to - from + std::abs(reach) + lanes;
  if (to - from < 4 || count > kEdgeSamples || !row.finite) {
    for (; from < to; ++from) EdgeColumn(row, from);
    return;
  }
  T samples[kEdgeSamples];
  const Range inside = inside_row(start, 1, row.in_length, count);
  std::fill(samples, samples + inside.begin, T{0});
  if (inside.begin < inside.end) {
    std::copy(row.in + start + inside.begin, row.in + start + inside.end, samples + inside.begin);
  }
  std::fill(samples + inside.end, samples + count, T{0});
  const T* in = samples - low;
  for (; from + lanes <= to; from += lanes, in += lanes) Columns<1>(d, row, in, row.out + from);
  if (from == to) return;
  T last[HWY_MAX_BYTES / sizeof(T)] = {};
  if (row.add) std::copy(row.out + from, row.out + to, last);
  Columns<1>(d, row, in, last);
  std::copy(last, last + (to - from), row.out + from);
}

template <class T> HWY_INLINE std::int64_t MainColumns(const Row<T>& row, std::int64_t begin, std::int64_t end) {
  switch (row.taps) {
    case 1:
      return FewTaps<1>(row, begin, end);
    case 2:
      return FewTaps<2>(row, begin, end);
    case 3:
      return FewTaps<3>(row, begin, end);
    case 4:
      return FewTaps<4>(row, begin, end);
    case 5:
      return FewTaps<5>(row, begin, end);
    case 7:
      return FewTaps<7>(row, begin, end);
    default:
      break;
  }
  const hn::ScalableTag<T> d;
  const std::int64_t lanes = static_cast<std::int64_t>(hn::Lanes(d));
  for (; begin + 8 * lanes <= end; begin += 8 * lanes) Columns<8>(d, row, begin);
  for (; begin + 2 * lanes <= end; begin += 2 * lanes) Columns<2>(d, row, begin);
  return begin;
}

template <class T> HWY_INLINE void RunRow(const Row<T>& row, std::int64_t columns) {
  const hn::ScalableTag<T> d;
  const std::int64_t lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const std::int64_t reach = std::max<std::int64_t>(0, row.taps - 1) * row.between;
  const std::int64_t low = row.first + std::min<std::int64_t>(0, reach),
                     high = row.first + std::max<std::int64_t>(0, reach);
  const std::int64_t begin = std::clamp<std::int64_t>(-low, 0, columns);
  const std::int64_t end = std::clamp<std::int64_t>(row.in_length - high, begin, columns);
  EdgeColumns(row, 0, begin);
  std::int64_t j = MainColumns(row, begin, end);
  for (; j + lanes <= end; j += lanes) Columns<1>(d, row, j);
  if (j < end && !row.add && end - begin >= lanes) {
    Columns<1>(d, row, end - lanes);  // some outputs are computed twice, to the same bits
    j = end;
  }
  EdgeColumns(row, j, columns);
}

template <class T> void Run(const TapProblem& p, const Operands& operands, std::int64_t begin, std::int64_t end) {
  Row<T> row{};
  row.in_length = p.in_length;
  row.first = p.first;
  row.between = p.between;
  row.taps = p.taps;
  row.add = p.start == Start::kAccumulate;
  row.relu = p.finish == Finish::kRelu;
  for (std::int64_t unit = begin; unit < end; ++unit) {
    const std::int64_t m = unit % p.outputs, g = unit / p.outputs % p.groups, b = unit / p.outputs / p.groups;
    const T* weight = static_cast<const T*>(operands.weight) + g * p.weight.group + m * p.weight.output;
    T zeros = 0;  // an infinity or NaN times zero is NaN
    for (std::int64_t t = 0; t < p.taps; ++t) zeros += T{0} * (row.weights[t] = weight[t * p.weight.tap]);
    row.finite = zeros == T{0};
    row.in = static_cast<const T*>(operands.input) + g * p.input.group + b * p.input.batch;
    row.out = static_cast<T*>(operands.output) + g * p.output.group + b * p.output.batch + m * p.output.output;
    if (p.start == Start::kBias) row.init = static_cast<const T*>(operands.bias)[g * p.bias.group + m * p.bias.output];
    RunRow(row, p.columns);
  }
}

}  // namespace
}  // namespace conv1d::kernels::depthwise::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
