// Many products for few columns: the weight gradient. Its taps are the positions of the output, thousands of them; its
// columns are the taps of the kernel. Lanes along the columns would stay empty, so they lie along the output channels
// here.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/plan.h"

namespace conv1d::kernels::reduction {

struct Details {
  std::int64_t chunk_inputs, chunk_taps;              // of a partial sum
  std::int64_t batch_block, column_block, row_block;  // of a unit: entries of the batch, columns, outputs
  std::int64_t batch_blocks, column_blocks, row_blocks;
  std::int64_t span;  // elements of a shared row of input, or 0: see span_of()
  std::int64_t offsets_bytes, input_bytes, weight_bytes, sums_bytes;  // pieces of the scratch memory
};

/// Elements of the input's row that `taps` taps of `columns` columns lie in. Columns share such a row, copied once;
/// where it would be longer than a copy for each column (large strides), they do not.
std::int64_t span_of(const TapProblem& problem, std::int64_t taps, std::int64_t columns);

using RunUnits = void (*)(const Plan& plan, const Operands& operands, std::byte* scratch, std::int64_t begin,
                          std::int64_t end);
RunUnits run_float32(Isa isa, Element element);  // float32, complex64 and the halves
RunUnits run_float64(Isa isa, Element element);  // float64, complex128

}  // namespace conv1d::kernels::reduction
