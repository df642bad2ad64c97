#include "tensor/copy.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <random>

#include "support/throws.h"
#include "tensor/cast.h"
#include "tensor/impl.h"
#include "tensor/layout.h"
#include "tensor/visit.h"

namespace conv1d {
namespace {

constexpr std::array kAll = {bool_,   uint8,    int8,    int16,   int32,     int64,
                             float16, bfloat16, float32, float64, complex64, complex128};

using Random = std::mt19937;

/// Calls f(position in a, position in b) for each index of `sizes`.
template <class F> void for_each(const Shape& sizes, const Shape& a, const Shape& b, const F& f) {
  std::int64_t count = 1;
  for (const std::int64_t size : sizes) count *= size;
  for (std::int64_t n = 0; n < count; ++n) {
    std::int64_t rest = n, at_a = 0, at_b = 0;
    for (std::size_t i = sizes.size(); i-- > 0; rest /= sizes[i])
      at_a += rest % sizes[i] * a[i], at_b += rest % sizes[i] * b[i];
    f(at_a, at_b);
  }
}

void fill_small(const Tensor& tensor, Random& random) {
  visit(tensor.dtype(), [&]<class T>(std::type_identity<T>) {
    T* data = impl_of(tensor).raw_as<T>();
    for (std::int64_t i = 0; i < tensor.numel(); ++i) data[i] = cast<T>(static_cast<double>(random() % 100));
  });
}

/// A random view with gaps, permuted, over new memory of random numbers.
Tensor random_view(const Shape& sizes, DType dtype, Random& random) {
  Shape order(sizes.size()), strides(sizes.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int64_t>(i);
  std::shuffle(order.begin(), order.end(), random);
  std::int64_t stride = 1 + random() % 2;
  for (const std::int64_t dim : order) {
    strides[static_cast<std::size_t>(dim)] = stride;
    stride *= sizes[static_cast<std::size_t>(dim)] + static_cast<std::int64_t>(random() % 2);
  }
  const std::int64_t offset = random() % 5;
  const Tensor base = make_tensor({offset + stride + 1}, dtype);
  fill_small(base, random);
  return make_view(base, sizes, strides, offset);
}

std::vector<std::byte> bytes_of(const Tensor& tensor) {
  const Storage& storage = *impl_of(tensor).storage;
  return {storage.data, storage.data + storage.bytes};
}

TEST(CopyInto, AgreesWithTheDefinitionForAllDTypesAndRandomStrides) {
  Random random(7);
  for (int round = 0; round < 12 * 12 * 12; ++round) {
    const DType to_type = kAll[static_cast<std::size_t>(round) % 12],
                from_type = kAll[static_cast<std::size_t>(round) / 12 % 12];
    Shape sizes(random() % 5);
    for (std::int64_t& size : sizes) size = random() % 10 == 0 ? 40 : 1 + random() % 5;
    Shape from_sizes(sizes.begin() + (sizes.empty() ? 0 : random() % sizes.size()), sizes.end());
    for (std::int64_t& size : from_sizes) size = random() % 4 == 0 ? 1 : size;
    const Tensor to = random_view(sizes, to_type, random), from = random_view(from_sizes, from_type, random);
    const Shape from_strides = broadcast_strides(from.sizes(), from.strides(), sizes);
    std::vector<std::byte> expected = bytes_of(to);
    visit(to_type, [&]<class To>(std::type_identity<To>) {
      visit(from_type, [&]<class From>(std::type_identity<From>) {
        To* out = reinterpret_cast<To*>(expected.data()) + to.storage_offset();
        for_each(sizes, to.strides(), from_strides,
                 [&](std::int64_t a, std::int64_t b) { out[a] = cast<To>(impl_of(from).raw_as<From>()[b]); });
      });
    });
    copy_into(to, from);
    ASSERT_EQ(bytes_of(to), expected) << name(to_type) << " from " << name(from_type) << shape_text(sizes)
                                      << shape_text(to.strides()) << shape_text(from_strides);
  }
}

TEST(CopyInto, TransposesLargePlanes) {
  Random random(3);
  const Tensor from = make_tensor({70, 101}, float32);
  fill_small(from, random);
  const Tensor to = copy_of(make_view(from, {101, 70}, {1, 101}, 0), float32);
  for (std::int64_t i = 0; i < 101; ++i) {
    for (std::int64_t j = 0; j < 70; ++j) ASSERT_EQ(to.at<float>({i, j}), from.at<float>({j, i}));
  }
}

TEST(CopyInto, OverlappingMemoryIsReadFirst) {
  const Tensor base = arange(0, 10, 1);
  copy_into(make_view(base, {9}, {1}, 1), make_view(base, {9}, {1}, 0));
  for (std::int64_t i = 1; i < 10; ++i) EXPECT_EQ(base.at<std::int64_t>({i}), i - 1);
  const Tensor square = arange(0, 9, 1);
  copy_into(make_view(square, {3, 3}, {3, 1}, 0), make_view(square, {3, 3}, {1, 3}, 0));
  EXPECT_EQ(square.at<std::int64_t>({1}), 3);
  EXPECT_EQ(square.at<std::int64_t>({3}), 1);
  // Also between storages over the same memory.
  float numbers[4] = {1, 2, 3, 4};
  copy_into(from_blob(numbers + 1, {3}), from_blob(numbers, {3}));
  EXPECT_EQ(numbers[3], 3);
}

TEST(CopyInto, NotesTheWrite) {
  const Tensor to = zeros({3}), view = make_view(to, {1}, {1}, 2);
  const std::uint64_t writes = impl_of(to).storage->writes, version = impl_of(to).version->count;
  copy_into(view, ones({1}));
  EXPECT_EQ(impl_of(to).storage->writes, writes + 1);
  EXPECT_EQ(impl_of(to).version->count, version + 1);
}

TEST(CopyInto, RefusesWhatDoesNotBroadcastAndChangesNothing) {
  const Tensor to = zeros({3});
  EXPECT_ERROR(RuntimeError,
               "The size of tensor a (3) must match the size of tensor b (2) at non-singleton dimension 0",
               copy_into(to, ones({2})));
  EXPECT_ERROR(RuntimeError, "output with shape [3] doesn't match the broadcast shape [2, 3]",
               copy_into(to, ones({2, 3})));
  EXPECT_ERROR(RuntimeError, "output with shape [] doesn't match the broadcast shape [1]",
               copy_into(zeros({}), ones({1})));
  EXPECT_ERROR(NotImplementedError, "Cannot copy out of meta tensor; no data!",
               copy_into(to, empty({3}, {.device = "meta"})));
  EXPECT_EQ(to.at<float>({0}), 0);
  copy_into(empty({3}, {.device = "meta"}), to);
  copy_into(zeros({0}), ones({1}));
}

TEST(Cast, GivesPyTorchsIntegersForWhatDoesNotFit) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  // Values of torch.tensor(x, dtype=torch.float64).to(...) on x86.
  EXPECT_EQ(cast<std::int64_t>(nan), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(cast<std::int64_t>(1e19), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(cast<std::int64_t>(-0x1p63), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(cast<std::int32_t>(inf), std::numeric_limits<std::int32_t>::min());
  EXPECT_EQ(cast<std::int32_t>(3e9), std::numeric_limits<std::int32_t>::min());
  EXPECT_EQ(cast<std::int32_t>(-2147483648.9), std::numeric_limits<std::int32_t>::min());
  EXPECT_EQ(cast<std::int16_t>(40000.0), -25536);
  EXPECT_EQ(cast<std::int16_t>(-2147483649.0), 0);
  EXPECT_EQ(cast<std::int8_t>(300.0f), 44);
  EXPECT_EQ(cast<std::uint8_t>(-1.5f), 255);
  EXPECT_EQ(cast<std::uint8_t>(-2147483649.0), 255);
  EXPECT_EQ(cast<std::uint8_t>(nan), 0);
  EXPECT_EQ(cast<std::int64_t>(Half(inf)), std::numeric_limits<std::int64_t>::min());
  EXPECT_TRUE(cast<bool>(nan));
  EXPECT_TRUE(cast<bool>(std::complex<float>(0, 1)));
  EXPECT_FALSE(cast<bool>(-0.0f));
  EXPECT_EQ(cast<float>(std::complex<double>(1.5, 2)), 1.5f);
  EXPECT_EQ(cast<std::complex<float>>(std::int8_t{-3}), std::complex<float>(-3));
  EXPECT_EQ(cast<Half>(1 + 0x1p-11 + 0x1p-40).bits, Half(1.0f).bits);  // rounded twice
}

TEST(Copies, KeepOrChangeTheLayout) {
  const Tensor x = make_view(arange(0, 12, 1), {4, 3}, {1, 4}, 0);
  EXPECT_EQ(copy_of(x, float32).strides(), (Shape{3, 1}));
  EXPECT_EQ(dense_copy_of(x, float32).strides(), (Shape{1, 4}));
  EXPECT_EQ(dense_copy_of(x, float32).at<float>({3, 2}), 11);
  EXPECT_FALSE(x.is_contiguous());
  EXPECT_TRUE(raw_contiguous(x).is_contiguous());
  const Tensor y = zeros({2});
  EXPECT_TRUE(raw_contiguous(y).is_same(y));
  EXPECT_TRUE(copy_of(empty({2, 3}, {.device = "meta"}), float64).device().is_meta());
}

}  // namespace
}  // namespace conv1d
