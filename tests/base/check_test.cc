#include "base/check.h"

#include <cstdint>
#include <limits>
#include <vector>

#include "base/sizes.h"
#include "support/throws.h"

namespace conv1d {
namespace {

TEST(Check, ThrowsTheKindAskedForWithTheTextPutTogether) {
  EXPECT_NO_THROW(check(true, "never"));
  EXPECT_ERROR(RuntimeError, "got 3 of 2.5", check(false, "got ", 3, " of ", 2.5));
  EXPECT_ERROR(IndexError, "index", check<IndexError>(false, "index"));
  EXPECT_ERROR(ValueError, "value", fail<ValueError>("value"));
}

TEST(Check, CarriesAHint) {
  try {
    fail<TypeError>("text", "try this");
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "text");
    EXPECT_EQ(error.hint(), "try this");
  }
}

TEST(Warnings, ReachTheHandlerWhichCanBeReplacedAndMayThrow) {
  std::vector<std::string> seen;
  const WarningHandler before = set_warning_handler([&](const std::string& text) { seen.push_back(text); });
  warn("one");
  const WarningHandler mine = set_warning_handler([](const std::string& text) { fail(text); });
  EXPECT_ERROR(RuntimeError, "two", warn("two"));
  mine("three");
  set_warning_handler(before);
  EXPECT_EQ(seen, (std::vector<std::string>{"one", "three"}));
}

TEST(Sizes, OverflowIsSeen) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  const auto product = [](std::vector<std::int64_t> sizes) { return checked_product(sizes); };
  EXPECT_EQ(product({}), 1);
  EXPECT_EQ(product({2, 3, 4}), 24);
  EXPECT_EQ(product({kMax, 1}), kMax);
  EXPECT_EQ(product({kMax, 2}), std::nullopt);
  EXPECT_EQ(product({kMax, kMax, 0}), 0);
  EXPECT_EQ(ceil_div(7, 2), 4);
  EXPECT_EQ(ceil_div(-7, 2), -3);
  EXPECT_EQ(ceil_div(kMax, kMax), 1);
  EXPECT_EQ(floor_div(-7, 2), -4);
  EXPECT_EQ(floor_div(7, 2), 3);
}

}  // namespace
}  // namespace conv1d
