#include "ops/elementwise.h"

#include "base/check.h"
#include "tensor/layout.h"

namespace conv1d {
namespace {

Tensor make_in_order_of(const Shape& sizes, const Shape& strides, DType dtype, Device device) {
  Tensor result = make_tensor(sizes, dtype, device);
  Shape dense = dense_strides(sizes, strides);
  return dense == result.strides() ? result : make_view(result, sizes, std::move(dense), 0);
}

}  // namespace

Device common_device(const Tensor& a, const Tensor& b) {
  if (a.device() == b.device()) return a.device();
  const auto is_any = [](const Tensor& x) { return x.dim() == 0 && !x.device().is_meta(); };  // numbers go anywhere
  if (is_any(a)) return b.device();
  check(is_any(b), "Tensor on device ", b.device().str(), " is not on the expected device ", a.device().str(), "!");
  return a.device();
}

Tensor make_result(const Tensor& x, DType dtype) {
  const TensorImpl& impl = impl_of(x);
  return make_in_order_of(impl.sizes, impl.strides, dtype, impl.device);
}

Tensor make_result(const Tensor& a, const Tensor& b, DType dtype) {
  const TensorImpl &left = impl_of(a), &right = impl_of(b);
  const Device device = common_device(a, b);
  const Shape sizes = broadcast_shape(left.sizes, right.sizes);
  if (left.sizes == sizes) return make_in_order_of(sizes, left.strides, dtype, device);
  if (right.sizes == sizes) return make_in_order_of(sizes, right.strides, dtype, device);
  return make_tensor(sizes, dtype, device);
}

void plan_walk(const TensorImpl* const* operands, std::size_t count, Shape& sizes, Shape* strides) {
  const TensorImpl& out = *operands[0];
  bool flat = out.contiguous;
  for (std::size_t k = 1; k < count; ++k) flat = flat && operands[k]->contiguous && operands[k]->sizes == out.sizes;
  if (flat) {
    sizes = {out.numel};
    for (std::size_t k = 0; k < count; ++k) strides[k] = {1};
    return;
  }
  std::vector<Shape> all(count);
  for (std::size_t k = 0; k < count; ++k)
    all[k] = broadcast_strides(operands[k]->sizes, operands[k]->strides, out.sizes);
  for (const std::int64_t dim : memory_order(out.sizes, out.strides)) {
    const auto d = static_cast<std::size_t>(dim);
    if (out.sizes[d] == 1) continue;
    bool joins = !sizes.empty();
    for (std::size_t k = 0; k < count; ++k) joins = joins && all[k][d] == strides[k].back() * sizes.back();
    if (joins) {
      sizes.back() *= out.sizes[d];
      continue;
    }
    sizes.push_back(out.sizes[d]);
    for (std::size_t k = 0; k < count; ++k) strides[k].push_back(all[k][d]);
  }
  if (!sizes.empty()) return;
  sizes = {1};
  for (std::size_t k = 0; k < count; ++k) strides[k] = {1};
}

}  // namespace conv1d
