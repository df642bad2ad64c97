// FFT tiles, compiled once for each instruction set.
#include "kernels/tile/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/fft_tile/run.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/fft_tile/fft_tile-inl.h"
#include "kernels/fft_tile/pack-inl.h"
#include "kernels/tile/choose.h"

HWY_BEFORE_NAMESPACE();
namespace conv1d::kernels::fft_tile::HWY_NAMESPACE {
namespace {

template <class Visitor> void WithPoints(std::int64_t points, Visitor&& visitor) {
  switch (points) {
    case 16: return visitor(std::integral_constant<std::size_t, 16>());
    case 32: return visitor(std::integral_constant<std::size_t, 32>());
    case 64: return visitor(std::integral_constant<std::size_t, 64>());
    case 128: return visitor(std::integral_constant<std::size_t, 128>());
    case 256: return visitor(std::integral_constant<std::size_t, 256>());
    default: return visitor(std::integral_constant<std::size_t, 512>());
  }
}

void Run(const Plan& plan, const Operands& operands, const void* packed, std::byte* scratch, std::int64_t begin,
         std::int64_t end) {
  WithPoints(plan.get<Details>().points, [&](auto points) {
    FftTile<decltype(points)::value>(plan, operands, packed, scratch).RunUnits(begin, end);
  });
}

void Pack(const Plan& plan, const void* weight, void* packed) {
  WithPoints(plan.get<Details>().points,
             [&](auto points) { FilterPacker<decltype(points)::value>(plan, weight, packed).Run(); });
}

Functions Both() { return {Run, Pack}; }

}  // namespace
}  // namespace conv1d::kernels::fft_tile::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace conv1d::kernels::fft_tile {

Functions functions_for(Isa isa) { return CONV1D_CHOOSE(isa, Both)(); }

}  // namespace conv1d::kernels::fft_tile
#endif
