// The layer by its definition: plain loops over plain vectors, in double precision, one obvious statement a sum.
#pragma once

#include <algorithm>
#include <complex>
#include <cstdint>
#include <string>
#include <vector>

#include <conv1d/conv1d.h>

namespace conv1d::testing {

using Number = std::complex<double>;
using Numbers = std::vector<Number>;

/// All elements in C order, whatever the dtype and strides.
inline Numbers numbers(const Tensor& t) {
  const Tensor wide = t.detach().to(complex128).contiguous();
  const auto span = wide.span<Number>();
  return {span.begin(), span.end()};
}

struct Layer {
  std::int64_t batch = 1, in_channels = 1, out_channels = 1, length = 1, kernel = 1;
  std::int64_t stride = 1, dilation = 1, groups = 1;
  std::int64_t left = 0, right = 0;  ///< padding
  std::string mode = "zeros";

  std::int64_t padded() const { return length + left + right; }
  std::int64_t out_length() const { return (padded() - dilation * (kernel - 1) - 1) / stride + 1; }
  std::int64_t in_per_group() const { return in_channels / groups; }
  std::int64_t out_per_group() const { return out_channels / groups; }
  /// Which sample stands at a position of the padded input; -1: a zero.
  std::int64_t sample(std::int64_t position) const {
    std::int64_t i = position - left;
    if (i >= 0 && i < length) return i;
    if (mode == "zeros") return -1;
    if (mode == "reflect") return i < 0 ? -i : 2 * (length - 1) - i;
    if (mode == "replicate") return std::clamp<std::int64_t>(i, 0, length - 1);
    return (i + length) % length;
  }
  /// Calls f(output, input, weight), flat indices, for every product of the definition.
  template <class F> void for_each_product(F&& f) const {
    for (std::int64_t n = 0; n < batch; ++n)
      for (std::int64_t o = 0; o < out_channels; ++o)
        for (std::int64_t l = 0; l < out_length(); ++l)
          for (std::int64_t c = 0; c < in_per_group(); ++c)
            for (std::int64_t k = 0; k < kernel; ++k) {
              const std::int64_t i = sample(l * stride + k * dilation);
              if (i < 0) continue;
              const std::int64_t channel = o / out_per_group() * in_per_group() + c;
              f(static_cast<std::size_t>((n * out_channels + o) * out_length() + l),
                static_cast<std::size_t>((n * in_channels + channel) * length + i),
                static_cast<std::size_t>((o * in_per_group() + c) * kernel + k));
            }
  }
};

/// A result, and for each element the sum of the magnitudes of its terms: rounding errors are measured by it.
struct Sums {
  explicit Sums(std::int64_t size) : value(static_cast<std::size_t>(size)), magnitude(static_cast<std::size_t>(size)) {}
  void add(std::size_t i, Number term) {
    value[i] += term;
    magnitude[i] += std::abs(term);
  }
  Numbers value;
  std::vector<double> magnitude;
};

inline Sums naive_forward(const Layer& p, const Numbers& x, const Numbers& w, const Numbers& b) {
  Sums y(p.batch * p.out_channels * p.out_length());
  for (std::size_t i = 0; i < y.value.size(); ++i) {
    if (!b.empty()) y.add(i, b[i / static_cast<std::size_t>(p.out_length()) % b.size()]);
  }
  p.for_each_product([&](std::size_t o, std::size_t i, std::size_t k) { y.add(o, x[i] * w[k]); });
  return y;
}
inline Sums naive_input_grad(const Layer& p, const Numbers& g, const Numbers& w) {
  Sums dx(p.batch * p.in_channels * p.length);
  p.for_each_product([&](std::size_t o, std::size_t i, std::size_t k) { dx.add(i, g[o] * std::conj(w[k])); });
  return dx;
}
inline Sums naive_weight_grad(const Layer& p, const Numbers& g, const Numbers& x) {
  Sums dw(p.out_channels * p.in_per_group() * p.kernel);
  p.for_each_product([&](std::size_t o, std::size_t i, std::size_t k) { dw.add(k, g[o] * std::conj(x[i])); });
  return dw;
}
inline Sums naive_bias_grad(const Layer& p, const Numbers& g) {
  Sums db(p.out_channels);
  for (std::size_t i = 0; i < g.size(); ++i) {
    db.add(i / static_cast<std::size_t>(p.out_length()) % static_cast<std::size_t>(p.out_channels), g[i]);
  }
  return db;
}

}  // namespace conv1d::testing
