// What layers keep from one call to the next: weights arranged for the kernels.
#pragma once

#include <cstddef>

namespace conv1d {

/// Bounds what all layers of the process keep together, layers inside other frameworks included: at most `bytes`, at
/// first 1 GiB. A single layer keeps at most eight times its weights (or 64 KiB where that is more).
///
/// Where not everything fits, the copies stay whose absence would cost most time a byte; the other layers arrange
/// their weights anew in each call, or are computed without. What is kept beyond the new bound is given back at once.
void set_kept_memory(std::size_t bytes);

/// Bytes that all layers keep at the moment. A layer tells its own: nn::Conv1d::kept_bytes().
std::size_t kept_memory();

}  // namespace conv1d
