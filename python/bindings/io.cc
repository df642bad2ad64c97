// Files: what conv1d/io.py calls. Names of files arrive as the system's bytes.
#include <conv1d/io.h>

#include <string>
#include <utility>

#include "bindings.h"
#include "convert.h"

namespace conv1d::python {
namespace {

std::string path_of(const nb::bytes& path) { return {path.c_str(), path.size()}; }

nb::dict load_safetensors(const nb::bytes& path) {
  const io::NamedTensors tensors = unlocked([name = path_of(path)] { return io::load_safetensors(name); });
  nb::dict result;
  for (const auto& [name, tensor] : tensors) result[to_python(name)] = to_python(tensor);
  return result;
}

nb::dict load_metadata(const nb::bytes& path) {
  nb::dict result;
  for (const auto& [name, text] : io::load_safetensors_metadata(path_of(path))) {
    result[to_python(name)] = to_python(text);
  }
  return result;
}

/// `state` and `metadata` are dictionaries whose keys and values Python has looked at.
void save_safetensors(const nb::dict& state, const nb::bytes& path, const nb::dict& metadata) {
  io::NamedTensors tensors;
  for (const auto [name, tensor] : state) tensors.emplace_back(nb::cast<std::string>(name), tensor_of(tensor));
  io::Metadata texts;
  for (const auto [name, text] : metadata) texts[nb::cast<std::string>(name)] = nb::cast<std::string>(text);
  unlocked([&, name = path_of(path)] { io::save_safetensors(tensors, name, texts); });
}

nb::object load_npy(const nb::bytes& path) {
  return to_python(unlocked([name = path_of(path)] { return io::load_npy(name); }));
}

void save_npy(nb::handle tensor, const nb::bytes& path) {
  unlocked([numbers = tensor_of(tensor), name = path_of(path)] { io::save_npy(numbers, name); });
}

}  // namespace

void bind_io(nb::module_& module) {
  module.def("_load_safetensors", &load_safetensors);
  module.def("_load_safetensors_metadata", &load_metadata);
  module.def("_save_safetensors", &save_safetensors);
  module.def("_load_npy", &load_npy);
  module.def("_save_npy", &save_npy);
}

}  // namespace conv1d::python
