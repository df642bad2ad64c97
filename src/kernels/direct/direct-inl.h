// The loops of the direct sum: units of columns, partial sums, panels of weights, tiles.
#if defined(CONV1D_KERNELS_DIRECT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV1D_KERNELS_DIRECT_INL_H_
#undef CONV1D_KERNELS_DIRECT_INL_H_
#else
#define CONV1D_KERNELS_DIRECT_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "kernels/direct/direct.h"
#include "kernels/direct/input-inl.h"
#include "kernels/direct/prefetch-inl.h"
#include "kernels/tile/panels.h"
#include "kernels/tile/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace conv1d::kernels::direct::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
namespace tile = conv1d::kernels::HWY_NAMESPACE;

// One batch entry, one group, some panels, some columns.
struct Unit {
  std::int64_t group, batch, first_panel, end_panel, column, columns;
};

// Some of a unit's columns, packed apart from the others.
struct Strip {
  std::int64_t column, columns;
  Share share;
};

template <class Elements> class Direct {
  using Stored = typename Elements::Stored;
  using Real = typename Elements::Real;
  static constexpr int kReals = Elements::kReals;

 public:
  Direct(const Plan& plan, const Operands& operands, const void* packed, std::byte* scratch)
      : p_(plan.problem),
        d_(plan.get<Details>()),
        panels_(p_.outputs * kReals, tile::kRegisters),
        operands_(operands),
        packed_(weights_of<Real>(packed)),
        guarded_(!is_finite(packed)),
        offsets_(reinterpret_cast<std::ptrdiff_t*>(scratch)),
        block_(reinterpret_cast<Real*>(scratch + d_.offsets_bytes)),
        stage_(reinterpret_cast<Real*>(scratch + d_.offsets_bytes + d_.block_bytes)) {}

  // Column blocks vary fastest, so that a panel's weights are found in the cache again.
  void RunUnits(std::int64_t begin, std::int64_t end) {
    Unit unit = begin < end ? UnitAt(begin) : Unit{};
    for (std::int64_t i = begin; i < end; ++i) {
      const Unit next = i + 1 < end ? UnitAt(i + 1) : Unit{};
      RunUnit(unit, next);
      unit = next;
    }
  }

 private:
  static constexpr std::int64_t kLanes = static_cast<std::int64_t>(hn::MaxLanes(hn::ScalableTag<Real>()));
  static constexpr std::int64_t kStepColumns = std::max<std::int64_t>(1, 6 * kLanes / kReals);  // one or two tiles

  Unit UnitAt(std::int64_t index) const {
    Unit unit{};
    unit.column = index % d_.column_blocks * d_.block_columns;
    unit.columns = std::min(d_.block_columns, p_.columns - unit.column);
    index /= d_.column_blocks;
    unit.first_panel = index % d_.panel_blocks * d_.block_panels;
    unit.end_panel = std::min(unit.first_panel + d_.block_panels, panels_.count());
    index /= d_.panel_blocks;
    unit.group = index % p_.groups;
    unit.batch = index / p_.groups;
    return unit;
  }

  // `next`: the unit that follows, without columns if none does.
  void RunUnit(const Unit& unit, const Unit& next) {
    const std::int64_t first_row = panels_[unit.first_panel].row / kReals;
    if (d_.staged && p_.start == Start::kAccumulate) LoadStage(unit, first_row);
    const std::int64_t total = p_.inputs * p_.taps;
    if (total == 0) {
      MultiplyShare(unit, {0, 0, 0}, 0, 0, true, {});
    }
    for (std::int64_t r = 0; r < p_.inputs && total > 0; r += d_.chunk_inputs) {
      const std::int64_t inputs = std::min(d_.chunk_inputs, p_.inputs - r);
      for (std::int64_t t = 0; t < p_.taps; t += d_.chunk_taps) {
        const std::int64_t taps = std::min(d_.chunk_taps, p_.taps - t);
        const Share share{inputs, taps, p_.first + t * p_.between + unit.column * p_.step};
        const std::int64_t done = r * p_.taps + t;
        const bool last = done + inputs * taps == total;
        // Some taps of one row are followed by its other taps, which lie close by; some rows by others.
        InputPrefetch prefetch;
        if (last) {
          prefetch = PrefetchFor(next, 0, std::min(d_.chunk_inputs, p_.inputs));
        } else if (taps == p_.taps) {
          prefetch = PrefetchFor(unit, r + inputs, std::min(d_.chunk_inputs, p_.inputs - r - inputs));
        }
        MultiplyShare(unit, share, r, done, last, prefetch);
      }
    }
    if (d_.staged) StoreStage(unit, first_row);
  }

  const Stored* InputRow(const Unit& unit, std::int64_t row) const {
    return static_cast<const Stored*>(operands_.input) + unit.group * p_.input.group + unit.batch * p_.input.batch +
           row * p_.input.row;
  }

  // What the columns of `unit` read of some rows, in as many steps as the unit has tiles.
  InputPrefetch PrefetchFor(const Unit& unit, std::int64_t row, std::int64_t rows) const {
    if (!d_.prefetched || unit.columns <= 0) return {};
    const std::int64_t reach = (p_.taps - 1) * p_.between, far = (unit.columns - 1) * p_.step;
    const std::int64_t start = p_.first + unit.column * p_.step;
    const std::int64_t low = std::clamp<std::int64_t>(
        start + std::min<std::int64_t>(0, reach) + std::min<std::int64_t>(0, far), 0, p_.in_length);
    const std::int64_t high = std::clamp<std::int64_t>(
        start + std::max<std::int64_t>(0, reach) + std::max<std::int64_t>(0, far) + 1, low, p_.in_length);
    const std::int64_t size = static_cast<std::int64_t>(sizeof(Stored)) * p_.input.column;
    const std::int64_t at_once = std::min(kStepColumns, d_.strip_columns);
    const std::int64_t steps = (unit.end_panel - unit.first_panel) * ceil_div(unit.columns, at_once);
    return {reinterpret_cast<const std::byte*>(InputRow(unit, row) + low * p_.input.column), rows,
            p_.input.row * static_cast<std::int64_t>(sizeof(Stored)), (high - low) * size, steps};
  }

  // One partial sum for all of the unit's outputs; `done` products came before it.
  void MultiplyShare(const Unit& unit, const Share& share, std::int64_t row, std::int64_t done, bool last,
                     InputPrefetch prefetch) {
    const Stored* const rows = InputRow(unit, row);
    std::int64_t strip_columns = d_.strip_columns;
    tile::TileJob<Real> job{};
    job.offsets = offsets_;
    job.prefetch_out = true;
    job.products = static_cast<std::size_t>(share.inputs * share.taps);
    job.add = done > 0 || p_.start == Start::kAccumulate;
    job.relu = last && p_.finish == Finish::kRelu;
    if (share.taps > 0 && d_.raw && ReadableInPlace(unit, share)) {
      strip_columns = unit.columns;
      job.in = reinterpret_cast<const Real*>(rows + share.start);
      for (std::int64_t r = 0; r < share.inputs; ++r) {
        for (std::int64_t t = 0; t < share.taps; ++t) {
          offsets_[r * share.taps + t] = static_cast<std::ptrdiff_t>((r * p_.input.row + t * p_.between) * kReals);
        }
      }
    } else {
      const Segments segments = Segments::of(p_, share.taps, d_.merged);
      const std::int64_t length = segments.length(std::min(strip_columns, unit.columns), kLanes);
      FindOffsets<Elements>(segments, share, length, offsets_);
      for (std::int64_t column = 0; column < unit.columns; column += strip_columns) {
        const Share shifted{share.inputs, share.taps, share.start + column * p_.step};
        PackInput<Elements>(p_, segments, shifted, rows, std::min(strip_columns, unit.columns - column), length,
                            block_ + column / strip_columns * d_.strip_elements * kReals);
      }
      job.in = block_;
    }
    for (std::int64_t panel = unit.first_panel; panel < unit.end_panel; panel += d_.strip_panels) {
      const std::int64_t end_panel = std::min(panel + d_.strip_panels, unit.end_panel);
      for (std::int64_t column = 0; column < unit.columns; column += strip_columns) {
        const Strip strip{column,
                          std::min(strip_columns, unit.columns - column),
                          {share.inputs, share.taps, share.start + column * p_.step}};
        tile::TileJob<Real> strip_job = job;
        strip_job.in += column / strip_columns * d_.strip_elements * kReals;
        const Range inside = guarded_ ? ColumnsInside(strip.share, strip.columns) : Range{0, strip.columns};
        for (std::int64_t i = panel; i < end_panel; ++i) {
          MultiplyPanel(unit, strip, panels_[i], strip_job, done, inside, prefetch);
        }
      }
    }
  }

  void MultiplyPanel(const Unit& unit, const Strip& strip, Panel panel, tile::TileJob<Real> job, std::int64_t done,
                     const Range& inside, InputPrefetch& prefetch) {
    const std::int64_t total = p_.inputs * p_.taps;
    const std::int64_t row = panel.row / kReals;
    job.weights = packed_ + (unit.group * p_.outputs * kReals + panel.row) * total + done * panel.rows;
    if (d_.staged) {
      job.out_stride = static_cast<std::ptrdiff_t>(StageStride());
      job.out = stage_ + (row - panels_[unit.first_panel].row / kReals) * StageStride() + strip.column * kReals;
    } else {
      job.out = reinterpret_cast<Real*>(OutputRow(unit, row) + strip.column);  // its columns are neighbours
      job.out_stride = static_cast<std::ptrdiff_t>(p_.output.output * kReals);
    }
    Real init[8];
    if (p_.start == Start::kBias && done == 0) {
      const Stored* bias =
          static_cast<const Stored*>(operands_.bias) + unit.group * p_.bias.group + row * p_.bias.output;
      Elements::Load(bias, p_.bias.output, panel.rows / kReals, false, init);
      job.init = init;
    }
    if (guarded_) {
      MultiplyEdge(job, panel, strip.share, {0, inside.begin});
      MultiplyEdge(job, panel, strip.share, {inside.end, strip.columns});
      job.in += inside.begin * kReals;
      job.out += inside.begin * kReals;
    }
    const std::int64_t columns = inside.end - inside.begin, at_once = d_.prefetched ? kStepColumns : columns;
    for (std::int64_t column = 0; column < columns; column += at_once) {
      prefetch.Step();
      tile::RunPanel<Real, Elements::kComplex>(job, panel.rows,
                                               static_cast<std::size_t>(std::min(at_once, columns - column) * kReals));
      job.in += at_once * kReals;
      job.out += at_once * kReals;
    }
  }

  // The columns for which all taps of a share lie inside the row.
  Range ColumnsInside(const Share& share, std::int64_t columns) const {
    const std::int64_t reach = (share.taps - 1) * p_.between;
    const Range low = inside_row(share.start + std::min<std::int64_t>(0, reach), p_.step, p_.in_length, columns);
    const Range high = inside_row(share.start + std::max<std::int64_t>(0, reach), p_.step, p_.in_length, columns);
    const Range both{std::max(low.begin, high.begin), std::min(low.end, high.end)};
    return both.begin < both.end ? both : Range{0, 0};
  }

  // Columns beside the row's ends under a weight that is not finite: padding adds nothing there, while zero times
  // infinity would be NaN. The same sums in the same order as in the tile, less the products with padding.
  void MultiplyEdge(const tile::TileJob<Real>& job, Panel panel, const Share& share, const Range& columns) const {
    for (std::int64_t j = columns.begin; j < columns.end; ++j) {
      for (int m = 0; m < panel.rows; m += kReals) {
        Real sum[2] = {0, 0};
        if constexpr (Elements::kComplex) {
          Real by_real[2] = {0, 0}, by_imaginary[2] = {0, 0};
          SumInside(job, panel, m, share, j, by_real);
          SumInside(job, panel, m + 1, share, j, by_imaginary);
          sum[0] = by_real[0] - by_imaginary[1];
          sum[1] = by_real[1] + by_imaginary[0];
          if (job.init) sum[0] += job.init[m], sum[1] += job.init[m + 1];
        } else {
          if (job.init) sum[0] = job.init[m];
          SumInside(job, panel, m, share, j, sum);
        }
        Real* out = job.out + m / kReals * job.out_stride + j * kReals;
        for (int i = 0; i < kReals; ++i) {
          out[i] = job.add ? out[i] + sum[i] : sum[i];
          if (job.relu && out[i] < 0) out[i] = 0;
        }
      }
    }
  }

  // sum[i] += row m of the weights times part i of column j.
  void SumInside(const tile::TileJob<Real>& job, Panel panel, int m, const Share& share, std::int64_t j,
                 Real* sum) const {
    const hn::CappedTag<Real, 1> one;
    for (std::int64_t k = 0; k < share.inputs * share.taps; ++k) {
      const std::int64_t position = share.start + k % share.taps * p_.between + j * p_.step;
      if (position < 0 || position >= p_.in_length) continue;
      const auto weight = hn::Set(one, job.weights[k * panel.rows + m]);
      for (int i = 0; i < kReals; ++i) {
        const auto x = hn::Set(one, job.in[offsets_[k] + j * kReals + i]);
        sum[i] = hn::GetLane(hn::MulAdd(weight, x, hn::Set(one, sum[i])));
      }
    }
  }

  // Does every tap find all columns, those that the last vector reads in vain included, inside the row?
  bool ReadableInPlace(const Unit& unit, const Share& share) const {
    const std::int64_t reach = (share.taps - 1) * p_.between;
    const std::int64_t columns = (unit.columns + kLanes - 1) / kLanes * kLanes;
    return share.start + std::min<std::int64_t>(0, reach) >= 0 &&
           share.start + std::max<std::int64_t>(0, reach) + columns <= p_.in_length;
  }

  // In reals; a row's last vector may be written whole.
  std::int64_t StageStride() const { return (d_.block_columns * kReals + kLanes - 1) / kLanes * kLanes; }

  Stored* OutputRow(const Unit& unit, std::int64_t row) const {
    return static_cast<Stored*>(operands_.output) + unit.group * p_.output.group + unit.batch * p_.output.batch +
           row * p_.output.output + unit.column * p_.output.column;
  }

  std::int64_t EndRow(const Unit& unit) const {
    const Panel last = panels_[unit.end_panel - 1];
    return (last.row + last.rows) / kReals;
  }

  void LoadStage(const Unit& unit, std::int64_t first_row) {
    for (std::int64_t m = first_row; m < EndRow(unit); ++m) {
      Elements::Load(OutputRow(unit, m), p_.output.column, unit.columns, false,
                     stage_ + (m - first_row) * StageStride());
    }
  }

  void StoreStage(const Unit& unit, std::int64_t first_row) {
    for (std::int64_t m = first_row; m < EndRow(unit); ++m) {
      Elements::Store(stage_ + (m - first_row) * StageStride(), p_.output.column, unit.columns, OutputRow(unit, m));
    }
  }

  const TapProblem& p_;
  const Details d_;
  const Panels panels_;
  const Operands& operands_;
  const Real* packed_;
  const bool guarded_;  // some weight is not finite
  std::ptrdiff_t* offsets_;
  Real* block_;
  Real* stage_;
};

template <class Elements>
void Run(const Plan& plan, const Operands& operands, const void* packed, std::byte* scratch, std::int64_t begin,
         std::int64_t end) {
  Direct<Elements>(plan, operands, packed, scratch).RunUnits(begin, end);
}

}  // namespace
}  // namespace conv1d::kernels::direct::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
