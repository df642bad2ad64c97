// load_state_dict: everything is compared before anything is copied.
#include <algorithm>
#include <optional>

#include <conv1d/autograd.h>
#include <conv1d/nn/module.h>

#include "base/check.h"
#include "tensor/impl.h"

namespace conv1d::nn {
namespace {

std::string size_text(const Tensor& t) { return "torch.Size(" + shape_text(t.sizes()) + ")"; }

const Tensor* find(const StateDict& state, const std::string& key) {
  const auto entry = std::find_if(state.begin(), state.end(), [&](const auto& e) { return e.first == key; });
  return entry == state.end() ? nullptr : &entry->second;
}

/// What speaks against copying `source` into the parameter `key`, if anything.
std::optional<std::string> mismatch(const std::string& key, const Tensor& parameter, const Tensor& source) {
  if (!source.defined()) {
    return cat_text("While copying the parameter named \"", key,
                    "\", expected torch.Tensor or Tensor-like object from checkpoint but received <class 'NoneType'>");
  }
  if (source.sizes() != parameter.sizes()) {
    return cat_text("size mismatch for ", key, ": copying a param with shape ", size_text(source),
                    " from checkpoint, the shape in current model is ", size_text(parameter), ".");
  }
  if (source.device().is_meta() && !parameter.device().is_meta()) {
    return cat_text("While copying the parameter named \"", key, "\", whose dimensions in the model are ",
                    size_text(parameter), " and whose dimensions in the checkpoint are ", size_text(source),
                    ", an exception occurred : ('Cannot copy out of meta tensor; no data!',).");
  }
  return std::nullopt;
}

// "\"a\", \"b\"": keys as PyTorch lists them.
std::string listed(const std::vector<std::string>& keys) {
  std::string text;
  for (const std::string& key : keys) text += (text.empty() ? "\"" : ", \"") + key + "\"";
  return text;
}

}  // namespace

struct Module::Loading {
  IncompatibleKeys keys;
  std::vector<std::string> errors;
  struct Copy {
    std::string key;
    Tensor parameter;
    Tensor source;
  };
  std::vector<Copy> copies;
};

// A module looks at its own keys, then its children do: the order of PyTorch's messages.
void Module::match(const std::string& prefix, const StateDict& state, Loading& loading) const {
  const auto has = [](const auto& list, const std::string& name) {
    return std::any_of(list.begin(), list.end(), [&](const auto& entry) { return entry.first == name; });
  };
  for (const auto& [name, parameter] : parameters_) {
    if (!parameter.defined()) continue;
    const std::string key = prefix + name;
    const Tensor* source = find(state, key);
    if (!source) {
      loading.keys.missing_keys.push_back(key);
    } else if (auto error = mismatch(key, parameter, *source)) {
      loading.errors.push_back(std::move(*error));
    } else {
      loading.copies.push_back({key, parameter, *source});
    }
  }
  for (const auto& [key, value] : state) {
    if (!key.starts_with(prefix)) continue;
    const std::string rest = key.substr(prefix.size());
    const std::size_t dot = rest.find('.');
    const bool known = dot == rest.npos ? has(parameters_, rest) : has(children_, rest.substr(0, dot));
    if (!known) loading.keys.unexpected_keys.push_back(key);
  }
  for (const auto& [name, child] : children_) child->match(prefix + name + ".", state, loading);
}

IncompatibleKeys Module::load_state_dict(const StateDict& state, bool strict) {
  Loading loading;
  match("", state, loading);
  std::string text;
  const auto add = [&text](const std::string& line) { text += "\n\t" + line; };
  if (strict && !loading.keys.missing_keys.empty())
    add("Missing key(s) in state_dict: " + listed(loading.keys.missing_keys) + ". ");
  if (strict && !loading.keys.unexpected_keys.empty()) {
    add("Unexpected key(s) in state_dict: " + listed(loading.keys.unexpected_keys) + ". ");
  }
  std::for_each(loading.errors.begin(), loading.errors.end(), add);
  if (!text.empty()) {
    fail(cat_text("Error(s) in loading state_dict for ", type_name(), ":", text),
         "Nothing was loaded: the module is as it was.");
  }
  const NoGradGuard guard;
  for (Loading::Copy& copy : loading.copies) {
    if (copy.parameter.device().is_meta() && !copy.source.device().is_meta()) {
      warn(cat_text(
          "for ", copy.key,
          ": copying from a non-meta parameter in the checkpoint to a meta parameter in the current model, which is a "
          "no-op. (Did you mean to pass `assign=True` to assign items in the state dictionary to their corresponding "
          "key in the module instead of copying them in place?)"));
      continue;
    }
    copy.parameter.copy_(copy.source);
  }
  return loading.keys;
}

}  // namespace conv1d::nn
