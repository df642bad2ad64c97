// How the elements of operands become the reals that the tile multiplies, and back: complex numbers as pairs, halves
// widened.
#if defined(CONV1D_KERNELS_ELEMENTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV1D_KERNELS_ELEMENTS_INL_H_
#undef CONV1D_KERNELS_ELEMENTS_INL_H_
#else
#define CONV1D_KERNELS_ELEMENTS_INL_H_
#endif

#include <complex>
#include <cstdint>
#include <cstring>

#include "hwy/highway.h"
#include "kernels/half.h"

HWY_BEFORE_NAMESPACE();
namespace conv1d::kernels::HWY_NAMESPACE {
namespace {

// Load and Store: `count` elements, `stride` elements apart in memory.
template <class T> struct RealElements {
  using Stored = T;
  using Real = T;
  static constexpr bool kComplex = false;
  static constexpr int kReals = 1;
  static void Load(const Stored* from, std::int64_t stride, std::int64_t count, bool, Real* to) {
    if (stride == 1) {
      std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(T));
    } else if (stride == 2) {
      for (std::int64_t i = 0; i < count; ++i) to[i] = from[2 * i];
    } else {
      for (std::int64_t i = 0; i < count; ++i) to[i] = from[i * stride];
    }
  }
  static void Store(const Real* from, std::int64_t stride, std::int64_t count, Stored* to) {
    for (std::int64_t i = 0; i < count; ++i) to[i * stride] = from[i];
  }
};

template <class T> struct ComplexElements {
  using Stored = std::complex<T>;
  using Real = T;
  static constexpr bool kComplex = true;
  static constexpr int kReals = 2;
  static void Load(const Stored* from, std::int64_t stride, std::int64_t count, bool conjugate, Real* to) {
    const T* reals = reinterpret_cast<const T*>(from);  // an array of two, by the standard
    const T sign = conjugate ? T{-1} : T{1};
    for (std::int64_t i = 0; i < count; ++i) {
      to[2 * i] = reals[2 * i * stride];
      to[2 * i + 1] = sign * reals[2 * i * stride + 1];
    }
  }
  static void Store(const Real* from, std::int64_t stride, std::int64_t count, Stored* to) {
    T* reals = reinterpret_cast<T*>(to);
    for (std::int64_t i = 0; i < count; ++i) {
      reals[2 * i * stride] = from[2 * i];
      reals[2 * i * stride + 1] = from[2 * i + 1];
    }
  }
};

template <class Convert> struct HalfElements {
  using Stored = std::uint16_t;
  using Real = float;
  static constexpr bool kComplex = false;
  static constexpr int kReals = 1;
  static void Load(const Stored* from, std::int64_t stride, std::int64_t count, bool, Real* to) {
    if (stride == 1) {
      for (std::int64_t i = 0; i < count; ++i) to[i] = Convert::widen(from[i]);
    } else {
      for (std::int64_t i = 0; i < count; ++i) to[i] = Convert::widen(from[i * stride]);
    }
  }
  static void Store(const Real* from, std::int64_t stride, std::int64_t count, Stored* to) {
    if (stride == 1) {
      for (std::int64_t i = 0; i < count; ++i) to[i] = Convert::narrow(from[i]);
    } else {
      for (std::int64_t i = 0; i < count; ++i) to[i * stride] = Convert::narrow(from[i]);
    }
  }
};

}  // namespace
}  // namespace conv1d::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
