// F.pad: constant padding as a copy into a filled tensor, the other modes through a map of indices (pad_map.cc).
#include "conv/pad.h"

#include <algorithm>
#include <limits>

#include <conv1d/nn/functional.h>

#include "autograd/record.h"
#include "base/check.h"
#include "conv/geometry.h"
#include "tensor/copy.h"
#include "tensor/impl.h"
#include "tensor/visit.h"

namespace conv1d {
namespace {

/// Calls f(first element of a row of the result, first element of the row of the input that it repeats), for all rows.
template <class F> void for_each_row(const PadMap& map, F&& f) {
  const std::int64_t width = static_cast<std::int64_t>(map.source[2].size());
  std::int64_t out = 0;
  for (std::int64_t n = 0; n < map.outer; ++n) {
    for (const std::int64_t a : map.source[0]) {
      for (const std::int64_t b : map.source[1]) {
        f(out, ((n * map.in[0] + a) * map.in[1] + b) * map.in[2]);
        out += width;
      }
    }
  }
}

// The row itself, between what is repeated of it: the longest piece of `columns` that counts up by one.
struct Run {
  std::size_t begin = 0, end = 0;
};
Run longest_run(const std::vector<std::int64_t>& columns) {
  Run longest, run;
  for (; run.begin < columns.size(); run.begin = run.end) {
    run.end = run.begin + 1;
    while (run.end < columns.size() && columns[run.end] == columns[run.end - 1] + 1) ++run.end;
    if (run.end - run.begin > longest.end - longest.begin) longest = run;
  }
  return longest;
}

// A node may be called by hand with any gradient.
void check_sizes(const Tensor& t, const Shape& sizes) {
  check(t.sizes() == sizes, "Expected a gradient of size ", shape_text(sizes), " in the gradient of pad, but got size ",
        shape_text(t.sizes()));
}

Tensor gather(const Tensor& x, const PadMap& map) {
  check_sizes(x, map.in_sizes);
  Tensor y = make_tensor(map.out_sizes, x.dtype(), x.device());
  if (x.device().is_meta()) return y;
  const Tensor source = raw_contiguous(x);
  const std::vector<std::int64_t>& columns = map.source[2];
  const Run run = longest_run(columns);
  visit(x.dtype(), [&]<class T>(std::type_identity<T>) {
    const T* in = impl_of(source).raw_as<T>();
    T* out = impl_of(y).raw_as<T>();
    for_each_row(map, [&](std::int64_t to, std::int64_t from) {
      for (std::size_t c = 0; c < run.begin; ++c) out[to++] = in[from + columns[c]];
      if (run.begin < run.end) to = std::copy_n(in + from + columns[run.begin], run.end - run.begin, out + to) - out;
      for (std::size_t c = run.end; c < columns.size(); ++c) out[to++] = in[from + columns[c]];
    });
  });
  return y;
}

Tensor scatter(const Tensor& grad, const PadMap& map) {
  check_sizes(grad, map.out_sizes);
  if (grad.device().is_meta()) return make_tensor(map.in_sizes, grad.dtype(), grad.device());
  const Tensor source = raw_contiguous(grad);
  Tensor sums;
  visit(grad.dtype(), [&]<class T>(std::type_identity<T>) {
    using Sum = Compute<T>;  // halves are summed in float and rounded once
    sums = zeros(map.in_sizes, {.dtype = dtype_of<Sum>});
    const T* in = impl_of(source).raw_as<T>();
    Sum* out = impl_of(sums).raw_as<Sum>();
    for_each_row(map, [&](std::int64_t from, std::int64_t to) {
      for (const std::int64_t c : map.source[2]) {
        Sum& sum = out[to + c];
        sum = static_cast<Sum>(sum + static_cast<Sum>(in[from++]));
      }
    });
  });
  return sums.dtype() == grad.dtype() ? sums : copy_of(sums, grad.dtype());
}

/// One dimension of constant padding: [skip, skip + kept) of the input goes to `at`.
struct Placement {
  std::int64_t skip = 0, kept = 0, at = 0, size = 0;
};

Placement place(std::int64_t size, std::int64_t before, std::int64_t after) {
  const Wide kept_left = Wide{size} + std::min<std::int64_t>(before, 0);
  const Wide kept = kept_left + std::min<std::int64_t>(after, 0);
  check(kept_left >= 0 && kept >= 0, "narrow(): length must be non-negative.");
  const Wide out = kept + std::max<std::int64_t>(before, 0) + std::max<std::int64_t>(after, 0);
  if (out > std::numeric_limits<std::int64_t>::max()) {
    fail(cat_text("Storage size calculation overflowed with sizes=[", decimal(out), "]"));
  }
  return {before < 0 ? -before : 0, static_cast<std::int64_t>(kept), std::max<std::int64_t>(before, 0),
          static_cast<std::int64_t>(out)};
}

// What the input will not cover, where the last dimension alone is padded: the rest need not be written twice.
void fill_beside(const Tensor& y, const Placement& p, double value) {
  Shape sizes = y.sizes();
  const auto fill = [&](std::int64_t from, std::int64_t count) {
    sizes.back() = count;
    if (count > 0 && y.numel() > 0) make_view(y, sizes, y.strides(), from).fill_(value);
  };
  fill(0, p.at);
  fill(p.at + p.kept, p.size - p.at - p.kept);
}

Tensor constant_pad(const Tensor& x, const std::vector<std::int64_t>& amounts, double value) {
  Shape out_sizes = x.sizes(), kept_sizes = x.sizes();
  std::int64_t from = x.storage_offset(), to = 0;
  std::vector<Placement> places(out_sizes.size());
  for (std::size_t i = 0; i < amounts.size() / 2; ++i) {
    const std::size_t dim = out_sizes.size() - 1 - i;
    const Placement p = places[dim] = place(x.sizes()[dim], amounts[2 * i], amounts[2 * i + 1]);
    out_sizes[dim] = p.size;
    kept_sizes[dim] = p.kept;
    from += p.kept > 0 ? p.skip * x.strides()[dim] : 0;  // an empty view may start anywhere, but inside the storage
  }
  Tensor y = make_tensor(out_sizes, x.dtype(), x.device());
  if (!places.empty() && amounts.size() == 2) {
    fill_beside(y, places.back(), value);
  } else {
    y.fill_(value);
  }
  const bool any = std::find(kept_sizes.begin(), kept_sizes.end(), 0) == kept_sizes.end();
  if (any && !x.device().is_meta()) {
    for (std::size_t dim = 0; dim < places.size(); ++dim) to += places[dim].at * y.strides()[dim];
    copy_into(make_view(y, kept_sizes, y.strides(), to), make_view(x, kept_sizes, x.strides(), from));
  }
  return record("ConstantPadNdBackward0", y, {x}, {}, [amounts](const BackwardArgs& args) {
    std::vector<std::int64_t> back(amounts.size());
    // The amounts passed their checks, so none of them is the smallest integer, which has no opposite.
    std::transform(amounts.begin(), amounts.end(), back.begin(), [](std::int64_t a) { return -a; });
    return std::vector<Tensor>{args.grad().defined() ? constant_pad(args.grad(), back, 0) : Tensor()};
  });
}

}  // namespace

Tensor gather_pad(const Tensor& x, const std::shared_ptr<const PadMap>& map) {
  return record(map->name, gather(x, *map), {x}, {}, [map](const BackwardArgs& args) {
    return std::vector<Tensor>{args.grad().defined() ? scatter_pad(args.grad(), map) : Tensor()};
  });
}

Tensor scatter_pad(const Tensor& grad, const std::shared_ptr<const PadMap>& map) {
  return record(map->grad_name, scatter(grad, *map), {grad}, {}, [map](const BackwardArgs& args) {
    return std::vector<Tensor>{args.grad().defined() ? gather_pad(args.grad(), map) : Tensor()};
  });
}

namespace nn::functional {

Tensor pad(const Tensor& input, const std::vector<std::int64_t>& amounts, const PadOptions& options) {
  const std::string& mode = options.mode;
  const bool constant = mode == "constant";
  check<NotImplementedError>(constant || mode == "reflect" || mode == "replicate" || mode == "circular",
                             "Unrecognised padding mode ", mode);
  check(amounts.size() % 2 == 0, "Padding length must be divisible by 2");
  check(static_cast<std::int64_t>(amounts.size()) <= 2 * input.dim(),
        "Padding length should be less than or equal to two times the input dimension but got padding length ",
        amounts.size(), " and input of dimension ", input.dim());
  if (constant) return constant_pad(input, amounts, options.value.value_or(0));
  check(options.value.value_or(0) == 0, "Padding mode \"", mode, "\" doesn't take in value argument");
  return gather_pad(input, make_pad_map(input, amounts, mode));
}

}  // namespace nn::functional
}  // namespace conv1d
