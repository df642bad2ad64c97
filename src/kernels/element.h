// From the public types of numbers to those of the kernels.
#pragma once

#include <optional>

#include <conv1d/dtype.h>

#include "kernels/problem.h"

namespace conv1d::kernels {

/// What kernels call numbers of this type; nothing for bool, on which they do not compute.
std::optional<Element> element_of(DType dtype);

}  // namespace conv1d::kernels
