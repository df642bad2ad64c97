// What this machine's core reaches at best, measured now: the roof that a benchmark holds its figures against.
// Reading the time of a thread rather than of the wall, figures hold on a machine that does other work too.
#pragma once

#include <cstddef>
#include <string_view>

#include <conv1d/dtype.h>

namespace conv1d {

/// Seconds of processor time that the calling thread has used so far.
double thread_seconds() noexcept;

/// The instruction set that the kernels use here: "avx2", "avx512", "neon" or "baseline".
std::string_view instruction_set() noexcept;

/// Floating-point operations a second of multiply-adds in registers alone, on the calling thread in that instruction
/// set (a multiply-add counts as two). The best of several runs within about `seconds`. RuntimeError unless `dtype` is
/// float32 or float64.
double measure_peak(DType dtype, double seconds = 0.01);

/// Seconds of the calling thread for copying `bytes` from one place to the other so many times.
double measure_copies(const void* from, void* to, std::size_t bytes, int times) noexcept;

}  // namespace conv1d
