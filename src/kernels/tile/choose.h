// CONV1D_CHOOSE(isa, function): that function of the namespace compiled for `isa`. Use after Highway, under HWY_ONCE.
#pragma once

#include "hwy/highway.h"
#include "kernels/isa.h"

#if HWY_TARGETS & HWY_AVX3
#define CONV1D_AVX512(function) N_AVX3::function
#else
#define CONV1D_AVX512(function) CONV1D_STATIC(function)
#endif
#if HWY_TARGETS & HWY_AVX2
#define CONV1D_AVX2(function) N_AVX2::function
#else
#define CONV1D_AVX2(function) CONV1D_STATIC(function)
#endif
// What the compiler takes for granted: one lane, NEON on aarch64, or whatever -march says.
#define CONV1D_STATIC(function) HWY_STATIC_DISPATCH(function)

#define CONV1D_CHOOSE(isa, function)                                  \
  ((isa) == ::conv1d::kernels::Isa::kAvx512 ? CONV1D_AVX512(function) \
   : (isa) == ::conv1d::kernels::Isa::kAvx2 ? CONV1D_AVX2(function)   \
                                            : CONV1D_STATIC(function))
