"""Module: a function with parameters, and with other modules inside."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from funcgrad.nn.calling import Called
from funcgrad.nn.convert import Converting
from funcgrad.nn.parameter import Buffer, Parameter
from funcgrad.nn.state import Stateful
from funcgrad.tensor.shell import Base

__all__ = ["Module"]

#: The dicts that every module has.
HOOKS = (
    *("_backward_pre_hooks", "_backward_hooks", "_forward_hooks", "_forward_pre_hooks", "_state_dict_hooks"),
    *("_state_dict_pre_hooks", "_load_state_dict_pre_hooks", "_load_state_dict_post_hooks"),
)


class Module(Called, Stateful, Converting):
    """The base class of all layers and networks.

    A subclass calls ``super().__init__()``, makes parameters, buffers and other modules its attributes, and defines
    ``forward``. To call the module calls that, with the hooks around it.

    Attributes
    ----------
    training : bool
        Whether the module is being trained, as opposed to evaluated.

    Examples
    --------
    >>> import funcgrad as fg
    >>> class Net(fg.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.layer = fg.nn.Linear(2, 3)
    ...         self.scale = fg.nn.Parameter(fg.ones(1))
    ...     def forward(self, x):
    ...         return self.scale * self.layer(x).relu()
    >>> net = Net()
    >>> net
    Net(
      (layer): Linear(in_features=2, out_features=3, bias=True)
    )
    >>> [name for name, _ in net.named_parameters()]
    ['scale', 'layer.weight', 'layer.bias']
    >>> net(fg.ones(4, 2)).shape
    torch.Size([4, 3])
    """

    def __init__(self) -> None:
        members = self.__dict__
        members["training"] = True
        members["_parameters"] = {}
        members["_buffers"] = {}
        members["_non_persistent_buffers_set"] = set()
        members["_modules"] = {}
        for name in HOOKS:
            members[name] = OrderedDict()

    # -- Attributes ------------------------------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        for kind in ("_parameters", "_buffers", "_modules"):
            members = self.__dict__.get(kind)
            if members is not None and name in members:
                return members[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __setattr__(self, name: str, value: Any) -> None:
        members = self.__dict__
        if isinstance(value, Parameter):
            check_ready(self, "parameters")
            forget(self, name, "_parameters")
            self.register_parameter(name, value)
        elif name in members.get("_parameters", ()):
            if value is not None:
                raise TypeError(
                    f"cannot assign '{kind_of(value)}' as parameter '{name}' (torch.nn.Parameter or None expected)"
                )
            members["_parameters"][name] = None
        elif isinstance(value, Module):
            check_ready(self, "module")
            forget(self, name, "_modules")
            members["_modules"][name] = value
        elif name in members.get("_modules", ()):
            if value is not None:
                raise TypeError(
                    f"cannot assign '{kind_of(value)}' as child module '{name}' (torch.nn.Module or None expected)"
                )
            members["_modules"][name] = None
        elif isinstance(value, Buffer) and name not in members.get("_buffers", ()):
            check_ready(self, "buffer")
            forget(self, name, "_buffers")
            self.register_buffer(name, value, value.persistent)
        elif name in members.get("_buffers", ()):
            if value is not None and not isinstance(value, Base):
                raise TypeError(
                    f"cannot assign '{kind_of(value)}' as buffer '{name}' "
                    "(torch.nn.Buffer, torch.Tensor or None expected)"
                )
            members["_buffers"][name] = value
        else:
            object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        for kind in ("_parameters", "_buffers", "_modules"):
            if name in self.__dict__[kind]:
                del self.__dict__[kind][name]
                self._non_persistent_buffers_set.discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        names = {*dir(type(self)), *self.__dict__, *self._parameters, *self._modules, *self._buffers}
        return sorted(name for name in names if not name[:1].isdigit())

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for name in HOOKS:  # what an older version did not have
            self.__dict__.setdefault(name, OrderedDict())
        self.__dict__.setdefault("_non_persistent_buffers_set", set())

    # -- Registration ----------------------------------------------------------------------------------------------

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter under a name; None keeps the name for one."""
        check_ready(self, "parameter")
        check_name(self, name, "parameter", "_parameters")
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{kind_of(param)}' object to parameter '{name}' (torch.nn.Parameter or None required)"
            )
        if param is not None and not param.is_leaf:
            raise ValueError(
                f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be created explicitly. To "
                f"express '{name}' as a function of another Tensor, compute the value in the forward() method."
            )
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Any, persistent: bool = True) -> None:
        """Add a buffer under a name: state that is not learned.

        Parameters
        ----------
        name : str
        tensor : Tensor or None
        persistent : bool
            Whether it is part of the ``state_dict``.

        Examples
        --------
        >>> import funcgrad as fg
        >>> m = fg.nn.Module()
        >>> m.register_buffer("mean", fg.zeros(2))
        >>> m.mean
        tensor([0., 0.])
        """
        check_ready(self, "buffer")
        check_name(self, name, "buffer", "_buffers")
        if tensor is not None and not isinstance(tensor, Base):
            raise TypeError(
                f"cannot assign '{kind_of(tensor)}' object to buffer '{name}' (torch Tensor or None required)"
            )
        self._buffers[name] = tensor
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a submodule under a name."""
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{kind_of(module)} is not a Module subclass")
        check_name(self, name, "module", "_modules")
        self._modules[name] = module

    def register_module(self, name: str, module: Module | None) -> None:
        """Add a submodule under a name, as :meth:`add_module` does."""
        self.add_module(name, module)

    # -- Text --------------------------------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """Return what stands between the parentheses of the text form: subclasses define it."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        children = [f"({name}): {indented(repr(module))}" for name, module in self._modules.items()]
        return enclosed(self._get_name(), lines, children)


def enclosed(name: str, lines: list[str], children: list[str]) -> str:
    """Return a module's text: on one line if it has nothing inside."""
    if len(lines) == 1 and not children:
        return f"{name}({lines[0]})"
    inside = lines + children
    return f"{name}(\n  " + "\n  ".join(inside) + "\n)" if inside else f"{name}()"


def indented(text: str) -> str:
    """Indent all lines but the first."""
    return text.replace("\n", "\n  ")


def kind_of(value: Any) -> str:
    """Return PyTorch's name of a value's kind."""
    if isinstance(value, Base):
        name: str = value.concrete.type(value)  # type: ignore[arg-type]
        return name
    cls = type(value)
    return cls.__name__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__name__}"


def forget(module: Any, name: str, kind: str) -> None:
    """Remove an attribute that a member of another kind replaces."""
    members = module.__dict__
    members.pop(name, None)
    for other in ("_parameters", "_buffers", "_modules"):
        if other != kind:
            members[other].pop(name, None)
    if kind != "_buffers":
        members["_non_persistent_buffers_set"].discard(name)


def check_ready(module: Any, what: str) -> None:
    if "_parameters" not in module.__dict__:
        raise AttributeError(f"cannot assign {what} before Module.__init__() call")


def check_name(module: Any, name: Any, what: str, kind: str) -> None:
    if not isinstance(name, str):
        raise TypeError(f"{what} name should be a string. Got {kind_of(name)}")
    if "." in name:
        raise KeyError(f'{what} name can\'t contain "."' + (f", got: {name}" if what == "module" else ""))
    if name == "":
        raise KeyError(f'{what} name can\'t be empty string ""')
    if hasattr(module, name) and name not in module.__dict__[kind]:
        raise KeyError(f"attribute '{name}' already exists")
