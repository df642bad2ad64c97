#include "kernels/plan.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "kernels/finish.h"
#include "kernels/kernel.h"
#include "kernels/precision.h"

namespace conv1d::kernels {
namespace {

// Waking a sleeping thread costs some ten microseconds: a share of the work has to be worth that.
constexpr double kSecondsAPart = 40e-6;

// A family forced by CONV1D_KERNEL; read once, so that setenv() in another thread is no race.
const std::string& forced_kernel() {
  static const std::string name = [] {
    const char* value = std::getenv("CONV1D_KERNEL");
    return std::string(value ? value : "");
  }();
  return name;
}

bool allowed(const Kernel& kernel, const TapProblem& problem, const ChooseOptions& options) {
  return (options.precision != Precision::kHighest || kernel.direct_sum) && kernel.accepts(problem, options);
}

const Kernel& choose(const TapProblem& problem, const ChooseOptions& options) {
  const Kernel* best = nullptr;
  double best_cost = std::numeric_limits<double>::infinity();
  for (const Kernel* kernel : registry()) {
    if (!allowed(*kernel, problem, options)) continue;
    if (kernel->name == options.kernel) return *kernel;
    const double cost = kernel->last_resort ? std::numeric_limits<double>::max() : kernel->cost(problem, options);
    if (cost < best_cost) best = kernel, best_cost = cost;
  }
  return *best;  // `plain`, the last resort, accepts everything
}

int share_count(const Plan& plan, double seconds, int threads) {
  const double worth = std::max(1.0, seconds / kSecondsAPart);
  const double units = static_cast<double>(std::max<std::int64_t>(1, plan.units));
  return static_cast<int>(std::min({worth, units, static_cast<double>(std::max(1, threads))}));
}

struct RunContext {
  const Plan* plan;
  const Operands* operands;
  const void* packed;
  std::byte* scratch;
};

void run_part(void* context, int part) noexcept {
  const RunContext& c = *static_cast<const RunContext*>(context);
  const Plan& plan = *c.plan;
  const std::int64_t share = plan.units / plan.parts, rest = plan.units % plan.parts;
  const std::int64_t begin = part * share + std::min<std::int64_t>(part, rest);
  const std::int64_t end = begin + share + (part < rest ? 1 : 0);
  plan.kernel->run(plan, *c.operands, c.packed, c.scratch + static_cast<std::size_t>(part) * plan.part_bytes, begin,
                   end);
}

}  // namespace

ChooseOptions default_options() {
  return {
      .isa = current_isa(), .kernel = forced_kernel(), .precision = current_precision(), .threads = get_num_threads()};
}

Plan make_plan(const TapProblem& problem, const ChooseOptions& options) {
  Plan plan;
  plan.problem = problem;
  plan.isa = options.isa;
  plan.kernel = &choose(problem, options);
  plan.packing = {.kernel = plan.kernel,
                  .extents = {problem.groups, problem.outputs, problem.inputs, problem.taps},
                  .element = problem.element,
                  .conjugate_weight = problem.conjugate_weight};
  plan.kernel->prepare(plan, options);
  plan.seconds = plan.kernel->cost(problem, options);
  plan.parts = share_count(plan, plan.seconds, options.threads);
  plan.part_bytes = aligned_size(plan.part_bytes);
  plan.scratch_bytes = static_cast<std::size_t>(plan.parts) * plan.part_bytes;
  if (!options.packed_weight) plan.scratch_bytes += aligned_size(plan.packed_bytes);
  return plan;
}

std::string_view kernel_name(const Plan& plan) { return plan.kernel->name; }

std::span<const std::string_view> kernel_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> result;
    for (const Kernel* kernel : registry()) result.push_back(kernel->name);
    std::sort(result.begin(), result.end());
    return result;
  }();
  return names;
}

void pack_weights(const Plan& plan, const void* weight, void* packed) noexcept {
  if (plan.packed_bytes != 0) plan.kernel->pack(plan, weight, packed);
}

void run(const Plan& plan, const Operands& operands, const void* packed, void* scratch) noexcept {
  const TapProblem& p = plan.problem;
  if (p.groups == 0 || p.batch == 0 || p.outputs == 0 || p.columns == 0) return;
  std::byte* parts_scratch = static_cast<std::byte*>(scratch);
  if (!packed && plan.packed_bytes != 0) {
    plan.kernel->pack(plan, operands.weight, parts_scratch);
    packed = parts_scratch;
    parts_scratch += aligned_size(plan.packed_bytes);
  }
  RunContext context{&plan, &operands, packed, parts_scratch};
  run_parts(plan.parts, run_part, &context);
  if (p.finish != Finish::kNone && !plan.kernel->takes_relu) finish_output(p, operands.output);
}

}  // namespace conv1d::kernels
