#include "kernels/kernel.h"

#include "kernels/fft_tile/fft_tile.h"

// Hundreds to many thousands of taps: fft_tile's transforms of a size that the first cache holds, with the taps cut
// into windows (tiles.h). Overlap-save with one long transform needs no products between windows, but leaves the cache,
// has no use for the register tile, and has tiles as long as the filter, of which a short signal fills few lanes.
namespace conv1d::kernels::long_fft {
namespace {

bool accepts(const TapProblem& p, const ChooseOptions&) {
  return tiles::accepts(p) && tiles::Geometry::of(p).span > fft_tile::kMostPoints / 2;
}

}  // namespace

extern const Kernel kKernel = {.name = "long_fft",
                               .direct_sum = false,
                               .takes_relu = true,
                               .accepts = accepts,
                               .cost = fft_tile::cost,
                               .prepare = fft_tile::prepare,
                               .pack = fft_tile::pack,
                               .run = fft_tile::run};

}  // namespace conv1d::kernels::long_fft
