// The families chosen for the layers that the library is measured on, beside a stored list: a change of the costs shows
// what it changes. tests/kernels/choices.txt is written anew by
//
//   CONV1D_WRITE_CHOICES=1 build/release/kernels_tests --gtest_filter='Choices.*'
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "kernels/plan.h"
#include "reference/layers.h"

namespace conv1d::kernels::testing {
namespace {

constexpr const char* kLayers = CONV1D_SOURCE_DIR "/python/conv1d/bench/layers.json";
constexpr const char* kChoices = CONV1D_SOURCE_DIR "/tests/kernels/choices.txt";

std::vector<std::string> lines_of(const char* path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

/// The value of a key in one line of layers.json, without quotes.
std::string field(const std::string& line, const std::string& key) {
  const std::size_t at = line.find("\"" + key + "\": ");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + key.size() + 4;
  if (line[begin] == '"') return line.substr(begin + 1, line.find('"', begin + 1) - begin - 1);
  return line.substr(begin, line.find_first_of(",}", begin) - begin);
}

Element element_named(const std::string& name) {
  const std::vector<std::pair<const char*, Element>> known = {
      {"float32", Element::kFloat32},       {"float64", Element::kFloat64}, {"complex64", Element::kComplex64},
      {"complex128", Element::kComplex128}, {"float16", Element::kFloat16}, {"bfloat16", Element::kBFloat16}};
  for (const auto& [text, element] : known) {
    if (name == text) return element;
  }
  ADD_FAILURE() << "an unknown dtype: " << name;
  return Element::kFloat32;
}

TapProblem problem_of(const std::string& line) {
  const auto number = [&](const char* key) { return std::stoll(field(line, key)); };
  Layer l{.batch = number("N"),
          .in_channels = number("in_channels"),
          .length = number("length"),
          .out_channels = number("out_channels"),
          .kernel_size = number("kernel_size"),
          .stride = number("stride"),
          .dilation = number("dilation"),
          .groups = number("groups")};
  const std::string padding = field(line, "padding");
  const std::int64_t reach = l.dilation * (l.kernel_size - 1);
  const bool is_causal = padding == "causal", is_same = padding == "same";
  const std::int64_t total = is_causal || is_same ? reach : 2 * std::stoll(padding);
  const std::int64_t left = is_causal ? reach : total / 2;
  // As of an input that is padded already; where the padding is zeros the kernels see a shorter one.
  l.length += total;
  TapProblem p =
      forward(l, element_named(field(line, "dtype")), field(line, "bias") == "true" ? Start::kBias : Start::kZero);
  if (field(line, "padding_mode") == "zeros") {
    l.length -= total;
    p.in_length = p.input.row = l.length;
    p.input.group = p.inputs * l.length;
    p.input.batch = l.in_channels * l.length;
    p.first = -left;
  }
  return p;
}

/// "name avx2 avx512" for each layer.
std::vector<std::string> choices() {
  std::vector<std::string> result;
  for (const std::string& line : lines_of(kLayers)) {
    const std::string name = field(line, "name");
    if (name.empty()) continue;
    std::ostringstream text;
    text << name;
    for (const Isa isa : {Isa::kAvx2, Isa::kAvx512})
      text << ' ' << kernel_name(make_plan(problem_of(line), {.isa = isa, .kernel = {}}));
    result.push_back(text.str());
  }
  return result;
}

TEST(Choices, AreThoseOfTheStoredList) {
  const std::vector<std::string> now = choices();
  ASSERT_GT(now.size(), 40U);
  if (std::getenv("CONV1D_WRITE_CHOICES")) {
    std::ofstream file(kChoices);
    for (const std::string& line : now) file << line << '\n';
  }
  EXPECT_EQ(now, lines_of(kChoices)) << "CONV1D_WRITE_CHOICES=1 writes the list anew";
}

}  // namespace
}  // namespace conv1d::kernels::testing
