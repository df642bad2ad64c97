#include <conv1d/nn/module.h>

#include "base/check.h"

namespace conv1d::nn {

Sequential& Sequential::append(std::shared_ptr<Module> module) {
  register_module_pointer(std::to_string(size()), std::move(module));
  return *this;
}

Module& Sequential::operator[](std::size_t index) const {
  check<IndexError>(index < size(), "index ", index, " is out of range");
  return *named_children()[index].second;
}

Tensor Sequential::forward(const Tensor& input) const {
  Tensor x = input;
  for (const auto& [name, module] : named_children()) x = (*module)(x);
  return x;
}

}  // namespace conv1d::nn
