// Activations and losses under their functional names; conv1d() and pad() stand in src/conv.
#include <conv1d/nn/functional.h>

#include <conv1d/ops.h>

namespace conv1d::nn::functional {

Tensor relu(const Tensor& input) { return input.relu(); }
Tensor tanh(const Tensor& input) { return input.tanh(); }
Tensor sigmoid(const Tensor& input) { return input.sigmoid(); }

Tensor mse_loss(const Tensor& input, const Tensor& target, const MseLossOptions& options) {
  return conv1d::mse_loss(input, target, options.reduction);
}

}  // namespace conv1d::nn::functional
