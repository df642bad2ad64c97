// Include before Highway, and instead of its dispatch: which instruction sets kernels are compiled for.
//
// Off: SSSE3 and SSE4 (machines without AVX2 are rare; each target costs compile time and size), AVX3_DL (nothing for
// floats), the SVEs (arrays of their vectors do not compile), EMU128 (the fallback is one lane at a time on every
// compiler, GCC before 12.3 has a bug in the other). HWY_DYNAMIC_DISPATCH is not used: it would need libhwy, and decide
// for itself.
#pragma once

#ifdef HWY_HIGHWAY_INCLUDED
#error "include kernels/tile/targets.h before Highway"
#endif

#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#define HWY_BROKEN_EMU128 1

// Every loop over the rows and vectors of a tile, so that its array lives in registers.
#if defined(__clang__)
#define CONV1D_UNROLL _Pragma("clang loop unroll(full)")
#else
#define CONV1D_UNROLL _Pragma("GCC unroll 32")
#endif
