// How rows of outputs are cut into panels, one register tile high. Remainders are split, never padded: 25 rows are 5
// panels of 4 and one of 5, not 7 of 4.
#pragma once

#include <cstdint>

#include "kernels/isa.h"
#include "kernels/problem.h"

namespace conv1d::kernels {

/// Vector registers of an instruction set. The baseline's count is that of x86-64.
constexpr int vector_registers(Isa isa) { return isa == Isa::kAvx512 || isa == Isa::kNeon ? 32 : 16; }

/// Lanes of a vector of reals of `bytes` bytes.
constexpr int vector_lanes(Isa isa, int bytes) {
  switch (isa) {
    case Isa::kAvx512:
      return 64 / bytes;
    case Isa::kAvx2:
      return 32 / bytes;
    case Isa::kNeon:
      return 16 / bytes;
    case Isa::kBaseline:
      break;
  }
  return 1;
}

struct Panel {
  std::int64_t row;  ///< the first
  int rows;
};

/// The panels of `rows` rows. An even number of rows gives panels of even height, as complex numbers need.
class Panels {
 public:
  constexpr Panels(std::int64_t rows, int registers) : rows_(rows), wide_(registers >= 32) {
    if (wide_) {
      // Up to 8 rows x 3 vectors; all panels as equal as can be.
      pairs_ = rows % 2 == 0;
      const std::int64_t things = pairs_ ? rows / 2 : rows, most = pairs_ ? 4 : 8;
      count_ = (things + most - 1) / most;
    } else {
      // 4 rows x 3 vectors; a remainder of 1 or 2 makes the last panel 5 or 6 rows x 2 vectors.
      count_ = rows <= 6 ? (rows > 0) : rows / 4 + (rows % 4 == 3);
    }
  }

  constexpr std::int64_t count() const { return count_; }

  constexpr Panel operator[](std::int64_t index) const {
    if (!wide_) {
      const bool last = index == count_ - 1;
      return {index * 4, last ? static_cast<int>(rows_ - index * 4) : 4};
    }
    const int unit = pairs_ ? 2 : 1;
    const std::int64_t things = rows_ / unit, each = things / count_, more = things % count_;
    const std::int64_t row = index * each + (index < more ? index : more);
    return {row * unit, static_cast<int>(each + (index < more ? 1 : 0)) * unit};
  }

  /// The panel that a row belongs to.
  constexpr std::int64_t of_row(std::int64_t row) const {
    if (!wide_) return row / 4 < count_ ? row / 4 : count_ - 1;
    const std::int64_t unit = pairs_ ? 2 : 1, thing = row / unit;
    const std::int64_t each = rows_ / unit / count_, more = rows_ / unit % count_;
    return thing < more * (each + 1) ? thing / (each + 1) : more + (thing - more * (each + 1)) / each;
  }

 private:
  std::int64_t rows_;
  bool wide_, pairs_ = false;
  std::int64_t count_ = 0;
};

/// Vectors beside each other in the tile of a panel, at most.
constexpr int tile_vectors(int rows, int registers) {
  if (registers >= 32) return rows > 6 ? 3 : rows > 3 ? 4 : 6;
  return rows > 4 ? 2 : rows > 2 ? 3 : rows == 2 ? 4 : 6;
}

}  // namespace conv1d::kernels
