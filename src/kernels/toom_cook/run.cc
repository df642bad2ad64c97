// Toom-Cook tiles, compiled once for each instruction set.
#include "kernels/tile/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/toom_cook/run.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/tile/choose.h"
#include "kernels/tiles/pack-inl.h"
#include "kernels/tiles/tiles-inl.h"
#include "kernels/toom_cook/transform-inl.h"

HWY_BEFORE_NAMESPACE();
namespace conv1d::kernels::toom_cook::HWY_NAMESPACE {
namespace {

template <class Transform> tiles::Functions Both() {
  return {tiles::HWY_NAMESPACE::Run<Transform>, tiles::HWY_NAMESPACE::Pack<Transform>};
}

tiles::Functions ForTaps(std::int64_t taps, bool joined) {
  return joined ? Both<Joined>() : taps == 2 ? Both<ToomCook<2>>() : Both<ToomCook<3>>();
}

}  // namespace
}  // namespace conv1d::kernels::toom_cook::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace conv1d::kernels::toom_cook {

tiles::Functions functions_for(Isa isa, std::int64_t taps, bool joined) {
  return CONV1D_CHOOSE(isa, ForTaps)(taps, joined);
}

}  // namespace conv1d::kernels::toom_cook
#endif
