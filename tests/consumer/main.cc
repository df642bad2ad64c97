// A small program of somebody else's, built against the library in each of the ways that README names.
#include <conv1d/conv1d.h>

#include <iostream>

namespace nn = conv1d::nn;

int main() {
  conv1d::manual_seed(42);
  const nn::Conv1d layer(2, 3, 5, {.padding = "same", .dilation = 2});
  const conv1d::Tensor y = layer(conv1d::ones({1, 2, 16}));
  if (y.sizes() != conv1d::Shape{1, 3, 16}) {
    std::cerr << "wrong shape\n";
    return 1;
  }
  // One number that is known: a sum of ones under a weight of ones.
  const conv1d::Tensor z = nn::functional::conv1d(conv1d::ones({1, 2, 8}), conv1d::ones({1, 2, 3}));
  if (z.at<float>({0, 0, 0}) != 6.0F) {
    std::cerr << "wrong value\n";
    return 1;
  }
  std::cout << layer << '\n';
  return 0;
}
