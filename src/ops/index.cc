// x[indices] and x[indices] = values. Each is the other's transpose: choosing rows, and adding rows where they came
// from.
#include <conv1d/indexing.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <numeric>

#include "base/check.h"
#include "ops/grads.h"
#include "ops/index_rows.h"
#include "tensor/copy.h"
#include "tensor/impl.h"
#include "tensor/visit.h"

namespace conv1d {
namespace {

using Choice = std::shared_ptr<const RowChoice>;

std::int64_t product(const Shape& sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), std::int64_t{1}, std::multiplies<>());
}

Shape joined(Shape a, const Shape& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Shape inverse(const Shape& order) {
  Shape result(order.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    result[static_cast<std::size_t>(order[i])] = static_cast<std::int64_t>(i);
  return result;
}

/// From (the indices, rest) to the order of the result: the dimensions before `place` go to the front.
Shape to_result(const RowChoice& choice) {
  Shape order;
  const auto indices = static_cast<std::int64_t>(choice.index_sizes.size()),
             place = static_cast<std::int64_t>(choice.place);
  for (std::int64_t i = 0; i < place; ++i) order.push_back(indices + i);
  for (std::int64_t i = 0; i < indices; ++i) order.push_back(i);
  for (std::int64_t i = place; i < static_cast<std::int64_t>(choice.rest_sizes.size()); ++i)
    order.push_back(indices + i);
  return order;
}

/// x's elements as contiguous rows.
Tensor rows_of(const Tensor& x, const RowChoice& choice) { return copy_of(x.permute(choice.order), x.dtype()); }

Tensor gather(const Tensor& x, const RowChoice& choice) {
  const GradGuard guard(false);
  const Tensor source = rows_of(x, choice);
  const Tensor result = make_tensor(joined(choice.index_sizes, choice.rest_sizes), x.dtype(), x.device());
  const auto bytes = static_cast<std::size_t>(product(choice.rest_sizes)) * x.element_size();
  const auto* from = impl_of(source).raw_as<std::byte>();
  auto* to = impl_of(result).raw_as<std::byte>();
  if (from && to && bytes > 0) {
    for (const std::int64_t row : choice.rows) {
      std::memcpy(to, from + static_cast<std::size_t>(row) * bytes, bytes);
      to += bytes;
    }
  }
  return result.permute(to_result(choice)).contiguous();
}

/// Values in the order of the result, as contiguous rows.
Tensor value_rows(const Tensor& values, const RowChoice& choice, DType dtype) {
  return copy_of(values.expand(choice.result_sizes()).permute(inverse(to_result(choice))), dtype);
}

/// Writes or adds each row of `values` to the row of `target` that it came from. Both are contiguous rows of one dtype.
void scatter(const Tensor& target, const Tensor& values, const RowChoice& choice, bool add) {
  const std::int64_t columns = product(choice.rest_sizes);
  visit(target.dtype(), [&]<class T>(std::type_identity<T>) {
    T* to = impl_of(target).raw_as<T>();
    const T* from = impl_of(values).raw_as<T>();
    if (!to || !from) return;
    for (const std::int64_t row : choice.rows) {
      for (std::int64_t j = 0; j < columns; ++j, ++from) {
        T& place = to[row * columns + j];
        if constexpr (std::is_same_v<T, bool>)
          place = (add && place) || *from;
        else
          place = add ? static_cast<T>(static_cast<Compute<T>>(place) + static_cast<Compute<T>>(*from)) : *from;
      }
    }
  });
}

Tensor choose(const Tensor& x, const Choice& choice);

/// Zeros of x's shape with `grad` added where it was chosen: the gradient of choose().
Tensor spread(const Tensor& grad, const Choice& choice, const Shape& sizes) {
  Tensor result;
  {
    const GradGuard guard(false);
    const Tensor rows =
        zeros(joined(choice->chosen_sizes, choice->rest_sizes), {.dtype = grad.dtype(), .device = grad.device()});
    scatter(rows, value_rows(grad, *choice, grad.dtype()), *choice, true);
    result = rows.permute(inverse(choice->order)).contiguous();
  }
  check(result.sizes() == sizes, "the gradient of an index has another shape than the tensor");
  return record("IndexPutBackward0", result, {grad}, {},
                [choice](const BackwardArgs& args) -> Grads { return {choose(args.grad(), choice)}; });
}

Tensor choose(const Tensor& x, const Choice& choice) {
  return record(
      "IndexBackward0", gather(x, *choice), {x}, {},
      [choice, sizes = x.sizes()](const BackwardArgs& args) -> Grads { return {spread(args.grad(), choice, sizes)}; });
}

/// grad with zeros where other values were written: the gradient of what was there before.
Tensor cleared(const Tensor& grad, const Choice& choice) {
  return sub(grad, spread(choose(grad, choice), choice, grad.sizes()));
}

/// Each place once, so that spread() in cleared() does not count a value that was overwritten.
Choice without_repeats(const Choice& choice) {
  auto unique = std::make_shared<RowChoice>(*choice);
  std::sort(unique->rows.begin(), unique->rows.end());
  unique->rows.erase(std::unique(unique->rows.begin(), unique->rows.end()), unique->rows.end());
  unique->index_sizes = {static_cast<std::int64_t>(unique->rows.size())};
  unique->place = 0;
  return unique;
}

}  // namespace

Tensor alias(const Tensor& x) {
  return record_view("AliasBackward0", make_view(x, x.sizes(), x.strides(), x.storage_offset()), x,
                     [](const BackwardArgs& args) -> Grads { return {args.grad()}; });
}

Tensor index(const Tensor& x, const std::vector<Tensor>& indices) {
  return choose(x, std::make_shared<const RowChoice>(choose_rows(x, indices)));
}

Tensor& index_put_(Tensor& x, const std::vector<Tensor>& indices, const Tensor& values) {
  const Choice choice = std::make_shared<const RowChoice>(choose_rows(x, indices));
  const Shape sizes = choice->result_sizes();
  {
    const GradGuard guard(false);
    try {
      values.expand(sizes);
    } catch (const Error&) {
      fail(cat_text("shape mismatch: value tensor of shape ", shape_text(values.sizes()),
                    " cannot be broadcast to indexing result of shape ", shape_text(sizes)));
    }
  }
  check_inplace(x);
  const Tensor before = alias_of(x);
  {
    const GradGuard guard(false);
    const Tensor rows = rows_of(x, *choice);
    scatter(rows, value_rows(values, *choice, x.dtype()), *choice, false);
    copy_into(x.data_view(), rows.permute(inverse(choice->order)));
  }
  return record_inplace("IndexPutBackward0", x, {before, values}, {},
                        [choice, shape = values.sizes()](const BackwardArgs& args) -> Grads {
                          return {only_if(args.wanted[0], cleared(args.grad(), without_repeats(choice))),
                                  args.wanted[1] ? sum_to(choose(args.grad(), choice), shape) : Tensor()};
                        });
}

}  // namespace conv1d
