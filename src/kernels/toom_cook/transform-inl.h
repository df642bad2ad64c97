// The transforms: products with small constant matrices, zeros left out when they are compiled.
#if defined(CONV1D_KERNELS_TOOM_COOK_TRANSFORM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV1D_KERNELS_TOOM_COOK_TRANSFORM_INL_H_
#undef CONV1D_KERNELS_TOOM_COOK_TRANSFORM_INL_H_
#else
#define CONV1D_KERNELS_TOOM_COOK_TRANSFORM_INL_H_
#endif

#include <utility>

#include "hwy/highway.h"
#include "kernels/tiles/lanes-inl.h"
#include "kernels/toom_cook/toom_cook.h"

HWY_BEFORE_NAMESPACE();
namespace conv1d::kernels::toom_cook::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
using tiles::HWY_NAMESPACE::D;
using tiles::HWY_NAMESPACE::LoadAt;
using tiles::HWY_NAMESPACE::StoreAt;
using tiles::HWY_NAMESPACE::V;

enum class Part { kInput, kFilter, kOutput };

// By names, not as a reference to a row: Clang 15 takes no part of an object for a template's argument.
template <class M, Part kPart> constexpr double factor(int row, int column) {
  constexpr M kMatrices{};
  if constexpr (kPart == Part::kInput) return kMatrices.input[row][column];
  if constexpr (kPart == Part::kFilter) return kMatrices.filter[row][column];
  if constexpr (kPart == Part::kOutput) return kMatrices.output[row][column];
}

// Is one of the row's first `columns` factors not zero?
template <class M, Part kPart> constexpr bool started(int row, int columns) {
  for (int i = 0; i < columns; ++i) {
    if (factor<M, kPart>(row, i) != 0) return true;
  }
  return false;
}

// sum + factor * x, for a factor known to the compiler.
template <class M, Part kPart, int kRow, int kColumn> HWY_INLINE V AddTerm(V sum, V x) {
  constexpr float kFactor = static_cast<float>(factor<M, kPart>(kRow, kColumn));
  if constexpr (kFactor == 0) {
    return sum;
  } else if constexpr (!started<M, kPart>(kRow, kColumn)) {
    if constexpr (kFactor == 1) return x;
    return hn::Mul(x, hn::Set(D(), kFactor));
  } else if constexpr (kFactor == 1) {
    return hn::Add(sum, x);
  } else if constexpr (kFactor == -1) {
    return hn::Sub(sum, x);
  } else {
    return hn::MulAdd(x, hn::Set(D(), kFactor), sum);
  }
}

template <class M, Part kPart, int kRow, int... kColumns>
HWY_INLINE V Dot(const V* x, std::integer_sequence<int, kColumns...>) {
  V sum = hn::Zero(D());
  ((sum = AddTerm<M, kPart, kRow, kColumns>(sum, x[kColumns])), ...);
  return sum;
}

template <int kTaps> class ToomCook {
  using M = Matrices<kTaps>;
  static constexpr int kValues = M::kValues;

 public:
  static constexpr std::int64_t kPoints = kValues, kSegment = toom_cook::kSegment;

  explicit ToomCook(const tiles::Details&) {}

  HWY_INLINE void Forward(const V* samples, std::int64_t, float* to, std::int64_t apart) const {
    ForwardRows(samples, to, apart, std::make_integer_sequence<int, kValues>());
  }

  void Inverse(const float* from, std::int64_t apart, float bias, float* x) const {
    const V every = hn::Set(D(), bias);
    Inverse(from, apart, [every](int) HWY_ATTR { return every; }, x);
  }

  // `start(i)` is what output i is added to.
  template <class Start> void Inverse(const float* from, std::int64_t apart, const Start& start, float* x) const {
    V products[kValues];
    for (int j = 0; j < kValues; ++j) products[j] = hn::LoadU(D(), from + j * apart);
    InverseRows(products, start, x, std::make_integer_sequence<int, kOutputs>());
  }

  void Filter(float* w, std::int64_t, float* to) const {
    V taps[kTaps];
    for (int i = 0; i < kTaps; ++i) taps[i] = LoadAt(w, static_cast<std::size_t>(i));
    FilterRows(taps, to, std::make_integer_sequence<int, kValues>());
  }

 private:
  template <int... kRows>
  static HWY_INLINE void ForwardRows(const V* x, float* to, std::int64_t apart, std::integer_sequence<int, kRows...>) {
    (hn::StoreU(Dot<M, Part::kInput, kRows>(x, std::make_integer_sequence<int, kValues>()), D(), to + kRows * apart),
     ...);
  }
  template <class Start, int... kRows>
  static HWY_INLINE void InverseRows(const V* products, const Start& start, float* x,
                                     std::integer_sequence<int, kRows...>) {
    (StoreAt(hn::Add(Dot<M, Part::kOutput, kRows>(products, std::make_integer_sequence<int, kValues>()), start(kRows)),
             x, kRows),
     ...);
  }
  template <int... kRows>
  static HWY_INLINE void FilterRows(const V* taps, float* to, std::integer_sequence<int, kRows...>) {
    (StoreAt(Dot<M, Part::kFilter, kRows>(taps, std::make_integer_sequence<int, kTaps>()), to, kRows), ...);
  }
};

// Three taps at a stride of two: the first class has two of them, the second one, for which nothing is to be saved. Its
// samples are multiplied as they are.
class Joined {
  using First = ToomCook<2>;
  static constexpr int kFirst = Matrices<2>::kValues;

 public:
  static constexpr std::int64_t kPoints = First::kPoints, kSegment = First::kSegment;

  explicit Joined(const tiles::Details& d) : first_(d) {}

  HWY_INLINE void Forward(const V* samples, std::int64_t cls, float* to, std::int64_t apart) const {
    if (cls == 0) return first_.Forward(samples, cls, to, apart);
    CONV1D_UNROLL
    for (int i = 0; i < kOutputs; ++i) hn::StoreU(samples[i], D(), to + (kFirst + i) * apart);
  }

  void Inverse(const float* from, std::int64_t apart, float bias, float* x) const {
    const V every = hn::Set(D(), bias);
    const auto second = [&](int i) HWY_ATTR { return hn::Add(every, hn::LoadU(D(), from + (kFirst + i) * apart)); };
    first_.Inverse(from, apart, second, x);
  }

  void Filter(float* w, std::int64_t cls, float* to) const {
    if (cls == 0) return first_.Filter(w, cls, to);
    for (std::size_t i = 0; i < kOutputs; ++i) StoreAt(LoadAt(w, 0), to, kFirst + i);
  }

 private:
  First first_;
};

}  // namespace
}  // namespace conv1d::kernels::toom_cook::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
