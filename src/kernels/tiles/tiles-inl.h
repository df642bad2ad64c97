// The loops: samples to spectra, a matrix product for each value of a spectrum, products back to outputs.
#if defined(CONV1D_KERNELS_TILES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV1D_KERNELS_TILES_INL_H_
#undef CONV1D_KERNELS_TILES_INL_H_
#else
#define CONV1D_KERNELS_TILES_INL_H_
#endif

#include <algorithm>

#include "hwy/highway.h"
#include "kernels/tile/tile-inl.h"
#include "kernels/tiles/lanes-inl.h"
#include "kernels/tiles/load-inl.h"
#include "kernels/tiles/store-inl.h"
#include "kernels/tiles/tiles.h"
#include "kernels/tiles/uneven-inl.h"
#include "kernels/tiles/unit-inl.h"

HWY_BEFORE_NAMESPACE();
namespace conv1d::kernels::tiles::HWY_NAMESPACE {
namespace {

// Pieces of the scratch memory.
struct Scratch {
  float *spectra, *products, *planes, *line, *samples, *block, *lines;
  Tile* tiles;
  std::uint32_t* largest;
  std::ptrdiff_t* offsets;

  Scratch(const Details& d, std::byte* at) {
    const auto take = [&at](auto*& piece, std::int64_t bytes) {
      piece = reinterpret_cast<std::remove_reference_t<decltype(piece)>>(at);
      at += bytes;
    };
    take(spectra, d.spectra_bytes);
    take(products, d.products_bytes);
    take(planes, d.planes_bytes);
    take(line, d.line_bytes);
    take(samples, d.samples_bytes);
    take(block, d.block_bytes);
    take(lines, 2 * d.block_bytes);
    take(tiles, d.tiles_bytes);
    take(largest, d.uneven_bytes);
    take(offsets, d.offsets_bytes);
  }
};

template <class Transform> class TileConvolution {
 public:
  TileConvolution(const Plan& plan, const Operands& operands, const void* packed, std::byte* scratch)
      : p_(plan.problem),
        d_(plan.get<Details>()),
        panels_(p_.outputs, tile::kRegisters),
        header_(static_cast<const PackedHeader*>(packed)),
        filters_(reinterpret_cast<const float*>(header_ + 1)),
        memory_(d_, scratch),
        transform_(d_),
        unit_{p_, d_, Geometry::of(p_), operands, memory_.tiles},
        loader_(unit_, transform_, memory_.planes, memory_.line, memory_.samples),
        storer_(unit_, memory_.block, memory_.lines),
        uneven_(unit_, panels_, filters_ + p_.groups * d_.values * p_.outputs * d_.sums(), header_->finite == 1,
                memory_.largest, memory_.spectra, memory_.products, memory_.offsets) {}

  void RunUnits(std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      unit_.Find(i);
      LoadSpectra();
      const bool all_uneven = uneven_.Mark(storer_.Vectors());
      FindOffsets();
      for (std::int64_t panel = 0; panel < panels_.count() && !all_uneven; panel += d_.block_panels) {
        const std::int64_t end_panel = std::min(panel + d_.block_panels, panels_.count());
        MultiplySpectra(panel, end_panel);
        StoreOutputs(panel, end_panel);
      }
      uneven_.Recompute(storer_);
    }
  }

 private:
  void LoadSpectra() {
    uneven_.Forget();
    for (std::int64_t row = 0; row < d_.rows; ++row) {
      loader_.LoadRow(row, memory_.spectra + row / d_.joined * d_.row_tiles, memory_.largest);
    }
  }

  // Where a window of a virtual row finds its spectra. For every unit anew: tiles computed directly use the memory,
  // too.
  void FindOffsets() {
    for (std::int64_t k = 0; k < d_.sums(); ++k) {
      memory_.offsets[k] = static_cast<std::ptrdiff_t>(k / d_.windows * d_.row_tiles + k % d_.windows);
    }
  }

  void MultiplySpectra(std::int64_t panel, std::int64_t end_panel) {
    const std::int64_t first_row = panels_[panel].row, sums = d_.sums();
    if (p_.outputs == 1) return MultiplyOneRow();
    tile::TileJob<float> job{};
    job.out_stride = static_cast<std::ptrdiff_t>(d_.unit_tiles);
    for (std::int64_t v = 0; v < d_.values; ++v) {
      for (std::int64_t i = panel; i < end_panel; ++i) {
        const Panel rows = panels_[i];
        job.out = memory_.products + v * d_.products_stride + (rows.row - first_row) * d_.unit_tiles;
        const float* weights = filters_ + ((unit_.group * d_.values + v) * p_.outputs + rows.row) * sums;
        job.in = memory_.spectra + v * d_.spectra_stride;
        for (std::int64_t k = 0; k < sums; k += kSumRows) {
          job.offsets = memory_.offsets + k;
          job.products = static_cast<std::size_t>(std::min(kSumRows, sums - k));
          job.weights = weights + k * rows.rows;
          job.add = k > 0;
          tile::RunPanel<float, false>(job, rows.rows, static_cast<std::size_t>(d_.unit_tiles));
        }
      }
    }
  }

  // A single output: too little work for a call of the register tile at each value.
  void MultiplyOneRow() {
    const std::int64_t sums = d_.sums();
    const float* weights = filters_ + unit_.group * d_.values * sums;
    for (std::int64_t v = 0; v < d_.values; ++v, weights += sums) {
      for (std::int64_t x = 0; x < d_.unit_tiles; x += kVector) {
        const float* const in = memory_.spectra + v * d_.spectra_stride + x;
        V sum = hn::Zero(D());
        for (std::int64_t k = 0; k < sums;) {
          const std::int64_t end = std::min(k + kSumRows, sums);
          V part = hn::Zero(D());
          for (; k < end; ++k)
            part = hn::MulAdd(hn::Set(D(), weights[k]), hn::LoadU(D(), in + memory_.offsets[k]), part);
          sum = hn::Add(sum, part);
        }
        hn::StoreU(sum, D(), memory_.products + v * d_.products_stride + x);
      }
    }
  }

  void StoreOutputs(std::int64_t panel, std::int64_t end_panel) {
    const std::int64_t first_row = panels_[panel].row,
                       end_row = panels_[end_panel - 1].row + panels_[end_panel - 1].rows;
    const std::int64_t together = storer_.Vectors();
    for (std::int64_t m = first_row; m < end_row; ++m) {
      const float* const products = memory_.products + (m - first_row) * d_.unit_tiles;
      const float bias = unit_.Bias(m);
      for (std::int64_t v = 0; v < d_.unit_tiles / kVector; v += together) {
        for (std::int64_t i = 0; i < together; ++i) {
          transform_.Inverse(products + (v + i) * kVector, d_.products_stride, bias, storer_.Block(i));
        }
        storer_.Store(v, m);
      }
    }
  }

  const TapProblem& p_;
  const Details d_;
  const Panels panels_;
  const PackedHeader* const header_;
  const float* const filters_;
  const Scratch memory_;
  const Transform transform_;
  Unit unit_;
  Loader<Transform> loader_;
  const Storer storer_;
  UnevenTiles uneven_;
};

template <class Transform>
void Run(const Plan& plan, const Operands& operands, const void* packed, std::byte* scratch, std::int64_t begin,
         std::int64_t end) {
  TileConvolution<Transform>(plan, operands, packed, scratch).RunUnits(begin, end);
}

}  // namespace
}  // namespace conv1d::kernels::tiles::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
