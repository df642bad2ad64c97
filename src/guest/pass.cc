#include "guest/pass.h"

#include <algorithm>
#include <optional>

#include "conv/geometry.h"
#include "conv/passes.h"

namespace conv1d::guest {
namespace {

// Bytes that are hashed in a second (measured: 30 GB/s in cache, 20 from memory).
constexpr double kHashedBytes = 20e9;
// Hashing is not worth thinking about up to this share of a call.
constexpr double kSmallShare = 0.02;
// Larger operands than these (in elements) do not exist; products of two extents below it do not overflow.
constexpr Wide kMostElements = Wide{1} << 56;

// A phase of the stride is a step. Beyond so many, each is planned, stored and run for a handful of columns, and the
// framework's own way is faster (measured: kernel and stride of 8,192 took 2.6 times as long).
constexpr std::size_t kMostSteps = 1024;

bool all_positive(const Sizes& sizes) {
  return std::all_of(sizes.begin(), sizes.end(), [](std::int64_t size) { return size > 0; });
}

// Elements between the first and the last one. Views of small memory may have large extents with strides of zero.
bool is_addressable(const Sizes& sizes, const Sizes& strides) {
  Wide reach = 1, elements = 1;
  for (int d = 0; d < 3; ++d) {
    reach += Wide{sizes[d] - 1} * strides[d];
    elements *= sizes[d];
    if (strides[d] < 0 || reach >= kMostElements || elements >= kMostElements) return false;
  }
  return true;
}

bool is_served(DType dtype) { return is_floating_point(dtype) || is_complex(dtype); }

/// The geometry of a forward layer: the transposed one is the input gradient of the same. What is missing in `settings`
/// comes from the operands' sizes. Nothing where they do not fit together: PyTorch's texts say why, not we.
std::optional<ConvGeometry> geometry(const Settings& s, const Sizes& small, const Sizes& big, std::int64_t kernel,
                                     std::int64_t inputs_per_group) {
  if (s.stride < 1 || s.dilation < 1 || s.groups < 1 || s.pad_left < 0 || s.pad_right < 0) return std::nullopt;
  if (small[1] % s.groups != 0 || big[1] % s.groups != 0 || big[1] / s.groups != inputs_per_group) return std::nullopt;
  if (small[0] != big[0]) return std::nullopt;
  const Wide padded = Wide{big[2]} + s.pad_left + s.pad_right, extent = kernel_extent(kernel, s.dilation);
  if (padded < extent) return std::nullopt;
  // An output padding of a stride and more (legal below the dilation) leaves places for columns that there are not.
  const Wide columns = output_length(padded, extent, s.stride);
  if (s.transposed ? columns < small[2] : columns != small[2]) return std::nullopt;
  return ConvGeometry{.batch = big[0],
                      .in_channels = big[1],
                      .in_length = big[2],
                      .out_channels = small[1],
                      .out_length = small[2],
                      .kernel = kernel,
                      .groups = s.groups,
                      .stride = s.stride,
                      .dilation = s.dilation,
                      .pad_left = s.pad_left,
                      .transposed = s.transposed};
}

/// Length of the output of a forward pass, or nothing.
std::optional<std::int64_t> forward_length(const Settings& s, std::int64_t length, std::int64_t kernel) {
  if (s.stride < 1 || s.dilation < 1 || s.pad_left < 0 || s.pad_right < 0) return std::nullopt;
  const Wide pads = Wide{s.pad_left} + s.pad_right, extent = kernel_extent(kernel, s.dilation);
  Wide out = 0;
  if (s.transposed) {
    if (s.output_padding < 0 || s.output_padding >= std::max(s.stride, s.dilation)) return std::nullopt;
    out = transposed_length(length, extent, s.stride, pads, s.output_padding);
  } else if (length + pads >= extent) {
    out = output_length(length + pads, extent, s.stride);
  }
  if (out < 1 || out >= kMostElements) return std::nullopt;
  return static_cast<std::int64_t>(out);
}

Strides3 strides3(const Sizes& strides) { return {strides[0], strides[1], strides[2]}; }

/// The steps before a kernel is chosen, and what they begin with.
struct Lowered {
  Sizes sizes{};
  InputGradSteps steps;
};

std::optional<Lowered> lower_forward(const Settings& s, const PassKey& k, kernels::Element element) {
  const Sizes &x = k.first_sizes, &w = k.second_sizes;
  const std::optional<std::int64_t> length = forward_length(s, x[2], w[2]);
  if (!length || s.groups < 1 || (s.transposed && w[1] >= kMostElements / s.groups)) return std::nullopt;
  const std::int64_t channels = s.transposed ? w[1] * s.groups : w[0];
  if (s.transposed && x[1] != w[0]) return std::nullopt;
  if (k.bias_size >= 0 && k.bias_size != channels) return std::nullopt;
  Lowered result{.sizes = {x[0], channels, *length}, .steps = {}};
  const std::optional<std::int64_t> bias = k.bias_size >= 0 ? std::optional(k.bias_stride) : std::nullopt;
  const Strides3 out = contiguous_strides3(channels, *length);
  if (s.transposed) {
    const auto g = geometry(s, x, result.sizes, w[2], w[1]);
    if (!g) return std::nullopt;
    result.steps = input_grad_steps(element, *g, strides3(k.first_strides), strides3(k.second_strides), bias, out);
  } else {
    const auto g = geometry(s, result.sizes, x, w[2], w[1]);
    if (!g) return std::nullopt;
    result.steps.steps = {forward_step(element, *g, strides3(k.first_strides), strides3(k.second_strides), bias, out)};
  }
  return result;
}

std::optional<Lowered> lower_input_grad(const Settings& s, const PassKey& k, kernels::Element element) {
  const Sizes &grad = k.first_sizes, &w = k.second_sizes;
  if (s.groups < 1 || (!s.transposed && w[1] >= kMostElements / s.groups)) return std::nullopt;
  Lowered result{.sizes = {grad[0], s.transposed ? w[0] : w[1] * s.groups, k.extra}, .steps = {}};
  if (!all_positive(result.sizes)) return std::nullopt;
  const Strides3 out = contiguous_strides3(result.sizes[1], result.sizes[2]);
  const Strides3 in = strides3(k.first_strides), weight = strides3(k.second_strides);
  if (s.transposed) {
    const auto g = geometry(s, result.sizes, grad, w[2], w[1]);
    if (!g) return std::nullopt;
    result.steps.steps = {forward_step(element, *g, in, weight, std::nullopt, out)};
  } else {
    if (grad[1] != w[0]) return std::nullopt;
    const auto g = geometry(s, grad, result.sizes, w[2], w[1]);
    if (!g) return std::nullopt;
    result.steps = input_grad_steps(element, *g, in, weight, std::nullopt, out);
  }
  return result;
}

// `first` is what the kernels read shifted (the layer's input; of a transposed layer its output's gradient), `second`
// stands in the weight's place.
std::optional<Lowered> lower_weight_grad(const Settings& s, const PassKey& k, kernels::Element element) {
  const Sizes &big = k.first_sizes, &small = k.second_sizes;
  if (s.groups < 1 || big[1] % s.groups != 0 || k.extra < 1) return std::nullopt;
  Lowered result{.sizes = {small[1], big[1] / s.groups, k.extra}, .steps = {}};
  const auto g = geometry(s, small, big, k.extra, result.sizes[1]);
  if (!g) return std::nullopt;
  result.steps.steps = {weight_grad_step(element, *g, strides3(k.second_strides), strides3(k.first_strides),
                                         contiguous_strides3(result.sizes[1], result.sizes[2]))};
  return result;
}

std::optional<Lowered> lower(const Settings& s, Kind kind, const PassKey& key, kernels::Element element) {
  switch (kind) {
    case Kind::kForward:
      return lower_forward(s, key, element);
    case Kind::kInputGrad:
      return lower_input_grad(s, key, element);
    case Kind::kWeightGrad:
      break;
  }
  return lower_weight_grad(s, key, element);
}

std::size_t count(const Sizes& sizes) { return static_cast<std::size_t>(sizes[0] * sizes[1] * sizes[2]); }

/// Sizes and strides of a block without gaps: its bytes can be hashed as one.
bool is_contiguous(const Sizes& sizes, const Sizes& strides) {
  std::int64_t expected = 1;
  for (int d = 2; d >= 0; --d) {
    if (sizes[d] != 1 && strides[d] != expected) return false;
    expected *= sizes[d];
  }
  return true;
}

kernels::ChooseOptions options_of(const PassKey& key) {
  kernels::ChooseOptions options = kernels::default_options();
  options.threads = key.threads;
  options.precision = key.precision;
  return options;
}

}  // namespace

std::shared_ptr<Pass> make_pass(const Settings& settings, Kind kind, const PassKey& key, bool may_keep) {
  const DType dtype = key.dtype;
  if (!is_served(dtype) || !all_positive(key.first_sizes) || !all_positive(key.second_sizes)) return nullptr;
  if (!is_addressable(key.first_sizes, key.first_strides) || !is_addressable(key.second_sizes, key.second_strides)) {
    return nullptr;
  }
  const std::optional<Lowered> lowered = lower(settings, kind, key, element_of(dtype));
  if (!lowered) return nullptr;
  const Sizes& out = lowered->sizes;
  if (Wide{out[0]} * out[1] >= kMostElements || Wide{out[0]} * out[1] * out[2] >= kMostElements) return nullptr;
  const std::vector<PassStep>& steps = lowered->steps.steps;
  if (steps.size() > kMostSteps) return nullptr;
  if (!std::all_of(steps.begin(), steps.end(), [](const PassStep& step) { return is_near(step.problem); })) {
    return nullptr;
  }

  const std::size_t bytes = element_size(dtype);
  auto pass = std::make_shared<Pass>();
  pass->key = key;
  pass->kind = kind;
  pass->sizes = out;
  pass->output_bytes = count(out) * bytes;
  pass->weight_bytes = count(key.second_sizes) * bytes;
  pass->zero_first = lowered->steps.zero_first;
  PlannedSteps& planned = *pass;
  kernels::ChooseOptions options = options_of(key);
  options.packed_weight = may_keep && kind == Kind::kForward && is_contiguous(key.second_sizes, key.second_strides);
  planned = plan_steps(steps, bytes, options);
  if (options.packed_weight) {
    options.packed_weight = false;
    PlannedSteps unpacked = plan_steps(steps, bytes, options);
    const double hashing = static_cast<double>(pass->weight_bytes) / kHashedBytes;
    pass->saved_seconds = unpacked.seconds - planned.seconds;
    if (hashing > kSmallShare * planned.seconds && pass->saved_seconds < hashing) planned = std::move(unpacked);
  }
  return pass;
}

const Sizes& sizes_of(const Pass& pass) { return pass.sizes; }

std::string_view kernel_of(const Pass& pass) { return main_kernel(pass.steps); }

}  // namespace conv1d::guest
