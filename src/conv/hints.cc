#include "conv/hints.h"

#include "base/check.h"

namespace conv1d::hints {

std::string input_rank(const char* function, const Shape& input) {
  const std::string forms = cat_text(function, " takes (batch, channels, length) or (channels, length). ");
  switch (input.size()) {
    case 0:
      return cat_text(forms, "This is a single number.");
    case 1:
      return cat_text(forms, "This input has only a length: add the channel dimension with x.unsqueeze(0) -> (1, ",
                      input[0], ").");
    case 4:
      return cat_text(
          forms,
          "This input has 4 dimensions, like an image: drop one of size 1 with squeeze(dim), or merge two with "
          "flatten(start, end).");
    default:
      return cat_text(forms, "This input has ", input.size(), " dimensions.");
  }
}

std::string channels(const char* function, const Shape& given, const Shape& weight, std::int64_t groups,
                     std::int64_t expected) {
  const bool batched = given.size() == 3;
  const std::int64_t actual = given[batched ? 1 : 0];
  const std::int64_t last = given.back();
  if (last == expected && actual != expected) {
    return batched ? cat_text("The last dimension has the ", expected, expected == 1 ? " channel" : " channels",
                              ": this input looks channels-last (batch, length, channels). ", function,
                              " takes (batch, channels, length): x.transpose(1, 2).")
                   : cat_text("The last dimension has the ", expected, expected == 1 ? " channel" : " channels",
                              ": this input looks like (length, channels). ", function,
                              " takes (channels, length): x.t().");
  }
  if (!batched && expected == 1) {
    return cat_text("A 2-D input is one sample (channels, length). For a batch of ", actual,
                    " samples with one channel add the channel dimension: x.unsqueeze(1) -> (", actual, ", 1, ", last,
                    ").");
  }
  if (groups > 1 && actual == weight[1]) {
    return cat_text("With groups=", groups,
                    " the weight is (out_channels, in_channels / groups, kernel_size): an input of ", actual,
                    " channels wants weight.size(1) == ", actual / groups, ", or groups=1.");
  }
  return cat_text("The layer was made for ", expected, " input channels; this input is (",
                  batched ? "batch, channels, length" : "channels, length", ") with ", actual, ".");
}

std::string dtypes(DType input, const char* other_name, DType other) {
  return cat_text("The input is ", name(input), ", the ", other_name, " is ", name(other),
                  ": convert one of them, x.to(", name(other), ") or layer.to(", name(input), ").");
}

std::string cut_away(std::int64_t length, std::int64_t padding) {
  return cat_text("padding=", padding, " is cut off at each end of what ", length, length == 1 ? " sample" : " samples",
                  " make. Give a longer input, less padding, or a longer kernel.");
}

std::string kernel_too_long(std::int64_t length, Wide padding, std::int64_t kernel, std::int64_t dilation) {
  return cat_text("The kernel covers dilation * (kernel_size - 1) + 1 = ", decimal(kernel_extent(kernel, dilation)),
                  " samples; the input has ", length,
                  padding != 0 ? " and " + decimal(padding) + " of padding" : std::string(),
                  ". Give a longer input, more padding, or a shorter kernel or dilation.");
}

std::string groups_divide(bool transposed, std::int64_t groups, std::int64_t channels) {
  return cat_text(
      "Each of the ", groups, " groups ",
      transposed ? "takes the same number of input channels: " : "makes the same number of output channels: ", channels,
      " must be a multiple of groups.");
}

std::string weight_rank(bool transposed, const Shape& weight) {
  return cat_text(transposed ? "The weight of conv_transpose1d is (in_channels, out_channels / groups, kernel_size)"
                             : "The weight of conv1d is (out_channels, in_channels / groups, kernel_size)",
                  ", 3 dimensions; this one has ", weight.size(), ".");
}

std::string one_number(const char* name) { return cat_text("There is one length: ", name, " is one number."); }

std::string empty_input() { return "A length of 0 with padding has no samples to compute with; a batch of 0 is fine."; }

std::string out_of_reach(std::string_view what, std::string_view remedy) {
  return cat_text("The ", what, " is on device meta: ", remedy);
}

}  // namespace conv1d::hints
