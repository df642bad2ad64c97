// Devices from PyTorch's strings: "cpu", "cpu:0", "meta"; the others are refused as a PyTorch without accelerators
// does.
#include <conv1d/dtype.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "base/check.h"

namespace conv1d {
namespace {

constexpr std::array<std::string_view, 20> kTypes = {
    "cpu",  "cuda", "ipu", "xpu",  "mkldnn", "opengl", "opencl", "ideep", "hip",  "ve",
    "fpga", "maia", "xla", "lazy", "vulkan", "mps",    "meta",   "hpu",   "mtia", "privateuseone"};

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  });
}

/// PyTorch's own reading of an index: digits alone, no leading zero but for 0 itself.
bool is_index(std::string_view text) {
  return !text.empty() && (text.size() == 1 || text[0] != '0') &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// "cpu" of "cpu:0"; RuntimeError where the string has another form.
std::string_view type_of(std::string_view text) {
  check(!text.empty(), "Device string must not be empty");
  const std::size_t colon = text.find(':');
  const std::string_view type = text.substr(0, colon);
  check(is_name(type), "Invalid device string: '", text, "'");
  if (colon == std::string_view::npos) return type;
  const std::string_view index = text.substr(colon + 1);
  check(is_index(index), "Invalid device string: '", text, "'");
  std::int32_t number = 0;
  const auto result = std::from_chars(index.data(), index.data() + index.size(), number);
  check(result.ec == std::errc(), "Could not parse device index '", index, "' in device string '", text, "'");
  return type;
}

std::string list_of_types() {
  std::string text;
  for (const std::string_view type : kTypes) text.append(text.empty() ? "" : ", ").append(type);
  return text;
}

}  // namespace

Device::Device(std::string_view text) {
  const std::string_view name = type_of(text);
  if (name == "cpu" || name == "meta") {
    type = name == "cpu" ? Type::Cpu : Type::Meta;
    return;
  }
  check(std::find(kTypes.begin(), kTypes.end(), name) != kTypes.end(), "Expected one of ", list_of_types(),
        " device type at start of device string: ", name);
  if (name == "cuda") fail<AssertionError>("Torch not compiled with CUDA enabled");
  if (name == "xpu") fail<AssertionError>("Torch not compiled with XPU enabled");
  // PyTorch raises NotImplementedError for most of these, followed by pages about its dispatcher.
  fail<NotImplementedError>(cat_text("Could not run an operation with arguments from the '", name, "' backend."),
                            "conv1d computes on the CPU; the device 'meta' holds shapes without data.");
}

}  // namespace conv1d
