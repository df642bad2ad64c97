// Random numbers into tensors, unrecorded: what the recorded uniform_() and normal_() do once they may write.
#pragma once

#include <conv1d/random.h>

namespace conv1d {

/// Uniform in [from, to), one draw an element (a complex one: two) in the order of memory. `generator` null: the
/// default one. Raises PyTorch's errors for bounds and dtypes before it draws. A meta tensor draws nothing.
void fill_uniform(const Tensor& tensor, double from, double to, Generator* generator = nullptr);

/// Normal with the given mean and standard deviation. float64, and fewer than 16 elements of any dtype, have PyTorch's
/// bits; longer float32 is within some units in the last place, as PyTorch's own builds are among each other.
void fill_normal(const Tensor& tensor, double mean, double std, Generator* generator = nullptr);

}  // namespace conv1d
