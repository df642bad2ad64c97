#include <algorithm>

#include <conv1d/nn/texts.h>

#include "conv/checks.h"
#include "conv/hints.h"
#include "conv/rules.h"
#include "tensor/impl.h"

namespace conv1d {
namespace {

// After the lists are known to hold one number each.
struct Numbers {
  std::int64_t stride = 1, padding = 0, output_padding = 0, dilation = 1;
};

Numbers resolve_lists(const Call& call, const ConvTranspose1dArgs& args) {
  const std::vector<std::int64_t>&stride = args.stride.values(), &padding = args.padding.values(),
        &dilation = args.dilation.values(), &output_padding = args.output_padding.values();
  check_list(call, "stride", stride);
  check_list(call, "padding", padding);
  check_list(call, "dilation", dilation);
  check_list(call, "output_padding", output_padding);
  if (any_below(padding, 0)) fail("negative padding is not supported", "Pad the output instead: F.pad(y, (n, n)).");
  if (any_below(output_padding, 0)) fail("negative output_padding is not supported", "Cut the output instead.");
  check_steps(stride, dilation);
  check_weight_rank(call, " ");
  return {stride[0], padding[0], output_padding[0], dilation[0]};
}

// On meta PyTorch looks at none of these and answers a shape all the same.
void check_channels(const Call& call, const Numbers& n, std::int64_t groups) {
  const Shape& w = call.w();
  check_groups_fit(call, groups);
  check_padding_bound(n.padding);
  if (call.x[1] != w[0]) {
    fail(cat_text("Given transposed=1, weight of size ", shape_text(w), ", expected input", shape_text(call.x),
                  " to have ", w[0], " channels, but got ", call.x[1], " channels instead"),
         hints::channels(call.function, call.input.sizes(), w, 1, w[0]));
  }
  check_bias_size(call, Wide{w[1]} * groups, "Given transposed=1,");
}

// The output's length.
std::int64_t check_length(const Call& call, const Numbers& n, std::int64_t channels) {
  const std::int64_t length = call.x[2], kernel = call.w()[2];
  check_not_empty(call);
  check(kernel > 0, "kernel size should be greater than zero");
  if (n.output_padding >= n.stride && n.output_padding >= n.dilation) {
    fail(cat_text("output padding must be smaller than either stride or dilation, but got output_padding_height: 0 "
                  "output_padding_width: ",
                  n.output_padding, " stride_height: 1 stride_width: ", n.stride,
                  " dilation_height: 1 dilation_width: ", n.dilation),
         "The lengths between two outputs of a strided layer are stride: output_padding chooses one of them.");
  }
  const Wide out =
      transposed_length(length, kernel_extent(kernel, n.dilation), n.stride, Wide{2} * n.padding, n.output_padding);
  if (out < 1) {
    const std::string before = call.meta() ? "[" : "(1 x ", after = call.meta() ? "]" : ")";
    fail(cat_text("Given input size per channel: ", before, length, after,
                  ". Calculated output size per channel: ", before, decimal(out), after, ". Output size is too small"),
         hints::cut_away(length, n.padding));
  }
  return representable(call, channels, out);
}

void check_dtypes(const Call& call) {
  const DType dtype = call.input.dtype();
  if (is_integral(dtype) && dtype != DType::Int64) {
    fail<NotImplementedError>(
        cat_text("\"slow_conv_transpose2d_out_cpu\" not implemented for '", scalar_name(dtype), "'"),
        "Convert first: x.to(float32), or int64 for exact integers.");
  }
  check_same_type(dtype, "weight", call.weight.dtype());
  if (call.bias.defined()) check_same_type(dtype, "bias", call.bias.dtype());
}

}  // namespace

ConvGeometry check_conv_transpose1d(const Tensor& input, const Tensor& weight, const Tensor& bias,
                                    const ConvTranspose1dArgs& args) {
  constexpr const char* kFunction = "conv_transpose1d";
  const Call call{kFunction, true, input, weight, bias, batched_sizes(input, kFunction)};
  if (input.is_complex()) {
    check_same_type(input.dtype(), "weight", weight.dtype());
    if (bias.defined()) check_same_type(input.dtype(), "bias", bias.dtype());
  }
  check_has_taps(call);
  if (args.groups <= 0) fail("non-positive groups is not supported", texts::kGroupsPositiveHint);
  const Numbers n = resolve_lists(call, args);
  check_channels(call, n, args.groups);
  const std::int64_t channels = saturated(Wide{weight.size(1)} * args.groups);
  const std::int64_t out_length = check_length(call, n, channels);
  if (channels == 0 && !call.meta()) {  // PyTorch says it of the first group's weight
    fail(cat_text("non-empty 2D or 4D weight tensor expected, but got: ",
                  shape_text({weight.size(0) / args.groups, weight.size(1), 1, weight.size(2)})));
  }
  check_dtypes(call);
  check_devices(call);
  return {.batch = call.x[0],
          .in_channels = channels,
          .in_length = out_length,
          .out_channels = call.x[1],
          .out_length = call.x[2],
          .kernel = weight.size(2),
          .groups = args.groups,
          .stride = n.stride,
          .dilation = n.dilation,
          .pad_left = n.padding,
          .transposed = true};
}

std::int64_t check_output_size(const Tensor& input, const std::vector<std::int64_t>& output_size,
                               const OutputSizes& sizes) {
  // PyTorch counts from where a batch would be: of any other rank than 3 the second dimension is the length.
  const std::size_t before = input.dim() == 3 ? 2 : 1;
  const bool whole = output_size.size() == before + 1;
  if (!whole && output_size.size() != 1) {
    fail<ValueError>(texts::output_size_count(input.dim(), static_cast<std::int64_t>(before + 1),
                                              static_cast<std::int64_t>(output_size.size())));
  }
  const std::int64_t length = input.size(static_cast<std::int64_t>(before)), wanted = output_size.back();
  const Wide least =
      transposed_length(length, kernel_extent(sizes.kernel, sizes.dilation), sizes.stride, Wide{2} * sizes.padding, 0);
  const Wide most = least + sizes.stride - 1;
  if (wanted < least || wanted > most) {
    const Shape shown(input.sizes().begin() + std::min<std::ptrdiff_t>(2, input.dim()), input.sizes().end());
    fail<ValueError>(texts::output_size_range("[" + std::to_string(wanted) + "]", "[" + decimal(least) + "]",
                                              "[" + decimal(most) + "]", "torch.Size(" + shape_text(shown) + ")"));
  }
  return static_cast<std::int64_t>(wanted - least);
}

void check_conv_transpose1d_options(std::int64_t in_channels, std::int64_t out_channels, std::int64_t groups,
                                    std::string_view padding_mode) {
  check<ValueError>(padding_mode == "zeros", texts::zeros_only("ConvTranspose1d"));
  check_conv_groups(in_channels, out_channels, groups);
}

namespace texts {

std::string zeros_only(std::string_view class_name) {
  return cat_text("Only \"zeros\" padding mode is supported for ", class_name);
}

std::string output_size_count(std::int64_t rank, std::int64_t whole, std::int64_t given) {
  return cat_text("ConvTranspose1D: for ", rank, "D input, output_size must have 1 or ", whole, " elements (got ",
                  given, ")");
}

std::string output_size_range(std::string_view requested, std::string_view least, std::string_view most,
                              std::string_view input) {
  return cat_text("requested an output size of ", requested, ", but valid sizes range from ", least, " to ", most,
                  " (for an input of ", input, ")");
}

}  // namespace texts
}  // namespace conv1d
