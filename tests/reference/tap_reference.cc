#include "reference/tap_reference.h"

#include <cmath>
#include <limits>

namespace conv1d::reference {
namespace {

using kernels::Element;
using kernels::Finish;
using kernels::Operands;
using kernels::Start;
using kernels::TapProblem;

long double widen_half(std::uint16_t bits, int exponent_bits, int mantissa_bits) {
  const int exponent = (bits >> mantissa_bits) & ((1 << exponent_bits) - 1);
  const int mantissa = bits & ((1 << mantissa_bits) - 1);
  const int bias = (1 << (exponent_bits - 1)) - 1;
  long double value;
  if (exponent == (1 << exponent_bits) - 1) {
    value = mantissa ? std::numeric_limits<long double>::quiet_NaN() : std::numeric_limits<long double>::infinity();
  } else if (exponent == 0) {
    value = std::ldexp(static_cast<long double>(mantissa), 1 - bias - mantissa_bits);
  } else {
    value = std::ldexp(static_cast<long double>(mantissa + (1 << mantissa_bits)), exponent - bias - mantissa_bits);
  }
  return (bits >> 15) ? -value : value;
}

template <class T> T at(const void* base, std::int64_t offset) { return static_cast<const T*>(base)[offset]; }

Wide multiply(Wide w, Wide x, const TapProblem& p) {
  if (p.conjugate_weight) w = std::conj(w);
  if (p.conjugate_input) x = std::conj(x);
  return {w.real() * x.real() - w.imag() * x.imag(), w.real() * x.imag() + w.imag() * x.real()};
}

struct Index {
  std::int64_t g, b, m, j;
};

// Calls visit(offset of the weight, offset of the input) for each product of one output.
template <class Visit> void for_each_product(const TapProblem& p, const Index& i, Visit&& visit) {
  for (std::int64_t r = 0; r < p.inputs; ++r) {
    for (std::int64_t t = 0; t < p.taps; ++t) {
      const std::int64_t position = p.first + t * p.between + i.j * p.step;
      if (position < 0 || position >= p.in_length) continue;
      visit(i.g * p.weight.group + i.m * p.weight.output + r * p.weight.input + t * p.weight.tap,
            i.g * p.input.group + i.b * p.input.batch + r * p.input.row + position * p.input.column);
    }
  }
}

void add_integer(const TapProblem& p, const Operands& o, const Index& i, TapOutput& out) {
  std::uint64_t sum = 0;
  if (p.start == Start::kBias) sum = load_integer(p.element, o.bias, i.g * p.bias.group + i.m * p.bias.output);
  const std::int64_t at = i.g * p.output.group + i.b * p.output.batch + i.m * p.output.output + i.j * p.output.column;
  if (p.start == Start::kAccumulate) sum = load_integer(p.element, o.output, at);
  for_each_product(p, i, [&](std::int64_t w, std::int64_t x) {
    sum += load_integer(p.element, o.weight, w) * load_integer(p.element, o.input, x);
  });
  if (p.finish == Finish::kRelu && p.element != Element::kUInt8) {
    const std::size_t above = 64 - 8 * kernels::element_size(p.element);
    if (static_cast<std::int64_t>(sum << above) < 0) sum = 0;
  }
  out.integers.push_back(sum);
}

void add_real(const TapProblem& p, const Operands& o, const Index& i, TapOutput& out) {
  Wide sum = 0;
  if (p.start == Start::kBias) sum = load(p.element, o.bias, i.g * p.bias.group + i.m * p.bias.output);
  const std::int64_t at = i.g * p.output.group + i.b * p.output.batch + i.m * p.output.output + i.j * p.output.column;
  if (p.start == Start::kAccumulate) sum = load(p.element, o.output, at);
  long double magnitude = std::abs(sum);
  for_each_product(p, i, [&](std::int64_t w, std::int64_t x) {
    const Wide product = multiply(load(p.element, o.weight, w), load(p.element, o.input, x), p);
    sum += product;
    magnitude += std::abs(product);
  });
  if (p.finish == Finish::kRelu && sum.real() < 0) sum = 0;
  out.values.push_back(sum);
  out.magnitudes.push_back(magnitude);
}

}  // namespace

TapOutput compute(const TapProblem& p, const Operands& operands) {
  TapOutput out;
  for (std::int64_t g = 0; g < p.groups; ++g) {
    for (std::int64_t b = 0; b < p.batch; ++b) {
      for (std::int64_t m = 0; m < p.outputs; ++m) {
        for (std::int64_t j = 0; j < p.columns; ++j) {
          if (kernels::is_integer(p.element)) {
            add_integer(p, operands, {g, b, m, j}, out);
          } else {
            add_real(p, operands, {g, b, m, j}, out);
          }
        }
      }
    }
  }
  return out;
}

Wide load(Element element, const void* base, std::int64_t offset) {
  switch (element) {
    case Element::kFloat32:
      return at<float>(base, offset);
    case Element::kFloat64:
      return at<double>(base, offset);
    case Element::kComplex64:
      return {at<float>(base, 2 * offset), at<float>(base, 2 * offset + 1)};
    case Element::kComplex128:
      return {at<double>(base, 2 * offset), at<double>(base, 2 * offset + 1)};
    case Element::kFloat16:
      return widen_half(at<std::uint16_t>(base, offset), 5, 10);
    case Element::kBFloat16:
      return widen_half(at<std::uint16_t>(base, offset), 8, 7);
    default:
      return static_cast<long double>(static_cast<std::int64_t>(load_integer(element, base, offset)));
  }
}

std::uint64_t load_integer(Element element, const void* base, std::int64_t offset) {
  switch (element) {
    case Element::kUInt8:
      return static_cast<std::uint64_t>(at<std::uint8_t>(base, offset));
    case Element::kInt8:
      return static_cast<std::uint64_t>(at<std::int8_t>(base, offset));
    case Element::kInt16:
      return static_cast<std::uint64_t>(at<std::int16_t>(base, offset));
    case Element::kInt32:
      return static_cast<std::uint64_t>(at<std::int32_t>(base, offset));
    default:
      return static_cast<std::uint64_t>(at<std::int64_t>(base, offset));
  }
}

std::uint16_t round_to_half(long double value, int exponent_bits, int mantissa_bits) {
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const std::uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  const std::uint16_t infinity = static_cast<std::uint16_t>(((1 << exponent_bits) - 1) << mantissa_bits);
  if (std::isnan(value)) return static_cast<std::uint16_t>(sign | infinity | (1 << (mantissa_bits - 1)));
  if (std::isinf(value)) return sign | infinity;
  value = std::fabs(value);
  if (value == 0) return sign;
  const int exponent = std::max(std::ilogb(value), 1 - bias);
  // nearbyint() rounds to even. A carry into the exponent is what the addition makes of it.
  const long double units = std::nearbyint(std::ldexp(value, mantissa_bits - exponent));
  const long long bits = static_cast<long long>(units) + (static_cast<long long>(exponent + bias - 1) << mantissa_bits);
  return sign | static_cast<std::uint16_t>(bits >= infinity ? infinity : bits);
}

void store(Element element, void* base, std::int64_t offset, Wide value) {
  const long double re = value.real(), im = value.imag();
  switch (element) {
    case Element::kFloat32:
      static_cast<float*>(base)[offset] = static_cast<float>(re);
      break;
    case Element::kFloat64:
      static_cast<double*>(base)[offset] = static_cast<double>(re);
      break;
    case Element::kComplex64:
      static_cast<float*>(base)[2 * offset] = static_cast<float>(re);
      static_cast<float*>(base)[2 * offset + 1] = static_cast<float>(im);
      break;
    case Element::kComplex128:
      static_cast<double*>(base)[2 * offset] = static_cast<double>(re);
      static_cast<double*>(base)[2 * offset + 1] = static_cast<double>(im);
      break;
    case Element::kFloat16:
      static_cast<std::uint16_t*>(base)[offset] = round_to_half(re, 5, 10);
      break;
    case Element::kBFloat16:
      static_cast<std::uint16_t*>(base)[offset] = round_to_half(re, 8, 7);
      break;
    case Element::kUInt8:
      static_cast<std::uint8_t*>(base)[offset] = static_cast<std::uint8_t>(re);
      break;
    case Element::kInt8:
      static_cast<std::int8_t*>(base)[offset] = static_cast<std::int8_t>(re);
      break;
    case Element::kInt16:
      static_cast<std::int16_t*>(base)[offset] = static_cast<std::int16_t>(re);
      break;
    case Element::kInt32:
      static_cast<std::int32_t*>(base)[offset] = static_cast<std::int32_t>(re);
      break;
    case Element::kInt64:
      static_cast<std::int64_t*>(base)[offset] = static_cast<std::int64_t>(re);
      break;
  }
}

long double epsilon(Element element) {
  switch (element) {
    case Element::kFloat64:
    case Element::kComplex128:
      return 0x1p-53L;
    case Element::kFloat16:
      return 0x1p-11L;
    case Element::kBFloat16:
      return 0x1p-8L;
    default:
      return 0x1p-24L;
  }
}

}  // namespace conv1d::reference
