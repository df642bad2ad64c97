#include "conv/checks.h"

#include <algorithm>
#include <limits>

#include "conv/hints.h"
#include "tensor/impl.h"

namespace conv1d {

namespace {
constexpr std::int64_t kMaxPadding = std::numeric_limits<std::int64_t>::max() / 2;
}  // namespace

Shape batched_sizes(const Tensor& input, const char* function) {
  Shape sizes = input.sizes();
  if (sizes.size() == 2) sizes.insert(sizes.begin(), 1);
  if (sizes.size() != 3) {
    fail(cat_text("Expected 2D (unbatched) or 3D (batched) input to ", function,
                  ", but got input of size: ", shape_text(sizes)),
         hints::input_rank(function, sizes));
  }
  return sizes;
}

void check_same_type(DType input, const char* other_name, DType other) {
  if (input == other) return;
  fail(cat_text("Input type (", tensor_type_name(input), ") and ", other_name, " type (", tensor_type_name(other),
                ") should be the same"),
       hints::dtypes(input, other_name, other));
}

void check_has_taps(const Call& call) {
  if (call.weight.dim() < 3) {
    fail("weight should have at least three dimensions", hints::weight_rank(call.transposed, call.w()));
  }
}

void check_weight_rank(const Call& call, const char* before_shape) {
  const std::size_t rank = call.w().size();
  if (rank == 3) return;
  fail(cat_text("Expected ", rank, "-dimensional input for ", rank, "-dimensional weight", before_shape,
                shape_text(call.w()), ", but got 3-dimensional input of size ", shape_text(call.x), " instead"),
       hints::weight_rank(call.transposed, call.w()));
}

void check_list(const Call& call, const char* name, const std::vector<std::int64_t>& values) {
  const std::size_t rank = call.w().size() - 2;
  if (values.size() == 1 || values.size() == rank) return;
  fail(cat_text("expected ", name, " to be a single integer value or a list of ", rank,
                " values to match the convolution dimensions, but got ", name, "=", shape_text(values)),
       hints::one_number(name));
}

bool any_below(const std::vector<std::int64_t>& values, std::int64_t bound) {
  return std::any_of(values.begin(), values.end(), [bound](std::int64_t v) { return v < bound; });
}

void check_steps(const std::vector<std::int64_t>& stride, const std::vector<std::int64_t>& dilation) {
  if (any_below(stride, 1)) fail("non-positive stride is not supported", "stride is at least 1.");
  // PyTorch finds a dilation of 0 only later, with a text of each backend's own, or not at all.
  if (any_below(dilation, 1)) fail("dilation should be greater than zero", "dilation=1 puts the taps side by side.");
}

void check_groups_fit(const Call& call, std::int64_t groups) {
  const Shape& w = call.w();
  if (w[0] < groups) {
    fail(cat_text("Given groups=", groups, ", expected weight to be at least ", groups,
                  " at dimension 0, but got weight of size ", shape_text(w), " instead"),
         hints::groups_divide(call.transposed, groups, w[0]));
  }
  if (w[0] % groups != 0) {
    fail(cat_text("Given groups=", groups, ", expected weight to be divisible by ", groups,
                  " at dimension 0, but got weight of size [", shape_text(w), "] instead"),
         hints::groups_divide(call.transposed, groups, w[0]));
  }
}

void check_bias_size(const Call& call, Wide channels, const char* given) {
  if (!call.bias.defined() || (call.bias.dim() == 1 && call.bias.size(0) == channels)) return;
  fail(cat_text(given, " weight of size ", shape_text(call.w()), ", expected bias to be 1-dimensional with ",
                decimal(channels), " elements, but got bias of size ", shape_text(call.bias.sizes()), " instead"),
       "The bias holds one number for each output channel.");
}

void check_padding_bound(Wide padding) {
  if (padding <= kMaxPadding) return;
  fail(cat_text("Given padding=", decimal(padding), " at dimension 0 , expected padding to be at most ", kMaxPadding));
}

void check_not_empty(const Call& call) {
  const Shape& x = call.x;
  if (x[2] != 0 || x[0] == 0 || x[1] == 0 || call.meta()) return;
  fail(cat_text("Only zero batch or zero channel inputs are supported, but got input shape: ",
                shape_text({x[0], x[1], 1, 0})),
       hints::empty_input());
}

void check_devices(const Call& call) {
  if (call.meta()) return;
  constexpr const char* kText = "Tensor on device meta is not on the expected device cpu!";
  if (call.weight.device().is_meta())
    fail(kText, hints::out_of_reach("weight", "it has a shape and no numbers; make the layer on cpu."));
  if (call.bias.defined() && call.bias.device().is_meta()) {
    fail(kText, hints::out_of_reach("bias", "it has a shape and no numbers; make the layer on cpu."));
  }
}

std::int64_t saturated(Wide value) {
  return static_cast<std::int64_t>(
      std::clamp<Wide>(value, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()));
}

std::int64_t representable(const Call& call, std::int64_t channels, Wide length) {
  if (length > std::numeric_limits<std::int64_t>::max()) {
    fail(cat_text("Storage size calculation overflowed with sizes=[", call.x[0], ", ", channels, ", ", decimal(length),
                  "]"));
  }
  return static_cast<std::int64_t>(length);
}

}  // namespace conv1d
