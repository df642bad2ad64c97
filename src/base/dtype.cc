// What there is to know of each element type, in one table.
#include <conv1d/dtype.h>

#include <array>
#include <atomic>

#include "base/check.h"

namespace conv1d {
namespace {

struct Facts {
  std::uint8_t size;
  bool floating, complex;
  DType real, widened;  // the component's type; the complex type (itself where there is none)
  std::string_view name, scalar_name, cpp_name, tensor_type_name;
};

// In the order of DType. PyTorch's messages name a type by its legacy tensor class where it has one
// ("torch.FloatTensor"), else by backend and scalar type.
constexpr std::array<Facts, 12> kFacts = {{
    {1, false, false, DType::Bool, DType::Bool, "bool", "Bool", "bool", "CPUBoolType"},
    {1, false, false, DType::UInt8, DType::UInt8, "uint8", "Byte", "unsigned char", "torch.ByteTensor"},
    {1, false, false, DType::Int8, DType::Int8, "int8", "Char", "signed char", "torch.CharTensor"},
    {2, false, false, DType::Int16, DType::Int16, "int16", "Short", "short int", "torch.ShortTensor"},
    {4, false, false, DType::Int32, DType::Int32, "int32", "Int", "int", "torch.IntTensor"},
    {8, false, false, DType::Int64, DType::Int64, "int64", "Long", "long int", "torch.LongTensor"},
    {2, true, false, DType::Float16, DType::Float16, "float16", "Half", "c10::Half", "torch.HalfTensor"},
    {2, true, false, DType::BFloat16, DType::BFloat16, "bfloat16", "BFloat16", "c10::BFloat16", "CPUBFloat16Type"},
    {4, true, false, DType::Float32, DType::Complex64, "float32", "Float", "float", "torch.FloatTensor"},
    {8, true, false, DType::Float64, DType::Complex128, "float64", "Double", "double", "torch.DoubleTensor"},
    {8, false, true, DType::Float32, DType::Complex64, "complex64", "ComplexFloat", "c10::complex<float>",
     "CPUComplexFloatType"},
    {16, false, true, DType::Float64, DType::Complex128, "complex128", "ComplexDouble", "c10::complex<double>",
     "CPUComplexDoubleType"},
}};

const Facts& facts(DType dtype) {
  const auto index = static_cast<std::size_t>(dtype);
  check(index < kFacts.size(), "unknown dtype");
  return kFacts[index];
}

std::atomic<DType> current_default{DType::Float32};

}  // namespace

std::size_t element_size(DType dtype) { return facts(dtype).size; }
bool is_floating_point(DType dtype) { return facts(dtype).floating; }
bool is_complex(DType dtype) { return facts(dtype).complex; }
bool is_integral(DType dtype) { return !facts(dtype).floating && !facts(dtype).complex; }
DType real_of(DType dtype) { return facts(dtype).real; }

DType complex_of(DType dtype) {
  const DType widened = facts(dtype).widened;
  check(is_complex(widened), "there is no complex dtype of ", name(dtype), " components");
  return widened;
}

std::string_view name(DType dtype) { return facts(dtype).name; }
std::string_view scalar_name(DType dtype) { return facts(dtype).scalar_name; }
std::string_view cpp_name(DType dtype) { return facts(dtype).cpp_name; }
std::string tensor_type_name(DType dtype) { return std::string(facts(dtype).tensor_type_name); }

DType default_dtype() { return current_default.load(std::memory_order_relaxed); }

void set_default_dtype(DType dtype) {
  check<TypeError>(is_floating_point(dtype), "only floating-point types are supported as the default type");
  current_default.store(dtype, std::memory_order_relaxed);
}

}  // namespace conv1d
