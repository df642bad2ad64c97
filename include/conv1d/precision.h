// Which algorithms convolutions may take: speed against the last bits.
#pragma once

#include <string_view>

namespace conv1d {

/// For every convolution of the process from the next call on, of any dtype, of existing layers too:
///
/// "highest"  direct sums only. An output has the same bits whatever the batch, the length, its position, the number
///            of threads and the instruction set (among those with fused multiplication): it depends on the numbers
///            that it reads alone.
/// "high"     fast algorithms too (the default): at most about twice PyTorch's error; the last bits of an output may
///            depend on its neighbours.
/// "medium"   products in bfloat16 as well, where an algorithm has them. None has so far: the same as "high".
///
/// RuntimeError for any other text. A conv1d::Plan keeps to what was set when it was made.
void set_float32_conv_precision(std::string_view precision);
std::string_view get_float32_conv_precision();

}  // namespace conv1d
