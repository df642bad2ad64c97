// The reduction in float32: compiled once for each instruction set.
#include "kernels/tile/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/reduction/run_float32.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/reduction/reduction-inl.h"
#include "kernels/tile/choose.h"

HWY_BEFORE_NAMESPACE();
namespace conv1d::kernels::reduction::HWY_NAMESPACE {
namespace {

RunUnits ForFloat32(Element element) {
  switch (element) {
    case Element::kComplex64:
      return Run<tile::ComplexElements<float>>;
    case Element::kFloat16:
      return Run<tile::HalfElements<Float16>>;
    case Element::kBFloat16:
      return Run<tile::HalfElements<BFloat16>>;
    default:
      return Run<tile::RealElements<float>>;
  }
}

}  // namespace
}  // namespace conv1d::kernels::reduction::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace conv1d::kernels::reduction {

RunUnits run_float32(Isa isa, Element element) { return CONV1D_CHOOSE(isa, ForFloat32)(element); }

}  // namespace conv1d::kernels::reduction
#endif
