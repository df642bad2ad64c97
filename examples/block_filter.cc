// A filter for blocks of samples, as audio callbacks and sensor loops bring them: raw floats from standard input to
// standard output. Its memory is made before the loop; in it nothing is allocated, locked or thrown.
//
//   rec -t raw -e float -b 32 -c 1 - | block_filter | play -t raw -e float -b 32 -c 1 -r 48k -
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <vector>

#include <conv1d/kernels.h>

int main() {
  constexpr std::size_t kTaps = 64, kBlock = 256;
  const std::vector<float> taps(kTaps, 1.0F / kTaps);  // a moving average; any filter, its latest sample's tap last

  // The first k - 1 outputs of a block need the samples before it: they stand in front of it.
  const conv1d::Plan plan({.in_channels = 1,
                           .length = kTaps - 1 + kBlock,
                           .out_channels = 1,
                           .kernel_size = kTaps,
                           .fixed_order = true},  // the same bits whatever the size of a block
                          taps.data());
  std::vector<float> samples(kTaps - 1 + kBlock), filtered(kBlock);
  std::vector<std::byte> scratch(plan.scratch_bytes());

  std::setvbuf(stdin, nullptr, _IONBF, 0);  // or the first block would allocate the streams' buffers
  std::setvbuf(stdout, nullptr, _IONBF, 0);
  float* const block = samples.data() + (kTaps - 1);
  for (std::size_t count; (count = std::fread(block, sizeof(float), kBlock, stdin)) > 0;) {
    plan.run(samples.data(), filtered.data(), scratch.data());
    std::fwrite(filtered.data(), sizeof(float), count, stdout);
    std::copy_n(samples.data() + count, kTaps - 1, samples.data());  // the last k - 1 samples
  }
}
