// The shortest useful program: a layer, a signal, a gradient.
#include <iostream>

#include <conv1d/conv1d.h>

namespace nn = conv1d::nn;

int main() {
  conv1d::manual_seed(42);
  nn::Conv1d layer(1, 3, 5, {.padding = "same"});      // 1 channel in, 3 out, 5 taps
  const conv1d::Tensor x = conv1d::rand({8, 1, 100});  // a batch of 8 signals of 100 samples
  const conv1d::Tensor y = layer(x);                   // (8, 3, 100)
  y.square().mean().backward();
  std::cout << layer << '\n' << y.select(0, 0).slice(1, 0, 6) << '\n' << layer.bias().grad() << '\n';

  try {
    layer(conv1d::rand({8, 100, 1}));  // (batch, length, channels)
  } catch (const conv1d::Error& error) {
    std::cout << error.what() << '\n' << error.hint() << '\n';
  }
}
