// FFT tiles, compiled once for each instruction set.
#include "kernels/tile/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/fft_tile/run.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/fft_tile/transform-inl.h"
#include "kernels/tile/choose.h"
#include "kernels/tiles/pack-inl.h"
#include "kernels/tiles/tiles-inl.h"

HWY_BEFORE_NAMESPACE();
namespace conv1d::kernels::fft_tile::HWY_NAMESPACE {
namespace {

tiles::Functions Both() { return {tiles::HWY_NAMESPACE::Run<FftTransform>, tiles::HWY_NAMESPACE::Pack<FftTransform>}; }

}  // namespace
}  // namespace conv1d::kernels::fft_tile::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace conv1d::kernels::fft_tile {

tiles::Functions functions_for(Isa isa) { return CONV1D_CHOOSE(isa, Both)(); }

}  // namespace conv1d::kernels::fft_tile
#endif
