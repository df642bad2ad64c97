#include "conv/rules.h"

#include <algorithm>
#include <atomic>
#include <limits>

#include <conv1d/nn/texts.h>

#include "base/check.h"
#include "conv/hints.h"
#include "tensor/impl.h"

namespace conv1d {
namespace {

constexpr std::int64_t kMaxPadding = std::numeric_limits<std::int64_t>::max() / 2;

// The call as the checks see it. `x` are the input's sizes as a batch.
struct Call {
  const Tensor& input;
  const Tensor& weight;
  const Tensor& bias;
  const Conv1dArgs& args;
  Shape x;

  const Shape& w() const { return weight.sizes(); }
  bool meta() const { return input.device().is_meta(); }
};

// Stride, padding and dilation after the lists and strings are resolved.
struct Numbers {
  std::int64_t stride = 1;
  Wide left = 0;
  Wide right = 0;
  std::int64_t dilation = 1;
};

void check_same_type(DType input, const char* other_name, DType other) {
  if (input == other) return;
  fail(cat_text("Input type (", tensor_type_name(input), ") and ", other_name, " type (", tensor_type_name(other),
                ") should be the same"),
       hints::dtypes(input, other_name, other));
}

// Check 1 of the order: before anything else, and only where the padding is not a string.
void check_bias_dtype(const Tensor& input, const Tensor& bias) {
  if (!bias.defined() || bias.dtype() == input.dtype()) return;
  fail(cat_text("Input type (", cpp_name(input.dtype()), ") and bias type (", cpp_name(bias.dtype()),
                ") should be the same"),
       hints::dtypes(input.dtype(), "bias", bias.dtype()));
}

Shape batched_sizes(const Tensor& input) {
  Shape sizes = input.sizes();
  if (sizes.size() == 2) sizes.insert(sizes.begin(), 1);
  if (sizes.size() != 3) {
    fail(
        cat_text("Expected 2D (unbatched) or 3D (batched) input to conv1d, but got input of size: ", shape_text(sizes)),
        hints::input_rank(sizes));
  }
  return sizes;
}

void check_weight_rank(const Call& call, const char* before_shape) {
  const std::size_t rank = call.w().size();
  if (rank == 3) return;
  fail(cat_text("Expected ", rank, "-dimensional input for ", rank, "-dimensional weight", before_shape,
                shape_text(call.w()), ", but got 3-dimensional input of size ", shape_text(call.x), " instead"),
       hints::weight_rank(call.w()));
}

void check_list(const char* name, const std::vector<std::int64_t>& values, std::size_t rank) {
  if (values.size() == 1 || values.size() == rank) return;
  fail(cat_text("expected ", name, " to be a single integer value or a list of ", rank,
                " values to match the convolution dimensions, but got ", name, "=", shape_text(values)),
       hints::one_number(name));
}

bool any_below(const std::vector<std::int64_t>& values, std::int64_t bound) {
  return std::any_of(values.begin(), values.end(), [bound](std::int64_t v) { return v < bound; });
}

void check_sign(bool negative_padding, const Conv1dArgs& args) {
  if (negative_padding)
    fail("negative padding is not supported",
         "Cut the input instead: x.slice(2, start, stop), in Python x[..., start:stop].");
  if (any_below(args.stride.values(), 1)) fail("non-positive stride is not supported", "stride is at least 1.");
  // PyTorch finds a dilation of 0 only later, with a text of each backend's own, or not at all.
  if (any_below(args.dilation.values(), 1))
    fail("dilation should be greater than zero", "dilation=1 puts the taps side by side.");
}

Numbers resolve_lists(const Call& call) {
  static const std::vector<std::int64_t> kNone{0};
  const std::vector<std::int64_t>& padding = call.args.padding.is_string() ? kNone : call.args.padding.values();
  const std::size_t rank = call.w().size() - 2;
  check_list("stride", call.args.stride.values(), rank);
  check_list("padding", padding, rank);
  check_list("dilation", call.args.dilation.values(), rank);
  check_sign(any_below(padding, 0), call.args);
  check_weight_rank(call, " ");
  return {call.args.stride.values()[0], padding[0], padding[0], call.args.dilation.values()[0]};
}

void warn_same_uneven() {
  static std::atomic<bool> warned{false};
  if (!warned.exchange(true)) warn(texts::kSameUneven);
}

Numbers resolve_same(const Call& call) {
  check_weight_rank(call, "");
  const auto single = [](const char* name, const std::vector<std::int64_t>& values) {
    if (values.size() != 1) fail(cat_text(name, " cannot broadcast to 1 dimensions"), hints::one_number(name));
    return values[0];
  };
  const std::int64_t stride = single("stride", call.args.stride.values());
  const std::int64_t dilation = single("dilation", call.args.dilation.values());
  if (stride != 1) fail(texts::kSameStrided, hints::same_strided());
  const SamePadding same = same_padding(call.w()[2], dilation);
  if (same.left != same.right) warn_same_uneven();
  // A kernel without taps has a length of its own check; its odd total of -1 counts as none here, as in PyTorch.
  check_sign(same.left < 0, call.args);
  return {1, std::max<Wide>(same.left, 0), std::max<Wide>(same.right, 0), dilation};
}

void check_channels(const Call& call) {
  const Shape& w = call.w();
  const std::int64_t groups = call.args.groups;
  if (w[0] < groups) {
    fail(cat_text("Given groups=", groups, ", expected weight to be at least ", groups,
                  " at dimension 0, but got weight of size ", shape_text(w), " instead"),
         hints::groups_divide(groups, w[0]));
  }
  if (w[0] % groups != 0) {
    fail(cat_text("Given groups=", groups, ", expected weight to be divisible by ", groups,
                  " at dimension 0, but got weight of size [", shape_text(w), "] instead"),
         hints::groups_divide(groups, w[0]));
  }
  // By division: groups * w[1] may overflow, and a remainder means that the channels differ as well.
  if (call.x[1] % groups != 0 || call.x[1] / groups != w[1]) {
    const std::string hint = hints::channels(
        call.input.sizes(), w, groups,
        static_cast<std::int64_t>(std::min<Wide>(Wide{w[1]} * groups, std::numeric_limits<std::int64_t>::max())));
    if (call.meta()) fail("Invalid channel dimensions", hint);
    fail(cat_text("Given groups=", groups, ", weight of size ", shape_text(w), ", expected input", shape_text(call.x),
                  " to have ", decimal(Wide{w[1]} * groups), " channels, but got ", call.x[1], " channels instead"),
         hint);
  }
  if (call.bias.defined() && !call.meta() && (call.bias.dim() != 1 || call.bias.size(0) != w[0])) {
    fail(cat_text("Given weight of size ", shape_text(w), ", expected bias to be 1-dimensional with ", w[0],
                  " elements, but got bias of size ", shape_text(call.bias.sizes()), " instead"),
         "The bias holds one number for each output channel.");
  }
}

// The output's length; the window has to fit into the padded input.
std::int64_t check_length(const Call& call, const Numbers& n) {
  const std::int64_t length = call.x[2], kernel = call.w()[2];
  if (!call.args.padding.is_string() && n.left > kMaxPadding) {
    fail(cat_text("Given padding=", decimal(n.left), " at dimension 0 , expected padding to be at most ", kMaxPadding));
  }
  const Wide padded = Wide{length} + n.left + n.right, extent = kernel_extent(kernel, n.dilation);
  if (padded < extent) {
    fail(cat_text("Calculated padded input size per channel: (", decimal(padded), "). Kernel size: (", decimal(extent),
                  "). Kernel size can't be greater than actual input size"),
         hints::kernel_too_long(length, n.left + n.right, kernel, n.dilation));
  }
  if (length == 0 && call.x[0] != 0 && call.x[1] != 0 && !call.meta()) {
    fail(cat_text("Only zero batch or zero channel inputs are supported, but got input shape: ",
                  shape_text({call.x[0], call.x[1], 1, 0})),
         hints::empty_input());
  }
  check(kernel > 0, "kernel size should be greater than zero");
  const Wide columns = output_length(padded, extent, n.stride);
  if (columns > std::numeric_limits<std::int64_t>::max()) {
    fail(cat_text("Storage size calculation overflowed with sizes=[", call.x[0], ", ", call.w()[0], ", ",
                  decimal(columns), "]"));
  }
  return static_cast<std::int64_t>(columns);
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

// A meta tensor has no numbers: PyTorch would compute with uninitialised memory here.
void check_devices(const Call& call) {
  if (call.meta()) return;
  constexpr const char* kText = "Tensor on device meta is not on the expected device cpu!";
  if (call.weight.device().is_meta())
    fail(kText, hints::out_of_reach("weight", "it has a shape and no numbers; make the layer on cpu."));
  if (call.bias.defined() && call.bias.device().is_meta()) {
    fail(kText, hints::out_of_reach("bias", "it has a shape and no numbers; make the layer on cpu."));
  }
}

}  // namespace

ConvGeometry check_conv1d(const Tensor& input, const Tensor& weight, const Tensor& bias, const Conv1dArgs& args) {
  const bool named = args.padding.is_string();
  if (!named) check_bias_dtype(input, bias);
  const Call call{input, weight, bias, args, batched_sizes(input)};
  if (input.is_complex()) {
    check_same_type(input.dtype(), "weight", weight.dtype());
    if (named && bias.defined()) check_same_type(input.dtype(), "bias", bias.dtype());
  }
  const bool same = named && args.padding.string() == "same";
  if (named && !same && args.padding.string() != "valid") {
    fail(cat_text("Invalid padding string: '", args.padding.string(), "'"), hints::padding_names());
  }
  if (weight.dim() < 3) fail("weight should have at least three dimensions", hints::weight_rank(weight.sizes()));
  if (args.groups <= 0) {
    fail(call.meta() ? "Invalid channel dimensions" : "non-positive groups is not supported", hints::groups_positive());
  }
  const Numbers n = same ? resolve_same(call) : resolve_lists(call);
  check_channels(call);
  const std::int64_t out_length = check_length(call, n);
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

void check_conv1d_options(std::int64_t in_channels, std::int64_t out_channels, const Conv1dArgs& args,
                          std::string_view padding_mode) {
  check<ValueError>(args.groups > 0, texts::kGroupsPositive);
  check<ValueError>(in_channels % args.groups == 0, texts::kInChannelsDivisible);
  check<ValueError>(out_channels % args.groups == 0, texts::kOutChannelsDivisible);
  if (args.padding.is_string()) {
    const std::string& name = args.padding.string();
    if (name != "same" && name != "valid")
      fail<ValueError>(texts::invalid_padding_string(texts::quoted(name)), hints::padding_names());
    const std::vector<std::int64_t>& stride = args.stride.values();
    const bool strided = std::any_of(stride.begin(), stride.end(), [](std::int64_t s) { return s != 1; });
    if (name == "same" && strided) fail<ValueError>(texts::kSameStrided, hints::same_strided());
  }
  constexpr std::string_view kModes[] = {"zeros", "reflect", "replicate", "circular"};
  if (std::find(std::begin(kModes), std::end(kModes), padding_mode) == std::end(kModes)) {
    fail<ValueError>(texts::invalid_padding_mode(padding_mode));
  }
}

namespace texts {

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
