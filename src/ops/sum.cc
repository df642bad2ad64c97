// sum and mean. Floats are added in double, doubles in a cascade of partial sums: no error that grows with the length.
#include <algorithm>
#include <array>

#include "base/check.h"
#include "ops/arithmetic.h"
#include "ops/reduce.h"

namespace conv1d {
namespace {

/// What numbers of type T are added up in. Integers give int64, as in PyTorch.
template <class T> struct AccumulatorOf {
  using type = std::int64_t;
};
template <> struct AccumulatorOf<Half> {
  using type = double;
};
template <> struct AccumulatorOf<BFloat16> {
  using type = double;
};
template <> struct AccumulatorOf<float> {
  using type = double;
};
template <> struct AccumulatorOf<double> {
  using type = double;
};
template <> struct AccumulatorOf<std::complex<float>> {
  using type = std::complex<double>;
};
template <> struct AccumulatorOf<std::complex<double>> {
  using type = std::complex<double>;
};

/// Sums of sums of ... of kBlock numbers each, so that small ones are not lost beside a large total.
template <class A> class Cascade {
 public:
  static constexpr std::int64_t kBlock = 256;
  void add(A value) {
    for (std::size_t level = 0; level < sums_.size(); ++level) {
      sums_[level] = math::plus(sums_[level], value);
      if (level + 1 == sums_.size() || ++counts_[level] < kBlock) return;
      counts_[level] = 0;
      value = std::exchange(sums_[level], A(0));
    }
  }
  A total() const {
    A total(0);
    for (const A& sum : sums_) total = math::plus(total, sum);
    return total;
  }

 private:
  std::array<A, 4> sums_{};
  std::array<std::int64_t, 4> counts_{};
};

template <class A, class T> A widened(T x) { return cast<A>(static_cast<Compute<T>>(x)); }

/// One run of numbers, in eight lanes that a compiler can put into vectors where they lie side by side.
template <class A, bool kSideBySide, class T> A sum_run(const T* x, std::int64_t count, std::int64_t step) {
  constexpr std::int64_t kLanes = 8;
  const std::int64_t stride = kSideBySide ? 1 : step;
  if constexpr (std::is_integral_v<T>) {
    // Integers need no lanes of ours, and GCC 12 at -O3 drops half of the bytes of such lanes.
    A total(0);
    for (std::int64_t i = 0; i < count; ++i) total = math::plus(total, widened<A>(x[i * stride]));
    return total;
  }
  std::array<A, kLanes> lanes{};
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::int64_t k = 0; k < kLanes; ++k) lanes[k] = math::plus(lanes[k], widened<A>(x[(i + k) * stride]));
  }
  for (; i < count; ++i) lanes[i % kLanes] = math::plus(lanes[i % kLanes], widened<A>(x[i * stride]));
  A total(0);
  for (const A& lane : lanes) total = math::plus(total, lane);
  return total;
}

/// All elements that meet in one element of the result.
template <class A, class T>
A sum_one(const T* x, const ReductionPlan& plan, const Shape& outer, const Shape& outer_strides) {
  if (plan.reduced_sizes.empty()) return widened<A>(*x);
  const std::int64_t run = plan.reduced_sizes[0], stride = plan.reduced_strides[0];
  if (run == 0) return A(0);
  Cascade<A> sums;
  Offsets offsets(outer, outer_strides);
  for (std::int64_t rows = plan.reduced / run; rows > 0; --rows, offsets.step()) {
    const T* row = x + offsets.value();
    for (std::int64_t i = 0; i < run; i += Cascade<A>::kBlock) {
      const std::int64_t count = std::min(run - i, Cascade<A>::kBlock);
      sums.add(stride == 1 ? sum_run<A, true>(row + i, count, 1) : sum_run<A, false>(row + i * stride, count, stride));
    }
  }
  return sums.total();
}

Tensor summed(const Tensor& x, const Shape& dims, bool keepdim, double scale) {
  const ReductionPlan plan = plan_reduction(x, dims, keepdim);
  const DType dtype = is_integral(x.dtype()) ? DType::Int64 : x.dtype();
  const Tensor result = make_tensor(plan.result_sizes, dtype, x.device());
  if (x.device().is_meta()) return result;
  const Shape outer(plan.reduced_sizes.begin() + (plan.reduced_sizes.empty() ? 0 : 1), plan.reduced_sizes.end());
  const Shape outer_strides(plan.reduced_strides.begin() + (plan.reduced_strides.empty() ? 0 : 1),
                            plan.reduced_strides.end());
  visit(x.dtype(), [&]<class T>(std::type_identity<T>) {
    using A = typename AccumulatorOf<T>::type;
    using R = std::conditional_t<std::is_integral_v<T>, std::int64_t, T>;
    R* out = result.impl()->raw_as<R>();
    Offsets kept(plan.kept_sizes, plan.kept_strides);
    for (std::int64_t i = 0; i < plan.kept; ++i, kept.step()) {
      A sum = plan.reduced == 0 ? A(0) : sum_one<A>(x.impl()->raw_as<T>() + kept.value(), plan, outer, outer_strides);
      if constexpr (!std::is_integral_v<T>) {
        if (scale != 1) sum /= scale;
      }
      out[i] = cast<R>(sum);
    }
  });
  return result;
}

/// The gradient of a sum: the same for every element of `sizes`.
Tensor spread(const Tensor& grad, const Shape& sizes, const Shape& dims, bool keepdim) {
  if (keepdim || sizes.empty() || dims.empty()) return grad.expand(sizes);
  Shape shape = sizes;
  for (const std::int64_t dim : dims)
    shape[static_cast<std::size_t>(wrap_dim(dim, static_cast<std::int64_t>(sizes.size())))] = 1;
  return grad.reshape(shape).expand(sizes);
}

std::int64_t reduced_count(const Tensor& x, const Shape& dims) {
  if (dims.empty() || x.dim() == 0) return x.numel();
  std::int64_t count = 1;
  for (const std::int64_t dim : dims) count *= x.size(dim);
  return count;
}

void check_mean(const Tensor& x) {
  check(is_differentiable(x.dtype()),
        "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: ",
        scalar_name(x.dtype()));
}

}  // namespace

Tensor Tensor::sum() const {
  return record("SumBackward0", summed(*this, {}, false, 1), {*this}, {},
                [before = sizes()](const BackwardArgs& args) -> Grads { return {args.grad().expand(before)}; });
}

Tensor Tensor::sum(const Shape& dims, bool keepdim) const {
  return record("SumBackward1", summed(*this, dims, keepdim, 1), {*this}, {},
                [before = sizes(), dims, keepdim](const BackwardArgs& args) -> Grads {
                  return {spread(args.grad(), before, dims, keepdim)};
                });
}

Tensor Tensor::mean() const {
  check_mean(*this);
  const auto count = static_cast<double>(numel());
  return record("MeanBackward0", summed(*this, {}, false, count), {*this}, {},
                [before = sizes(), count](const BackwardArgs& args) -> Grads {
                  return {conv1d::div(args.grad().expand(before), count)};
                });
}

Tensor Tensor::mean(const Shape& dims, bool keepdim) const {
  check_mean(*this);
  plan_reduction(*this, dims, keepdim);  // raises for wrong dimensions before they are counted
  const auto count = static_cast<double>(reduced_count(*this, dims));
  return record("MeanBackward1", summed(*this, dims, keepdim, count), {*this}, {},
                [before = sizes(), dims, keepdim, count](const BackwardArgs& args) -> Grads {
                  return {conv1d::div(spread(args.grad(), before, dims, keepdim), count)};
                });
}

Tensor sum_to(const Tensor& x, const Shape& shape) {
  if (x.sizes() == shape) return x;
  const std::size_t added = x.sizes().size() - shape.size();
  Shape dims;
  for (std::size_t d = 0; d < x.sizes().size(); ++d) {
    if (d < added || (shape[d - added] == 1 && x.sizes()[d] != 1)) dims.push_back(static_cast<std::int64_t>(d));
  }
  const Tensor sum = dims.empty() ? x : x.sum(dims, true);
  return added > 0 ? sum.reshape(shape) : sum;
}

}  // namespace conv1d
