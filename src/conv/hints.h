// Hints in plain words for the errors that newcomers meet: what was probably meant, and what to write instead.
#pragma once

#include <string>

#include <conv1d/tensor.h>

#include "conv/geometry.h"

namespace conv1d::hints {

std::string input_rank(const char* function, const Shape& input);
/// `expected` channels; `given` are the sizes as the caller passed them (2-D or 3-D).
std::string channels(const char* function, const Shape& given, const Shape& weight, std::int64_t groups,
                     std::int64_t expected);
std::string dtypes(DType input, const char* other_name, DType other);
/// A transposed layer cuts its padding off the output.
std::string cut_away(std::int64_t length, std::int64_t padding);
std::string kernel_too_long(std::int64_t length, Wide padding, std::int64_t kernel, std::int64_t dilation);
std::string groups_divide(bool transposed, std::int64_t groups, std::int64_t channels);
std::string weight_rank(bool transposed, const Shape& weight);
std::string one_number(const char* name);
std::string empty_input();
std::string out_of_reach(std::string_view what, std::string_view remedy);

}  // namespace conv1d::hints
