"""Modules that hold modules: one after the other, in a list, by name."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, Self

from funcgrad.nn.module import Module, enclosed, indented, kind_of

__all__ = ["ModuleDict", "ModuleList", "Sequential"]


def place_of(index: Any, size: int) -> int:
    """Return a place counted from the start."""
    index = operator.index(index)
    if not -size <= index < size:
        raise IndexError(f"index {index} is out of range")
    return int(index) % size


class Numbered(Module):
    """Modules whose names are their places."""

    def _items_at(self, index: slice) -> list[Any]:
        return list(self._modules.values())[index]

    def _renumber(self, modules: Iterable[Any]) -> None:
        self._modules = {str(i): module for i, module in enumerate(modules)}

    def _name_at(self, index: Any) -> str:
        return list(self._modules)[place_of(index, len(self))]

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, self._name_at(index), module)

    def __delitem__(self, index: int | slice) -> None:
        names = list(self._modules)[index] if isinstance(index, slice) else [self._name_at(index)]
        for name in names:
            delattr(self, name)
        self._renumber(self._modules.values())

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name.isdigit()]

    def __iadd__(self, modules: Iterable[Any]) -> Self:
        return self.extend(modules)

    def pop(self, key: int | slice) -> Any:
        """Remove a module, and return it."""
        module = self[key]
        del self[key]
        return module

    def insert(self, index: int, module: Module) -> Any:
        """Insert a module before a place."""
        modules = list(self._modules.values())
        modules.insert(index, module)
        self._renumber(modules)
        return self

    def append(self, module: Module) -> Self:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add several modules at the end."""
        for module in list(modules):
            self.append(module)
        return self

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return type(self)(self._items_at(index))  # type: ignore[call-arg]
        return self._modules[self._name_at(index)]


class Sequential(Numbered):
    """Modules that are called one after the other, each with what the one before has returned.

    Parameters
    ----------
    *args : Module
        Or one ordered dict of modules by name.

    Examples
    --------
    >>> import funcgrad as fg
    >>> net = fg.nn.Sequential(fg.nn.Linear(1, 20), fg.nn.ReLU(), fg.nn.Linear(20, 1))
    >>> net
    Sequential(
      (0): Linear(in_features=1, out_features=20, bias=True)
      (1): ReLU()
      (2): Linear(in_features=20, out_features=1, bias=True)
    )
    >>> net(fg.ones(5, 1)).shape
    torch.Size([5, 1])
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        named = args[0].items() if len(args) == 1 and isinstance(args[0], OrderedDict) else enumerate(args)
        for name, module in named:
            self.add_module(str(name) if isinstance(name, int) else name, module)

    def forward(self, input: Any) -> Any:
        """Call one module after the other."""
        for module in self._modules.values():
            input = module(input)
        return input

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return type(self)(OrderedDict(list(self._modules.items())[index]))
        return super().__getitem__(index)

    def __delitem__(self, index: int | slice) -> None:
        super().__delitem__(index)

    def __add__(self, other: Any) -> Sequential:
        if not isinstance(other, Sequential):
            raise ValueError(f"add operator supports only objects of Sequential class, but {type(other)} is given.")
        return Sequential(*self, *other)

    def __iadd__(self, other: Any) -> Self:
        if not isinstance(other, Sequential):
            raise ValueError(f"add operator supports only objects of Sequential class, but {type(other)} is given.")
        return self.extend(other)

    def __mul__(self, other: int) -> Sequential:
        return Sequential(*list(self) * times(other))

    __rmul__ = __mul__

    def __imul__(self, other: int) -> Self:
        return self.extend(list(self) * (times(other) - 1))

    def insert(self, index: int, module: Module) -> Self:
        """Insert a module before a place."""
        if not isinstance(module, Module):
            raise AssertionError(f"module should be of type: {Module}")
        if not -len(self) <= index <= len(self):
            raise IndexError(f"Index out of range: {index}")
        super().insert(index % len(self) if index < 0 else index, module)
        return self


def times(count: Any) -> int:
    if not isinstance(count, int):
        raise TypeError(f"unsupported operand type(s) for *: {Sequential} and {type(count)}")
    if count <= 0:
        raise ValueError(f"Non-positive multiplication factor {count} for {Sequential}")
    return count


class ModuleList(Numbered):
    """A list of modules, which the module that has it knows.

    Parameters
    ----------
    modules : iterable of Module, optional

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.ModuleList([fg.nn.Linear(2, 2) for _ in range(3)])
    ModuleList(
      (0-2): 3 x Linear(in_features=2, out_features=2, bias=True)
    )
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def insert(self, index: int, module: Module) -> None:
        """Insert a module before a place."""
        super().insert(index, module)

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add several modules at the end."""
        if not isinstance(modules, Iterable):
            raise TypeError(f"ModuleList.extend should be called with an iterable, but got {type(modules).__name__}")
        return super().extend(modules)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def __repr__(self) -> str:
        lines = []
        place = 0
        for text, group in groupby(repr(module) for module in self):
            count = len(list(group))
            label = f"({place})" if count == 1 else f"({place}-{place + count - 1})"
            lines.append(f"{label}: " + (f"{count} x " if count > 1 else "") + indented(text))
            place += count
        return enclosed(self._get_name(), [], lines)


class ModuleDict(Module):
    """Modules by name, in the order in which they were added, which the module that has it knows.

    Parameters
    ----------
    modules : mapping or iterable of pairs, optional

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.nn.ModuleDict({"act": fg.nn.ReLU()})["act"]
    ReLU()
    """

    def __init__(self, modules: Any = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Any:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: str) -> bool:
        return key in self._modules

    def clear(self) -> None:
        """Remove all modules."""
        self._modules.clear()

    def pop(self, key: str) -> Any:
        """Remove a module, and return it."""
        module = self[key]
        del self[key]
        return module

    def keys(self) -> Any:
        """Return the names."""
        return self._modules.keys()

    def items(self) -> Any:
        """Return the names and modules."""
        return self._modules.items()

    def values(self) -> Any:
        """Return the modules."""
        return self._modules.values()

    def update(self, modules: Any) -> None:
        """Add modules from a mapping or from pairs; those of the same name are replaced."""
        if not isinstance(modules, Iterable):
            raise TypeError(
                "ModuleDict.update should be called with an iterable of key/value pairs, but got " + kind_of(modules)
            )
        for key, module in modules.items() if isinstance(modules, Mapping | ModuleDict) else modules:
            self[key] = module
