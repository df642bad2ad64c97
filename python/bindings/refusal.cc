// PyTorch describes its signatures to itself by their printed text, and so reads a default value for a name: an
// argument counts as matching only where the printed type is the bare name of a type. The texts follow from that, so it
// is kept.
#include "refusal.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "arguments.h"
#include "convert.h"

namespace conv1d::python {
namespace {

// PyTorch's map, whose order of iteration (libstdc++) is the order of the keywords in the message.
using Keywords = std::unordered_map<std::string, PyObject*>;

struct Printed {
  std::string type, name;
};

std::vector<Printed> read(const std::string& signature) {
  std::vector<Printed> result;
  const std::string inner = signature.substr(1, signature.size() - 2);
  std::size_t start = 0;
  while (true) {
    const std::size_t comma = inner.find(", ", start);
    const std::string part = inner.substr(start, comma == inner.npos ? comma : comma - start);
    const std::size_t space = part.rfind(' ');
    result.push_back(space == part.npos ? Printed{part, part} : Printed{part.substr(0, space), part.substr(space + 1)});
    if (comma == inner.npos) return result;
    start = comma + 2;
  }
}

bool matches(const std::string& type, PyObject* object) {
  const std::string name = python_type_name(object);
  if (type == "float") return name == "float" || name == "int" || name == "long";
  if (type == "int") return name == "int" || name == "long";
  return type == name;
}

std::string with_elements(PyObject* object) {
  if (!PyTuple_Check(object) && !PyList_Check(object)) return python_type_name(object);
  const bool tuple = PyTuple_Check(object);
  std::string text = python_type_name(object) + " of " + (tuple ? "(" : "[");
  const Py_ssize_t size = PySequence_Fast_GET_SIZE(object);
  for (Py_ssize_t i = 0; i < size; ++i) {
    text += python_type_name(PySequence_Fast_GET_ITEM(object, i));
    if (i + 1 < size) text += ", ";
  }
  if (tuple && size == 1) text += ',';
  return text + (tuple ? ")" : "]");
}

std::string plain_list(const std::vector<PyObject*>& args, const Keywords& keywords) {
  std::string text = "(";
  for (PyObject* object : args) text += python_type_name(object) + ", ";
  for (const auto& [name, object] : keywords) text += name + "=" + python_type_name(object) + ", ";
  if (!args.empty()) text.erase(text.size() - 2);  // with keywords alone the comma stays, in PyTorch too
  return text + ")";
}

std::string marked_list(const std::vector<Printed>& parameters, const std::vector<PyObject*>& args,
                        const Keywords& keywords) {
  std::string text = "(";
  for (std::size_t i = 0; i < args.size() + keywords.size(); ++i) {
    const bool keyword = i >= args.size();
    PyObject* object = keyword ? keywords.at(parameters[i].name) : args[i];
    const char* mark = matches(parameters[i].type, object) ? "" : "!";
    text += mark;
    if (keyword) text += parameters[i].name + "=";
    text += with_elements(object) + mark + ", ";
  }
  if (!args.empty()) text.erase(text.size() - 2);
  return text + ")";
}

std::string unknown_keywords(const std::vector<Printed>& parameters, const Keywords& keywords) {
  const std::size_t start = parameters.size() > keywords.size() ? parameters.size() - keywords.size() : 0;
  std::string text;
  for (const auto& entry : keywords) {
    const bool known = std::any_of(parameters.begin() + static_cast<std::ptrdiff_t>(start), parameters.end(),
                                   [&](const Printed& p) { return p.name == entry.first; });
    if (!known) text += (text.empty() ? "" : ", ") + entry.first;
  }
  return text;
}

}  // namespace

std::string refusal_text(const std::string& function, const std::vector<std::string>& signatures, PyObject* args,
                         PyObject* kwargs) {
  std::vector<PyObject*> positional;
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(args); ++i) positional.push_back(PyTuple_GET_ITEM(args, i));
  Keywords keywords;
  PyObject *key = nullptr, *value = nullptr;
  Py_ssize_t place = 0;
  while (kwargs && PyDict_Next(kwargs, &place, &key, &value)) keywords.emplace(utf8_of(key), value);
  const std::size_t count = positional.size() + keywords.size();

  std::string text = function + " received an invalid combination of arguments - ";
  if (signatures.size() == 1) {
    const auto parameters = read(signatures[0]);
    const std::string unknown = unknown_keywords(parameters, keywords);
    if (!unknown.empty()) {
      text += "got unrecognized keyword arguments: " + unknown;
    } else {
      text += "got " + (parameters.size() == count ? marked_list(parameters, positional, keywords)
                                                   : plain_list(positional, keywords));
    }
    return text + ", but expected " + signatures[0];
  }
  text += "got " + plain_list(positional, keywords) + ", but expected one of:\n";
  for (const std::string& signature : signatures) {
    text += " * " + signature + "\n";
    const auto parameters = read(signature);
    if (parameters.size() != count) continue;
    const std::string unknown = unknown_keywords(parameters, keywords);
    if (!unknown.empty()) {
      text += "      didn't match because some of the keywords were incorrect: " + unknown + "\n";
    } else {
      text += "      didn't match because some of the arguments have invalid types: " +
              marked_list(parameters, positional, keywords) + "\n";
    }
  }
  return text;
}

}  // namespace conv1d::python
