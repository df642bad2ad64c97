// Gradients against finite differences, in float64 and complex128.
#pragma once

#include <functional>
#include <random>
#include <vector>

#include <conv1d/autograd.h>
#include <conv1d/ops.h>
#include <gtest/gtest.h>

namespace conv1d::testing {

using Function = std::function<Tensor(const std::vector<Tensor>&)>;

/// Reproducible numbers away from the kinks at 0: magnitudes in [0.3, 1.3].
inline Tensor sample(const Shape& shape, DType dtype = float64, unsigned seed = 1) {
  std::mt19937 twister(seed);
  const auto number = [&] {
    const double magnitude = 0.3 + static_cast<double>(twister() % 100000) / 100000;
    return twister() % 2 == 0 ? magnitude : -magnitude;
  };
  Tensor x = zeros(shape, {.dtype = dtype});
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    if (dtype == complex128)
      x.mutable_data<std::complex<double>>()[i] = {number(), number()};
    else
      x.mutable_data<double>()[i] = number();
  }
  return x.requires_grad_();
}

/// Re(sum(conj(w) * y)): the real function whose gradient backward(w) computes.
inline double projected(const Tensor& y, const Tensor& w) {
  const NoGradGuard guard;
  return mul(w.conj(), y).sum().item_scalar().to<double>();
}

inline Tensor random_like(const Tensor& y, unsigned seed) { return sample(y.sizes(), y.dtype(), seed).detach(); }

/// The slope of `value` in each real number that makes up x, by central differences.
inline std::vector<double> slopes(const Tensor& x, const std::function<double()>& value) {
  constexpr double kStep = 1e-6;
  auto* numbers = x.is_complex() ? reinterpret_cast<double*>(x.detach().mutable_data<std::complex<double>>())
                                 : x.detach().mutable_data<double>();
  std::vector<double> result;
  for (std::int64_t i = 0; i < x.numel() * (x.is_complex() ? 2 : 1); ++i) {
    const double before = numbers[i];
    numbers[i] = before + kStep;
    const double above = value();
    numbers[i] = before - kStep;
    const double below = value();
    numbers[i] = before;
    result.push_back((above - below) / (2 * kStep));
  }
  return result;
}

/// Every gradient of f at `inputs` (contiguous leaves) against differences.
inline void check_gradients(const Function& f, const std::vector<Tensor>& inputs, double tolerance = 1e-6) {
  const Tensor y = f(inputs);
  const Tensor w = random_like(y, 77);
  const std::vector<Tensor> grads = autograd::grad({y}, inputs, {w}, true, false, true);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::vector<double> expected = slopes(inputs[i], [&] {
      const GradGuard on(true);  // f may itself ask for gradients
      return projected(f(inputs), w);
    });
    const Tensor got = grads[i].defined() ? grads[i].contiguous() : zeros_like(inputs[i]);
    ASSERT_EQ(got.sizes(), inputs[i].sizes());
    ASSERT_EQ(got.dtype(), inputs[i].dtype());
    const auto* numbers =
        got.is_complex() ? reinterpret_cast<const double*>(got.data<std::complex<double>>()) : got.data<double>();
    for (std::size_t k = 0; k < expected.size(); ++k) {
      EXPECT_NEAR(numbers[k], expected[k], tolerance * std::max(1.0, std::abs(expected[k])))
          << "input " << i << ", number " << k;
    }
  }
}

/// The gradients, and the gradients of these gradients (also in the gradient that they start from).
inline void check_gradients_twice(const Function& f, const std::vector<Tensor>& inputs, double tolerance = 1e-5) {
  check_gradients(f, inputs, tolerance);
  for (std::size_t which = 0; which < inputs.size(); ++which) {
    std::vector<Tensor> extended = inputs;
    extended.push_back(random_like(f(inputs), 5).requires_grad_());
    check_gradients(
        [&](const std::vector<Tensor>& x) {
          const std::vector<Tensor> used(x.begin(), x.end() - 1);
          return autograd::grad({f(used)}, {used[which]}, {x.back()}, true, true)[0];
        },
        extended, tolerance);
  }
}

}  // namespace conv1d::testing
