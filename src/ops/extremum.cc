// max, min, argmax. NaN counts as larger, and as smaller, than everything.
#include "base/check.h"
#include "ops/arithmetic.h"
#include "ops/reduce.h"

namespace conv1d {
namespace {

/// Whether `x` replaces `best` in a search for the largest (or smallest); the first of equals stays.
template <bool kLargest, class T> bool better(T x, T best) {
  if (math::is_nan(best)) return false;
  if (math::is_nan(x)) return true;
  return kLargest ? x > best : x < best;
}

struct Found {
  std::int64_t at = 0;      ///< place among the reduced elements
  std::int64_t offset = 0;  ///< where the element lies
};

template <bool kLargest, class T> Found find(const T* x, const Shape& sizes, const Shape& strides, std::int64_t count) {
  using C = Compute<T>;
  Found found;
  C best = static_cast<C>(x[0]);
  Offsets offsets(sizes, strides);
  for (std::int64_t i = 0; i < count; ++i, offsets.step()) {
    const C value = static_cast<C>(x[offsets.value()]);
    if (better<kLargest>(value, best)) {
      best = value;
      found = {i, offsets.value()};
    }
  }
  return found;
}

/// Values and places of the extrema over `dims`. `values`, `places` may be undefined.
template <bool kLargest>
void search(const Tensor& x, const ReductionPlan& plan, const Tensor& values, const Tensor& places) {
  if (x.device().is_meta()) return;
  // Offsets go through the last dimension fastest: C order, whereas the plan's reduced dimensions stand innermost
  // first.
  const Shape sizes(plan.reduced_sizes.rbegin(), plan.reduced_sizes.rend());
  const Shape strides(plan.reduced_strides.rbegin(), plan.reduced_strides.rend());
  visit(x.dtype(), [&]<class T>(std::type_identity<T>) {
    if constexpr (!is_complex_type<T>) {
      Offsets kept(plan.kept_sizes, plan.kept_strides);
      for (std::int64_t i = 0; i < plan.kept; ++i, kept.step()) {
        const T* start = x.impl()->raw_as<T>() + kept.value();
        const Found found = find<kLargest>(start, sizes, strides, plan.reduced);
        if (values.defined()) values.impl()->raw_as<T>()[i] = start[found.offset];
        if (places.defined()) places.impl()->raw_as<std::int64_t>()[i] = found.at;
      }
    }
  });
}

/// The gradient of the whole tensor's extremum: shared by all elements that are equal to it.
Grads share_among_equals(const BackwardArgs& args) {
  const Tensor x = args.saved[0].detach(), value = args.saved[1].detach();
  const bool nan = value.item<double>() != value.item<double>();
  const Tensor mask = nan ? ne(x, x) : eq(x, value);
  return {keep_where(mask, conv1d::div(args.grad(), mask.sum()))};
}

template <bool kLargest> Tensor extremum(const char* name, const char* function, const char* kernel, const Tensor& x) {
  check(x.numel() > 0, function,
        "(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' "
        "argument.");
  check<NotImplementedError>(!x.is_complex(), "\"", kernel, "\" not implemented for '", scalar_name(x.dtype()), "'");
  const Tensor result = make_tensor({}, x.dtype(), x.device());
  search<kLargest>(x, plan_reduction(x, {}, false), result, {});
  return record(name, result, {x}, {x, result}, share_among_equals);
}

/// Zeros of `sizes` with x's elements at the given places along `dim`, which has size 1 in both.
Tensor place(const Tensor& x, const Tensor& places, const Shape& sizes, std::int64_t dim) {
  const std::int64_t length = sizes[static_cast<std::size_t>(dim)];
  Shape shape(sizes.size(), 1);
  shape[static_cast<std::size_t>(dim)] = length;
  return keep_where(eq(arange(0, length).reshape(shape), places), x.expand(sizes));
}

void check_argmax(const Tensor& x) {
  check(!x.is_complex(), "argmax(): does not support complex input");
  check(x.dtype() != DType::Bool, "argmax(): does not support bool input");
}

ReductionPlan plan_dim(const Tensor& x, const char* function, std::int64_t dim, bool keepdim) {
  const std::int64_t d = wrap_dim(dim, x.dim());
  check<IndexError>(x.dim() == 0 || x.size(d) > 0, function, "(): Expected reduction dim ", d,
                    " to have non-zero size.");
  check(!x.is_complex(), function, "(): does not support complex input");
  return plan_reduction(x, {d}, keepdim);
}

template <bool kLargest>
ValuesAndIndices extremum_along(const char* name, const char* function, const Tensor& x, std::int64_t dim,
                                bool keepdim) {
  const ReductionPlan plan = plan_dim(x, function, dim, keepdim);
  const ValuesAndIndices result{make_tensor(plan.result_sizes, x.dtype(), x.device()),
                                make_tensor(plan.result_sizes, DType::Int64, x.device())};
  search<kLargest>(x, plan, result.values, result.indices);
  record_all(name, {result.values, result.indices}, {x}, {result.indices.detach()},
             [before = x.sizes(), d = wrap_dim(dim, x.dim()), keepdim](const BackwardArgs& args) -> Grads {
               if (before.empty()) return {args.grad()};
               const auto kept = [&](const Tensor& t) { return keepdim ? t : t.unsqueeze(d); };
               return {place(kept(args.grad()), kept(args.saved[0]), before, d)};
             });
  return result;
}

}  // namespace

Tensor Tensor::max() const { return extremum<true>("MaxBackward1", "max", "max_all", *this); }
Tensor Tensor::min() const { return extremum<false>("MinBackward1", "min", "min_all", *this); }

ValuesAndIndices max(const Tensor& x, std::int64_t dim, bool keepdim) {
  return extremum_along<true>("MaxBackward0", "max", x, dim, keepdim);
}
ValuesAndIndices min(const Tensor& x, std::int64_t dim, bool keepdim) {
  return extremum_along<false>("MinBackward0", "min", x, dim, keepdim);
}

Tensor Tensor::argmax() const {
  check_argmax(*this);
  check<IndexError>(numel() > 0, "argmax(): Expected reduction dim to be specified for input.numel() == 0.");
  const Tensor result = make_tensor({}, DType::Int64, device());
  search<true>(*this, plan_reduction(*this, {}, false), {}, result);
  return result;
}

Tensor Tensor::argmax(std::int64_t dim_in, bool keepdim) const {
  check_argmax(*this);
  const ReductionPlan plan = plan_dim(*this, "argmax", dim_in, keepdim);
  const Tensor result = make_tensor(plan.result_sizes, DType::Int64, device());
  search<true>(*this, plan, {}, result);
  return result;
}

}  // namespace conv1d
