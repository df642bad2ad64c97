// The direct sum in float64: compiled once for each instruction set.
#include "kernels/tile/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/direct/run_float64.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/direct/direct-inl.h"
#include "kernels/tile/choose.h"

HWY_BEFORE_NAMESPACE();
namespace conv1d::kernels::direct::HWY_NAMESPACE {
namespace {

RunUnits ForFloat64(Element element) {
  return element == Element::kComplex128 ? Run<tile::ComplexElements<double>> : Run<tile::RealElements<double>>;
}

}  // namespace
}  // namespace conv1d::kernels::direct::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace conv1d::kernels::direct {

RunUnits run_float64(Isa isa, Element element) { return CONV1D_CHOOSE(isa, ForFloat64)(element); }

}  // namespace conv1d::kernels::direct
#endif
