// run() allocates nothing, in any family: malloc itself is counted.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <vector>

#include "kernels/plan.h"
#include "reference/layers.h"

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace {
thread_local long allocations = 0;  // of this thread: others are none of its business
}

extern "C" {
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* memory, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);

void* malloc(std::size_t bytes) { return ++allocations, __libc_malloc(bytes); }
void* calloc(std::size_t count, std::size_t bytes) { return ++allocations, __libc_calloc(count, bytes); }
void* realloc(void* memory, std::size_t bytes) { return ++allocations, __libc_realloc(memory, bytes); }
void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  return ++allocations, __libc_memalign(alignment, bytes);
}
}

namespace conv1d::kernels::testing {
namespace {

TEST(Run, AllocatesNothing) {
  std::vector<float> numbers(1 << 20, 0.5F);
  numbers[5000] = 1e9F;  // tiles of uneven scale go another way
  int ran = 0;
  for (const Layer& l :
       {Layer{.batch = 2, .in_channels = 32, .length = 700, .out_channels = 32, .kernel_size = 3, .padding = 1},
        Layer{.batch = 1, .in_channels = 16, .length = 900, .out_channels = 16, .kernel_size = 31, .dilation = 2},
        Layer{.batch = 1, .in_channels = 24, .length = 900, .out_channels = 24, .kernel_size = 9, .groups = 24},
        Layer{.batch = 1, .in_channels = 4, .length = 900, .out_channels = 8, .kernel_size = 16, .stride = 4},
        Layer{.batch = 1, .in_channels = 1, .length = 9000, .out_channels = 2, .kernel_size = 3000}}) {
    const TapProblem p = forward(l);
    std::vector<float> output(static_cast<std::size_t>(l.batch * l.out_channels * l.out_length()));
    const Operands operands{numbers.data(), numbers.data(), numbers.data(), output.data()};
    for (const Isa isa : supported_isas()) {
      for (const std::string_view name : kernel_names()) {
        const Plan plan = make_plan(p, {.isa = isa, .kernel = name});
        if (kernel_name(plan) != name) continue;
        const Aligned packed(plan.packed_bytes), scratch(plan.scratch_bytes);
        const long before = allocations;
        pack_weights(plan, operands.weight, packed.data());
        run(plan, operands, packed.data(), scratch.data());
        EXPECT_EQ(allocations, before) << name << ", " << isa_name(isa);
        ++ran;
      }
    }
  }
  EXPECT_GT(ran, 20);
  std::free(std::malloc(1));
  EXPECT_GT(allocations, 0) << "nothing is counted";
}

}  // namespace
}  // namespace conv1d::kernels::testing

#endif
