"""state_dict() and load_state_dict(). Loading looks at every entry before it copies one."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ..._tensor import Tensor
from ..parameter import Parameter

if TYPE_CHECKING:
    from .module import Module

# Where get_extra_state() of a module is kept, behind the module's own prefix.
_EXTRA_STATE = "_extra_state"


class _IncompatibleKeys(NamedTuple("IncompatibleKeys", [("missing_keys", list), ("unexpected_keys", list)])):
    """What load_state_dict() returns: the names that only one of the two sides has."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"

    __str__ = __repr__


class _Report(list):
    """The list of error messages, which also carries the copies to make once there turn out to be none."""

    def __init__(self) -> None:
        super().__init__()
        self.copies: list[Callable[[], object]] = []


def save(module: Module, args: tuple[Any, ...], destination: Any, prefix: str, keep_vars: bool) -> Any:
    # PyTorch once took these three by position and still does, with a warning.
    if args:
        warnings.warn(
            "Positional args are being deprecated, use kwargs instead. Refer to "
            "https://pytorch.org/docs/main/generated/torch.nn.Module.html#torch.nn.Module.state_dict for details.",
            FutureWarning,
            stacklevel=3,
        )
        destination = args[0] if destination is None else destination
        prefix = args[1] if len(args) > 1 and prefix == "" else prefix
        keep_vars = args[2] if len(args) > 2 and keep_vars is False else keep_vars
    if destination is None:
        destination = OrderedDict()
        destination._metadata = OrderedDict()
    local_metadata = {"version": module._version}
    if hasattr(destination, "_metadata"):
        destination._metadata[prefix[:-1]] = local_metadata
    for hook in module._state_dict_pre_hooks.values():
        hook(module, prefix, keep_vars)
    module._save_to_state_dict(destination, prefix, keep_vars)
    for name, child in module._modules.items():
        if child is not None:
            child.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
    for hook in module._state_dict_hooks.values():
        if hook(module, destination, prefix, local_metadata) is not None:
            raise RuntimeError("state_dict post-hook must return None")
    return destination


def save_own(module: Module, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
    """The entries of this module without its children's."""
    for name, tensor in _own(module).items():
        destination[prefix + name] = tensor if keep_vars else tensor.detach()
    if hasattr(module, "get_extra_state"):
        destination[prefix + _EXTRA_STATE] = module.get_extra_state()


def _own(module: Module) -> dict[str, Tensor]:
    hidden = module._non_persistent_buffers_set
    persistent = {name: buffer for name, buffer in module._buffers.items() if name not in hidden}
    return {name: tensor for name, tensor in {**module._parameters, **persistent}.items() if tensor is not None}


def load(module: Module, state_dict: Mapping[str, Any], strict: bool, assign: bool) -> _IncompatibleKeys:
    if not isinstance(state_dict, Mapping):
        raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
    missing: list[str] = []
    unexpected: list[str] = []
    report = _Report()
    metadata = getattr(state_dict, "_metadata", None) or {}

    def visit(inner: Module, entries: Mapping[str, Any], prefix: str) -> None:
        local_metadata = dict(metadata.get(prefix[:-1], {}), assign_to_params_buffers=assign)
        inner._load_from_state_dict(entries, prefix, local_metadata, True, missing, unexpected, report)
        for name, child in inner._modules.items():
            if child is not None:
                start = f"{prefix}{name}."
                visit(child, {key: value for key, value in entries.items() if key.startswith(start)}, start)
        for hook in inner._load_state_dict_post_hooks.values():
            if hook(inner, _IncompatibleKeys(missing, unexpected)) is not None:
                raise AssertionError(
                    "Hooks registered with ``register_load_state_dict_post_hook`` are not expected to return new "
                    "values, if incompatible_keys need to be modified, it should be done inplace."
                )

    visit(module, OrderedDict(state_dict), "")
    messages = list(report)
    if strict:
        for keys, kind in ((unexpected, "Unexpected"), (missing, "Missing")):
            if keys:
                quoted = ", ".join(f'"{key}"' for key in keys)
                messages.insert(0, f"{kind} key(s) in state_dict: {quoted}. ")
    if messages:
        raise RuntimeError(f"Error(s) in loading state_dict for {type(module).__name__}:\n\t" + "\n\t".join(messages))
    for copy in report.copies:
        copy()
    return _IncompatibleKeys(missing, unexpected)


def load_own(
    module: Module,
    state_dict: Mapping[str, Any],
    prefix: str,
    local_metadata: dict[str, Any],
    strict: bool,
    missing_keys: list[str],
    unexpected_keys: list[str],
    error_msgs: list[str],
) -> None:
    """The entries of this module without its children's: what is wrong goes into the lists, what is right is staged."""
    for hook in module._load_state_dict_pre_hooks.values():
        hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
    own = _own(module)
    assign = local_metadata.get("assign_to_params_buffers", False)
    # A subclass may call this with a plain list of its own; then nothing can be held back.
    staged: list[Callable[[], object]] | None = getattr(error_msgs, "copies", None)
    for name, tensor in own.items():
        key = prefix + name
        if key not in state_dict:
            if strict:
                missing_keys.append(key)
            continue
        copy = _stage(module, name, key, tensor, state_dict[key], assign, error_msgs)
        if copy is not None:
            copy() if staged is None else staged.append(copy)
    extra_key = prefix + _EXTRA_STATE
    takes_extra = hasattr(module, "set_extra_state")
    if takes_extra and extra_key in state_dict:
        extra = state_dict[extra_key]
        module.set_extra_state(extra) if staged is None else staged.append(lambda: module.set_extra_state(extra))
    elif takes_extra and strict:
        missing_keys.append(extra_key)
    elif strict and extra_key in state_dict:
        unexpected_keys.append(extra_key)
    if strict:
        for key in state_dict:
            if key.startswith(prefix) and key != extra_key:
                head, dot, _ = key[len(prefix) :].partition(".")
                if head not in (module._modules if dot else own):
                    unexpected_keys.append(key)


def _stage(
    module: Module, name: str, key: str, tensor: Tensor, value: Any, assign: bool, error_msgs: list[str]
) -> Callable[[], object] | None:
    """What to call to copy `value` into `tensor`, or None where it does not fit. All that can fail happens here."""
    if not isinstance(value, Tensor):
        error_msgs.append(
            f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like object from checkpoint '
            f"but received {type(value)}"
        )
        return None
    if tensor.dim() == 0 and tuple(value.shape) == (1,):
        value = value[0]  # how PyTorch 0.3 saved a tensor without dimensions
    if value.shape != tensor.shape:
        error_msgs.append(
            f"size mismatch for {key}: copying a param with shape {value.shape} from checkpoint, "
            f"the shape in current model is {tensor.shape}."
        )
        return None
    if assign:
        return lambda: setattr(module, name, _assigned(tensor, value))
    if tensor.is_meta:
        if not value.is_meta:
            warnings.warn(
                f"for {key}: copying from a non-meta parameter in the checkpoint to a meta parameter in the current "
                "model, which is a no-op. (Did you mean to pass `assign=True` to assign items in the state dictionary "
                "to their corresponding key in the module instead of copying them in place?)",
                stacklevel=6,
            )
        return None
    try:
        # The cast is what may fail (no data) or warn (complex to real), so it comes before the first copy.
        ready = value.detach().to(tensor.device).to(tensor.dtype)
    except Exception as error:
        error_msgs.append(
            f'While copying the parameter named "{key}", whose dimensions in the model are {tensor.size()} and '
            f"whose dimensions in the checkpoint are {value.size()}, an exception occurred : {error.args}."
        )
        return None
    return lambda: tensor.detach().copy_(ready)


def _assigned(tensor: Tensor, value: Tensor) -> Tensor:
    """`value` in the role of `tensor`: a Parameter where that is one."""
    if not isinstance(tensor, Parameter):
        return value
    if not isinstance(value, Parameter):
        return Parameter(value, requires_grad=tensor.requires_grad)
    return value.requires_grad_(tensor.requires_grad)
