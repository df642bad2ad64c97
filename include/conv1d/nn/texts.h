// The texts of the layer's constructor and warnings, for callers that check values of any type (Python) as well as for
// ours.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace conv1d::texts {

inline constexpr const char* kGroupsPositive = "groups must be a positive integer";
inline constexpr const char* kInChannelsDivisible = "in_channels must be divisible by groups";
inline constexpr const char* kOutChannelsDivisible = "out_channels must be divisible by groups";
inline constexpr const char* kSameStrided = "padding='same' is not supported for strided convolutions";
inline constexpr const char* kParameterDType = "Only Tensors of floating point and complex dtype can require gradients";

// Hints: what was probably meant, in plain words, beside the texts above.
inline constexpr const char* kGroupsPositiveHint =
    "groups=1 joins all channels; groups=in_channels treats each channel by itself.";
inline constexpr const char* kSameStridedHint =
    "A strided layer has fewer outputs than its input has samples. For ceil(length / stride) give an odd kernel "
    "padding=dilation * (kernel_size - 1) // 2.";
inline constexpr const char* kPaddingNamesHint =
    "padding is a number of samples on each side, \"same\" (output as long as the input) or \"valid\" (no padding); "
    "its kind is padding_mode.";
/// Both numbers as they are shown.
std::string uneven_groups_hint(std::string_view name, std::string_view channels, std::string_view groups);

// Warnings.
inline constexpr const char* kZeroElements = "Initializing zero-element tensors is a no-op";
inline constexpr const char* kSameUneven =
    "Using padding='same' with even kernel lengths and odd dilation may require a zero-padded copy of the input be "
    "created";
inline constexpr const char* kComplexModule =
    "Complex modules are a new feature under active development whose design may change, and some modules might not "
    "work as "
    "expected when using complex tensors as parameters or buffers. Please file an issue at "
    "https://github.com/pytorch/pytorch/issues/new?template=bug-report.yml if a complex module does not work as "
    "expected.";

/// `quoted` is Python's repr() of the string: 'foo'.
std::string invalid_padding_string(std::string_view quoted);
/// `shown` is Python's str() of the value.
std::string invalid_padding_mode(std::string_view shown);
/// Of transposed layers.
std::string zeros_only(std::string_view class_name);
/// `whole`: how many sizes the whole output has, for an input of `rank` dimensions.
std::string output_size_count(std::int64_t rank, std::int64_t whole, std::int64_t given);
/// The sizes as Python shows them: "[5]", "torch.Size([3])".
std::string output_size_range(std::string_view requested, std::string_view least, std::string_view most,
                              std::string_view input);
/// Python's repr() of a string of printable ASCII; other bytes are kept, control characters escaped.
std::string quoted(std::string_view text);

}  // namespace conv1d::texts
