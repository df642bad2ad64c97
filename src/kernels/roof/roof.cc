// <conv1d/roof.h>: not a family of kernels, but what families are measured against.
#include "kernels/tile/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/roof/roof.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/roof/roof-inl.h"
#include "kernels/tile/choose.h"

#if HWY_ONCE
#include <conv1d/roof.h>

#include <ctime>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>

#include "base/check.h"
#include "kernels/isa.h"

namespace conv1d {
namespace kernels::roof {
namespace {

// The shortest time of `work`, which is repeated until `budget` seconds are spent.
template <class Work> double shortest(double budget, Work&& work) {
  double best = std::numeric_limits<double>::infinity();
  for (double spent = 0; spent < budget;) {
    const double begin = thread_seconds();
    work();
    const double taken = std::max(thread_seconds() - begin, 1e-9);
    best = std::min(best, taken);
    spent += taken;
  }
  return best;
}

template <class T> double peak(double (*products)(std::int64_t, T, T*), double seconds) {
  // Unknown to the compiler, which would compute the sums beforehand.
  const volatile T factor = static_cast<T>(0.5);
  volatile T result = 0;
  constexpr std::int64_t kRounds = 40000;  // 0.1 ms: longer than reading the clock, shorter than a slice of time
  double operations = 0;
  const double best = shortest(seconds, [&] {
    T sink = 0;
    operations = products(kRounds, factor, &sink);
    result = sink;
  });
  return operations / best;
}

// CONV1D_CHOOSE names functions of the namespace that it stands in.
double peak_of(DType dtype, double seconds) {
  const Isa isa = current_isa();
  return dtype == float32 ? peak<float>(CONV1D_CHOOSE(isa, FloatProducts), seconds)
                          : peak<double>(CONV1D_CHOOSE(isa, DoubleProducts), seconds);
}

}  // namespace
}  // namespace kernels::roof

double thread_seconds() noexcept {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

std::string_view instruction_set() noexcept { return kernels::isa_name(kernels::current_isa()); }

double measure_peak(DType dtype, double seconds) {
  check(dtype == float32 || dtype == float64, "peaks are measured of float32 and float64");
  return kernels::roof::peak_of(dtype, seconds);
}

double measure_copies(const void* from, void* to, std::size_t bytes, int times) noexcept {
  const double begin = thread_seconds();
  for (int i = 0; i < times; ++i) std::memcpy(to, from, bytes);
  return thread_seconds() - begin;
}

}  // namespace conv1d
#endif
