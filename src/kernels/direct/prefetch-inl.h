// The next block of input, asked for while this one is multiplied. A block is a few hundred bytes of each of many rows,
// every row on a page of its own: the processor foresees none of that, and a layer with few outputs an input would wait
// for memory as long as it computes (measured: 256 to 64 channels, pointwise).
#if defined(CONV1D_KERNELS_DIRECT_PREFETCH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV1D_KERNELS_DIRECT_PREFETCH_INL_H_
#undef CONV1D_KERNELS_DIRECT_PREFETCH_INL_H_
#else
#define CONV1D_KERNELS_DIRECT_PREFETCH_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "base/sizes.h"
#include "hwy/cache_control.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace conv1d::kernels::direct::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

class InputPrefetch {
  static constexpr std::int64_t kLine = 64;

 public:
  InputPrefetch() = default;
  // `bytes` from `first` on, of each of `rows` rows that are `apart` bytes from each other, in `steps` calls of Step().
  InputPrefetch(const std::byte* first, std::int64_t rows, std::int64_t apart, std::int64_t bytes, std::int64_t steps)
      : row_(first), apart_(apart), lines_(ceil_div(bytes, kLine)), left_(rows * lines_) {
    a_step_ = ceil_div(left_, steps);
  }

  HWY_INLINE void Step() {
    for (std::int64_t i = 0; i < a_step_ && left_ > 0; ++i, --left_) {
      hwy::Prefetch(row_ + line_ * kLine);
      if (++line_ == lines_) line_ = 0, row_ += apart_;
    }
  }

 private:
  const std::byte* row_ = nullptr;
  std::int64_t apart_ = 0, lines_ = 0, line_ = 0, left_ = 0, a_step_ = 0;
};

}  // namespace
}  // namespace conv1d::kernels::direct::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
