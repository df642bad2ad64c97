// Layers that hold parameters and other layers: PyTorch's torch.nn.Module.
//
//   struct Net : conv1d::nn::Module {
//     std::shared_ptr<nn::Conv1d> first = register_module("first", nn::Conv1d(1, 8, 5, {.padding = "same"}));
//     std::shared_ptr<nn::Conv1d> last = register_module("last", nn::Conv1d(8, 1, 1));
//     Tensor forward(const Tensor& x) const override { return (*last)((*first)(x).relu()); }
//   };
#pragma once

#include <concepts>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <conv1d/tensor.h>

namespace conv1d::nn {

/// A tensor that a module learns: a leaf that requires a gradient.
class Parameter : public Tensor {
 public:
  Parameter() = default;  ///< undefined: no such parameter
  /// Shares data's memory, not its history. RuntimeError where a gradient is required and the dtype has none (integers,
  /// bool).
  explicit Parameter(const Tensor& data, bool requires_grad = true);
};
/// "Parameter containing:" and the tensor.
std::ostream& operator<<(std::ostream& out, const Parameter& parameter);

/// Names and tensors in order: "0.weight", "0.bias", ...
using StateDict = std::vector<std::pair<std::string, Tensor>>;

/// What load_state_dict() found to be different.
struct IncompatibleKeys {
  std::vector<std::string> missing_keys;
  std::vector<std::string> unexpected_keys;
};

/// Base of all layers. Moved, not copied: two modules never share parameters unnoticed.
/// Calling a module is const, and safe from several threads at once; everything that changes it is not.
class Module {
 public:
  Module() = default;
  virtual ~Module() = default;
  Module(Module&&) = default;
  Module& operator=(Module&&) = default;
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  /// What the module computes. NotImplementedError unless overridden.
  virtual Tensor forward(const Tensor& input) const;
  Tensor operator()(const Tensor& input) const { return forward(input); }

  // ---- what it holds -----------------------------------------------------------------------------------------------
  /// Own parameters first, then those of the children, each once: {"weight", ...}, {"0.weight", ...}.
  std::vector<std::pair<std::string, Parameter>> named_parameters() const;
  std::vector<Parameter> parameters() const;
  const std::vector<std::pair<std::string, std::shared_ptr<Module>>>& named_children() const { return children_; }

  /// The parameters' memory under their names, without history.
  StateDict state_dict() const;
  /// Copies the values in, cast to the parameters' dtypes. All or nothing: RuntimeError names everything that does not
  /// fit (missing and unexpected keys only if `strict`), and then nothing was changed.
  IncompatibleKeys load_state_dict(const StateDict& state, bool strict = true);

  // ---- how it behaves ----------------------------------------------------------------------------------------------
  Module& train(bool mode = true);
  Module& eval() { return train(false); }
  bool is_training() const { return training_; }

  void zero_grad();  ///< forgets the gradients: grad() is undefined afterwards
  Module& requires_grad_(bool value = true);
  /// Converts the parameters (the objects stay the same). TypeError unless floating point or complex.
  Module& to(DType dtype);
  /// NotImplementedError from meta to cpu: there is nothing to copy.
  Module& to(Device device);

  // ---- how it prints -----------------------------------------------------------------------------------------------
  virtual std::string type_name() const;  ///< the class's name, without namespaces
  virtual std::string extra_repr() const { return {}; }
  std::string repr() const;  ///< as Python's repr()

 protected:
  /// Makes `parameter` the module's (replacing one of that name); an undefined one is listed nowhere.
  void register_parameter(const std::string& name, const Parameter& parameter);
  void register_module_pointer(const std::string& name, std::shared_ptr<Module> module);

  template <std::derived_from<Module> M>
  std::shared_ptr<M> register_module(const std::string& name, std::shared_ptr<M> module) {
    register_module_pointer(name, module);
    return module;
  }
  template <class M>
    requires std::derived_from<std::remove_cvref_t<M>, Module> && std::is_rvalue_reference_v<M&&>
  std::shared_ptr<M> register_module(const std::string& name, M&& module) {
    return register_module(name, std::make_shared<M>(std::forward<M>(module)));
  }

 private:
  struct Loading;
  void collect_parameters(const std::string& prefix, std::vector<std::pair<std::string, Parameter>>& out) const;
  void match(const std::string& prefix, const StateDict& state, Loading& loading) const;

  std::vector<std::pair<std::string, Parameter>> parameters_;
  std::vector<std::pair<std::string, std::shared_ptr<Module>>> children_;
  bool training_ = true;
};
std::ostream& operator<<(std::ostream& out, const Module& module);

/// Modules one after the other: `Sequential net(nn::Conv1d(1, 8, 3), nn::ReLU(), nn::Conv1d(8, 1, 3));`
class Sequential : public Module {
 public:
  Sequential() = default;
  template <class... Modules>
    requires(sizeof...(Modules) > 0) && (std::derived_from<Modules, Module> && ...) &&
            (sizeof...(Modules) > 1 || !(std::same_as<Modules, Sequential> && ...))
  explicit Sequential(Modules&&... modules) {
    (append(std::make_shared<Modules>(std::move(modules))), ...);
  }

  Sequential& append(std::shared_ptr<Module> module);
  std::size_t size() const { return named_children().size(); }
  /// IndexError outside [0, size()).
  Module& operator[](std::size_t index) const;
  Tensor forward(const Tensor& input) const override;
  std::string type_name() const override { return "Sequential"; }
};

/// max(x, 0), element by element.
class ReLU : public Module {
 public:
  Tensor forward(const Tensor& input) const override { return input.relu(); }
  std::string type_name() const override { return "ReLU"; }
};
class Tanh : public Module {
 public:
  Tensor forward(const Tensor& input) const override { return input.tanh(); }
  std::string type_name() const override { return "Tanh"; }
};
class Sigmoid : public Module {
 public:
  Tensor forward(const Tensor& input) const override { return input.sigmoid(); }
  std::string type_name() const override { return "Sigmoid"; }
};

}  // namespace conv1d::nn
