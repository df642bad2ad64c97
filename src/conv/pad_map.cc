// The rules of F.pad's modes other than constant: which amounts are legal, and which element each new one repeats.
#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/sizes.h"
#include "conv/geometry.h"
#include "conv/pad.h"
#include "tensor/impl.h"

namespace conv1d {
namespace {

enum class Mode { kReflect, kReplicate, kCircular };

// One padded dimension.
struct Dim {
  std::int64_t index = 0;  // in the input's sizes
  std::int64_t size = 0;
  std::int64_t before = 0;
  std::int64_t after = 0;

  Wide out() const { return Wide{size} + before + after; }
  Wide left_after_crop() const {
    return Wide{size} + std::min<std::int64_t>(before, 0) + std::min<std::int64_t>(after, 0);
  }
};

// Last dimension first, as the amounts are given.
std::vector<Dim> padded_dims(const Shape& sizes, const std::vector<std::int64_t>& amounts) {
  const auto rank = static_cast<std::int64_t>(sizes.size());
  const std::size_t count = amounts.size() / 2;
  if (count == 0 || count > 3 || (sizes.size() != count + 1 && sizes.size() != count + 2)) {
    fail<NotImplementedError>(
        cat_text("Padding size ", amounts.size(), " is not supported for ", rank, "D input tensor.\n",
                 "Supported combinations for non-constant padding:\n"
                 "  - 2D or 3D input: padding size = 2 (pads last dimension)\n"
                 "  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n"
                 "  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)"),
        "A 1-D layer takes (batch, channels, length) or (channels, length).");
  }
  std::vector<Dim> dims(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t index = rank - 1 - static_cast<std::int64_t>(i);
    dims[i] = {index, sizes[static_cast<std::size_t>(index)], amounts[2 * i], amounts[2 * i + 1]};
  }
  return dims;
}

void check_circular(const std::vector<Dim>& dims) {
  for (const Dim& d : dims) {
    check(d.before <= d.size && d.after <= d.size, "Padding value causes wrapping around more than once.");
    check(d.out() >= 0, "Negative padding value is resulting in an empty dimension");
    // What is left after cropping must hold what is repeated; PyTorch answers with uninitialised memory or an unrelated
    // text.
    check(std::max(d.before, d.after) <= std::max<Wide>(d.left_after_crop(), 0),
          "Padding value causes wrapping around more than once.");
  }
}

// "D: 2 H: 3, W: 4" and the like, outermost first.
std::string too_small_text(const std::vector<Dim>& dims) {
  constexpr const char* kLetters[] = {"W", "H", "D"};
  std::string in, out;
  for (std::size_t i = dims.size(); i-- > 0;) {
    in += cat_text(kLetters[i], ": ", dims[i].size, i == 0 ? "" : i == 1 ? ", " : " ");
    out += cat_text(kLetters[i], ": ", decimal(dims[i].out()), i == 0 ? "" : " ");
  }
  return cat_text("input (", in, ") is too small. Calculated output ", out);
}

void check_edges(const Shape& sizes, const std::vector<Dim>& dims, Mode mode, DType dtype) {
  const std::size_t n = dims.size();
  // With a batch dimension in front the batch may be empty; nothing else may.
  const std::size_t first = sizes.size() == n + 2 ? 1 : 0;
  if (std::find(sizes.begin() + static_cast<std::ptrdiff_t>(first), sizes.end(), 0) != sizes.end()) {
    fail(cat_text("Expected ", n + 1, "D or ", n + 2,
                  "D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, but got: ",
                  shape_text(sizes)));
  }
  for (std::size_t i = 0; mode == Mode::kReflect && i < n; ++i) {
    const Dim& d = dims[i];
    if (d.before >= d.size || d.after >= d.size) {
      fail(cat_text("Argument #", 4 + 2 * i,
                    ": Padding size should be less than the corresponding input dimension, but got: padding (",
                    d.before, ", ", d.after, ") at dimension ", d.index, " of input ", shape_text(sizes)),
           cat_text("Reflection repeats samples of the input, without the edge: at most ", d.size - 1, " of ", d.size,
                    "."));
    }
  }
  const bool negative = std::any_of(dims.begin(), dims.end(), [](const Dim& d) { return d.out() < 0; });
  const bool nothing = std::all_of(dims.begin(), dims.end(), [](const Dim& d) { return d.out() < 1; });
  if (negative || nothing) fail(too_small_text(dims));
  if (dtype == DType::Bool) {
    fail<NotImplementedError>(cat_text('"', mode == Mode::kReflect ? "reflection" : "replication", "_pad", n,
                                       "d\" not implemented for 'Bool'"));
  }
}

std::int64_t source_index(const Dim& d, Mode mode, std::int64_t j) {
  const Wide i = Wide{j} - d.before, last = d.size - 1;
  if (mode == Mode::kReplicate) return static_cast<std::int64_t>(std::clamp<Wide>(i, 0, last));
  if (mode == Mode::kReflect) return static_cast<std::int64_t>(i < 0 ? -i : i > last ? 2 * last - i : i);
  // Cropping comes first, and what is left goes round.
  const Wide left = d.left_after_crop(), shifted = j - std::max<std::int64_t>(d.before, 0);
  return static_cast<std::int64_t>(std::max<Wide>(-Wide{d.before}, 0) + (shifted % left + left) % left);
}

const char* name_of(Mode mode, std::size_t n, bool gradient) {
  static constexpr const char* kNames[2][2][3] = {
      {{"ReflectionPad1DBackward0", "ReflectionPad2DBackward0", "ReflectionPad3DBackward0"},
       {"ReflectionPad1DBackwardBackward0", "ReflectionPad2DBackwardBackward0", "ReflectionPad3DBackwardBackward0"}},
      {{"ReplicationPad1DBackward0", "ReplicationPad2DBackward0", "ReplicationPad3DBackward0"},
       {"ReplicationPad1DBackwardBackward0", "ReplicationPad2DBackwardBackward0",
        "ReplicationPad3DBackwardBackward0"}}};
  if (mode == Mode::kCircular)
    return gradient ? "SliceBackwardBackward0" : "CopySlices";  // PyTorch copies slices into new memory
  return kNames[mode == Mode::kReplicate][gradient][n - 1];
}

}  // namespace

std::shared_ptr<const PadMap> make_pad_map(const Tensor& input, const std::vector<std::int64_t>& amounts,
                                           const std::string& mode_name) {
  const Mode mode = mode_name == "reflect"     ? Mode::kReflect
                    : mode_name == "replicate" ? Mode::kReplicate
                                               : Mode::kCircular;
  const Shape& sizes = input.sizes();
  const std::vector<Dim> dims = padded_dims(sizes, amounts);
  if (mode == Mode::kCircular)
    check_circular(dims);
  else
    check_edges(sizes, dims, mode, input.dtype());

  auto map = std::make_shared<PadMap>();
  map->name = name_of(mode, dims.size(), false);
  map->grad_name = name_of(mode, dims.size(), true);
  map->in_sizes = map->out_sizes = sizes;
  // Sizes whose product does not fit belong to a tensor without elements.
  map->outer = checked_product(std::span(sizes).first(sizes.size() - dims.size())).value_or(0);
  Wide longest = 0;
  for (const Dim& d : dims) longest = std::max(longest, d.out());
  if (longest > std::numeric_limits<std::int64_t>::max()) {
    fail(cat_text("Storage size calculation overflowed with sizes=[", decimal(longest), "]"));
  }
  for (const Dim& d : dims) map->out_sizes[static_cast<std::size_t>(d.index)] = static_cast<std::int64_t>(d.out());
  if (input.device().is_meta()) return map;
  // Refuses what does not fit into memory before the map itself does not.
  make_tensor(map->out_sizes, input.dtype());
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const std::size_t slot = 2 - i;
    map->in[slot] = dims[i].size;
    map->source[slot].resize(static_cast<std::size_t>(dims[i].out()));
    for (std::size_t j = 0; j < map->source[slot].size(); ++j) {
      map->source[slot][j] = source_index(dims[i], mode, static_cast<std::int64_t>(j));
    }
  }
  return map;
}

}  // namespace conv1d
