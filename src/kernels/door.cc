// <conv1d/kernels.h>: a plan with memory of its own.
#include <conv1d/kernels.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <string>

#include "base/check.h"
#include "base/sizes.h"
#include "kernels/element.h"
#include "kernels/kernel.h"
#include "kernels/plan.h"

namespace conv1d {
namespace {

using kernels::Element;
using kernels::TapProblem;

Element number_of(DType dtype) {
  const std::optional<Element> element = kernels::element_of(dtype);
  check(element.has_value(), "a plan computes on numbers, not on bool");
  return *element;
}

// Products and sums that may not come near the end of 64 bits, so that kernels need not look.
class Sizes {
 public:
  std::int64_t times(std::int64_t a, std::int64_t b) { return keep(mul_overflows(a, b, &result_)); }
  std::int64_t plus(std::int64_t a, std::int64_t b) { return keep(add_overflows(a, b, &result_)); }

 private:
  static constexpr std::int64_t kMost = std::int64_t{1} << 56;
  std::int64_t keep(bool overflows) const {
    check(!overflows && result_ < kMost && result_ > -kMost, "the sizes of this plan are too large to compute with");
    return result_;
  }
  std::int64_t result_ = 0;
};

void check_options(const Plan::Options& o) {
  check(o.batch >= 0 && o.in_channels >= 0 && o.out_channels >= 0 && o.length >= 0,
        "sizes of a plan may not be negative");
  check(o.kernel_size > 0, "kernel size should be greater than zero");
  check(o.stride > 0, "non-positive stride is not supported");
  check(o.dilation > 0, "dilation should be greater than zero");
  check(o.padding >= 0 && o.padding_end >= -1, "negative padding is not supported");
  check(o.groups > 0, "groups must be a positive integer");
  check(o.in_channels % o.groups == 0, "in_channels must be divisible by groups");
  check(o.out_channels % o.groups == 0, "out_channels must be divisible by groups");
  check(o.in_batch_stride >= 0 && o.in_channel_stride >= 0 && o.out_batch_stride >= 0 && o.out_channel_stride >= 0,
        "strides of a plan may not be negative");
  check(!o.relu || !kernels::is_complex(number_of(o.dtype)), "relu is not defined for complex numbers");
}

TapProblem lower(const Plan::Options& o, bool has_bias) {
  check_options(o);
  Sizes sizes;
  TapProblem p;
  p.element = number_of(o.dtype);
  p.groups = o.groups;
  p.batch = o.batch;
  p.outputs = o.out_channels / o.groups;
  p.inputs = o.in_channels / o.groups;
  p.taps = o.kernel_size;
  p.in_length = o.length;
  p.first = -o.padding;
  p.between = o.dilation;
  p.step = o.stride;
  const std::int64_t padding_end = o.padding_end < 0 ? o.padding : o.padding_end;
  const std::int64_t padded = sizes.plus(o.length, sizes.plus(o.padding, padding_end));
  const std::int64_t reach = sizes.plus(sizes.times(o.dilation, o.kernel_size - 1), 1);
  check(padded >= reach, "the kernel of this plan (", reach, " with dilation) is longer than its padded input (",
        padded, ")");
  p.columns = (padded - reach) / o.stride + 1;

  const auto or_else = [](std::int64_t given, std::int64_t usual) { return given > 0 ? given : usual; };
  p.input.row = or_else(o.in_channel_stride, o.length);
  p.input.batch = or_else(o.in_batch_stride, sizes.times(o.in_channels, p.input.row));
  p.input.group = sizes.times(p.inputs, p.input.row);
  p.weight = {sizes.times(p.outputs, sizes.times(p.inputs, p.taps)), p.inputs * p.taps, p.taps, 1};
  p.bias = {p.outputs, 1};
  p.output.output = or_else(o.out_channel_stride, p.columns);
  check(o.out_channels <= 1 || p.output.output >= p.columns, "rows of the output overlap");
  p.output.batch = or_else(o.out_batch_stride, sizes.times(o.out_channels, p.output.output));
  check(o.batch <= 1 || p.output.batch >= sizes.times(o.out_channels, p.output.output),
        "batch entries of the output overlap");
  p.output.group = sizes.times(p.outputs, p.output.output);
  // What the operands span, in bytes; kernels add no more than these.
  for (const std::int64_t span : {sizes.times(o.batch, p.input.batch), sizes.times(o.batch, p.output.batch),
                                  sizes.times(o.groups, p.weight.group)}) {
    static_cast<void>(sizes.times(span, 64));
  }
  p.start = has_bias ? kernels::Start::kBias : kernels::Start::kZero;
  p.finish = o.relu ? kernels::Finish::kRelu : kernels::Finish::kNone;
  return p;
}

// Memory as kernels want it.
class Block {
 public:
  explicit Block(std::size_t bytes)
      : data_(bytes ? ::operator new(bytes, std::align_val_t{kernels::kAlignment}) : nullptr) {}
  ~Block() { ::operator delete(data_, std::align_val_t{kernels::kAlignment}); }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  void* data() const { return data_; }

 private:
  void* data_;
};

kernels::ChooseOptions choose_options(const Plan::Options& o) {
  kernels::ChooseOptions options = kernels::default_options();
  options.threads = 1;
  if (o.fixed_order) options.precision = kernels::Precision::kHighest;
  if (!o.kernel.empty()) options.kernel = o.kernel;
  return options;
}

std::string joined_names() {
  std::string names;
  for (const std::string_view name : kernels::kernel_names()) names.append(names.empty() ? "" : ", ").append(name);
  return names;
}

kernels::Plan choose(const Plan::Options& o, bool has_bias) {
  const std::span<const std::string_view> names = kernels::kernel_names();
  check(o.kernel.empty() || std::find(names.begin(), names.end(), o.kernel) != names.end(), "there is no kernel \"",
        o.kernel, "\": choose one of ", joined_names());
  const kernels::Plan plan = kernels::make_plan(lower(o, has_bias), choose_options(o));
  check(o.kernel.empty() || kernels::kernel_name(plan) == o.kernel, "the kernel \"", o.kernel,
        "\" does not take this layer", o.fixed_order ? " in a fixed order" : "");
  return plan;
}

}  // namespace

struct Plan::State {
  State(const Options& options, const void* weights, const void* biases)
      : plan(choose(options, biases != nullptr)),
        packed(plan.packed_bytes),
        weight(plan.packed_bytes ? 0 : weight_bytes(plan.problem)),
        bias(biases ? bias_bytes() : 0) {
    kernels::pack_weights(plan, weights, packed.data());
    if (weight.data()) std::memcpy(weight.data(), weights, weight_bytes(plan.problem));
    if (bias.data()) std::memcpy(bias.data(), biases, bias_bytes());
  }

  std::size_t bias_bytes() const {
    return static_cast<std::size_t>(plan.problem.groups * plan.problem.outputs) *
           kernels::element_size(plan.problem.element);
  }

  kernels::Plan plan;
  Block packed;
  Block weight;  // of kernels that read it as it is
  Block bias;
};

Plan::Plan(const Options& options, const void* weight, const void* bias)
    : state_(std::make_unique<State>(options, weight, bias)) {}
Plan::~Plan() = default;
Plan::Plan(Plan&&) noexcept = default;
Plan& Plan::operator=(Plan&&) noexcept = default;

std::int64_t Plan::out_length() const noexcept { return state_->plan.problem.columns; }

std::span<const std::string_view> Plan::kernels() { return kernels::kernel_names(); }

// Room to align it within.
std::size_t Plan::scratch_bytes() const noexcept { return state_->plan.scratch_bytes + kernels::kAlignment; }

std::size_t Plan::kept_bytes() const noexcept {
  return state_->plan.packed_bytes ? state_->plan.packed_bytes : weight_bytes(state_->plan.problem);
}

std::string_view Plan::kernel() const noexcept { return kernels::kernel_name(state_->plan); }

void Plan::run(const void* in, void* out, void* scratch) const noexcept {
  void* aligned = scratch;
  std::size_t space = scratch_bytes();
  std::align(kernels::kAlignment, state_->plan.scratch_bytes, aligned, space);
  kernels::run(state_->plan, {in, state_->weight.data(), state_->bias.data(), out}, state_->packed.data(), aligned);
}

}  // namespace conv1d
