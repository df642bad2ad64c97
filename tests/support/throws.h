// Expecting an exception of one class with one text.
#pragma once

#include <string>

#include <conv1d/error.h>
#include <gtest/gtest.h>

namespace conv1d::testing {

/// The text of the `Kind` that f() throws; a failure where it throws nothing or another kind.
template <class Kind, class F> std::string text_of(const F& f) {
  try {
    f();
  } catch (const Kind& error) {
    return error.what();
  } catch (const std::exception& error) {
    ADD_FAILURE() << "another kind of exception: " << error.what();
    return "";
  }
  ADD_FAILURE() << "no exception";
  return "";
}

}  // namespace conv1d::testing

#define EXPECT_ERROR(kind, text, ...) EXPECT_EQ(conv1d::testing::text_of<conv1d::kind>([&] { __VA_ARGS__; }), text)
