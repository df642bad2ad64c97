#include "io/npy_header.h"

#include <charconv>
#include <optional>
#include <set>

#include "io/elements.h"

namespace conv1d::io {
namespace {

struct Named {
  std::string_view code;  // without the byte order
  DType dtype;
};
constexpr Named kTypes[] = {{"b1", DType::Bool},      {"u1", DType::UInt8},      {"i1", DType::Int8},
                            {"i2", DType::Int16},     {"i4", DType::Int32},      {"i8", DType::Int64},
                            {"f2", DType::Float16},   {"f4", DType::Float32},    {"f8", DType::Float64},
                            {"c8", DType::Complex64}, {"c16", DType::Complex128}};

/// Reads the text from left to right; whatever does not stand where it should ends the reading.
class Parser {
 public:
  Parser(const std::string& path, std::string_view text) : path_(path), text_(text) {}

  NpyHeader header() {
    NpyHeader header;
    std::set<std::string, std::less<>> seen;
    expect('{');
    while (!take('}')) {
      const std::string key(quoted());
      if (!seen.insert(key).second) refuse("a key occurs twice");
      expect(':');
      if (key == "descr")
        read_type(&header);
      else if (key == "fortran_order")
        header.fortran_order = boolean();
      else if (key == "shape")
        header.shape = shape();
      else
        refuse("a key that is none of descr, fortran_order, shape");
      if (!take(',') && !ahead('}')) refuse("a comma is missing");
    }
    skip_spaces();
    if (!text_.empty()) refuse("more than a dictionary");
    if (seen.size() != 3) refuse("one of descr, fortran_order, shape is missing");
    return header;
  }

 private:
  [[noreturn]] void refuse(const char* what) const { fail_in<ValueError>(path_, "not an .npy header: ", what); }

  void skip_spaces() {
    const std::size_t first = text_.find_first_not_of(" \n");
    text_.remove_prefix(first == text_.npos ? text_.size() : first);
  }
  bool ahead(char c) {
    skip_spaces();
    return text_.starts_with(c);
  }
  bool take(char c) {
    if (!ahead(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    const char what[] = {'\'', c, '\'', ' ', 'i', 's', ' ', 'm', 'i', 's', 's', 'i', 'n', 'g', '\0'};
    if (!take(c)) refuse(what);
  }

  std::string_view quoted() {
    skip_spaces();
    const char quote = text_.empty() ? '\0' : text_.front();
    if (quote != '\'' && quote != '"') refuse("a text in quotation marks is missing");
    const std::size_t end = text_.find(quote, 1);
    if (end == text_.npos) refuse("a text does not end");
    const std::string_view inside = text_.substr(1, end - 1);
    if (inside.find('\\') != inside.npos) refuse("a text with escapes");
    text_.remove_prefix(end + 1);
    return inside;
  }

  bool boolean() {
    skip_spaces();
    for (const bool value : {false, true}) {
      const std::string_view word = value ? "True" : "False";
      if (!text_.starts_with(word)) continue;
      text_.remove_prefix(word.size());
      return value;
    }
    refuse("fortran_order is neither True nor False");
  }

  Shape shape() {
    Shape sizes;
    expect('(');
    while (!take(')')) {
      skip_spaces();
      std::int64_t size = 0;
      const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), size);
      if (error != std::errc() || size < 0) refuse("a size is no number from 0 to 2^63 - 1");
      text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
      if (sizes.size() == kMaxRank) refuse("too many dimensions");
      sizes.push_back(size);
      if (!take(',') && (!ahead(')') || sizes.size() == 1)) refuse("a comma is missing in the shape");
    }
    return sizes;
  }

  void read_type(NpyHeader* header) {
    if (ahead('[')) fail_in<ValueError>(path_, "holds structures; arrays of plain numbers are read");
    const std::string_view descr = quoted();
    const char order = descr.empty() ? '\0' : descr.front();
    const std::string_view code = descr.substr(descr.empty() ? 0 : 1);
    for (const Named& type : kTypes) {
      if (type.code != code) continue;
      header->dtype = type.dtype;
      const bool single = element_size(type.dtype) == 1;
      if (order == '<' || order == '=' || order == '>' || (order == '|' && single)) {
        header->swapped = order == '>' && !single;
        return;
      }
    }
    if (descr.find('O') != descr.npos) {
      fail_in<ValueError>(path_, "holds Python objects, which are not read: unpickling them could run any code");
    }
    fail_in<ValueError>(path_, "holds elements of type '", descr,
                        "'. Read are bool, uint8, int8, int16, int32, int64, float16, float32, float64, complex64 and "
                        "complex128");
  }

  const std::string& path_;
  std::string_view text_;
};

}  // namespace

NpyHeader parse_npy_header(const std::string& path, std::string_view text) { return Parser(path, text).header(); }

std::string npy_header_text(const std::string& path, DType dtype, const Shape& shape) {
  std::string_view code;
  for (const Named& type : kTypes) {
    if (type.dtype == dtype) code = type.code;
  }
  if (code.empty()) {
    fail_in<ValueError>(path, "NumPy has no ", name(dtype), ": convert to float32 before saving, or save safetensors");
  }
  std::string sizes;
  for (const std::int64_t size : shape) sizes += std::to_string(size) + ", ";
  if (shape.size() == 1) sizes.pop_back();  // "(3,)"
  if (shape.size() > 1) sizes.resize(sizes.size() - 2);
  return cat_text("{'descr': '", element_size(dtype) == 1 ? '|' : '<', code, "', 'fortran_order': False, 'shape': (",
                  sizes, "), }");
}

}  // namespace conv1d::io
