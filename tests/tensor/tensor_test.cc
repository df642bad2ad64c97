#include <conv1d/tensor.h>

#include <limits>

#include "support/throws.h"
#include "tensor/impl.h"

namespace conv1d {
namespace {

constexpr std::int64_t kBig = std::int64_t{1} << 62;

TEST(Tensor, KnowsItsShape) {
  const Tensor x = make_tensor({2, 0, 3}, int16);
  EXPECT_EQ(x.sizes(), (Shape{2, 0, 3}));
  EXPECT_EQ(x.strides(), (Shape{3, 3, 1}));
  EXPECT_EQ(x.numel(), 0);
  EXPECT_EQ(x.dim(), 3);
  EXPECT_EQ(x.size(-1), 3);
  EXPECT_EQ(x.stride(0), 3);
  EXPECT_EQ(x.element_size(), 2u);
  EXPECT_TRUE(x.is_contiguous());
  EXPECT_EQ(make_tensor({std::numeric_limits<std::int64_t>::max(), 2, 0}, float32).strides(), (Shape{2, 1, 1}));
}

TEST(Tensor, DimensionsOutOfRangeRaise) {
  const Tensor x = zeros({2, 3});
  EXPECT_ERROR(IndexError, "Dimension out of range (expected to be in range of [-2, 1], but got 2)", x.size(2));
  EXPECT_ERROR(IndexError, "Dimension out of range (expected to be in range of [-2, 1], but got -3)", x.size(-3));
  EXPECT_ERROR(IndexError, "Dimension out of range (expected to be in range of [-2, 1], but got 5)", x.stride(5));
  EXPECT_ERROR(IndexError, "Dimension specified as 0 but tensor has no dimensions", zeros({}).size(0));
  EXPECT_ERROR(IndexError, "Dimension out of range (expected to be in range of [-1, 0], but got 1)", wrap_dim(1, 0));
  EXPECT_EQ(wrap_dim(-1, 0), 0);
  EXPECT_THROW(wrap_dim(std::numeric_limits<std::int64_t>::min(), 3), IndexError);
}

TEST(Tensor, SizesThatCannotBeRaise) {
  EXPECT_ERROR(RuntimeError, "Trying to create tensor with negative dimension -1: [3, -1, -2]", empty({3, -1, -2}));
  EXPECT_ERROR(RuntimeError, "Storage size calculation overflowed with sizes=[4611686018427387904, 4]",
               empty({kBig, 4}));
  EXPECT_ERROR(RuntimeError, "Storage size calculation overflowed with sizes=[4611686018427387904]", empty({kBig}));
  EXPECT_ERROR(RuntimeError, "Storage size calculation overflowed with sizes=[4611686018427387904]",
               empty({kBig}, {.device = "meta"}));
  EXPECT_ERROR(
      RuntimeError,
      "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate "
      "4398046511104 bytes. Error code 12 (Cannot allocate memory)",
      empty({std::int64_t{1} << 40}));
  EXPECT_EQ(empty({kBig / 4 - 1}, {.device = "meta"}).numel(), kBig / 4 - 1);
  EXPECT_EQ(empty({kBig, 0, kBig}).numel(), 0);
}

TEST(Tensor, SingleNumbers) {
  const Tensor x = tensor<float>({1, 2, 3, 4, 5, 6}, Shape{2, 3});
  EXPECT_EQ(x.at<float>({1, 2}), 6);
  EXPECT_EQ(x.at<int>({-1, -3}), 4);
  EXPECT_EQ(make_view(x, {3, 2}, {1, 3}, 0).at<float>({2, 1}), 6);
  EXPECT_ERROR(IndexError, "index 2 is out of bounds for dimension 0 with size 2", x.at<float>({2, 0}));
  EXPECT_ERROR(IndexError, "index -4 is out of bounds for dimension 1 with size 3", x.at<float>({0, -4}));
  EXPECT_ERROR(IndexError, "too many indices for tensor of dimension 2", x.at<float>({0, 0, 0}));
  EXPECT_THROW(x.at<float>({0}), IndexError);
  EXPECT_ERROR(RuntimeError, "a Tensor with 6 elements cannot be converted to Scalar", x.item<float>());
  EXPECT_ERROR(RuntimeError, "a Tensor with 0 elements cannot be converted to Scalar", zeros({0}).item<float>());
  EXPECT_ERROR(RuntimeError, "Tensor.item() cannot be called on meta tensors",
               empty({1}, {.device = "meta"}).item<float>());
  EXPECT_EQ(full({1, 1}, std::complex<double>(1, -2)).item<std::complex<float>>(), std::complex<float>(1, -2));
  EXPECT_TRUE(full({}, true).item_scalar().is_bool());
  EXPECT_EQ(full({}, 0.5, {.dtype = float16}).item<double>(), 0.5);
}

TEST(Tensor, TypedPointersAreCheckedAndRemembered) {
  Tensor x = zeros({4});
  EXPECT_NE(x.data<float>(), nullptr);
  EXPECT_FALSE(impl_of(x).storage->seen_outside);
  EXPECT_ERROR(RuntimeError, "expected scalar type Double but found Float", x.data<double>());
  EXPECT_THROW(empty({1}, {.device = "meta"}).data<float>(), RuntimeError);
  x.mutable_data<float>()[1] = 3;
  EXPECT_TRUE(impl_of(x).storage->seen_outside);
  EXPECT_EQ(x.span<float>()[1], 3);
  EXPECT_EQ(x.mutable_span<float>().size(), 4u);
  EXPECT_THROW(make_view(x, {2}, {2}, 0).span<float>(), RuntimeError);
}

TEST(Tensor, UndefinedRaises) {
  const Tensor none;
  EXPECT_FALSE(none.defined());
  EXPECT_ERROR(RuntimeError, "Expected a proper Tensor but got None (or an undefined Tensor in C++)", none.sizes());
}

TEST(Tensor, ContiguityIgnoresDimensionsOfOne) {
  const Tensor x = zeros({6});
  EXPECT_TRUE(make_view(x, {1, 3}, {77, 1}, 0).is_contiguous());
  EXPECT_TRUE(make_view(x, {3, 1}, {1, 5}, 0).is_contiguous());
  EXPECT_TRUE(make_view(x, {0, 3}, {1, 9}, 0).is_contiguous());
  EXPECT_FALSE(make_view(x, {3}, {2}, 0).is_contiguous());
  EXPECT_FALSE(make_view(x, {3}, {0}, 0).is_contiguous());
}

TEST(Tensor, ViewsShareMemoryAndVersion) {
  const Tensor x = zeros({4}), y = make_view(x, {2}, {1}, 2);
  note_write(y);
  EXPECT_EQ(impl_of(x).version->count, 1u);
  EXPECT_EQ(y.storage_offset(), 2);
  EXPECT_EQ(impl_of(y).raw(), impl_of(x).raw_as<float>() + 2);
}

}  // namespace
}  // namespace conv1d
