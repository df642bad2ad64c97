// NumPy's .npy: the magic bytes, a version, the header's length, the header, one array.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html describes the versions 1.0, 2.0 and 3.0.
#include <array>
#include <cstring>

#include <conv1d/io.h>

#include "io/elements.h"
#include "io/npy_header.h"
#include "tensor/copy.h"
#include "tensor/impl.h"

namespace conv1d::io {
namespace {

constexpr std::array<char, 6> kMagic = {'\x93', 'N', 'U', 'M', 'P', 'Y'};
/// A header has some hundred bytes; NumPy reads 10,000 at most.
constexpr std::uint32_t kMaxHeaderBytes = 10'000;
/// The array begins at a multiple of this.
constexpr std::size_t kHeaderAlignment = 64;

struct Opened {
  NpyHeader header;
  std::uint64_t data_begin = 0;
};

Opened open_header(const InputFile& file) {
  std::array<unsigned char, 12> start{};
  const std::size_t given = std::min<std::uint64_t>(start.size(), file.size());
  file.read(0, start.data(), given);
  if (given < 10 || std::memcmp(start.data(), kMagic.data(), kMagic.size()) != 0) {
    fail_in<ValueError>(file.path(), "does not begin as an .npy file does");
  }
  const unsigned major = start[6], minor = start[7];
  if (major < 1 || major > 3 || minor != 0) {
    fail_in<ValueError>(file.path(), "is of .npy version ", major, ".", minor, "; read are 1.0, 2.0 and 3.0");
  }
  // From version 2 on the length has four bytes.
  const std::uint64_t before = major == 1 ? 10 : 12;
  std::uint32_t length = start[8] | std::uint32_t{start[9]} << 8;
  if (major > 1) length |= std::uint32_t{start[10]} << 16 | std::uint32_t{start[11]} << 24;
  if (length > kMaxHeaderBytes || before + length > file.size()) {
    fail_in<ValueError>(file.path(), "the header is said to have ", length, " bytes, more than the file or than ",
                        kMaxHeaderBytes);
  }
  std::string text(length, '\0');
  file.read(before, text.data(), text.size());
  return {parse_npy_header(file.path(), text), before + length};
}

}  // namespace

Tensor load_npy(const std::string& path) {
  const InputFile file(path);
  const auto [header, data_begin] = open_header(file);
  const std::optional<std::uint64_t> bytes = bytes_of(header.shape, element_size(header.dtype));
  const std::uint64_t present = file.size() - data_begin;
  if (!bytes || *bytes != present) {
    fail_in<ValueError>(path, "an array of ", name(header.dtype), " and shape ", shape_text(header.shape), " has ",
                        bytes ? std::to_string(*bytes) : "more than 2^63", " bytes, and the file ", present);
  }
  if (!header.fortran_order) return read_tensor(file, data_begin, header.shape, header.dtype, "it", header.swapped);
  // Fortran's order is C's of the dimensions turned round.
  const Shape turned(header.shape.rbegin(), header.shape.rend());
  const Tensor array = read_tensor(file, data_begin, turned, header.dtype, "it", header.swapped);
  const Shape strides(array.strides().rbegin(), array.strides().rend());
  return raw_contiguous(make_view(array, header.shape, strides, 0));
}

void save_npy(const Tensor& tensor, const std::string& path) {
  const Tensor whole = contiguous_numbers(tensor, path, "the tensor");
  std::string header = npy_header_text(path, whole.dtype(), whole.sizes());
  const std::size_t before = kMagic.size() + 4;
  const std::size_t padded = (before + header.size() + 1 + kHeaderAlignment - 1) / kHeaderAlignment * kHeaderAlignment;
  header.resize(padded - before - 1, ' ');
  header += '\n';
  std::string start(kMagic.begin(), kMagic.end());
  start += {'\x01', '\x00', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  replace_file(path, {std::as_bytes(std::span(start)), std::as_bytes(std::span(header)), piece_of(whole)});
}

}  // namespace conv1d::io
