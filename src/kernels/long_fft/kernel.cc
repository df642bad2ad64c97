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

double cost(const TapProblem& p, const ChooseOptions& options) {
  return tiles::cost(p, options, fft_tile::best_transform(p, options));
}

void prepare(Plan& plan, const ChooseOptions& options) {
  tiles::prepare(plan, options, fft_tile::best_transform(plan.problem, options));
}

void pack(const Plan& plan, const void* weight, void* packed) noexcept {
  fft_tile::functions_for(plan.isa).pack(plan, weight, packed);
}

void run(const Plan& plan, const Operands& operands, const void* packed, void* scratch, std::int64_t begin,
         std::int64_t end) noexcept {
  fft_tile::functions_for(plan.isa).run(plan, operands, packed, static_cast<std::byte*>(scratch), begin, end);
}

}  // namespace

extern const Kernel kKernel = {.name = "long_fft",
                               .direct_sum = false,
                               .takes_relu = true,
                               .accepts = accepts,
                               .cost = cost,
                               .prepare = prepare,
                               .pack = pack,
                               .run = run};

}  // namespace conv1d::kernels::long_fft
