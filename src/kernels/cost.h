// The machine that costs are estimated for: constants compiled in for each instruction set, nothing is timed at run
// time, so that the same problem takes the same family in every run. Only ratios between families matter.
#pragma once

#include "kernels/isa.h"
#include "kernels/problem.h"

namespace conv1d::kernels {

struct Machine {
  double float_products;  ///< multiply-adds a second, float32, in the register tile
  double bytes;           ///< bytes a second from or to memory
  double moved;           ///< elements a second through a copy with rearrangement, within the cache
  double call;            ///< seconds of a call's fixed work
};

constexpr Machine machine(Isa isa) {
  switch (isa) {
    case Isa::kAvx512:
      return {45e9, 12e9, 4e9, 0.3e-6};
    case Isa::kAvx2:
      return {36e9, 12e9, 3e9, 0.3e-6};
    case Isa::kNeon:
      return {16e9, 10e9, 2e9, 0.3e-6};
    case Isa::kBaseline:
      break;
  }
  return {4e9, 10e9, 1e9, 0.3e-6};
}

/// Multiply-adds of reals that one product of two elements takes, in units of a float32 multiply-add.
constexpr double product_weight(Element element) {
  switch (element) {
    case Element::kFloat64:
      return 2;
    case Element::kComplex64:
      return 4;
    case Element::kComplex128:
      return 8;
    default:
      return 1;
  }
}

/// Share of the tile's rate that so few rows leave: each has fewer multiplications for a load.
constexpr double fill_by_loads(double rows, int registers) {
  const double best_rows = registers >= 32 ? 8 : 4;
  return rows >= best_rows ? 1 : 0.45 + 0.55 * (rows - 1) / (best_rows - 1);
}

/// Share of the tile's rate that a tile of `rows` rows and `vectors` vectors reaches: few rows have a load for each
/// multiplication, and fewer than eight sums cannot hide its latency (measured: 4 x 1 runs at half the rate).
constexpr double tile_fill(double rows, double vectors, int registers) {
  const double best_rows = registers >= 32 ? 8 : 4;
  const double by_loads = fill_by_loads(rows, registers);
  const double sums = (rows < best_rows ? rows : best_rows) * vectors;
  const double by_latency = sums >= 8 ? 1 : sums / 8;
  return by_loads < by_latency ? by_loads : by_latency;
}

/// Bytes of input and output, each moved once.
constexpr double operand_bytes(const TapProblem& p) {
  const double rows_in = static_cast<double>(p.groups) * static_cast<double>(p.batch) * static_cast<double>(p.inputs);
  const double rows_out = static_cast<double>(p.groups) * static_cast<double>(p.batch) * static_cast<double>(p.outputs);
  const double reads = p.start == Start::kAccumulate ? 2 : 1;
  return static_cast<double>(element_size(p.element)) *
         (rows_in * static_cast<double>(p.in_length) + reads * rows_out * static_cast<double>(p.columns));
}

}  // namespace conv1d::kernels
