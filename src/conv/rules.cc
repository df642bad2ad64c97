#include "conv/rules.h"

#include <algorithm>

#include <conv1d/nn/texts.h>

#include "conv/checks.h"
#include "conv/hints.h"
#include "tensor/impl.h"

namespace conv1d {
namespace {

// Stride, padding and dilation after the lists and strings are resolved.
struct Numbers {
  std::int64_t stride = 1;
  Wide left = 0;
  Wide right = 0;
  std::int64_t dilation = 1;
};

// Check 1 of the order: before anything else, and only where the padding is not a string.
void check_bias_dtype(const Tensor& input, const Tensor& bias) {
  if (!bias.defined() || bias.dtype() == input.dtype()) return;
  fail(cat_text("Input type (", cpp_name(input.dtype()), ") and bias type (", cpp_name(bias.dtype()),
                ") should be the same"),
       hints::dtypes(input.dtype(), "bias", bias.dtype()));
}

void check_signs(bool negative_padding, const Conv1dArgs& args) {
  if (negative_padding)
    fail("negative padding is not supported",
         "Cut the input instead: x.slice(2, start, stop), in Python x[..., start:stop].");
  check_steps(args.stride.values(), args.dilation.values());
}

Numbers resolve_lists(const Call& call, const Conv1dArgs& args) {
  static const std::vector<std::int64_t> kNone{0};
  const std::vector<std::int64_t>& padding = args.padding.is_string() ? kNone : args.padding.values();
  check_list(call, "stride", args.stride.values());
  check_list(call, "padding", padding);
  check_list(call, "dilation", args.dilation.values());
  check_signs(any_below(padding, 0), args);
  check_weight_rank(call, " ");
  return {args.stride.values()[0], padding[0], padding[0], args.dilation.values()[0]};
}

void warn_same_uneven() {
  static WarnOnce once;
  once(texts::kSameUneven);
}

Numbers resolve_same(const Call& call, const Conv1dArgs& args) {
  check_weight_rank(call, "");
  const auto single = [](const char* name, const std::vector<std::int64_t>& values) {
    if (values.size() != 1) fail(cat_text(name, " cannot broadcast to 1 dimensions"), hints::one_number(name));
    return values[0];
  };
  const std::int64_t stride = single("stride", args.stride.values());
  const std::int64_t dilation = single("dilation", args.dilation.values());
  if (stride != 1) fail(texts::kSameStrided, texts::kSameStridedHint);
  const SamePadding same = same_padding(call.w()[2], dilation);
  if (same.left != same.right) warn_same_uneven();
  // A kernel without taps has a length of its own check; its odd total of -1 counts as none here, as in PyTorch.
  check_signs(same.left < 0, args);
  return {1, std::max<Wide>(same.left, 0), std::max<Wide>(same.right, 0), dilation};
}

void check_channels(const Call& call, std::int64_t groups) {
  const Shape& w = call.w();
  check_groups_fit(call, groups);
  // By division: groups * w[1] may overflow, and a remainder means that the channels differ as well.
  if (call.x[1] % groups != 0 || call.x[1] / groups != w[1]) {
    const Wide expected = Wide{w[1]} * groups;
    const std::string hint = hints::channels(call.function, call.input.sizes(), w, groups, saturated(expected));
    if (call.meta()) fail("Invalid channel dimensions", hint);
    fail(cat_text("Given groups=", groups, ", weight of size ", shape_text(w), ", expected input", shape_text(call.x),
                  " to have ", decimal(expected), " channels, but got ", call.x[1], " channels instead"),
         hint);
  }
  if (!call.meta()) check_bias_size(call, w[0], "Given");
}

// The output's length; the window has to fit into the padded input.
std::int64_t check_length(const Call& call, const Numbers& n, bool named) {
  const std::int64_t length = call.x[2], kernel = call.w()[2];
  if (!named) check_padding_bound(n.left);
  const Wide padded = Wide{length} + n.left + n.right, extent = kernel_extent(kernel, n.dilation);
  if (padded < extent) {
    fail(cat_text("Calculated padded input size per channel: (", decimal(padded), "). Kernel size: (", decimal(extent),
                  "). Kernel size can't be greater than actual input size"),
         hints::kernel_too_long(length, n.left + n.right, kernel, n.dilation));
  }
  check_not_empty(call);
  check(kernel > 0, "kernel size should be greater than zero");
  return representable(call, call.w()[0], output_length(padded, extent, n.stride));
}

void check_dtypes(const Call& call, std::int64_t dilation) {
  const DType dtype = call.input.dtype();
  const bool narrow_integer = is_integral(dtype) && dtype != DType::Int64;
  if (dtype == DType::Bool || (narrow_integer && dilation > 1)) {
    fail<NotImplementedError>(cat_text('"', dilation > 1 ? "slow_conv_dilated<>" : "slow_conv2d_cpu",
                                       "\" not implemented for '", scalar_name(dtype), "'"),
                              "Convert first: x.to(float32), or int64 for exact integers.");
  }
  check_same_type(dtype, "weight", call.weight.dtype());
  if (call.bias.defined())
    check_same_type(dtype, "bias", call.bias.dtype());  // still open where the padding is a string
}

}  // namespace

ConvGeometry check_conv1d(const Tensor& input, const Tensor& weight, const Tensor& bias, const Conv1dArgs& args) {
  const bool named = args.padding.is_string();
  if (!named) check_bias_dtype(input, bias);
  const Call call{"conv1d", false, input, weight, bias, batched_sizes(input, "conv1d")};
  if (input.is_complex()) {
    check_same_type(input.dtype(), "weight", weight.dtype());
    if (named && bias.defined()) check_same_type(input.dtype(), "bias", bias.dtype());
  }
  const bool same = named && args.padding.string() == "same";
  if (named && !same && args.padding.string() != "valid") {
    fail(cat_text("Invalid padding string: '", args.padding.string(), "'"), texts::kPaddingNamesHint);
  }
  check_has_taps(call);
  if (args.groups <= 0) {
    fail(call.meta() ? "Invalid channel dimensions" : "non-positive groups is not supported",
         texts::kGroupsPositiveHint);
  }
  const Numbers n = same ? resolve_same(call, args) : resolve_lists(call, args);
  check_channels(call, args.groups);
  const std::int64_t out_length = check_length(call, n, named);
  check_dtypes(call, n.dilation);
  check_devices(call);
  ConvGeometry g{.batch = call.x[0],
                 .in_channels = call.x[1],
                 .in_length = call.x[2],
                 .out_channels = weight.size(0),
                 .out_length = out_length,
                 .kernel = weight.size(2),
                 .groups = args.groups,
                 .stride = n.stride,
                 .dilation = n.dilation,
                 .pad_left = 0};
  if (same) g.dilation = same_dilation(n.dilation, g.in_length);
  g.pad_left = static_cast<std::int64_t>(same ? same_padding(g.kernel, g.dilation).left : n.left);
  return g;
}

void check_conv_groups(std::int64_t in_channels, std::int64_t out_channels, std::int64_t groups) {
  const auto hint = [&](std::string_view name, std::int64_t channels) {
    return texts::uneven_groups_hint(name, std::to_string(channels), std::to_string(groups));
  };
  if (groups <= 0) fail<ValueError>(texts::kGroupsPositive, texts::kGroupsPositiveHint);
  if (in_channels % groups != 0) fail<ValueError>(texts::kInChannelsDivisible, hint("in_channels", in_channels));
  if (out_channels % groups != 0) fail<ValueError>(texts::kOutChannelsDivisible, hint("out_channels", out_channels));
}

void check_conv1d_options(std::int64_t in_channels, std::int64_t out_channels, const Conv1dArgs& args,
                          std::string_view padding_mode) {
  check_conv_groups(in_channels, out_channels, args.groups);
  if (args.padding.is_string()) {
    const std::string& name = args.padding.string();
    if (name != "same" && name != "valid")
      fail<ValueError>(texts::invalid_padding_string(texts::quoted(name)), texts::kPaddingNamesHint);
    const std::vector<std::int64_t>& stride = args.stride.values();
    const bool strided = std::any_of(stride.begin(), stride.end(), [](std::int64_t s) { return s != 1; });
    if (name == "same" && strided) fail<ValueError>(texts::kSameStrided, texts::kSameStridedHint);
  }
  constexpr std::string_view kModes[] = {"zeros", "reflect", "replicate", "circular"};
  if (std::find(std::begin(kModes), std::end(kModes), padding_mode) == std::end(kModes)) {
    fail<ValueError>(texts::invalid_padding_mode(padding_mode));
  }
}

namespace texts {

std::string uneven_groups_hint(std::string_view name, std::string_view channels, std::string_view groups) {
  return cat_text(name, "=", channels, " does not split into groups=", groups, " equal blocks of channels.");
}

std::string invalid_padding_string(std::string_view quoted) {
  return cat_text("Invalid padding string ", quoted, ", should be one of {'same', 'valid'}");
}

std::string invalid_padding_mode(std::string_view shown) {
  return cat_text("padding_mode must be one of {'zeros', 'reflect', 'replicate', 'circular'}, but got padding_mode='",
                  shown, "'");
}

std::string quoted(std::string_view text) {
  const char quote = text.find('\'') != text.npos && text.find('"') == text.npos ? '"' : '\'';
  std::string out(1, quote);
  for (const char c : text) {
    constexpr char kHex[] = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    if (c == quote || c == '\\')
      out += {'\\', c};
    else if (c == '\n')
      out += "\\n";
    else if (c == '\r')
      out += "\\r";
    else if (c == '\t')
      out += "\\t";
    else if (byte < 0x20 || byte == 0x7f)
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    else
      out += c;
  }
  return out + quote;
}

}  // namespace texts
}  // namespace conv1d
