#include <array>
#include <cmath>
#include <limits>

#include <conv1d/tensor.h>

#include "golden/raw.h"
#include "support/crc32.h"
#include "support/throws.h"
#include "tensor/fill.h"
#include "tensor/impl.h"

namespace conv1d {
namespace {

constexpr std::array kAll = {bool_,   uint8,    int8,    int16,   int32,     int64,
                             float16, bfloat16, float32, float64, complex64, complex128};
constexpr double kInf = std::numeric_limits<double>::infinity(), kNan = std::numeric_limits<double>::quiet_NaN();

std::uint32_t crc(const Tensor& tensor, std::uint32_t before) {
  return testing::crc32(impl_of(tensor).raw(), static_cast<std::size_t>(tensor.numel()) * tensor.element_size(),
                        before);
}

TEST(Factories, FillEveryDType) {
  for (const DType dtype : kAll) {
    const Tensor x = ones({2, 3}, {.dtype = dtype});
    EXPECT_EQ(x.dtype(), dtype);
    EXPECT_EQ(x.at<double>({1, 2}), 1) << name(dtype);
    EXPECT_EQ(zeros_like(x).at<double>({1, 2}), 0);
    EXPECT_EQ(ones_like(x).at<double>({0, 0}), 1);
    EXPECT_EQ(full_like(x, 1).dtype(), dtype);
    EXPECT_EQ(impl_of(x).version->count, 0u);
  }
  EXPECT_EQ(empty({2}, {.device = "meta"}).device().str(), "meta");
  EXPECT_EQ(zeros({2}, {.device = "meta"}).numel(), 2);
}

TEST(Factories, DTypeFollowsTheValueAndTheDefault) {
  EXPECT_EQ(full({1}, true).dtype(), bool_);
  EXPECT_EQ(full({1}, 1).dtype(), int64);
  EXPECT_EQ(full({1}, 1.0).dtype(), float32);
  EXPECT_EQ(full({1}, std::complex<double>(1)).dtype(), complex64);
  set_default_dtype(float64);
  EXPECT_EQ(zeros({1}).dtype(), float64);
  EXPECT_EQ(full({1}, std::complex<double>(1)).dtype(), complex128);
  EXPECT_EQ(linspace(0, 1, 2).dtype(), float64);
  set_default_dtype(float32);
}

TEST(Factories, LikeKeepsADenseLayout) {
  const Tensor x = make_view(zeros({12}), {4, 3}, {1, 4}, 0);
  EXPECT_EQ(empty_like(x).strides(), (Shape{1, 4}));
  EXPECT_EQ(full_like(x, 2.5).at<float>({3, 2}), 2.5f);
  EXPECT_EQ(zeros_like(make_view(x, {2, 3}, {2, 4}, 0)).strides(), (Shape{1, 2}));
}

TEST(Factories, OnlyFloatsCanRequireGradients) {
  EXPECT_ERROR(RuntimeError, "Only Tensors of floating point and complex dtype can require gradients",
               ones({2}, {.dtype = int64, .requires_grad = true}));
  EXPECT_THROW(full({2}, 1, {.requires_grad = true}), RuntimeError);
}

TEST(Fill, RefusesValuesThatDoNotFit) {
  const auto text = [](const std::string& type) {
    return "value cannot be converted to type " + type + " without overflow";
  };
  EXPECT_ERROR(RuntimeError, text("uint8_t"), full({2}, 256, {.dtype = uint8}));
  EXPECT_ERROR(RuntimeError, text("uint8_t"), full({2}, -256, {.dtype = uint8}));
  EXPECT_ERROR(RuntimeError, text("uint8_t"), full({2}, -0.5, {.dtype = uint8}));
  EXPECT_ERROR(RuntimeError, text("int8_t"), full({2}, -129, {.dtype = int8}));
  EXPECT_ERROR(RuntimeError, text("int16_t"), full({2}, 32768, {.dtype = int16}));
  EXPECT_ERROR(RuntimeError, text("int"), full({2}, kInf, {.dtype = int32}));
  EXPECT_ERROR(RuntimeError, text("int64_t"), full({2}, kNan, {.dtype = int64}));
  EXPECT_ERROR(RuntimeError, text("int64_t"), full({2}, 0x1p63, {.dtype = int64}));
  EXPECT_ERROR(RuntimeError, text("float"), full({2}, 1e39, {.dtype = float32}));
  EXPECT_ERROR(RuntimeError, text("float"), full({2}, std::complex<double>(0, 1), {.dtype = float32}));
  EXPECT_ERROR(RuntimeError, text("c10::Half"), full({2}, 65520, {.dtype = float16}));
  EXPECT_ERROR(RuntimeError, text("c10::BFloat16"), full({2}, 3.4e38, {.dtype = bfloat16}));
  EXPECT_ERROR(RuntimeError, text("c10::complex<float>"), full({2}, 1e39, {.dtype = complex64}));
  EXPECT_EQ(full({2}, -1, {.dtype = uint8}).at<int>({0}), 255);
  EXPECT_EQ(full({2}, 2.5, {.dtype = int64}).at<int>({0}), 2);
  EXPECT_EQ(full({2}, kInf, {.dtype = float16}).at<double>({0}), kInf);
  EXPECT_TRUE(std::isnan(full({2}, kNan, {.dtype = bfloat16}).at<double>({0})));
  EXPECT_TRUE(full({2}, kNan, {.dtype = bool_}).at<bool>({0}));
  EXPECT_EQ(full({2}, std::complex<double>(1, 0), {.dtype = float32}).at<float>({1}), 1);
}

TEST(Fill, ReachesStridedElementsOnly) {
  const Tensor x = zeros({6});
  fill_with(make_view(x, {2}, {3}, 1), 5);
  EXPECT_EQ(x.at<float>({1}), 5);
  EXPECT_EQ(x.at<float>({4}), 5);
  EXPECT_EQ(x.at<float>({2}), 0);
  EXPECT_EQ(impl_of(x).version->count, 1u);
}

TEST(Arange, HasPyTorchsBits) {
  for (std::size_t d = 1; d < 10; ++d) {
    std::uint32_t value = 0;
    const auto add = [&](const Scalar& a, const Scalar& b, const Scalar& step) {
      if (kAll[d] == int64 && std::abs(step.to<double>()) < 1) return;
      value = crc(arange(a, b, step, {.dtype = kAll[d]}), value);
    };
    add(0, 1, 0.1), add(-3.7, 11.2, 0.37), add(5, -20, -0.25), add(0, 100, 1), add(-8, 300, 7), add(2.5, 90.1, 0.3);
    EXPECT_EQ(value, golden::kArange[d - 1]) << name(kAll[d]);
  }
}

TEST(Arange, InfersItsDTypeAndRefusesInPyTorchsWords) {
  EXPECT_EQ(arange(0, 5).dtype(), int64);
  EXPECT_EQ(arange(0, 5.0).dtype(), float32);
  EXPECT_EQ(arange(0, 0).numel(), 0);
  EXPECT_ERROR(RuntimeError, "step must be nonzero", arange(0, 5, 0));
  EXPECT_ERROR(RuntimeError, "step must be nonzero", arange(0, 5, kNan));
  EXPECT_ERROR(ValueError, "step must be nonzero", arange(0, 1, 0.1, {.dtype = int64}));
  EXPECT_ERROR(RuntimeError, "upper bound and lower bound inconsistent with step sign", arange(5, 0));
  EXPECT_ERROR(RuntimeError, "unsupported range: 0 -> inf", arange(0, kInf));
  EXPECT_ERROR(RuntimeError, "invalid size, possible overflow?", arange(0, 1e30));
  EXPECT_ERROR(RuntimeError, "Storage size calculation overflowed with sizes=[4611686018427387904]",
               arange(0, std::int64_t{1} << 62));
  EXPECT_ERROR(RuntimeError, "value cannot be converted to type double without overflow",
               arange(0, std::complex<double>(0, 1)));
  EXPECT_ERROR(NotImplementedError, "\"arange_cpu\" not implemented for 'Bool'", arange(0, 2, 1, {.dtype = bool_}));
  EXPECT_ERROR(NotImplementedError, "\"arange_cpu\" not implemented for 'ComplexFloat'",
               arange(0, 2, 1, {.dtype = complex64}));
}

TEST(Arange, DoesNotOverflowAtTheEndsOfInt64) {
  constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min(),
                         kMax = std::numeric_limits<std::int64_t>::max();
  const Tensor x = arange(kMin, kMax, kMax);
  ASSERT_EQ(x.numel(), 3);
  EXPECT_EQ(x.at<std::int64_t>({2}), kMax - 1);
  EXPECT_EQ(arange(kMax - 5, kMax).numel(), 5);
  EXPECT_EQ(arange(kMax, kMin, kMin).numel(), 2);
}

TEST(Linspace, HasPyTorchsBits) {
  struct Span {
    double start, end;
    std::int64_t steps;
  };
  const Span spans[] = {{0, 1, 0}, {0, 1, 1}, {-3.7, 11.2, 2}, {0, 10, 4}, {5, -20, 33}, {-1, 1, 100}, {0.1, 0.7, 333}};
  for (std::size_t d = 1; d < 12; ++d) {
    std::uint32_t value = 0;
    for (const Span& span : spans) {
      if (kAll[d] == uint8 && std::min(span.start, span.end) < 0) continue;
      value = crc(linspace(span.start, span.end, span.steps, {.dtype = kAll[d]}), value);
    }
    EXPECT_EQ(value, golden::kLinspace[d - 1]) << name(kAll[d]);
  }
  EXPECT_ERROR(RuntimeError, "number of steps must be non-negative", linspace(0, 1, -1));
  EXPECT_ERROR(NotImplementedError, "\"linspace_cpu\" not implemented for 'Bool'", linspace(0, 1, 3, {.dtype = bool_}));
}

TEST(FromValues, CopiesAndCasts) {
  const Tensor x = tensor<std::int32_t>({1, 2, 3, 4}, Shape{2, -1}, {.dtype = float64});
  EXPECT_EQ(x.sizes(), (Shape{2, 2}));
  EXPECT_EQ(x.at<double>({1, 0}), 3);
  EXPECT_EQ(tensor<bool>({true, false}).dtype(), bool_);
  EXPECT_EQ(tensor(std::span<const float>{}).sizes(), (Shape{0}));
  EXPECT_TRUE(tensor<float>({1}, {}, {.device = "meta"}).device().is_meta());
  EXPECT_ERROR(RuntimeError, "shape '[3]' is invalid for input of size 2", tensor<float>({1, 2}, Shape{3}));
}

TEST(FromBlob, SharesMemoryAndCallsTheDeleterOnce) {
  float numbers[6] = {0, 1, 2, 3, 4, 5};
  int freed = 0;
  {
    const Tensor x = from_blob(numbers, {2, 3}, {1, 2}, [&](void* data) { freed += data == numbers; });
    EXPECT_TRUE(impl_of(x).storage->seen_outside);
    numbers[5] = 50;
    EXPECT_EQ(x.at<float>({1, 2}), 50);
    const Tensor view = make_view(x, {1}, {1}, 0);
    EXPECT_EQ(freed, 0);
  }
  EXPECT_EQ(freed, 1);
  EXPECT_EQ(from_blob(static_cast<const float*>(numbers), {6}).at<float>({1}), 1);
}

TEST(FromBlob, RefusesWhatItCannotAddressAndLeavesTheMemory) {
  float numbers[4] = {};
  int freed = 0;
  const auto deleter = [&](void*) { ++freed; };
  constexpr std::int64_t kBig = std::int64_t{1} << 62;
  EXPECT_ERROR(RuntimeError, "Trying to create tensor with negative dimension -1: [-1]",
               from_blob(numbers, {-1}, {}, deleter));
  EXPECT_THROW(from_blob(numbers, {2}, {-1}, deleter), RuntimeError);
  EXPECT_THROW(from_blob(numbers, {2}, {1, 1}, deleter), RuntimeError);
  EXPECT_THROW(from_blob(numbers, {3}, {kBig}, deleter), RuntimeError);
  EXPECT_THROW(from_blob(numbers, {kBig, 2}, {0, 0}, deleter), RuntimeError);
  EXPECT_THROW(from_blob(static_cast<float*>(nullptr), {1}, {}, deleter), RuntimeError);
  EXPECT_THROW(from_blob(reinterpret_cast<char*>(numbers) + 1, {1}, {}, float32, deleter), RuntimeError);
  EXPECT_EQ(freed, 0);
  EXPECT_EQ(from_blob(static_cast<float*>(nullptr), {0, 3}).numel(), 0);
}

TEST(EmptyCache, IsHarmlessWhileTensorsLive) {
  const Tensor x = ones({1000, 1000});
  {
    const Tensor y = ones({1000, 1000});
  }
  empty_cache();
  EXPECT_EQ(x.at<float>({999, 999}), 1);
}

}  // namespace
}  // namespace conv1d
