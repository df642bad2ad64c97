// Element types and devices, named as in Python: conv1d::float32, conv1d::complex64, ...
#pragma once

#include <bit>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace conv1d {

/// Types of a tensor's elements, in PyTorch's order of promotion within a category.
enum class DType : std::uint8_t {
  Bool,
  UInt8,
  Int8,
  Int16,
  Int32,
  Int64,
  Float16,
  BFloat16,
  Float32,
  Float64,
  Complex64,
  Complex128
};

// `bool_` has an underscore since `bool` is a word of the language.
inline constexpr DType bool_ = DType::Bool, uint8 = DType::UInt8, int8 = DType::Int8, int16 = DType::Int16,
                       int32 = DType::Int32, int64 = DType::Int64, float16 = DType::Float16, bfloat16 = DType::BFloat16,
                       float32 = DType::Float32, float64 = DType::Float64, complex64 = DType::Complex64,
                       complex128 = DType::Complex128;

/// IEEE binary16, stored; arithmetic happens in float. Conversion rounds to nearest even; NaN stays NaN, made quiet.
struct Half {
  std::uint16_t bits = 0;
  Half() = default;
  explicit Half(float value);
  explicit operator float() const;
  static Half from_bits(std::uint16_t bits) {
    Half h;
    h.bits = bits;
    return h;
  }
};

/// The upper half of a float, stored; arithmetic happens in float. Conversion rounds to nearest even, NaN stays NaN.
struct BFloat16 {
  std::uint16_t bits = 0;
  BFloat16() = default;
  explicit BFloat16(float value);
  explicit operator float() const { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }
  static BFloat16 from_bits(std::uint16_t bits) {
    BFloat16 h;
    h.bits = bits;
    return h;
  }
};

std::size_t element_size(DType dtype);  ///< bytes an element
bool is_floating_point(DType dtype);    ///< float16, bfloat16, float32, float64
bool is_complex(DType dtype);
bool is_integral(DType dtype);  ///< the integers and bool
inline bool is_differentiable(DType dtype) { return is_floating_point(dtype) || is_complex(dtype); }
DType real_of(DType dtype);     ///< complex64 -> float32; a real type is its own
DType complex_of(DType dtype);  ///< float32 -> complex64, float64 -> complex128; RuntimeError for others

// The three names that PyTorch's messages use for one type.
std::string_view name(DType dtype);         ///< "float32": as in `torch.float32`
std::string_view scalar_name(DType dtype);  ///< "Float": as in `expected scalar type Float`
std::string_view cpp_name(DType dtype);     ///< "float", "c10::Half", "long int": as in `Input type (float)`
std::string tensor_type_name(
    DType dtype);  ///< "torch.FloatTensor", "CPUComplexFloatType": as in `weight type (torch.FloatTensor)`

/// float32 unless changed. Only floating-point types are taken (TypeError otherwise).
DType default_dtype();
void set_default_dtype(DType dtype);

/// Where a tensor lives. `meta` tensors have a shape and no data. A CUDA backend would be a third type.
struct Device {
  enum class Type : std::uint8_t { Cpu, Meta };
  Type type = Type::Cpu;

  constexpr Device() = default;
  constexpr Device(Type t) : type(t) {}
  /// From PyTorch's strings: "cpu", "cpu:0", "meta". Raises what a PyTorch build without CUDA raises for others.
  Device(std::string_view text);
  Device(const char* text) : Device(std::string_view(text)) {}
  bool operator==(const Device&) const = default;
  bool is_meta() const { return type == Type::Meta; }
  std::string str() const { return is_meta() ? "meta" : "cpu"; }
};

// The conversions, here because they stand in inner loops. On every machine they give the bits of x86's F16C
// instructions.
inline Half::Half(float value) {
  const std::uint32_t word = std::bit_cast<std::uint32_t>(value), magnitude = word & 0x7fffffffu;
  // All cases are computed and one is chosen, so that loops over this become vector code.
  // Below 2^-14: adding 1/2 rounds to multiples of 2^-24, the spacing of subnormals.
  const std::uint32_t small = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - 0x3f000000u;
  // The exponent's bias falls from 127 to 15; a carry out of the fraction belongs to the exponent.
  const std::uint32_t normal = (magnitude - 0x38000000u + 0xfffu + ((magnitude >> 13) & 1u)) >> 13;
  const std::uint32_t nan = 0x7e00u | ((magnitude >> 13) & 0x3ffu);  // the upper bits of its payload are kept
  std::uint32_t rounded = magnitude < 0x38800000u ? small : normal;
  rounded = magnitude >= 0x47800000u ? 0x7c00u : rounded;  // 65536 or more
  rounded = magnitude > 0x7f800000u ? nan : rounded;
  bits = static_cast<std::uint16_t>((word >> 16 & 0x8000u) | rounded);
}

inline Half::operator float() const {
  const std::uint32_t sign = (bits & 0x8000u) << 16, magnitude = bits & 0x7fffu;
  const std::uint32_t normal = (magnitude << 13) + 0x38000000u;
  const std::uint32_t small = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude | 0x3f000000u) - 0.5f);
  const std::uint32_t special = (magnitude << 13) | 0x7f800000u | (magnitude > 0x7c00u ? 0x400000u : 0u);
  std::uint32_t word = magnitude < 0x400u ? small : normal;
  word = magnitude >= 0x7c00u ? special : word;
  return std::bit_cast<float>(sign | word);
}

inline BFloat16::BFloat16(float value) {
  const std::uint32_t word = std::bit_cast<std::uint32_t>(value);
  const bool nan = (word & 0x7fffffffu) > 0x7f800000u;
  bits = static_cast<std::uint16_t>(nan ? 0x7fc0u : (word + 0x7fffu + ((word >> 16) & 1u)) >> 16);
}

/// The C++ type of each DType, both ways: `dtype_of<float>`.
template <class T> struct DTypeOf;
template <> struct DTypeOf<bool> {
  static constexpr DType value = DType::Bool;
};
template <> struct DTypeOf<std::uint8_t> {
  static constexpr DType value = DType::UInt8;
};
template <> struct DTypeOf<std::int8_t> {
  static constexpr DType value = DType::Int8;
};
template <> struct DTypeOf<std::int16_t> {
  static constexpr DType value = DType::Int16;
};
template <> struct DTypeOf<std::int32_t> {
  static constexpr DType value = DType::Int32;
};
template <> struct DTypeOf<std::int64_t> {
  static constexpr DType value = DType::Int64;
};
template <> struct DTypeOf<Half> {
  static constexpr DType value = DType::Float16;
};
template <> struct DTypeOf<BFloat16> {
  static constexpr DType value = DType::BFloat16;
};
template <> struct DTypeOf<float> {
  static constexpr DType value = DType::Float32;
};
template <> struct DTypeOf<double> {
  static constexpr DType value = DType::Float64;
};
template <> struct DTypeOf<std::complex<float>> {
  static constexpr DType value = DType::Complex64;
};
template <> struct DTypeOf<std::complex<double>> {
  static constexpr DType value = DType::Complex128;
};
template <class T> inline constexpr DType dtype_of = DTypeOf<T>::value;

}  // namespace conv1d
