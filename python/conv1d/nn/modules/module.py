"""nn.Module: what every layer shares. Parameters, buffers and children are registered by being assigned.

The methods here are thin where the work has a file of its own: state.py (state_dict), convert.py (to, float, ...) and
hooks.py. Names, texts and orders are PyTorch's, so that classes written for torch.nn.Module work unchanged.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ... import _C
from ..._tensor import Tensor
from ..parameter import Parameter
from . import convert, hooks, naming, state
from .state import _IncompatibleKeys

if TYPE_CHECKING:
    from typing import Self

__all__ = ["Module"]

# The registries that an assigned name may have to leave before it enters another one.
_REGISTRIES = ("_parameters", "_buffers", "_modules", "_non_persistent_buffers_set")


class Module(hooks.Hooked):
    """Base class of layers. Subclasses call super().__init__(), assign layers as attributes and define forward()."""

    training: bool
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _non_persistent_buffers_set: set[str]
    _modules: dict[str, Module | None]
    #: Written into state_dict()._metadata; a layer whose saved form changes raises its own.
    _version: int = 1

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if kwargs:
            raise TypeError(
                f"{type(self).__name__}.__init__() got an unexpected keyword argument '{next(iter(kwargs))}'"
            )
        if args:
            raise TypeError(
                f"{type(self).__name__}.__init__() takes 1 positional argument but {len(args) + 1} were given"
            )
        # Straight into __dict__: __setattr__ looks for the registries that are only now being made.
        self.__dict__.update(
            training=True,
            _parameters={},
            _buffers={},
            _non_persistent_buffers_set=set(),
            _modules={},
            **{name: OrderedDict() for name in hooks.REGISTRIES},
        )

    # ---- calling ----------------------------------------------------------------------------------------------------

    def forward(self, *input: Any) -> Any:
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not (self._forward_hooks or self._forward_pre_hooks or self._backward_hooks or self._backward_pre_hooks):
            return self.forward(*args, **kwargs)
        return hooks.call(self, args, kwargs)

    # ---- attributes -------------------------------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        # Called only for what is not found the usual way, that is also for parameters, buffers and children.
        registries = self.__dict__
        for registry in ("_parameters", "_buffers", "_modules"):
            entries = registries.get(registry)
            if entries is not None and name in entries:
                return entries[name]
        raise naming.no_attribute(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        own = self.__dict__
        parameters = own.get("_parameters")
        if isinstance(value, Parameter):
            if parameters is None:
                raise AttributeError("cannot assign parameters before Module.__init__() call")
            self._leave(name, "_parameters")
            self.register_parameter(name, value)
            return
        if parameters is not None and name in parameters:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{naming.typename(value)}' as parameter '{name}' "
                    "(torch.nn.Parameter or None expected)"
                )
            self.register_parameter(name, None)
            return
        modules = own.get("_modules")
        if isinstance(value, Module):
            if modules is None:
                raise AttributeError("cannot assign module before Module.__init__() call")
            self._leave(name, "_modules")
            modules[name] = value
            return
        if modules is not None and name in modules:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{naming.typename(value)}' as child module '{name}' "
                    "(torch.nn.Module or None expected)"
                )
            modules[name] = None
            return
        buffers = own.get("_buffers")
        if buffers is not None and name in buffers:
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(
                    f"cannot assign '{naming.typename(value)}' as buffer '{name}' "
                    "(torch.nn.Buffer, torch.Tensor or None expected)"
                )
            buffers[name] = value
            return
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        for registry in (self._parameters, self._buffers, self._modules):
            if name in registry:
                del registry[name]
                self._non_persistent_buffers_set.discard(name)
                return
        object.__delattr__(self, name)

    def _leave(self, name: str, entering: str) -> None:
        """Takes `name` out of wherever it stands but `entering`, the registry that is about to take it."""
        own = self.__dict__
        own.pop(name, None)
        for registry in _REGISTRIES:
            if registry == entering:
                continue
            if registry == "_non_persistent_buffers_set":
                own[registry].discard(name)
            else:
                own[registry].pop(name, None)

    def __dir__(self) -> list[str]:
        names = set(dir(type(self))) | set(self.__dict__)
        names.update(self._parameters, self._buffers, self._modules)
        return sorted(name for name in names if not name[:1].isdigit())

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.__dict__.update(state)
        for name in hooks.REGISTRIES:
            self.__dict__.setdefault(name, OrderedDict())

    # ---- registration -----------------------------------------------------------------------------------------------

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        if "_parameters" not in self.__dict__:
            raise AttributeError("cannot assign parameter before Module.__init__() call")
        naming.check(self, name, "parameter", self._parameters)
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{naming.typename(param)}' object to parameter '{name}' "
                "(torch.nn.Parameter or None required)"
            )
        if param is not None and param.grad_fn is not None:
            raise ValueError(
                f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be created explicitly. "
                f"To express '{name}' as a function of another Tensor, compute the value in the forward() method."
            )
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """A tensor that belongs to the module without being trained; left out of state_dict() unless persistent."""
        if "_buffers" not in self.__dict__:
            raise AttributeError("cannot assign buffer before Module.__init__() call")
        naming.check(self, name, "buffer", self._buffers)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{naming.typename(tensor)}' object to buffer '{name}' (torch Tensor or None required)"
            )
        self._buffers[name] = tensor
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def add_module(self, name: str, module: Module | None) -> None:
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{naming.typename(module)} is not a Module subclass")
        naming.check(self, name, "module", self._modules)
        self._modules[name] = module

    register_module = add_module

    # ---- what is inside ---------------------------------------------------------------------------------------------

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """This module, then those inside it, each with its dotted name."""
        seen = set() if memo is None else memo
        if self in seen:
            return
        if remove_duplicate:
            seen.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                inner = f"{prefix}.{name}" if prefix else name
                yield from module.named_modules(seen, inner, remove_duplicate)

    def modules(self, remove_duplicate: bool = True) -> Iterator[Module]:
        for _, module in self.named_modules(remove_duplicate=remove_duplicate):
            yield module

    def named_children(self) -> Iterator[tuple[str, Module]]:
        seen = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self) -> Iterator[Module]:
        for _, module in self.named_children():
            yield module

    def _named_members(
        self, registry: str, prefix: str, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Any]]:
        modules = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
        seen = set()
        for path, module in modules:
            for name, member in getattr(module, registry).items():
                if member is None or id(member) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(member))
                yield (f"{path}.{name}" if path else name), member

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        yield from self._named_members("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        yield from self._named_members("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def get_submodule(self, target: str) -> Module:
        return naming.submodule(self, target)

    def get_parameter(self, target: str) -> Parameter:
        return naming.member(self, target, Parameter, "an nn.Parameter")

    def get_buffer(self, target: str) -> Tensor:
        return naming.member(self, target, Tensor, "a buffer")

    def apply(self, fn: Callable[[Module], None]) -> Self:
        """Calls fn on every module inside, children first."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    # ---- state ------------------------------------------------------------------------------------------------------

    def state_dict(self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
        """Name -> tensor for every parameter and persistent buffer. The tensors share memory with the module."""
        return state.save(self, args, destination, prefix, keep_vars)

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> _IncompatibleKeys:
        """Copies the values in, all of them or, where anything does not fit, none."""
        return state.load(self, state_dict, strict, assign)

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        state.save_own(self, destination, prefix, keep_vars)

    def _load_from_state_dict(
        self,
        state_dict: Mapping[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        state.load_own(self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)

    # ---- modes and conversions --------------------------------------------------------------------------------------

    def train(self, mode: bool = True) -> Self:
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Self:
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        for parameter in self.parameters():
            if parameter.grad is not None:
                parameter.grad = None if set_to_none else parameter.grad.detach().zero_()

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """to(device, dtype), to(dtype) or to(tensor), in place: the parameters stay the objects that they are."""
        convert.to(self, *args, **kwargs)
        return self

    def type(self, dst_type: Any) -> Self:
        """Casts every parameter and buffer to a dtype, which may be named by its tensors: "torch.DoubleTensor"."""
        return self._apply(lambda tensor: tensor.type(dst_type))

    def share_memory(self) -> Self:
        raise NotImplementedError(
            "Module.share_memory() is not supported: conv1d's tensors live in one process. Send others a state_dict()."
        )

    def to_empty(self, *, device: Any, recurse: bool = True) -> Self:
        """Moves to `device` without copying the numbers: they are whatever the memory holds."""
        convert.apply(self, lambda tensor: _C.empty(tuple(tensor.shape), dtype=tensor.dtype, device=device), recurse)
        return self

    def float(self) -> Self:
        return self._apply(lambda tensor: tensor.to(_C.float32) if tensor.is_floating_point() else tensor)

    def double(self) -> Self:
        return self._apply(lambda tensor: tensor.to(_C.float64) if tensor.is_floating_point() else tensor)

    def half(self) -> Self:
        return self._apply(lambda tensor: tensor.to(_C.float16) if tensor.is_floating_point() else tensor)

    def bfloat16(self) -> Self:
        return self._apply(lambda tensor: tensor.to(_C.bfloat16) if tensor.is_floating_point() else tensor)

    def cpu(self) -> Self:
        return self._apply(lambda tensor: tensor.to("cpu"))

    def cuda(self, device: Any = None) -> Self:
        where = "cuda" if device is None else f"cuda:{device}" if isinstance(device, int) else device
        return self._apply(lambda tensor: tensor.to(where))

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        convert.apply(self, fn, recurse)
        return self

    # ---- text -------------------------------------------------------------------------------------------------------

    def _get_name(self) -> str:
        return type(self).__name__

    def extra_repr(self) -> str:
        """What stands between the brackets of repr() before the children; subclasses return their settings."""
        return ""

    def __repr__(self) -> str:
        return naming.describe(self._get_name(), self.extra_repr(), self._modules.items())
