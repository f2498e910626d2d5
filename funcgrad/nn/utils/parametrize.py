"""Parametrizations: a parameter of a module becomes a function of what is learned instead."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from copy import deepcopy
from typing import Any

from funcgrad.nn.module import Module
from funcgrad.nn.modules.containers import ModuleDict, ModuleList
from funcgrad.nn.parameter import Parameter
from funcgrad.tensor.modes import no_grad
from funcgrad.tensor.shell import Base

__all__ = [
    *("ParametrizationList", "cached", "is_parametrized", "register_parametrization", "remove_parametrizations"),
    "type_before_parametrizations",
]

#: What was computed within `cached`, by module and name; None outside.
CACHE: ContextVar[dict[tuple[int, str], Any] | None] = ContextVar("parametrizations", default=None)


@contextlib.contextmanager
def cached() -> Iterator[None]:
    """Compute each parametrized tensor at most once within a block.

    Examples
    --------
    >>> import funcgrad as fg
    >>> from funcgrad.nn.utils import parametrize, parametrizations
    >>> m = parametrizations.weight_norm(fg.nn.Linear(2, 2))
    >>> with parametrize.cached():
    ...     m.weight is m.weight
    True
    """
    token = CACHE.set({} if CACHE.get() is None else CACHE.get())
    try:
        yield
    finally:
        CACHE.reset(token)


class ParametrizationList(ModuleList):
    """The functions that make a tensor, one after the other, of `original` (or of ``original0``, ``original1``...).

    Parameters
    ----------
    modules : sequence of Module
    original : Tensor
        The tensor that they are to make at first.
    unsafe : bool
        Whether shape and dtype may change.
    """

    original: Any

    def __init__(self, modules: Sequence[Module], original: Any, unsafe: bool = False) -> None:
        if not modules:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        new = original
        with no_grad():
            for module in reversed(list(self)):
                if hasattr(module, "right_inverse"):
                    new = module.right_inverse(new)
        several = not isinstance(new, Base)
        self.is_tensor = not several
        self.ntensors = len(new) if several else 1
        for i, part in enumerate(new if several else [new]):
            name = f"original{i}" if several else "original"
            if isinstance(original, Parameter):
                member = original if part is original else Parameter(part.detach(), original.requires_grad)
                self.register_parameter(name, member)
            else:
                self.register_buffer(name, part)
        if not unsafe:
            check_same(self(), original, "the parametrization")

    def right_inverse(self, value: Any) -> None:
        """Set the originals to what makes `value`."""
        with no_grad():
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(
                        f"parametrization {type(module).__name__} does not implement right_inverse: the tensor cannot "
                        "be assigned"
                    )
                value = module.right_inverse(value)
            parts = [value] if self.is_tensor else list(value)
            for i, part in enumerate(parts):
                getattr(self, "original" if self.is_tensor else f"original{i}").copy_(part)

    def forward(self) -> Any:
        """Return the tensor that the functions make."""
        if self.is_tensor:
            value = self[0](self.original)
        else:
            value = self[0](*[getattr(self, f"original{i}") for i in range(self.ntensors)])
        for module in list(self)[1:]:
            value = module(value)
        return value


def check_same(new: Any, old: Any, what: str) -> None:
    is_tensor = isinstance(new, Base)
    if not is_tensor:
        raise ValueError(f"{what} must return a tensor, got {type(new).__name__}")
    if new.dtype != old.dtype or new.shape != old.shape:
        raise ValueError(
            f"{what} changes dtype or shape: from {old.dtype}, {list(old.shape)} to {new.dtype}, {list(new.shape)}. "
            "With unsafe=True it may."
        )


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Let a tensor of a module be what a function makes of a parameter.

    Parameters
    ----------
    module : Module
        It is changed, and returned.
    tensor_name : str
        Of a parameter or buffer.
    parametrization : Module
        Its ``forward`` makes the tensor. If it has a ``right_inverse``, that says what to start from, and the tensor
        can be assigned.
    unsafe : bool
        Whether shape and dtype may change.

    Examples
    --------
    >>> import funcgrad as fg
    >>> class Symmetric(fg.nn.Module):
    ...     def forward(self, x):
    ...         return x.triu() + x.triu(1).T
    >>> m = fg.nn.utils.parametrize.register_parametrization(fg.nn.Linear(3, 3), "weight", Symmetric())
    >>> bool((m.weight == m.weight.T).all())
    True
    >>> [name for name, _ in m.named_parameters()]
    ['bias', 'parametrizations.weight.original']
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        lists: Any = module.parametrizations
        functions = lists[tensor_name]
        if not unsafe:
            value = getattr(module, tensor_name)
            check_same(parametrization(value), value, "the parametrization")
        if hasattr(parametrization, "right_inverse") and not unsafe:
            value = getattr(module, tensor_name)
            functions.append(parametrization)
            functions.right_inverse(value)
        else:
            functions.append(parametrization)
        functions.unsafe |= unsafe
        return module
    if tensor_name not in module._parameters and tensor_name not in module._buffers:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name "
            f"'{tensor_name}'"
        )
    functions = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe)
    delattr(module, tensor_name)
    if not is_parametrized(module):
        make_parametrized(module)
    setattr(type(module), tensor_name, parametrized_property(tensor_name))
    lists = module.parametrizations
    lists[tensor_name] = functions
    return module


def make_parametrized(module: Module) -> None:
    """Give a module a class of its own, which holds the properties, and a dict of the functions."""
    cls = type(module)

    def refuse(self: Any, protocol: Any) -> Any:
        raise RuntimeError("Serialization of parametrized modules is only supported through state_dict().")

    def copied(self: Any, memo: dict[int, Any]) -> Any:
        own = {name: value for name, value in vars(type(self)).items() if name in kept(type(self))}
        new: Any = object.__new__(type(type(self).__name__, (cls,), own))  # removing it from one leaves the other alone
        memo[id(self)] = new
        new.__dict__.update(deepcopy(self.__dict__, memo))
        return new

    members = {"__reduce_ex__": refuse, "__deepcopy__": copied, "original_class": cls}
    object.__setattr__(module, "__class__", type(f"Parametrized{cls.__name__}", (cls,), members))
    module.parametrizations = ModuleDict()


def kept(cls: type) -> list[str]:
    return [k for k, v in vars(cls).items() if isinstance(v, property) or k in COPIED]


COPIED = ("__reduce_ex__", "__deepcopy__", "original_class", "__module__")


def parametrized_property(name: str) -> property:
    def get(self: Any) -> Any:
        cache = CACHE.get()
        if cache is None:
            return self.parametrizations[name]()
        key = (id(self), name)
        if key not in cache:
            cache[key] = self.parametrizations[name]()
        return cache[key]

    def put(self: Any, value: Any) -> None:
        self.parametrizations[name].right_inverse(value)

    return property(get, put)


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether a module has parametrizations, or one of a given name."""
    lists = module._modules.get("parametrizations")
    if not isinstance(lists, ModuleDict):
        return False
    return len(lists) > 0 or hasattr(type(module), "original_class") if tensor_name is None else tensor_name in lists


def type_before_parametrizations(module: Module) -> type:
    """Return the class that a module had before it was parametrized."""
    cls: type = getattr(type(module), "original_class", type(module))
    return cls


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Make a parametrized tensor a parameter again.

    Parameters
    ----------
    module : Module
    tensor_name : str
    leave_parametrized : bool
        Whether it keeps the value that the functions make; otherwise it becomes the original.
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    lists: Any = module.parametrizations
    functions = lists[tensor_name]
    if leave_parametrized:
        with no_grad():
            value = getattr(module, tensor_name).detach().clone()
        learned = any(True for _ in functions._parameters.values())
        grad = any(p.requires_grad for p in functions._parameters.values())
        new: Any = Parameter(value, grad) if learned else value
        if functions.is_tensor and learned and functions.original.shape == value.shape:
            new = functions.original
            with no_grad():
                new.copy_(value)
    elif not functions.is_tensor:
        raise ValueError("Cannot leave unparametrized (`leave_parametrized=False`) a tensor made of several.")
    else:
        new = functions.original
    delattr(type(module), tensor_name)
    del lists[tensor_name]
    if isinstance(new, Parameter):
        module.register_parameter(tensor_name, new)
    else:
        module.register_buffer(tensor_name, new)
    if not len(lists):
        delattr(module, "parametrizations")
        object.__setattr__(module, "__class__", type_before_parametrizations(module))
    return module
