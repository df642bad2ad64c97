// What the compiler made of the kernels. Two of its mistakes would be silent: a register tile kept in memory (three
// times slower), and AVX code in a weak symbol, which the linker may hand to a program on a machine without AVX.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "kernels/plan.h"

namespace conv1d::kernels::testing {
namespace {

// The file that holds the kernels: the shared library, or this program.
std::string binary() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&make_plan), &info) == 0 || !info.dli_fname) return "/proc/self/exe";
  return info.dli_fname;
}

std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string text;
  std::array<char, 65536> buffer;
  while (pipe) {
    const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe.get());
    if (count == 0) break;
    text.append(buffer.data(), count);
  }
  return text;
}

struct Instruction {
  unsigned long address;
  std::string text;
};
using Functions = std::map<std::string, std::vector<Instruction>>;

// Of those functions whose mangled name `wanted` accepts.
template <class Wanted> Functions disassemble(Wanted&& wanted) {
  std::istringstream lines(output_of("objdump -d --no-show-raw-insn '" + binary() + "' 2>/dev/null"));
  Functions functions;
  std::vector<Instruction>* current = nullptr;
  for (std::string line; std::getline(lines, line);) {
    if (const std::size_t name = line.find(" <"); name != std::string::npos && line.ends_with(">:")) {
      const std::string symbol = line.substr(name + 2, line.size() - name - 4);
      current = wanted(symbol) ? &functions[symbol] : nullptr;
    } else if (const std::size_t colon = line.find(":\t"); current && colon != std::string::npos) {
      current->push_back({std::stoul(line.substr(0, colon), nullptr, 16), line.substr(colon + 2)});
    }
  }
  return functions;
}

bool is_vector_target(const std::string& symbol) {
  return symbol.find("N_AVX2") != std::string::npos || symbol.find("N_AVX3") != std::string::npos;
}

class MachineCode : public ::testing::Test {
 protected:
  void SetUp() override {
#if !defined(__x86_64__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "looks at plain x86-64 code";
#endif
    if (output_of("nm --version 2>/dev/null; objdump --version 2>/dev/null").empty()) GTEST_SKIP() << "needs binutils";
  }
};

TEST_F(MachineCode, HasNoAvxInWeakSymbols) {
  std::istringstream lines(output_of("nm --defined-only '" + binary() + "'"));
  std::set<std::string> weak;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string address, type, name;
    fields >> address >> type >> name;
    if (type != "W" && type != "V" && type != "u") continue;
    weak.insert(name);
    EXPECT_FALSE(is_vector_target(name)) << name << " is weak: put it into an anonymous namespace";
  }
  ASSERT_FALSE(weak.empty()) << "nm saw no symbols";
#if !defined(__AVX__)
  for (const auto& [name, code] : disassemble([&](const std::string& symbol) { return weak.contains(symbol); })) {
    for (const Instruction& instruction : code) {
      ASSERT_EQ(instruction.text.find("%ymm"), std::string::npos) << name << ": " << instruction.text;
      ASSERT_EQ(instruction.text.find("%zmm"), std::string::npos) << name << ": " << instruction.text;
    }
  }
#endif
}

// The shortest loop that multiplies.
std::vector<Instruction> inner_loop(const std::vector<Instruction>& code) {
  static const std::regex jump("j[a-z]+ +([0-9a-f]+) .*");
  std::vector<Instruction> best;
  for (std::size_t i = 0; i < code.size(); ++i) {
    std::smatch match;
    if (!std::regex_match(code[i].text, match, jump)) continue;
    const unsigned long target = std::stoul(match[1].str(), nullptr, 16);
    std::vector<Instruction> body;
    bool multiplies = false;
    for (const Instruction& each : code) {
      if (each.address < target || each.address > code[i].address) continue;
      body.push_back(each);
      multiplies |= each.text.find("fmadd") != std::string::npos;
    }
    if (multiplies && (best.empty() || body.size() < best.size())) best = body;
  }
  return best;
}

TEST_F(MachineCode, KeepsTheRegisterTileInRegisters) {
  const Functions tiles = disassemble([](const std::string& symbol) {
    return is_vector_target(symbol) &&
           (symbol.find("RealTile") != std::string::npos || symbol.find("ComplexTile") != std::string::npos);
  });
  ASSERT_GT(tiles.size(), 40U);
  for (const auto& [name, code] : tiles) {
    const std::vector<Instruction> loop = inner_loop(code);
    ASSERT_FALSE(loop.empty()) << name;
    for (const Instruction& instruction : loop) {
      // A spilled pointer costs little, a vector on the stack means that the tile lives there.
      const bool of_vector = instruction.text.find("mm") != std::string::npos;
      EXPECT_FALSE(of_vector && instruction.text.find("(%rsp") != std::string::npos)
          << name << ": " << instruction.text;
    }
  }
}

}  // namespace
}  // namespace conv1d::kernels::testing
