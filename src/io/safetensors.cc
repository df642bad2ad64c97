// safetensors: 8 bytes with the header's length, the header, the tensors' bytes one after the other.
// https://github.com/huggingface/safetensors has the format and the checks that its readers make.
#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>
#include <unordered_set>

#include <conv1d/io.h>

#include "io/elements.h"
#include "io/safetensors_header.h"

namespace conv1d::io {
namespace {

struct Named {
  std::string_view name;
  DType dtype;
};
constexpr Named kTypes[] = {{"BOOL", DType::Bool},   {"U8", DType::UInt8},      {"I8", DType::Int8},
                            {"I16", DType::Int16},   {"I32", DType::Int32},     {"I64", DType::Int64},
                            {"F16", DType::Float16}, {"BF16", DType::BFloat16}, {"F32", DType::Float32},
                            {"F64", DType::Float64}};

/// A tensor whose description was found to be true of the file.
struct Place {
  std::string name;
  DType dtype = DType::Float32;
  Shape sizes;
  std::uint64_t begin = 0, end = 0;
};

DType dtype_named(const std::string& path, const Entry& entry) {
  for (const Named& type : kTypes) {
    if (type.name == entry.dtype) return type.dtype;
  }
  fail_in<ValueError>(path, "tensor '", entry.name, "' is of type '", entry.dtype,
                      "'. Read are BOOL, U8, I8, I16, I32, I64, F16, BF16, F32 and F64");
}

Place place_of(const std::string& path, const Entry& entry) {
  Place place{.name = entry.name,
              .dtype = dtype_named(path, entry),
              .sizes = {},
              .begin = entry.offsets[0],
              .end = entry.offsets[1]};
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  const bool possible = std::all_of(entry.shape.begin(), entry.shape.end(), [](std::uint64_t n) { return n <= kMax; });
  if (possible) place.sizes.assign(entry.shape.begin(), entry.shape.end());
  const std::optional<std::uint64_t> bytes = possible ? bytes_of(place.sizes, element_size(place.dtype)) : std::nullopt;
  if (!bytes) fail_in<ValueError>(path, "tensor '", entry.name, "' is larger than any memory");
  if (place.end < place.begin || place.end - place.begin != *bytes) {
    fail_in<ValueError>(path, "tensor '", entry.name, "' of ", *bytes, " bytes is said to lie at ", place.begin, " to ",
                        place.end);
  }
  return place;
}

// The tensors fill the data: none overlaps another, and no byte belongs to nobody.
void check_cover(const std::string& path, const std::vector<Place>& places, std::uint64_t data_bytes) {
  std::vector<const Place*> order;
  for (const Place& place : places) order.push_back(&place);
  std::sort(order.begin(), order.end(),
            [](const Place* a, const Place* b) { return std::pair(a->begin, a->end) < std::pair(b->begin, b->end); });
  std::uint64_t end = 0;
  for (const Place* place : order) {
    if (place->begin != end) {
      fail_in<ValueError>(path, "tensor '", place->name, "' begins at byte ", place->begin, " of the data, where ",
                          place->begin < end ? "another one lies" : "a gap would be before it", " (", end,
                          " bytes are taken so far)");
    }
    end = place->end;
  }
  if (end != data_bytes) {
    fail_in<ValueError>(path, "the header describes ", end, " bytes of data, the file has ", data_bytes);
  }
}

struct Opened {
  Header header;
  std::uint64_t data_begin = 0;
};

Opened open_header(const InputFile& file) {
  std::uint64_t length = 0;
  if (file.size() < sizeof length) fail_in<ValueError>(file.path(), "too short for a safetensors file");
  file.read(0, &length, sizeof length);
  if (length > kMaxHeaderBytes) {
    fail_in<ValueError>(file.path(), "the header is said to have ", length, " bytes; at most ", kMaxHeaderBytes,
                        " are read");
  }
  if (length > file.size() - sizeof length) {
    fail_in<ValueError>(file.path(), "the header is said to have ", length, " bytes, more than the file");
  }
  std::string text(length, '\0');
  file.read(sizeof length, text.data(), text.size());
  return {parse_header(file.path(), text), sizeof length + length};
}

std::string_view type_name(const std::string& path, const std::string& name, DType dtype) {
  for (const Named& type : kTypes) {
    if (type.dtype == dtype) return type.name;
  }
  fail_in<ValueError>(path, "tensor '", name, "' is ", conv1d::name(dtype),
                      ", which safetensors files do not have. Save its real and imaginary parts by themselves");
}

void check_names(const std::string& path, const NamedTensors& tensors) {
  std::unordered_set<std::string_view> names{kMetadataName};
  for (const auto& [name, tensor] : tensors) {
    if (name == kMetadataName) fail_in<ValueError>(path, "a tensor cannot be named '", kMetadataName, "'");
    if (!names.insert(name).second) fail_in<ValueError>(path, "two tensors are named '", name, "'");
  }
}

/// Tensors by falling size of their elements, so that each begins at a multiple of it: who maps the file can use them
/// where they lie.
std::vector<std::size_t> aligned_order(const NamedTensors& tensors) {
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return tensors[a].second.element_size() > tensors[b].second.element_size();
  });
  return order;
}

std::string header_text(const std::string& path, const NamedTensors& tensors, const std::vector<std::uint64_t>& begins,
                        const Metadata& metadata) {
  std::string text = "{";
  const auto comma = [&text] { return text.back() == '{' ? "" : ","; };
  if (!metadata.empty()) {
    text += cat_text('"', kMetadataName, "\":{");
    for (const auto& [name, value] : metadata) {
      text += comma() + json_string(path, name) + ":" + json_string(path, value);
    }
    text += '}';
  }
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto& [name, tensor] = tensors[i];
    std::string shape;
    for (const std::int64_t size : tensor.sizes()) shape += (shape.empty() ? "" : ",") + std::to_string(size);
    text += comma() + json_string(path, name);
    text += cat_text(":{\"dtype\":\"", type_name(path, name, tensor.dtype()), "\",\"shape\":[", shape,
                     "],\"data_offsets\":[", begins[i], ",", begins[i] + piece_of(tensor).size(), "]}");
  }
  text += '}';
  text.resize((text.size() + 7) / 8 * 8, ' ');  // the data begin at a multiple of 8
  if (text.size() > kMaxHeaderBytes) fail_in<ValueError>(path, "the names are too long for a safetensors header");
  return text;
}

}  // namespace

NamedTensors load_safetensors(const std::string& path) {
  const InputFile file(path);
  const Opened opened = open_header(file);
  std::vector<Place> places;
  for (const Entry& entry : opened.header.entries) places.push_back(place_of(path, entry));
  check_cover(path, places, file.size() - opened.data_begin);
  NamedTensors tensors;
  for (const Place& place : places) {
    tensors.emplace_back(place.name, read_tensor(file, opened.data_begin + place.begin, place.sizes, place.dtype,
                                                 "tensor '" + place.name + "'"));
  }
  return tensors;
}

Metadata load_safetensors_metadata(const std::string& path) { return open_header(InputFile(path)).header.metadata; }

void save_safetensors(const NamedTensors& tensors, const std::string& path, const Metadata& metadata) {
  check_names(path, tensors);
  NamedTensors whole;
  for (const auto& [name, tensor] : tensors) {
    whole.emplace_back(name, contiguous_numbers(tensor, path, "tensor '" + name + "'"));
  }
  std::vector<std::uint64_t> begins(whole.size());
  std::vector<Piece> data;
  std::uint64_t end = 0;
  for (const std::size_t i : aligned_order(whole)) {
    begins[i] = end;
    data.push_back(piece_of(whole[i].second));
    end += data.back().size();
  }
  const std::string header = header_text(path, whole, begins, metadata);
  const std::uint64_t length = header.size();
  std::vector<Piece> pieces{std::as_bytes(std::span(&length, 1)), std::as_bytes(std::span(header))};
  pieces.insert(pieces.end(), data.begin(), data.end());
  replace_file(path, pieces);
}

}  // namespace conv1d::io
