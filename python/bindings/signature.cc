// From the text of a signature to its parameters.
#include <array>
#include <utility>

#include "arguments.h"

namespace conv1d::python {
namespace {

constexpr std::array<std::pair<std::string_view, Kind>, 14> kKinds = {{
    {"Tensor", Kind::Tensor},
    {"Number", Kind::Number},
    {"int", Kind::Int},
    {"float", Kind::Float},
    {"bool", Kind::Bool},
    {"str", Kind::Str},
    {"tuple of ints", Kind::Ints},
    {"tuple of Tensors", Kind::Tensors},
    {"torch.dtype", Kind::DType},
    {"torch.device", Kind::Device},
    {"torch.layout", Kind::Layout},
    {"torch.memory_format", Kind::MemoryFormat},
    {"torch.Generator", Kind::Generator},
    {"object", Kind::Object},
}};

bool take_suffix(std::string_view* text, std::string_view suffix) {
  if (!text->ends_with(suffix)) return false;
  text->remove_suffix(suffix.size());
  return true;
}

Kind kind_of(std::string_view type) {
  for (const auto& [text, kind] : kKinds) {
    if (text == type) return kind;
  }
  return Kind::Object;
}

/// "tuple of ints[1] stride = 1" -> a parameter, and its text as printed.
std::pair<Parameter, std::string> read_parameter(std::string_view part) {
  Parameter parameter;
  std::string_view value;
  if (const auto equals = part.find(" = "); equals != part.npos) {
    value = part.substr(equals + 3);
    part = part.substr(0, equals);
    parameter.optional = true;
    parameter.none = value == "None";
  }
  const auto space = part.rfind(' ');
  parameter.name = part.substr(space + 1);
  std::string_view type = part.substr(0, space);
  parameter.none |= take_suffix(&type, "?");
  parameter.numbers = take_suffix(&type, "#");
  parameter.single = take_suffix(&type, "[1]");
  parameter.type = type;
  parameter.kind = kind_of(type);
  std::string printed = parameter.type + " " + parameter.name;
  if (parameter.optional) printed.append(" = ").append(value);
  return {parameter, printed};
}

}  // namespace

Signature::Signature(std::string_view source, bool method) {
  constexpr std::string_view kHidden = "hidden ";
  if (source.starts_with(kHidden)) {
    hidden = true;
    source.remove_prefix(kHidden.size());
  }
  source = source.substr(1, source.size() - 2);
  bool keyword_only = false, star_printed = false, first = true;
  while (!source.empty()) {
    const auto comma = source.find(", ");
    const std::string_view part = source.substr(0, comma);
    source.remove_prefix(comma == source.npos ? source.size() : comma + 2);
    if (part == "*") {
      keyword_only = true;
      continue;
    }
    auto [parameter, printed] = read_parameter(part);
    const bool dropped = method && (std::exchange(first, false) || parameter.name == "out");
    if (dropped) continue;
    parameter.keyword_only = keyword_only;
    if (!text.empty()) text += ", ";
    if (keyword_only && !std::exchange(star_printed, true)) text += "*, ";
    text += printed;
    positional += keyword_only ? 0 : 1;
    required += parameter.optional ? 0 : 1;
    parameters.push_back(std::move(parameter));
  }
  text = "(" + text + ")";
}

}  // namespace conv1d::python
