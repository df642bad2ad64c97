// Real transforms of vectors: element n of the array is a vector whose lanes are sample n of different tiles.
//
// They follow the factors of x^N - 1: modulo x^M - 1 a polynomial splits into one modulo x^(M/2) - 1, real again, and
// one modulo x^(M/2) + 1, which is a complex one of M/4 coefficients modulo x^(M/4) - i. A complex one modulo x^L - w
// splits into two modulo x^(L/2) -+ sqrt(w). The twiddle belongs to a node, not to an element, so it is broadcast, and
// no order has to be restored: forward, product and inverse agree on whatever order this gives (Bernstein, "Multidigit
// multiplication for mathematicians", 2001, describes this view).
#if defined(CONV1D_KERNELS_FFT_TILE_TRANSFORM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV1D_KERNELS_FFT_TILE_TRANSFORM_INL_H_
#undef CONV1D_KERNELS_FFT_TILE_TRANSFORM_INL_H_
#else
#define CONV1D_KERNELS_FFT_TILE_TRANSFORM_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "kernels/fft_tile/fft_tile.h"
#include "kernels/tiles/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace conv1d::kernels::fft_tile::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using tiles::HWY_NAMESPACE::D;
using tiles::HWY_NAMESPACE::kLanes;
using tiles::HWY_NAMESPACE::LoadAt;
using tiles::HWY_NAMESPACE::StoreAt;
using tiles::HWY_NAMESPACE::V;

struct Complex {
  V re, im;
};

HWY_INLINE Complex LoadPair(const float* re, const float* im, std::size_t i) { return {LoadAt(re, i), LoadAt(im, i)}; }
HWY_INLINE void StorePair(Complex z, float* re, float* im, std::size_t i) {
  StoreAt(z.re, re, i);
  StoreAt(z.im, im, i);
}
HWY_INLINE Complex Add(Complex a, Complex b) { return {hn::Add(a.re, b.re), hn::Add(a.im, b.im)}; }
HWY_INLINE Complex Sub(Complex a, Complex b) { return {hn::Sub(a.re, b.re), hn::Sub(a.im, b.im)}; }
// a + w*b and a - w*b; a + i*w*b and a - i*w*b.
HWY_INLINE Complex AddProduct(Complex a, Complex w, Complex b) {
  return {hn::NegMulAdd(w.im, b.im, hn::MulAdd(w.re, b.re, a.re)),
          hn::MulAdd(w.im, b.re, hn::MulAdd(w.re, b.im, a.im))};
}
HWY_INLINE Complex SubProduct(Complex a, Complex w, Complex b) {
  return {hn::MulAdd(w.im, b.im, hn::NegMulAdd(w.re, b.re, a.re)),
          hn::NegMulAdd(w.im, b.re, hn::NegMulAdd(w.re, b.im, a.im))};
}
HWY_INLINE Complex TimesConjugate(Complex a, Complex w) {
  return {hn::MulAdd(a.im, w.im, hn::Mul(a.re, w.re)), hn::NegMulAdd(a.re, w.im, hn::Mul(a.im, w.re))};
}
HWY_INLINE Complex Twiddle(const Twiddles& table, std::size_t node) {
  return {hn::Set(D(), table.re[node]), hn::Set(D(), table.im[node])};
}

// Two levels of the tree for one coefficient of a node: s and r are the square roots of its w and of s.
HWY_INLINE void ForwardStep(Complex s, Complex r, float* re, float* im, std::size_t i, std::size_t quarter) {
  const Complex ir = {hn::Neg(r.im), r.re};
  const Complex x0 = LoadPair(re, im, i), x1 = LoadPair(re, im, i + quarter);
  const Complex x2 = LoadPair(re, im, i + 2 * quarter), x3 = LoadPair(re, im, i + 3 * quarter);
  const Complex a = AddProduct(x0, s, x2), c = SubProduct(x0, s, x2);
  const Complex b = AddProduct(x1, s, x3), d = SubProduct(x1, s, x3);
  StorePair(AddProduct(a, r, b), re, im, i);
  StorePair(SubProduct(a, r, b), re, im, i + quarter);
  StorePair(AddProduct(c, ir, d), re, im, i + 2 * quarter);
  StorePair(SubProduct(c, ir, d), re, im, i + 3 * quarter);
}

HWY_INLINE void InverseStep(Complex s, Complex r, float* re, float* im, std::size_t i, std::size_t quarter) {
  const Complex ir = {hn::Neg(r.im), r.re};
  const Complex y0 = LoadPair(re, im, i), y1 = LoadPair(re, im, i + quarter);
  const Complex y2 = LoadPair(re, im, i + 2 * quarter), y3 = LoadPair(re, im, i + 3 * quarter);
  const Complex a = Add(y0, y1), b = TimesConjugate(Sub(y0, y1), r);
  const Complex c = Add(y2, y3), d = TimesConjugate(Sub(y2, y3), ir);
  StorePair(Add(a, c), re, im, i);
  StorePair(Add(b, d), re, im, i + quarter);
  StorePair(TimesConjugate(Sub(a, c), s), re, im, i + 2 * quarter);
  StorePair(TimesConjugate(Sub(b, d), s), re, im, i + 3 * quarter);
}

// A pass of `step` over all nodes of a level. Sizes are no template arguments: the compiler would unroll every pass of
// every size, for minutes, and gain nothing.
template <class Step>
HWY_INLINE void Pass(Step&& step, const Twiddles& table, float* re, float* im, std::size_t nodes, std::size_t quarter) {
  for (std::size_t node = 0; node < nodes; ++node) {
    const Complex s = Twiddle(table, nodes + node), r = Twiddle(table, 2 * (nodes + node));
    const std::size_t first = 4 * node * quarter;
    std::size_t i = first;
    do {
      step(s, r, re, im, i, quarter);
    } while (++i < first + quarter);
  }
}

// Coefficients modulo x^length - i to values at its roots, two levels of the tree a pass.
HWY_NOINLINE void ComplexForward(const Twiddles& table, float* re, float* im, std::size_t length) {
  std::size_t nodes = 1;
  for (; length >= 4; length /= 4, nodes *= 4) Pass(ForwardStep, table, re, im, nodes, length / 4);
  if (length != 2) return;
  for (std::size_t node = 0; node < nodes; ++node) {
    const Complex s = Twiddle(table, nodes + node);
    const Complex a = LoadPair(re, im, 2 * node), b = LoadPair(re, im, 2 * node + 1);
    StorePair(AddProduct(a, s, b), re, im, 2 * node);
    StorePair(SubProduct(a, s, b), re, im, 2 * node + 1);
  }
}

// The way back, not scaled: every level doubles the values (the packed filters make up for it).
HWY_NOINLINE void ComplexInverse(const Twiddles& table, float* re, float* im, std::size_t length) {
  std::size_t nodes = length, quarter = 1;
  if (__builtin_ctzll(length) & 1) {
    nodes /= 2, quarter = 2;
    for (std::size_t node = 0; node < nodes; ++node) {
      const Complex a = LoadPair(re, im, 2 * node), b = LoadPair(re, im, 2 * node + 1);
      StorePair(Add(a, b), re, im, 2 * node);
      StorePair(TimesConjugate(Sub(a, b), Twiddle(table, nodes + node)), re, im, 2 * node + 1);
    }
  }
  for (; nodes > 1; quarter *= 4) Pass(InverseStep, table, re, im, nodes /= 4, quarter);
}

// `points` real samples to their spectrum: two real values, then for M = 2, 4, ... points/2 the complex values of x^M +
// 1, real parts at x[M .. 3M/2), imaginary ones at x[3M/2 .. 2M).
HWY_NOINLINE void Forward(const Twiddles& table, float* x, std::size_t points) {
  std::size_t m = points;
  for (; m >= 4; m /= 4) {
    const std::size_t q = m / 4;
    for (std::size_t i = 0; i < q; ++i) {
      const V a0 = LoadAt(x, i), a1 = LoadAt(x, i + q), a2 = LoadAt(x, i + 2 * q), a3 = LoadAt(x, i + 3 * q);
      const V even = hn::Add(a0, a2), odd = hn::Add(a1, a3);
      StoreAt(hn::Add(even, odd), x, i);
      StoreAt(hn::Sub(even, odd), x, i + q);
      StoreAt(hn::Sub(a0, a2), x, i + 2 * q);
      StoreAt(hn::Sub(a1, a3), x, i + 3 * q);
    }
  }
  if (m == 2) {
    const V a = LoadAt(x, 0), b = LoadAt(x, 1);
    StoreAt(hn::Add(a, b), x, 0);
    StoreAt(hn::Sub(a, b), x, 1);
  }
  for (m = points / 2; m >= 4; m /= 2) ComplexForward(table, x + m * kLanes, x + (m + m / 2) * kLanes, m / 2);
}

HWY_NOINLINE void Inverse(const Twiddles& table, float* x, std::size_t points) {
  for (std::size_t m = 4; m < points; m *= 2) {
    ComplexInverse(table, x + m * kLanes, x + (m + m / 2) * kLanes, m / 2);
  }
  std::size_t m = 4;
  if (__builtin_ctzll(points) & 1) {
    const V a = LoadAt(x, 0), b = LoadAt(x, 1);
    StoreAt(hn::Add(a, b), x, 0);
    StoreAt(hn::Sub(a, b), x, 1);
    m = 8;
  }
  // A complex value stands for its conjugate too and counts twice: the packed filters hold that factor, and 1/points.
  for (; m <= points; m *= 4) {
    const std::size_t q = m / 4;
    for (std::size_t i = 0; i < q; ++i) {
      const V y0 = LoadAt(x, i), y1 = LoadAt(x, i + q), y2 = LoadAt(x, i + 2 * q), y3 = LoadAt(x, i + 3 * q);
      const V even = hn::Add(y0, y1), odd = hn::Sub(y0, y1);
      StoreAt(hn::Add(even, y2), x, i);
      StoreAt(hn::Add(odd, y3), x, i + q);
      StoreAt(hn::Sub(even, y2), x, i + 2 * q);
      StoreAt(hn::Sub(odd, y3), x, i + 3 * q);
    }
  }
}

// The transform as tiles/ wants it.
class FftTransform {
 public:
  static constexpr std::int64_t kPoints = 0, kSegment = 0;  // known at run time

  explicit FftTransform(const tiles::Details& d) : points_(static_cast<std::size_t>(d.points)) {}

  // A real value stands once; a complex one as real + imaginary, imaginary, real: what Gauss's three products take.
  void Forward(float* x, std::int64_t, float* to, std::int64_t apart) const {
    fft_tile::HWY_NAMESPACE::Forward(table_, x, points_);
    hn::StoreU(LoadAt(x, 0), D(), to);
    hn::StoreU(LoadAt(x, 1), D(), to += apart);
    for (std::size_t m = 2; m < points_; m *= 2) {
      for (std::size_t i = m; i < m + m / 2; ++i) {
        const V re = LoadAt(x, i), im = LoadAt(x, i + m / 2);
        hn::StoreU(hn::Add(re, im), D(), to += apart);
        hn::StoreU(im, D(), to += apart);
        hn::StoreU(re, D(), to += apart);
      }
    }
  }

  // The bias is added where it is one sum: to the value that counts for every sample.
  void Inverse(const float* from, std::int64_t apart, float bias, float* x) const {
    StoreAt(hn::Add(hn::LoadU(D(), from), hn::Set(D(), bias)), x, 0);
    StoreAt(hn::LoadU(D(), from += apart), x, 1);
    for (std::size_t m = 2; m < points_; m *= 2) {
      for (std::size_t i = m; i < m + m / 2; ++i) {
        const V common = hn::LoadU(D(), from += apart);
        const V imaginary = hn::LoadU(D(), from += apart), real = hn::LoadU(D(), from += apart);
        StoreAt(hn::Sub(common, imaginary), x, i);
        StoreAt(hn::Add(common, real), x, i + m / 2);
      }
    }
    fft_tile::HWY_NAMESPACE::Inverse(table_, x, points_);
  }

  // y[i] = sum w[q] x[i + q] is a product of polynomials in x with sum w[q] x^-q. Inverse() is not scaled and sees one
  // of each pair of complex values: hence 1/points and 2/points.
  void Filter(float* w, std::int64_t, float* to) const {
    for (std::size_t q = 1; q < points_ - q; ++q) {
      const V low = LoadAt(w, q), high = LoadAt(w, points_ - q);
      StoreAt(high, w, q);
      StoreAt(low, w, points_ - q);
    }
    fft_tile::HWY_NAMESPACE::Forward(table_, w, points_);
    const V scale = hn::Set(D(), 1.0f / static_cast<float>(points_)), twice = hn::Add(scale, scale);
    std::size_t value = 0;
    StoreAt(hn::Mul(LoadAt(w, 0), scale), to, value++);
    StoreAt(hn::Mul(LoadAt(w, 1), scale), to, value++);
    for (std::size_t m = 2; m < points_; m *= 2) {
      for (std::size_t i = m; i < m + m / 2; ++i) {
        const V re = hn::Mul(LoadAt(w, i), twice), im = hn::Mul(LoadAt(w, i + m / 2), twice);
        StoreAt(re, to, value++);
        StoreAt(hn::Add(re, im), to, value++);
        StoreAt(hn::Sub(im, re), to, value++);
      }
    }
  }

 private:
  const Twiddles& table_ = twiddles();
  std::size_t points_;
};

}  // namespace
}  // namespace conv1d::kernels::fft_tile::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
