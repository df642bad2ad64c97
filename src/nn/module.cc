#include <conv1d/nn/module.h>

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <ostream>
#include <typeinfo>

#include <conv1d/autograd.h>
#include <conv1d/nn/texts.h>
#include <conv1d/print.h>

#include "base/check.h"
#include "tensor/impl.h"

namespace conv1d::nn {
namespace {

// Gives `parameter` other numbers and perhaps another dtype; every handle of it sees them.
void replace_data(const Tensor& parameter, const Tensor& data) {
  TensorImpl& to = impl_of(parameter);
  const TensorImpl& from = impl_of(data);
  to.storage = from.storage;
  to.sizes = from.sizes;
  to.strides = from.strides;
  to.offset = from.offset;
  to.numel = from.numel;
  to.contiguous = from.contiguous;
  to.dtype = from.dtype;
  to.device = from.device;
}

// Converts all parameters and their gradients; nothing is changed where one of them cannot be.
template <class Convert> void convert_all(const std::vector<Parameter>& parameters, Convert&& convert) {
  const NoGradGuard guard;
  std::vector<std::pair<Tensor, Tensor>> replacements;
  for (const Parameter& parameter : parameters) {
    replacements.emplace_back(parameter, convert(parameter.detach()));
    if (const Tensor grad = parameter.grad(); grad.defined()) replacements.emplace_back(grad, convert(grad.detach()));
  }
  for (const auto& [target, data] : replacements) replace_data(target, data);
}

std::string indented(const std::string& text) {
  std::string out;
  for (const char c : text) {
    out += c;
    if (c == '\n') out += "  ";
  }
  return out;
}

}  // namespace

Parameter::Parameter(const Tensor& data, bool requires_grad) : Tensor(data.detach()) {
  if (requires_grad) check(is_differentiable(dtype()), texts::kParameterDType);
  requires_grad_(requires_grad);
}

std::ostream& operator<<(std::ostream& out, const Parameter& parameter) {
  return out << "Parameter containing:\n" << to_string(parameter);
}

std::ostream& operator<<(std::ostream& out, const Module& module) { return out << module.repr(); }

Tensor Module::forward(const Tensor&) const {
  fail<NotImplementedError>(cat_text("Module [", type_name(), "] is missing the required \"forward\" function"));
}

void Module::register_parameter(const std::string& name, const Parameter& parameter) {
  const auto same =
      std::find_if(parameters_.begin(), parameters_.end(), [&](const auto& p) { return p.first == name; });
  if (same != parameters_.end())
    same->second = parameter;
  else
    parameters_.emplace_back(name, parameter);
}

void Module::register_module_pointer(const std::string& name, std::shared_ptr<Module> module) {
  check<TypeError>(module != nullptr, "NoneType is not a Module subclass");
  const auto same = std::find_if(children_.begin(), children_.end(), [&](const auto& c) { return c.first == name; });
  if (same != children_.end())
    same->second = std::move(module);
  else
    children_.emplace_back(name, std::move(module));
}

void Module::collect_parameters(const std::string& prefix, std::vector<std::pair<std::string, Parameter>>& out) const {
  for (const auto& [name, parameter] : parameters_) {
    if (parameter.defined()) out.emplace_back(prefix + name, parameter);
  }
  for (const auto& [name, child] : children_) child->collect_parameters(prefix + name + ".", out);
}

std::vector<std::pair<std::string, Parameter>> Module::named_parameters() const {
  std::vector<std::pair<std::string, Parameter>> all, once;
  collect_parameters("", all);
  for (auto& entry : all) {
    const bool known =
        std::any_of(once.begin(), once.end(), [&](const auto& o) { return o.second.is_same(entry.second); });
    if (!known) once.push_back(std::move(entry));
  }
  return once;
}

std::vector<Parameter> Module::parameters() const {
  std::vector<Parameter> out;
  for (auto& [name, parameter] : named_parameters()) out.push_back(parameter);
  return out;
}

StateDict Module::state_dict() const {
  std::vector<std::pair<std::string, Parameter>> all;
  collect_parameters("", all);
  StateDict state;
  for (const auto& [name, parameter] : all) state.emplace_back(name, parameter.detach());
  return state;
}

Module& Module::train(bool mode) {
  training_ = mode;
  for (const auto& [name, child] : children_) child->train(mode);
  return *this;
}

void Module::zero_grad() {
  for (Parameter& parameter : parameters()) parameter.set_grad(Tensor());
}

Module& Module::requires_grad_(bool value) {
  for (Parameter& parameter : parameters()) parameter.requires_grad_(value);
  return *this;
}

Module& Module::to(DType dtype) {
  check<TypeError>(is_differentiable(dtype),
                   "nn.Module.to only accepts floating point or complex dtypes, but got desired dtype=torch.",
                   name(dtype));
  if (conv1d::is_complex(dtype)) warn(texts::kComplexModule);
  convert_all(parameters(), [dtype](const Tensor& t) { return t.to(dtype); });
  return *this;
}

Module& Module::to(Device device) {
  const std::vector<Parameter> all = parameters();
  const bool from_meta = std::any_of(all.begin(), all.end(), [](const Parameter& p) { return p.device().is_meta(); });
  check<NotImplementedError>(
      device.is_meta() || !from_meta,
      "Cannot copy out of meta tensor; no data! Please use torch.nn.Module.to_empty() instead of "
      "torch.nn.Module.to() when moving module from meta to a different device.");
  convert_all(all, [device](const Tensor& t) { return t.to(device); });
  return *this;
}

std::string Module::type_name() const {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(
      abi::__cxa_demangle(typeid(*this).name(), nullptr, nullptr, &status), std::free);
  const std::string full = status == 0 ? text.get() : typeid(*this).name();
  const std::size_t colons = full.rfind("::");
  return colons == full.npos ? full : full.substr(colons + 2);
}

std::string Module::repr() const {
  const std::string extra = extra_repr();
  if (children_.empty() && extra.find('\n') == extra.npos) return type_name() + "(" + extra + ")";
  std::string text = type_name() + "(";
  if (!extra.empty()) text += "\n  " + indented(extra);
  for (const auto& [name, child] : children_) text += "\n  (" + name + "): " + indented(child->repr());
  return text + "\n)";
}

}  // namespace conv1d::nn
