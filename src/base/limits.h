// How much memory there is, for requests that would be promised by the system and never kept.
#pragma once

#include <cstddef>

namespace conv1d::memory {

/// RAM and swap of the machine, or the control group's limit where that is smaller. Read once.
std::size_t total_memory();

/// What of it could be had now without killing anybody: free, or cached and clean. Read anew on each call (some 50 us).
std::size_t available_memory();

}  // namespace conv1d::memory
