// How many threads the library may use.
#pragma once

namespace conv1d {

/// Threads that one call may use at most. At first: the cores that this process may run on.
int get_num_threads();

/// Changes it for the whole process; no result changes by it with precision "highest". RuntimeError unless positive.
/// No thread is started before the first call that is large enough, and none ever with 1.
void set_num_threads(int threads);

}  // namespace conv1d
