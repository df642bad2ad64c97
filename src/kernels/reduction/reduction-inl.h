// The loops of the reduction: units of outputs, partial sums, tiles whose rows are (batch entry, column) pairs.
#if defined(CONV1D_KERNELS_REDUCTION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV1D_KERNELS_REDUCTION_INL_H_
#undef CONV1D_KERNELS_REDUCTION_INL_H_
#else
#define CONV1D_KERNELS_REDUCTION_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "kernels/range.h"
#include "kernels/reduction/reduction.h"
#include "kernels/tile/elements-inl.h"
#include "kernels/tile/panels.h"
#include "kernels/tile/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace conv1d::kernels::reduction::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
namespace tile = conv1d::kernels::HWY_NAMESPACE;

struct Unit {
  std::int64_t group, entry, entries, column, columns, output, outputs;
  std::int64_t rows() const { return entries * columns; }
};

// Inputs [input, input + inputs), taps [tap, tap + taps).
struct Share {
  std::int64_t input, inputs, tap, taps;
};

template <class Elements> class Reduction {
  using Stored = typename Elements::Stored;
  using Real = typename Elements::Real;
  static constexpr int kReals = Elements::kReals;
  static constexpr std::int64_t kLanes = static_cast<std::int64_t>(hn::MaxLanes(hn::ScalableTag<Real>()));

 public:
  Reduction(const Plan& plan, const Operands& operands, std::byte* scratch)
      : p_(plan.problem),
        d_(plan.get<Details>()),
        operands_(operands),
        offsets_(reinterpret_cast<std::ptrdiff_t*>(scratch)),
        row_offsets_(offsets_ + d_.chunk_inputs * d_.chunk_taps),
        input_(reinterpret_cast<Real*>(scratch + d_.offsets_bytes)),
        weight_(reinterpret_cast<Real*>(scratch + d_.offsets_bytes + d_.input_bytes)),
        sums_(reinterpret_cast<Real*>(scratch + d_.offsets_bytes + d_.input_bytes + d_.weight_bytes)) {}

  void RunUnits(std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      std::int64_t rest = i;
      const auto next = [&rest](std::int64_t extent, std::int64_t block, std::int64_t blocks, std::int64_t* from,
                                std::int64_t* count) {
        *from = rest % blocks * block;
        *count = std::min(block, extent - *from);
        rest /= blocks;
      };
      Unit unit{};
      next(p_.batch, d_.batch_block, d_.batch_blocks, &unit.entry, &unit.entries);
      next(p_.columns, d_.column_block, d_.column_blocks, &unit.column, &unit.columns);
      next(p_.outputs, d_.row_block, d_.row_blocks, &unit.output, &unit.outputs);
      unit.group = rest;
      RunUnit(unit);
    }
  }

 private:
  void RunUnit(const Unit& unit) {
    width_ = (unit.outputs * kReals + kLanes - 1) / kLanes * kLanes;
    std::fill(weight_, weight_ + d_.chunk_inputs * d_.chunk_taps * width_, Real{0});  // lanes beyond the outputs
    StartSums(unit);
    bool first = true;
    for (std::int64_t r = 0; r < p_.inputs; r += d_.chunk_inputs) {
      for (std::int64_t t = 0; t < p_.taps; t += d_.chunk_taps) {
        const Share share{r, std::min(d_.chunk_inputs, p_.inputs - r), t, std::min(d_.chunk_taps, p_.taps - t)};
        PackWeight(unit, share);
        PackInput(unit, share);
        if (!InsideInput(unit, share) && !AllFinite(share)) {
          MultiplyGuarded(unit, share, first);
        } else {
          Multiply(unit, share, first);
        }
        first = false;
      }
    }
    FinishSums(unit);
  }

  // weight_[product][output]: eight rows at a time are read side by side, and written together.
  void PackWeight(const Unit& unit, const Share& share) {
    const Stored* weight = static_cast<const Stored*>(operands_.weight) + unit.group * p_.weight.group +
                           unit.output * p_.weight.output + share.input * p_.weight.input + share.tap * p_.weight.tap;
    constexpr std::int64_t kBeside = 8;
    for (std::int64_t r = 0; r < share.inputs; ++r) {
      for (std::int64_t m = 0; m < unit.outputs; m += kBeside) {
        const std::int64_t beside = std::min(kBeside, unit.outputs - m);
        const Stored* from = weight + r * p_.weight.input + m * p_.weight.output;
        Real* to = weight_ + r * share.taps * width_ + m * kReals;
        if (beside == kBeside) {  // apart: a count that the compiler knows unrolls the load
          for (std::int64_t t = 0; t < share.taps; ++t) {
            Elements::Load(from + t * p_.weight.tap, p_.weight.output, kBeside, p_.conjugate_weight, to + t * width_);
          }
        } else {
          for (std::int64_t t = 0; t < share.taps; ++t) {
            Elements::Load(from + t * p_.weight.tap, p_.weight.output, beside, p_.conjugate_weight, to + t * width_);
          }
        }
      }
    }
  }

  std::int64_t Position(const Unit& unit, const Share& share, std::int64_t tap, std::int64_t column) const {
    return p_.first + (share.tap + tap) * p_.between + (unit.column + column) * p_.step;
  }

  // input_: for each (entry, input) one row of all positions, zeros outside; or one row for each column as well.
  void PackInput(const Unit& unit, const Share& share) {
    const std::int64_t row_size = d_.span ? span_of(p_, share.taps, unit.columns) : share.taps;
    const std::int64_t rows = d_.span ? 1 : unit.columns;
    // Positions of a shared row ascend; the first is the lowest that any tap of any column reads.
    const std::int64_t lowest = std::min<std::int64_t>(0, (share.taps - 1) * p_.between) +
                                std::min<std::int64_t>(0, (unit.columns - 1) * p_.step);
    for (std::int64_t b = 0; b < unit.entries; ++b) {
      for (std::int64_t r = 0; r < share.inputs; ++r) {
        const Stored* row = static_cast<const Stored*>(operands_.input) + unit.group * p_.input.group +
                            (unit.entry + b) * p_.input.batch + (share.input + r) * p_.input.row;
        for (std::int64_t j = 0; j < rows; ++j) {
          Real* to = input_ + ((b * share.inputs + r) * rows + j) * row_size * kReals;
          const std::int64_t start = Position(unit, share, 0, j) + (d_.span ? lowest : 0);
          FillRow(row, start, d_.span ? 1 : p_.between, row_size, to);
        }
      }
    }
    SetOffsets(unit, share, rows, row_size, d_.span ? -lowest : 0);
  }

  void FillRow(const Stored* row, std::int64_t start, std::int64_t step, std::int64_t count, Real* to) const {
    const Range inside = inside_row(start, step, p_.in_length, count);
    std::fill(to, to + inside.begin * kReals, Real{0});
    if (inside.begin < inside.end) {
      Elements::Load(row + (start + inside.begin * step) * p_.input.column, step * p_.input.column,
                     inside.end - inside.begin, p_.conjugate_input, to + inside.begin * kReals);
    }
    std::fill(to + inside.end * kReals, to + count * kReals, Real{0});
  }

  // Product (r, t) of row (b, j) lies at offsets_[r, t] + row_offsets_[b, j].
  void SetOffsets(const Unit& unit, const Share& share, std::int64_t rows, std::int64_t row_size, std::int64_t origin) {
    const std::int64_t tap = d_.span ? p_.between : 1, column = d_.span ? p_.step : row_size;
    for (std::int64_t r = 0; r < share.inputs; ++r) {
      for (std::int64_t t = 0; t < share.taps; ++t)
        offsets_[r * share.taps + t] = (r * rows * row_size + t * tap) * kReals;
    }
    for (std::int64_t b = 0; b < unit.entries; ++b) {
      for (std::int64_t j = 0; j < unit.columns; ++j) {
        for (int i = 0; i < kReals; ++i) {
          row_offsets_[(b * unit.columns + j) * kReals + i] =
              (b * share.inputs * rows * row_size + j * column + origin) * kReals + i;
        }
      }
    }
  }

  // As in the direct family: a real sum begins with the bias, a complex one is added to it; later ones are added.
  bool Preloads(bool first) const { return first && p_.start == Start::kBias && !Elements::kComplex; }
  bool Adds(bool first) const { return !Preloads(first) && (!first || p_.start != Start::kZero); }

  void Multiply(const Unit& unit, const Share& share, bool first) {
    tile::TileJob<Real> job{};
    job.weights = input_;
    job.offsets = offsets_;
    job.in = weight_;
    job.in_stride = width_;
    job.products = static_cast<std::size_t>(share.inputs * share.taps);
    job.out_stride = width_;
    job.preload = Preloads(first);
    job.add = Adds(first);
    // Six rows at most: each has a pointer of its own, and x86-64 has few registers for those.
    const Panels panels(unit.rows() * kReals, 16);
    for (std::int64_t i = 0; i < panels.count(); ++i) {
      const Panel panel = panels[i];
      job.row_offsets = row_offsets_ + panel.row;
      job.out = sums_ + panel.row / kReals * width_;
      tile::RunPanel<Real, Elements::kComplex, tile::Weights::kAnywhere>(
          job, panel.rows, static_cast<std::size_t>(unit.outputs * kReals));
    }
  }

  bool InsideInput(const Unit& unit, const Share& share) const {
    for (const std::int64_t t : {std::int64_t{0}, share.taps - 1}) {
      for (const std::int64_t j : {std::int64_t{0}, unit.columns - 1}) {
        const std::int64_t position = Position(unit, share, t, j);
        if (position < 0 || position >= p_.in_length) return false;
      }
    }
    return true;
  }

  bool AllFinite(const Share& share) const {
    const hn::ScalableTag<Real> d;
    auto sum = hn::Zero(d);
    for (std::int64_t i = 0; i < share.inputs * share.taps * width_; i += kLanes) {
      sum = hn::MulAdd(hn::Load(d, weight_ + i), hn::Zero(d), sum);  // an infinity makes it NaN for good
    }
    return hn::AllTrue(d, hn::Eq(sum, hn::Zero(d)));
  }

  // Padding adds nothing, also under a weight that is not finite: the same sums, less the products with it.
  void MultiplyGuarded(const Unit& unit, const Share& share, bool first) {
    const bool preload = Preloads(first), add = Adds(first);
    for (std::int64_t row = 0; row < unit.rows(); ++row) {
      for (std::int64_t m = 0; m < unit.outputs; ++m) {
        Real* out = sums_ + row * width_ + m * kReals;
        // Sums of part i of the input times part n of the weight.
        Real by[2][2] = {{preload ? out[0] : Real{0}, 0}, {0, 0}};
        for (std::int64_t k = 0; k < share.inputs * share.taps; ++k) {
          const std::int64_t position = Position(unit, share, k % share.taps, row % unit.columns);
          if (position < 0 || position >= p_.in_length) continue;
          for (int i = 0; i < kReals; ++i) {
            for (int n = 0; n < kReals; ++n) {
              by[i][n] = FusedAdd(input_[offsets_[k] + row_offsets_[row * kReals + i]],
                                  weight_[k * width_ + m * kReals + n], by[i][n]);
            }
          }
        }
        const Real sum[2] = {Elements::kComplex ? by[0][0] - by[1][1] : by[0][0], by[0][1] + by[1][0]};
        for (int n = 0; n < kReals; ++n) out[n] = add ? out[n] + sum[n] : sum[n];
      }
    }
  }

  static Real FusedAdd(Real a, Real b, Real c) {
    const hn::CappedTag<Real, 1> one;
    return hn::GetLane(hn::MulAdd(hn::Set(one, a), hn::Set(one, b), hn::Set(one, c)));
  }

  Stored* Output(const Unit& unit, std::int64_t row) const {
    return static_cast<Stored*>(operands_.output) + unit.group * p_.output.group +
           (unit.entry + row / unit.columns) * p_.output.batch + unit.output * p_.output.output +
           (unit.column + row % unit.columns) * p_.output.column;
  }

  void StartSums(const Unit& unit) {
    if (p_.start == Start::kZero) return;
    for (std::int64_t row = 0; row < unit.rows(); ++row) {
      if (p_.start == Start::kBias) {
        const Stored* bias =
            static_cast<const Stored*>(operands_.bias) + unit.group * p_.bias.group + unit.output * p_.bias.output;
        Elements::Load(bias, p_.bias.output, unit.outputs, false, sums_ + row * width_);
      } else {
        Elements::Load(Output(unit, row), p_.output.output, unit.outputs, false, sums_ + row * width_);
      }
    }
  }

  void FinishSums(const Unit& unit) {
    for (std::int64_t row = 0; row < unit.rows(); ++row) {
      Real* sums = sums_ + row * width_;
      if (p_.finish == Finish::kRelu) {
        for (std::int64_t m = 0; m < unit.outputs; ++m) sums[m] = sums[m] < Real{0} ? Real{0} : sums[m];
      }
      Elements::Store(sums, p_.output.output, unit.outputs, Output(unit, row));
    }
  }

  const TapProblem& p_;
  const Details d_;
  const Operands& operands_;
  std::ptrdiff_t* offsets_;
  std::ptrdiff_t* row_offsets_;
  Real* input_;
  Real* weight_;  // [product][output], a row padded to vectors
  Real* sums_;    // [(batch entry, column)][output], likewise
  std::int64_t width_ = 0;
};

template <class Elements>
void Run(const Plan& plan, const Operands& operands, std::byte* scratch, std::int64_t begin, std::int64_t end) {
  Reduction<Elements>(plan, operands, scratch).RunUnits(begin, end);
}

}  // namespace
}  // namespace conv1d::kernels::reduction::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
