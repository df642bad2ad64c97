// Linear maps between a tensor and a strided view of its storage; each is recorded, and each is another's gradient.
#pragma once

#include <conv1d/tensor.h>

namespace conv1d {

/// Where a tensor's elements lie in its storage, in elements of its dtype.
struct Geometry {
  Shape sizes, strides;
  std::int64_t offset = 0;
  DType dtype = DType::Float32;
};
Geometry geometry_of(const Tensor& tensor);
/// A complex geometry as pairs of real numbers, a last dimension of 2.
Geometry as_real(const Geometry& complex);

/// What `view` would show if `source` lay at `base`.
Tensor gather_strided(const Tensor& source, const Geometry& base, const Geometry& view);
/// Its transpose: `part` added into zeros at the places of `view`, read at `base`.
Tensor scatter_strided(const Tensor& part, const Geometry& view, const Geometry& base);
/// `source`, lying at `base`, with the places of `view` overwritten by `part` (undefined: zeros).
Tensor replace_strided(const Tensor& source, const Geometry& base, const Geometry& view, const Tensor& part);

}  // namespace conv1d
