#include "kernels/element.h"

namespace conv1d::kernels {

std::optional<Element> element_of(DType dtype) {
  switch (dtype) {
    case DType::Float32:
      return Element::kFloat32;
    case DType::Float64:
      return Element::kFloat64;
    case DType::Complex64:
      return Element::kComplex64;
    case DType::Complex128:
      return Element::kComplex128;
    case DType::Float16:
      return Element::kFloat16;
    case DType::BFloat16:
      return Element::kBFloat16;
    case DType::UInt8:
      return Element::kUInt8;
    case DType::Int8:
      return Element::kInt8;
    case DType::Int16:
      return Element::kInt16;
    case DType::Int32:
      return Element::kInt32;
    case DType::Int64:
      return Element::kInt64;
    case DType::Bool:
      break;
  }
  return std::nullopt;
}

}  // namespace conv1d::kernels
