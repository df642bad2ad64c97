// The gradient of a bias: the output's gradient summed over batch and length. Floats are added in double, doubles in
// partial sums: right to rounding, in another order than ops/sum.cc's cascade.
#include <algorithm>
#include <complex>
#include <type_traits>

#include <conv1d/guest.h>

namespace conv1d::guest {
namespace {

template <class T> struct SumOf {
  using type = double;
};
template <class T> struct SumOf<std::complex<T>> {
  using type = std::complex<double>;
};

constexpr std::int64_t kLanes = 8;
// Partial sums of so many numbers bound the error of a sum of doubles.
constexpr std::int64_t kBlock = 4096;

template <class T> auto widened(T x) {
  if constexpr (std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>)
    return static_cast<double>(static_cast<float>(x));
  else
    return typename SumOf<T>::type(x);
}

template <class T> typename SumOf<T>::type sum_block(const T* x, std::int64_t count, std::int64_t stride) {
  using Sum = typename SumOf<T>::type;
  Sum lanes[kLanes] = {};
  std::int64_t i = 0;
  if (stride == 1) {  // apart, so that the compiler sees neighbours
    for (; i + kLanes <= count; i += kLanes) {
      for (std::int64_t k = 0; k < kLanes; ++k) lanes[k] += widened(x[i + k]);
    }
  }
  for (; i < count; ++i) lanes[i % kLanes] += widened(x[i * stride]);
  Sum total{};
  for (const Sum& lane : lanes) total += lane;
  return total;
}

template <class T> T narrowed(const typename SumOf<T>::type& sum) {
  if constexpr (std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>)
    return T(static_cast<float>(sum));
  else
    return T(sum);
}

template <class T> void sum_channels(const Array& grad, void* out) {
  const auto* data = static_cast<const T*>(grad.data);
  for (std::int64_t c = 0; c < grad.sizes[1]; ++c) {
    typename SumOf<T>::type total{};
    for (std::int64_t n = 0; n < grad.sizes[0]; ++n) {
      const T* row = data + n * grad.strides[0] + c * grad.strides[1];
      for (std::int64_t at = 0; at < grad.sizes[2]; at += kBlock) {
        total += sum_block(row + at * grad.strides[2], std::min(kBlock, grad.sizes[2] - at), grad.strides[2]);
      }
    }
    static_cast<T*>(out)[c] = narrowed<T>(total);
  }
}

}  // namespace

bool bias_grad(const Array& grad, void* out) {
  switch (grad.dtype) {
    case DType::Float32:
      return sum_channels<float>(grad, out), true;
    case DType::Float64:
      return sum_channels<double>(grad, out), true;
    case DType::Complex64:
      return sum_channels<std::complex<float>>(grad, out), true;
    case DType::Complex128:
      return sum_channels<std::complex<double>>(grad, out), true;
    case DType::Float16:
      return sum_channels<Half>(grad, out), true;
    case DType::BFloat16:
      return sum_channels<BFloat16>(grad, out), true;
    default:
      return false;
  }
}

}  // namespace conv1d::guest
