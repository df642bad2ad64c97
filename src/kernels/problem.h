// The one description that serves forward, input gradient and weight gradient alike.
//
//   output[g, b, m, j]  =  start  +  sum over r, t of  weight[g, m, r, t] * input[g, b, r, first + t*between + j*step]
//
// where an input position outside [0, in_length) counts as zero. Every operand has its own strides, so that a kernel
// never hears of "forward" or "gradient":
//
//   pass             b           m            r            taps t             first     between   step      columns j
//   forward          batch       out channel  in channel   kernel taps        -padding  dilation  stride    out length
//   input gradient   batch       in channel   out channel  taps of one phase  quotient  -dil/gcd  1         one phase
//   weight gradient  in channel  out channel  batch        output positions   -padding  stride    dilation  kernel taps
#pragma once

#include <cstddef>
#include <cstdint>

namespace conv1d::kernels {

/// Types of the elements. All four operands of a problem have the same one.
enum class Element : std::uint8_t {
  kFloat32,
  kFloat64,
  // Complex numbers: interleaved (real, imaginary).
  kComplex64,
  kComplex128,
  // Halves: stored narrow, multiplied and summed in float32.
  kFloat16,
  kBFloat16,
  // Integers: sums wrap around, as in two's complement.
  kUInt8,
  kInt8,
  kInt16,
  kInt32,
  kInt64
};
inline constexpr int kElements = 11;

/// Bytes an element.
constexpr std::size_t element_size(Element element) {
  constexpr std::size_t kSizes[kElements] = {4, 8, 8, 16, 2, 2, 1, 1, 2, 4, 8};
  return kSizes[static_cast<int>(element)];
}
/// Bytes of the reals that it is computed in, and how many of them it holds. Halves are multiplied in float32.
constexpr std::int64_t real_bytes(Element element) {
  return element == Element::kFloat64 || element == Element::kComplex128 ? 8 : 4;
}
constexpr bool is_complex(Element element) { return element == Element::kComplex64 || element == Element::kComplex128; }
constexpr std::int64_t reals(Element element) { return is_complex(element) ? 2 : 1; }
constexpr bool is_half(Element element) { return element == Element::kFloat16 || element == Element::kBFloat16; }
constexpr bool is_integer(Element element) { return element >= Element::kUInt8; }

/// What an output holds before the first product is added.
enum class Start : std::uint8_t {
  kZero,        // nothing: old values of the output are not read
  kBias,        // bias[g, m]
  kAccumulate,  // the old value of the output
};

/// What is done to a finished output.
enum class Finish : std::uint8_t { kNone, kRelu };  // kRelu: real types; NaN stays NaN

/// See the head of this file. Strides count elements, may be negative, and may be zero for what is only read.
///
/// Whoever fills this in (conv/passes, kernels/door) guarantees: no extent is negative (zero is legal anywhere: without inputs or taps
/// an output is its start); every position `first + t*between + j*step` and every offset of an operand, in bytes, is
/// smaller than 2^62 in magnitude, partial sums of it included; different outputs lie at different addresses; the
/// output overlaps no operand that is read.
struct TapProblem {
  Element element = Element::kFloat32;

  std::int64_t groups = 1;
  std::int64_t batch = 0;
  std::int64_t outputs = 0;  ///< rows of the output in a group
  std::int64_t inputs = 0;   ///< rows of the input in a group
  std::int64_t taps = 0;
  std::int64_t columns = 0;    ///< length of a row of the output
  std::int64_t in_length = 0;  ///< length of a row of the input

  std::int64_t first = 0;    ///< position that tap 0 of column 0 reads; may lie outside the input
  std::int64_t between = 1;  ///< from one tap to the next; negative in input gradients; zero is legal
  std::int64_t step = 1;     ///< from one column to the next; zero and negative are legal

  struct InputStrides {
    std::int64_t group = 0, batch = 0, row = 0, column = 1;
    bool operator==(const InputStrides&) const = default;
  } input;
  struct WeightStrides {
    std::int64_t group = 0, output = 0, input = 0, tap = 1;
    bool operator==(const WeightStrides&) const = default;
  } weight;
  struct BiasStrides {
    std::int64_t group = 0, output = 1;
    bool operator==(const BiasStrides&) const = default;
  } bias;
  struct OutputStrides {
    std::int64_t group = 0, batch = 0, output = 0, column = 1;
    bool operator==(const OutputStrides&) const = default;
  } output;

  Start start = Start::kZero;
  Finish finish = Finish::kNone;
  bool conjugate_input = false;   ///< complex elements only; ignored for real ones
  bool conjugate_weight = false;  ///< likewise

  bool operator==(const TapProblem&) const = default;
};

/// Where the elements lie: each pointer is that of index (0, 0, 0, 0).
struct Operands {
  const void* input = nullptr;
  const void* weight = nullptr;  ///< not read when packed weights are handed to run()
  const void* bias = nullptr;    ///< read with Start::kBias only
  void* output = nullptr;
};

/// Of the weight that a problem reads.
constexpr std::size_t weight_bytes(const TapProblem& p) {
  return static_cast<std::size_t>(p.groups * p.outputs * p.inputs * p.taps) * element_size(p.element);
}

/// Products of two elements that the definition asks for (padding included).
constexpr double products(const TapProblem& p) {
  return static_cast<double>(p.groups) * static_cast<double>(p.batch) * static_cast<double>(p.outputs) *
         static_cast<double>(p.inputs) * static_cast<double>(p.taps) * static_cast<double>(p.columns);
}

}  // namespace conv1d::kernels
