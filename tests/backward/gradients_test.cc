// Every operation's gradient, and the gradient of that, against finite differences.
#include "support/gradcheck.h"

namespace conv1d {
namespace {

using testing::check_gradients;
using testing::check_gradients_twice;
using testing::Function;
using testing::sample;
using Inputs = std::vector<Tensor>;

struct Case {
  const char* name;
  std::vector<Shape> shapes;
  Function f;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class Gradients : public ::testing::TestWithParam<std::tuple<Case, DType>> {};

TEST_P(Gradients, AgreeWithDifferences) {
  const auto& [c, dtype] = GetParam();
  Inputs inputs;
  for (std::size_t i = 0; i < c.shapes.size(); ++i)
    inputs.push_back(sample(c.shapes[i], dtype, 10 + static_cast<unsigned>(i)));
  check_gradients_twice(c.f, inputs);
}

const Case kBoth[] = {
    {"add", {{2, 3}, {2, 3}}, [](const Inputs& x) { return x[0] + x[1]; }},
    {"add_broadcast", {{2, 1, 3}, {4, 1}}, [](const Inputs& x) { return x[0] + x[1]; }},
    {"add_alpha", {{2, 3}, {3}}, [](const Inputs& x) { return add(x[0], x[1], 2.5); }},
    {"sub_alpha", {{2, 3}, {}}, [](const Inputs& x) { return sub(x[0], x[1], 2); }},
    {"rsub", {{3}}, [](const Inputs& x) { return 1.5 - x[0]; }},
    {"neg", {{3}}, [](const Inputs& x) { return -x[0]; }},
    {"mul", {{2, 3}, {2, 3}}, [](const Inputs& x) { return x[0] * x[1]; }},
    {"mul_broadcast", {{2, 1}, {3}}, [](const Inputs& x) { return x[0] * x[1]; }},
    {"mul_number", {{3}}, [](const Inputs& x) { return x[0] * 2.5; }},
    {"mul_itself", {{3}}, [](const Inputs& x) { return x[0] * x[0]; }},
    {"div", {{2, 3}, {3}}, [](const Inputs& x) { return x[0] / x[1]; }},
    {"div_number", {{3}}, [](const Inputs& x) { return x[0] / 2.5; }},
    {"rdiv", {{3}}, [](const Inputs& x) { return 2 / x[0]; }},
    {"square", {{3}}, [](const Inputs& x) { return x[0].square(); }},
    {"pow_3", {{3}}, [](const Inputs& x) { return x[0].pow(3); }},
    {"pow_minus_2", {{3}}, [](const Inputs& x) { return x[0].pow(-2); }},
    {"exp", {{3}}, [](const Inputs& x) { return x[0].exp(); }},
    {"abs", {{4}}, [](const Inputs& x) { return x[0].abs(); }},
    {"tanh", {{3}}, [](const Inputs& x) { return x[0].tanh(); }},
    {"sigmoid", {{3}}, [](const Inputs& x) { return x[0].sigmoid(); }},
    {"sum", {{2, 3}}, [](const Inputs& x) { return x[0].square().sum(); }},
    {"sum_dims", {{2, 3, 2}}, [](const Inputs& x) { return x[0].square().sum({0, -1}); }},
    {"sum_keepdim", {{2, 3}}, [](const Inputs& x) { return x[0].square().sum({1}, true); }},
    {"mean", {{2, 3}}, [](const Inputs& x) { return x[0].square().mean(); }},
    {"mean_dims", {{2, 3, 2}}, [](const Inputs& x) { return x[0].square().mean({1}); }},
    {"sum_to", {{2, 3, 2}}, [](const Inputs& x) { return sum_to(x[0].square(), {3, 1}); }},
    {"view", {{2, 6}}, [](const Inputs& x) { return x[0].square().view({3, -1}); }},
    {"reshape_copy", {{2, 3}}, [](const Inputs& x) { return x[0].square().t().reshape({6}); }},
    {"flatten", {{2, 3, 2}}, [](const Inputs& x) { return x[0].square().flatten(1); }},
    {"squeeze", {{2, 1, 3, 1}}, [](const Inputs& x) { return x[0].square().squeeze(); }},
    {"squeeze_dim", {{2, 1, 3}}, [](const Inputs& x) { return x[0].square().squeeze(1); }},
    {"unsqueeze", {{2, 3}}, [](const Inputs& x) { return x[0].square().unsqueeze(-1); }},
    {"transpose", {{2, 3, 2}}, [](const Inputs& x) { return x[0].square().transpose(0, 2); }},
    {"permute", {{2, 3, 2}}, [](const Inputs& x) { return x[0].square().permute({2, 0, 1}); }},
    {"t", {{2, 3}}, [](const Inputs& x) { return x[0].square().t(); }},
    {"expand", {{3, 1}}, [](const Inputs& x) { return x[0].square().expand({2, -1, 4}); }},
    {"select", {{2, 3}}, [](const Inputs& x) { return x[0].square().select(1, -2); }},
    {"slice", {{7, 2}}, [](const Inputs& x) { return x[0].square().slice(0, 1, 6, 2); }},
    {"clone", {{3}}, [](const Inputs& x) { return x[0].square().clone(); }},
    {"contiguous", {{2, 3}}, [](const Inputs& x) { return x[0].square().t().contiguous(); }},
    {"cat", {{2, 3}, {2, 1}}, [](const Inputs& x) { return cat({x[0].square(), x[1], x[0]}, 1); }},
    {"stack", {{2, 3}, {2, 3}}, [](const Inputs& x) { return stack({x[0], x[1].square(), x[0]}, 1); }},
    {"in_place",
     {{2, 3}, {3}},
     [](const Inputs& x) {
       Tensor y = x[0] * 1;
       y.mul_(x[1]).add_(x[1], 3).div_(x[1]).sub_(x[0]).mul_(2).div_(3).add_(1).sub_(2);
       return y;
     }},
    {"mul_itself_in_place",
     {{3}},
     [](const Inputs& x) {
       Tensor y = x[0] * 1;
       return y.mul_(y);
     }},
    {"view_changed",
     {{2, 3}, {3}},
     [](const Inputs& x) {
       Tensor y = x[0] * x[0];
       Tensor row = y.select(0, 1), other = y.select(0, 0);
       row.mul_(x[1]);
       return y * 2 + row + other * other;
     }},
    {"base_changed",
     {{2, 3}, {2, 3}},
     [](const Inputs& x) {
       Tensor y = x[0] * x[0];
       const Tensor column = y.t().select(0, 1);
       y.mul_(x[1]);
       return column * column;
     }},
    {"overlapping_view_of_changed_base",
     {{3}, {3}},
     [](const Inputs& x) {
       Tensor y = x[0] * x[0];
       const Tensor wide = y.expand({2, 3});
       y.mul_(x[1]);
       return wide * wide;
     }},
    {"filled_and_copied",
     {{4}, {2}},
     [](const Inputs& x) {
       Tensor y = x[0] * x[0];
       Tensor head = y.slice(0, 0, 2), tail = y.slice(0, 3);
       head.copy_(x[1] * x[1]);
       tail.fill_(7);
       return y * y;
     }},
};

const Case kReal[] = {
    {"log", {{3}}, [](const Inputs& x) { return x[0].square().log(); }},
    {"sqrt", {{3}}, [](const Inputs& x) { return x[0].square().sqrt(); }},
    {"pow_half", {{3}}, [](const Inputs& x) { return x[0].square().pow(0.5); }},
    {"pow_2_5", {{3}}, [](const Inputs& x) { return x[0].square().pow(2.5); }},
    {"pow_tensor", {{2, 3}, {3}}, [](const Inputs& x) { return x[0].square().pow(x[1]); }},
    {"rpow", {{3}}, [](const Inputs& x) { return rpow(x[0], 2.5); }},
    {"relu", {{5}}, [](const Inputs& x) { return x[0].relu() * x[0]; }},
    {"max", {{2, 3}}, [](const Inputs& x) { return x[0].square().max(); }},
    {"min", {{2, 3}}, [](const Inputs& x) { return x[0].square().min(); }},
    {"max_dim", {{2, 3, 2}}, [](const Inputs& x) { return max(x[0].square(), 1).values; }},
    {"min_dim", {{2, 3}}, [](const Inputs& x) { return min(x[0].square(), -1, true).values; }},
    {"mse_loss", {{2, 3}, {2, 3}}, [](const Inputs& x) { return mse_loss(x[0], x[1]); }},
    {"mse_loss_sum", {{2, 3}, {2, 3}}, [](const Inputs& x) { return mse_loss(x[0], x[1], "sum"); }},
    {"mse_loss_none", {{2, 3}, {2, 3}}, [](const Inputs& x) { return mse_loss(x[0], x[1], "none"); }},
    {"complex", {{3}, {3}}, [](const Inputs& x) { return complex(x[0], x[1]).pow(2); }},
    {"to_complex", {{3}}, [](const Inputs& x) { return x[0].to(complex128) * std::complex<double>(1, 2); }},
    {"times_complex", {{3}}, [](const Inputs& x) { return x[0] * std::complex<double>(1, 2); }},
};

const Case kComplex[] = {
    {"conj", {{3}}, [](const Inputs& x) { return x[0].conj() * x[0]; }},
    {"real", {{2, 3}}, [](const Inputs& x) { return x[0].real() * x[0].imag(); }},
    {"log_sqrt", {{3}}, [](const Inputs& x) { return x[0].log() + x[0].sqrt(); }},
    {"pow_complex", {{3}}, [](const Inputs& x) { return x[0].pow(std::complex<double>(1.5, 0.5)); }},
    {"pow_tensor", {{3}, {3}}, [](const Inputs& x) { return x[0].pow(x[1]); }},
    {"rpow", {{3}}, [](const Inputs& x) { return rpow(x[0], std::complex<double>(1.5, 0.5)); }},
    {"real_part_changed",
     {{3}},
     [](const Inputs& x) {
       Tensor y = x[0] * x[0];
       Tensor part = y.real();
       part.mul_(part.detach().clone() * 0 + 2);
       return y * y;
     }},
    {"base_of_real_part_changed",
     {{3}},
     [](const Inputs& x) {
       Tensor y = x[0] * x[0];
       const Tensor part = y.imag();
       y.mul_(x[0]);
       return part * part;
     }},
};

std::string name_of(const ::testing::TestParamInfo<std::tuple<Case, DType>>& info) {
  return std::string(std::get<0>(info.param).name) + "_" + std::string(name(std::get<1>(info.param)));
}

INSTANTIATE_TEST_SUITE_P(BothKinds, Gradients,
                         ::testing::Combine(::testing::ValuesIn(kBoth), ::testing::Values(float64, complex128)),
                         name_of);
INSTANTIATE_TEST_SUITE_P(RealOnly, Gradients,
                         ::testing::Combine(::testing::ValuesIn(kReal), ::testing::Values(float64)), name_of);
INSTANTIATE_TEST_SUITE_P(ComplexOnly, Gradients,
                         ::testing::Combine(::testing::ValuesIn(kComplex), ::testing::Values(complex128)), name_of);

TEST(MixedDtypes, GradientsHaveTheDtypeOfTheirInput) {
  const Tensor x = ones({3}, {.dtype = float32, .requires_grad = true});
  const Tensor z = full({3}, std::complex<double>(1, 2), {.dtype = complex64, .requires_grad = true});
  const Tensor h = ones({1}, {.dtype = float16, .requires_grad = true});
  (x * z * h).real().sum().backward();
  EXPECT_EQ(x.grad().dtype(), float32);
  EXPECT_EQ(z.grad().dtype(), complex64);
  EXPECT_EQ(h.grad().dtype(), float16);
  EXPECT_EQ(x.grad().at<float>({0}), 1);
  EXPECT_EQ(h.grad().at<float>({0}), 3);
}

}  // namespace
}  // namespace conv1d
