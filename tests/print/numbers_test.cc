#include "print/numbers.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <conv1d/error.h>

namespace conv1d::print {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

std::vector<std::string> written(const std::vector<double>& values, const PrintOptions& options = {}) {
  const FloatFormat format(values, options);
  std::vector<std::string> texts;
  texts.reserve(values.size());
  for (const double v : values) texts.push_back(format.text(v));
  return texts;
}
using Texts = std::vector<std::string>;

TEST(PadLeft, FillsUpToTheWidthAndNeverCuts) {
  EXPECT_EQ(pad_left("ab", 4), "  ab");
  EXPECT_EQ(pad_left("abcd", 4), "abcd");
  EXPECT_EQ(pad_left("abcde", 4), "abcde");
}

TEST(FloatFormat, WritesIntegersWithAPoint) {
  EXPECT_EQ(written({8, -3}), (Texts{" 8.", "-3."}));
  EXPECT_EQ(written({100000000.}), (Texts{"100000000."}));
}

TEST(FloatFormat, MeasuresOnlyFiniteNonzeroValues) {
  EXPECT_EQ(written({std::nan(""), 1.5}), (Texts{"   nan", "1.5000"}));
  EXPECT_EQ(written({0., -0., 1.5}), (Texts{"0.0000", "-0.0000", "1.5000"}));  // minus zero is wider than the width
  EXPECT_EQ(written({0., -0.}), (Texts{"0.", "-0."}));
  EXPECT_EQ(written({kInf, -kInf, -std::nan("")}), (Texts{"inf", "-inf", "nan"}));
}

TEST(FloatFormat, ChoosesScientificByRatioAndSize) {
  EXPECT_EQ(written({1000., 1.}), (Texts{"1000.", "   1."}));
  EXPECT_EQ(written({1001., 1.}), (Texts{"1.0010e+03", "1.0000e+00"}));
  EXPECT_EQ(written({100000001.}), (Texts{"1.0000e+08"}));
  EXPECT_EQ(written({1e-4}), (Texts{"0.0001"}));
  EXPECT_EQ(written({static_cast<double>(1e-4F)}), (Texts{"1.0000e-04"}));  // the float is a little smaller
  EXPECT_EQ(written({65504., 1.}), (Texts{"6.5504e+04", "1.0000e+00"}));
  EXPECT_EQ(written({1e300, 1e-300}), (Texts{"1.0000e+300", "1.0000e-300"}));  // the ratio overflows
}

TEST(FloatFormat, FollowsSciModeWhereItIsSet) {
  EXPECT_EQ(written({1.5, kInf}, {.sci_mode = true}), (Texts{"1.5000e+00", "       inf"}));
  EXPECT_EQ(written({0., 0.}, {.sci_mode = true}), (Texts{"0.", "0."}));
  EXPECT_EQ(written({1e9, 0.5}, {.sci_mode = false}), (Texts{"1000000000.0000", "         0.5000"}));
  EXPECT_EQ(written({std::numeric_limits<double>::max()}, {.sci_mode = false})[0].size(), 310U);
}

TEST(FloatFormat, RoundsExactlyTiesToEven) {
  EXPECT_EQ(written({0.125, 0.375}, {.precision = 2}), (Texts{"0.12", "0.38"}));
  EXPECT_EQ(written({2.5, 3.5}, {.precision = 0}), (Texts{"2", "4"}));
  EXPECT_EQ(written({0.1}, {.precision = 20}), (Texts{"0.10000000000000000555"}));
}

TEST(FloatFormat, RaisesForAPrecisionThatIsNoneOnceItIsNeeded) {
  EXPECT_EQ(written({2.}, {.precision = -1}), (Texts{"2."}));
  try {
    written({1.5}, {.precision = -1});
    FAIL() << "accepted a negative precision";
  } catch (const ValueError& error) {
    EXPECT_STREQ(error.what(), "Format specifier missing precision");
  }
  EXPECT_THROW(written({1.5}, {.precision = std::int64_t{1} << 31}), ValueError);
}

TEST(IntegerFormat, PadsToTheLongest) {
  const std::vector<std::int64_t> values = {0, -17, std::numeric_limits<std::int64_t>::min()};
  const IntegerFormat format(values, false);
  EXPECT_EQ(format.width(), 20U);
  EXPECT_EQ(format.text(values[2]), "-9223372036854775808");
  EXPECT_EQ(format.text(0), "                   0");
}

TEST(IntegerFormat, WritesBoolAsPythonDoes) {
  const std::vector<std::int64_t> values = {1, 0};
  const IntegerFormat format(values, true);
  EXPECT_EQ(format.text(1), " True");
  EXPECT_EQ(format.text(0), "False");
}

TEST(ComplexText, JoinsWithASignAndWithoutBlanks) {
  EXPECT_EQ(complex_text(" 1.5000", "-2."), " 1.5000-2.j");
  EXPECT_EQ(complex_text("3.0000", "   4."), "3.0000+4.j");
  EXPECT_EQ(complex_text("nan", "inf"), "nan+infj");
}

}  // namespace
}  // namespace conv1d::print
