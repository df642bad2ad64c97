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

void Run(const Plan& plan, const Operands& operands, const void* packed, std::byte* scratch, std::int64_t begin,
         std::int64_t end) {
  FftTile(plan, operands, packed, scratch).RunUnits(begin, end);
}

void Pack(const Plan& plan, const void* weight, void* packed) { FilterPacker(plan, weight, packed).Run(); }

Functions Both() { return {Run, Pack}; }

}  // namespace
}  // namespace conv1d::kernels::fft_tile::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace conv1d::kernels::fft_tile {

Functions functions_for(Isa isa) { return CONV1D_CHOOSE(isa, Both)(); }

}  // namespace conv1d::kernels::fft_tile
#endif
