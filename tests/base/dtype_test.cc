#include <conv1d/dtype.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "support/throws.h"

namespace conv1d {
namespace {

constexpr std::array kAll = {bool_,   uint8,    int8,    int16,   int32,     int64,
                             float16, bfloat16, float32, float64, complex64, complex128};

TEST(DType, HasPyTorchsNames) {
  struct Row {
    DType dtype;
    const char *name, *scalar, *cpp, *tensor;
    std::size_t size;
  };
  const Row rows[] = {
      {bool_, "bool", "Bool", "bool", "CPUBoolType", 1},
      {uint8, "uint8", "Byte", "unsigned char", "torch.ByteTensor", 1},
      {int8, "int8", "Char", "signed char", "torch.CharTensor", 1},
      {int16, "int16", "Short", "short int", "torch.ShortTensor", 2},
      {int32, "int32", "Int", "int", "torch.IntTensor", 4},
      {int64, "int64", "Long", "long int", "torch.LongTensor", 8},
      {float16, "float16", "Half", "c10::Half", "torch.HalfTensor", 2},
      {bfloat16, "bfloat16", "BFloat16", "c10::BFloat16", "CPUBFloat16Type", 2},
      {float32, "float32", "Float", "float", "torch.FloatTensor", 4},
      {float64, "float64", "Double", "double", "torch.DoubleTensor", 8},
      {complex64, "complex64", "ComplexFloat", "c10::complex<float>", "CPUComplexFloatType", 8},
      {complex128, "complex128", "ComplexDouble", "c10::complex<double>", "CPUComplexDoubleType", 16},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(name(row.dtype), row.name);
    EXPECT_EQ(scalar_name(row.dtype), row.scalar);
    EXPECT_EQ(cpp_name(row.dtype), row.cpp);
    EXPECT_EQ(tensor_type_name(row.dtype), row.tensor);
    EXPECT_EQ(element_size(row.dtype), row.size);
  }
}

TEST(DType, BelongsToOneCategory) {
  for (const DType dtype : kAll) {
    EXPECT_EQ(is_integral(dtype) + is_floating_point(dtype) + is_complex(dtype), 1) << name(dtype);
    EXPECT_EQ(is_differentiable(dtype), !is_integral(dtype)) << name(dtype);
  }
  EXPECT_EQ(real_of(complex64), float32);
  EXPECT_EQ(real_of(float16), float16);
  EXPECT_EQ(complex_of(float64), complex128);
  EXPECT_EQ(complex_of(complex64), complex64);
  EXPECT_THROW(complex_of(int32), RuntimeError);
  EXPECT_THROW(element_size(static_cast<DType>(99)), RuntimeError);
}

TEST(DType, DefaultIsAFloat) {
  EXPECT_EQ(default_dtype(), float32);
  set_default_dtype(float64);
  EXPECT_EQ(default_dtype(), float64);
  for (const DType wrong : {int64, bool_, complex64}) {
    EXPECT_ERROR(TypeError, "only floating-point types are supported as the default type", set_default_dtype(wrong));
  }
  EXPECT_EQ(default_dtype(), float64);
  set_default_dtype(float32);
}

/// The number that 16 bits stand for, from the definition of binary16.
double half_value(std::uint32_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  double magnitude = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  if (exponent == 31)
    magnitude = fraction ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity();
  return bits & 0x8000 ? -magnitude : magnitude;
}

TEST(Half, AllValuesConvertExactlyAndBack) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const Half half = Half::from_bits(static_cast<std::uint16_t>(bits));
    const auto value = static_cast<float>(half);
    const double expected = half_value(bits);
    if (std::isnan(expected)) {
      // The payload is kept and the quiet bit set, as x86 does it; so PyTorch.
      EXPECT_EQ(std::bit_cast<std::uint32_t>(value), (bits & 0x8000) << 16 | 0x7fc00000 | (bits & 0x3ff) << 13);
      EXPECT_EQ(Half(value).bits, bits | 0x200);
    } else {
      ASSERT_EQ(static_cast<double>(value), expected) << bits;
      ASSERT_EQ(std::signbit(value), (bits & 0x8000) != 0) << bits;
      ASSERT_EQ(Half(value).bits, bits);
    }
  }
}

TEST(Half, RoundsToNearestEven) {
  // Between every two neighbours: below the middle down, above it up, the middle itself to the even one.
  for (std::uint32_t bits = 0; bits < 0x7c00; ++bits) {
    const double low = half_value(bits), high = bits + 1 == 0x7c00 ? 65536 : half_value(bits + 1);
    const auto middle = static_cast<float>((low + high) / 2);
    ASSERT_EQ(Half(middle).bits, bits + (bits & 1)) << bits;
    ASSERT_EQ(Half(std::nextafter(middle, 0.0f)).bits, bits) << bits;
    ASSERT_EQ(Half(std::nextafter(middle, 1e9f)).bits, bits + 1) << bits;
    ASSERT_EQ(Half(-middle).bits, 0x8000 + bits + (bits & 1)) << bits;
  }
  EXPECT_EQ(Half(1e30f).bits, 0x7c00);
  EXPECT_EQ(Half(-std::numeric_limits<float>::infinity()).bits, 0xfc00);
  EXPECT_EQ(Half(1e-40f).bits, 0);
  EXPECT_EQ(Half(-0.0f).bits, 0x8000);
}

TEST(BFloat16, AllValuesConvertExactlyAndRoundToNearestEven) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const auto value = static_cast<float>(BFloat16::from_bits(static_cast<std::uint16_t>(bits)));
    EXPECT_EQ(std::bit_cast<std::uint32_t>(value), bits << 16);
    if (std::isnan(value)) {
      EXPECT_EQ(BFloat16(value).bits, 0x7fc0);
      continue;
    }
    ASSERT_EQ(BFloat16(value).bits, bits);
    if ((bits & 0x7fff) >= 0x7f80) continue;  // infinite: no neighbour
    const auto below = std::bit_cast<float>(bits << 16 | 0x7fff), middle = std::bit_cast<float>(bits << 16 | 0x8000);
    ASSERT_EQ(BFloat16(below).bits, bits);
    ASSERT_EQ(BFloat16(middle).bits, bits + (bits & 1));
    ASSERT_EQ(BFloat16(std::bit_cast<float>(bits << 16 | 0x8001)).bits, bits + 1);
  }
}

TEST(Device, ComesFromPyTorchsStrings) {
  for (const char* text : {"cpu", "cpu:0", "cpu:17"}) EXPECT_EQ(Device(text), Device());
  EXPECT_TRUE(Device("meta").is_meta());
  EXPECT_EQ(Device("meta:1").str(), "meta");
  EXPECT_EQ(Device().str(), "cpu");
}

TEST(Device, RefusesTheOthersInPyTorchsWords) {
  const std::string expected =
      "Expected one of cpu, cuda, ipu, xpu, mkldnn, opengl, opencl, ideep, hip, ve, fpga, maia, xla, lazy, vulkan, "
      "mps, meta, hpu, "
      "mtia, privateuseone device type at start of device string: ";
  for (const char* text : {"foo", "CPU", "cpu_"}) EXPECT_ERROR(RuntimeError, expected + text, Device{text});
  EXPECT_ERROR(RuntimeError, expected + "foo", Device{"foo:0"});
  for (const char* text : {"cpu:a", "cpu:-1", "cpu:", "cpu:01", "cpu:1:2", ":0", "cpu :0", " cpu", "cpu1", "1"}) {
    EXPECT_ERROR(RuntimeError, "Invalid device string: '" + std::string(text) + "'", Device{text});
  }
  EXPECT_ERROR(RuntimeError, "Device string must not be empty", Device{""});
  EXPECT_ERROR(RuntimeError, "Could not parse device index '99999999999' in device string 'cpu:99999999999'",
               Device{"cpu:99999999999"});
  EXPECT_ERROR(AssertionError, "Torch not compiled with CUDA enabled", Device{"cuda"});
  EXPECT_ERROR(AssertionError, "Torch not compiled with CUDA enabled", Device{"cuda:1"});
  EXPECT_THROW(Device("mps"), NotImplementedError);
}

}  // namespace
}  // namespace conv1d
