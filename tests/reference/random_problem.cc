#include "reference/random_problem.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <sstream>

#include "reference/tap_reference.h"

namespace conv1d::kernels::testing {
namespace {

// Strides of an array of these extents in a random order of dimensions, with gaps; `last` is the usual innermost one.
template <std::size_t N>
std::array<std::int64_t, N> random_strides(Random& random, const std::array<std::int64_t, N>& extents, bool plain) {
  std::array<std::size_t, N> order;
  std::iota(order.begin(), order.end(), 0);
  if (!plain && chance(random, 40)) std::shuffle(order.begin(), order.end(), random);
  std::array<std::int64_t, N> strides{};
  std::int64_t next = !plain && chance(random, 25) ? pick(random, 2, 3) : 1;
  for (std::size_t i = N; i-- > 0;) {
    const std::size_t dimension = order[i];
    strides[dimension] = next;
    next *= std::max<std::int64_t>(1, extents[dimension]);
    if (!plain && chance(random, 30)) next += pick(random, 1, 5);
    if (!plain && chance(random, 10)) strides[dimension] = -strides[dimension];
  }
  return strides;
}

template <std::size_t N> void expand(Random& random, std::array<std::int64_t, N>& strides, bool plain) {
  if (!plain && chance(random, 15)) strides[static_cast<std::size_t>(pick(random, 0, N - 1))] = 0;
}

void random_geometry(Random& random, TapProblem& p) {
  p.step = 1;
  p.between = 1;
  switch (pick(random, 0, 5)) {
    case 0:  // a plain layer
      if (chance(random, 30)) p.between = pick(random, 1, 4);
      break;
    case 1:  // stride and dilation
      p.step = pick(random, 1, 5);
      p.between = pick(random, 1, 40);
      break;
    case 2:  // an input gradient
      p.between = -pick(random, 1, 3);
      break;
    case 3:  // a weight gradient
      std::swap(p.taps, p.columns);
      p.step = pick(random, 1, 3);
      p.between = pick(random, 1, 3);
      break;
    case 4:  // dilation wider than the row
      p.between = pick(random, 50, 600);
      break;
    default:
      p.step = pick(random, -4, 4);
      p.between = pick(random, -5, 5);
  }
  const std::int64_t reach =
      std::max<std::int64_t>(0, p.taps - 1) * p.between + std::max<std::int64_t>(0, p.columns - 1) * p.step;
  const std::int64_t span = std::abs(std::max<std::int64_t>(0, p.taps - 1) * p.between) +
                            std::abs(std::max<std::int64_t>(0, p.columns - 1) * p.step);
  // Usually an input about as long as what is read, with padding on both sides.
  p.in_length = std::max<std::int64_t>(0, span + 1 - pick(random, -3, std::max<std::int64_t>(1, span / 2)));
  if (chance(random, 3)) p.in_length = 0;
  p.first = -pick(random, 0, std::max<std::int64_t>(1, span / 4)) - std::min<std::int64_t>(0, reach);
  if (chance(random, 10)) p.first = pick(random, -30, 30);
}

struct Extent {
  std::int64_t low = 0, high = -1;  // of offsets, in elements; empty if high < low
};

Extent span_of(const std::vector<std::pair<std::int64_t, std::int64_t>>& extents_and_strides) {
  Extent e{0, 0};
  for (const auto& [extent, stride] : extents_and_strides) {
    if (extent == 0) return {};
    (stride < 0 ? e.low : e.high) += (extent - 1) * stride;
  }
  return e;
}

long double random_value(Random& random) { return std::uniform_real_distribution<double>(-1, 1)(random); }

// A block of just that span, filled with values; the pointer is that of offset 0.
void* make(std::vector<Guarded>& blocks, Random& random, const TapProblem& p, const Extent& e) {
  const std::int64_t count = std::max<std::int64_t>(0, e.high - e.low + 1);
  const std::size_t size = element_size(p.element);
  const Guarded::Edge edge = chance(random, 50) ? Guarded::Edge::kFront : Guarded::Edge::kBack;
  blocks.emplace_back(static_cast<std::size_t>(count) * size, edge);
  std::byte* data = blocks.back().data();
  for (std::int64_t i = 0; i < count; ++i) {
    if (is_integer(p.element)) {
      const std::uint64_t bits = random();
      std::memcpy(data + static_cast<std::size_t>(i) * size, &bits, size);
    } else {
      reference::store(p.element, data, i, {random_value(random), random_value(random)});
    }
  }
  return data - e.low * static_cast<std::int64_t>(size);
}

}  // namespace

TapProblem random_problem(Random& random, Element element, const Limits& limits) {
  TapProblem p;
  p.element = element;
  const auto extent = [&](std::int64_t most) { return chance(random, 2) ? 0 : pick(random, 1, most); };
  p.groups = chance(random, 60) ? 1 : extent(limits.groups);
  p.batch = extent(limits.batch);
  p.outputs = extent(limits.outputs);
  p.inputs = extent(limits.inputs);
  p.taps = extent(limits.taps);
  p.columns = extent(limits.columns);
  random_geometry(random, p);
  const bool plain = limits.plain_layout || chance(random, 40);
  auto input = random_strides<4>(random, {p.groups, p.batch, p.inputs, p.in_length}, plain);
  expand(random, input, plain);
  p.input = {input[0], input[1], input[2], input[3]};
  auto weight = random_strides<4>(random, {p.groups, p.outputs, p.inputs, p.taps}, plain);
  expand(random, weight, plain);
  p.weight = {weight[0], weight[1], weight[2], weight[3]};
  auto bias = random_strides<2>(random, {p.groups, p.outputs}, plain);
  expand(random, bias, plain);
  p.bias = {bias[0], bias[1]};
  const auto output = random_strides<4>(random, {p.groups, p.batch, p.outputs, p.columns}, plain);
  p.output = {output[0], output[1], output[2], output[3]};
  p.start = static_cast<Start>(pick(random, 0, 2));
  if (!is_complex(element) && chance(random, 20)) p.finish = Finish::kRelu;
  p.conjugate_input = is_complex(element) && chance(random, 30);
  p.conjugate_weight = is_complex(element) && chance(random, 30);
  return p;
}

std::string describe(const TapProblem& p) {
  std::ostringstream s;
  s << "element " << static_cast<int>(p.element) << " groups " << p.groups << " batch " << p.batch << " outputs "
    << p.outputs << " inputs " << p.inputs << " taps " << p.taps << " columns " << p.columns << " in_length "
    << p.in_length << " first " << p.first << " between " << p.between << " step " << p.step << "\n  input strides "
    << p.input.group << ',' << p.input.batch << ',' << p.input.row << ',' << p.input.column << " weight "
    << p.weight.group << ',' << p.weight.output << ',' << p.weight.input << ',' << p.weight.tap << " output "
    << p.output.group << ',' << p.output.batch << ',' << p.output.output << ',' << p.output.column << " start "
    << static_cast<int>(p.start) << " finish " << static_cast<int>(p.finish) << " conjugate " << p.conjugate_input
    << p.conjugate_weight;
  return s.str();
}

Memory::Memory(const TapProblem& p, Random& random) {
  blocks.reserve(4);
  input = make(blocks, random, p,
               span_of({{p.groups, p.input.group},
                        {p.batch, p.input.batch},
                        {p.inputs, p.input.row},
                        {p.in_length, p.input.column}}));
  weight = make(blocks, random, p,
                span_of({{p.groups, p.weight.group},
                         {p.outputs, p.weight.output},
                         {p.inputs, p.weight.input},
                         {p.taps, p.weight.tap}}));
  bias = make(blocks, random, p,
              p.start == Start::kBias ? span_of({{p.groups, p.bias.group}, {p.outputs, p.bias.output}}) : Extent{});
  const Extent e = span_of({{p.groups, p.output.group},
                            {p.batch, p.output.batch},
                            {p.outputs, p.output.output},
                            {p.columns, p.output.column}});
  output = make(blocks, random, p, e);
  output_begin = blocks.back().data();
  output_bytes = static_cast<std::size_t>(std::max<std::int64_t>(0, e.high - e.low + 1)) * element_size(p.element);
}

}  // namespace conv1d::kernels::testing
