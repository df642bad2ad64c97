#include "kernels/plan.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string>

#include "kernels/kernel.h"
#include "reference/layers.h"

namespace conv1d::kernels::testing {
namespace {

const Layer kDense{.batch = 2, .in_channels = 64, .length = 500, .out_channels = 64, .kernel_size = 3, .padding = 1};

TEST(Plan, IsAPureFunctionOfProblemAndOptions) {
  const TapProblem p = forward(kDense);
  const ChooseOptions options{
      .isa = Isa::kAvx512, .kernel = {}, .threads = 4};  // also where the machine has no AVX-512
  const Plan a = make_plan(p, options), b = make_plan(p, options);
  EXPECT_EQ(kernel_name(a), kernel_name(b));
  EXPECT_EQ(a.packing, b.packing);
  EXPECT_EQ(a.details, b.details);
  EXPECT_EQ(a.scratch_bytes, b.scratch_bytes);
}

TEST(Plan, SharesPackedWeightsBetweenLengthsAndBatches) {
  Layer longer = kDense;
  longer.length = 777;
  longer.batch = 5;
  const ChooseOptions options{.isa = Isa::kAvx2, .kernel = "direct"};
  EXPECT_EQ(make_plan(forward(kDense), options).packing, make_plan(forward(longer), options).packing);
  Layer wider = kDense;
  wider.out_channels = 65;
  EXPECT_NE(make_plan(forward(kDense), options).packing, make_plan(forward(wider), options).packing);
}

TEST(Plan, TakesAForcedFamilyOnlyWhereItAccepts) {
  EXPECT_EQ(kernel_name(make_plan(forward(kDense), {.isa = Isa::kAvx2, .kernel = "plain"})), "plain");
  EXPECT_EQ(kernel_name(make_plan(forward(kDense), {.isa = Isa::kAvx2, .kernel = "direct"})), "direct");
  EXPECT_NE(kernel_name(make_plan(forward(kDense), {.isa = Isa::kAvx2, .kernel = "depthwise"})), "depthwise");
  EXPECT_EQ(kernel_name(make_plan(forward(kDense, Element::kInt64), {.isa = Isa::kAvx2, .kernel = "direct"})), "plain");
}

TEST(Plan, HighestTakesDirectSumsAlone) {
  for (const Kernel* kernel : registry()) {
    const Plan plan =
        make_plan(forward(kDense), {.isa = Isa::kAvx2, .kernel = kernel->name, .precision = Precision::kHighest});
    EXPECT_TRUE(plan.kernel->direct_sum) << kernel->name;
  }
}

TEST(Plan, GivesSmallWorkOneThread) {
  const Layer tiny{.batch = 1, .in_channels = 8, .length = 64, .out_channels = 8, .kernel_size = 3};
  EXPECT_EQ(make_plan(forward(tiny), {.isa = Isa::kAvx2, .kernel = {}, .threads = 8}).parts, 1);
  const Layer large{.batch = 8, .in_channels = 256, .length = 4000, .out_channels = 256, .kernel_size = 3};
  EXPECT_EQ(make_plan(forward(large), {.isa = Isa::kAvx2, .kernel = {}, .threads = 8}).parts, 8);
}

TEST(Plan, NamesAllFamiliesInOrder) {
  const auto names = kernel_names();
  EXPECT_EQ(names.size(), registry().size());
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_NE(std::find(names.begin(), names.end(), "plain"), names.end());
}

// Runs this test program anew with a changed environment, and returns what it prints.
std::string in_child(const std::string& environment) {
  std::array<char, 4096> path{};
  const ssize_t length = readlink("/proc/self/exe", path.data(), path.size() - 1);
  if (length <= 0) return "no /proc/self/exe";
  const std::string command =
      environment + " '" + path.data() + "' --gtest_also_run_disabled_tests --gtest_filter=Plan.DISABLED_Print 2>&1";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string text;
  for (int c; pipe && (c = std::fgetc(pipe.get())) != EOF;) text += static_cast<char>(c);
  return text;
}

// Not a test: what the two tests below run in a child, since the environment is read once in a process.
TEST(Plan, DISABLED_Print) {
  const Plan plan = make_plan(forward(kDense), default_options());
  std::printf("isa=%s kernel=%s\n", std::string(isa_name(plan.isa)).c_str(), std::string(kernel_name(plan)).c_str());
}

TEST(Plan, TheEnvironmentForcesAnInstructionSet) {
  for (const Isa isa : supported_isas()) {
    const std::string name(isa_name(isa));
    EXPECT_NE(in_child("CONV1D_ISA=" + name).find("isa=" + name), std::string::npos) << name;
  }
  const std::string best = "isa=" + std::string(isa_name(supported_isas().front()));
  EXPECT_NE(in_child("CONV1D_ISA=quantum").find(best), std::string::npos) << "an unknown name is ignored";
}

TEST(Plan, TheEnvironmentForcesAFamily) {
  EXPECT_NE(in_child("CONV1D_KERNEL=plain").find("kernel=plain"), std::string::npos);
  EXPECT_NE(in_child("CONV1D_KERNEL=direct").find("kernel=direct"), std::string::npos);
  EXPECT_EQ(in_child("CONV1D_KERNEL=depthwise").find("kernel=depthwise"), std::string::npos);
}

}  // namespace
}  // namespace conv1d::kernels::testing
