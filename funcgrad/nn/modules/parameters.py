"""Parameters in a list, or by name, which the module that has them knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from funcgrad.nn.module import Module, enclosed, kind_of
from funcgrad.nn.modules.containers import place_of
from funcgrad.nn.parameter import Parameter
from funcgrad.tensor.devices import device_of
from funcgrad.tensor.shell import Base

__all__ = ["ParameterDict", "ParameterList"]


def learned(value: Any) -> Any:
    """Make a parameter of a tensor; anything else stays."""
    return Parameter(value) if isinstance(value, Base) and not isinstance(value, Parameter) else value


def described(value: Any, by_type: bool) -> str:
    """Return the text for an element, with its dtype or, as PyTorch prints it in a dict, its type."""
    if not isinstance(value, Base):
        return f"Object of type: {type(value).__name__}"
    kind = "Parameter" if isinstance(value, Parameter) else "Tensor"
    where = device_of(value.payload)
    place = "" if where.type == "cpu" else f" ({where})"
    size = "x".join(map(str, value.payload.shape))
    return f"{kind} containing: [{kind_of(value) if by_type else value.dtype} of size {size}{place}]"


class ParameterList(Module):
    """A list of parameters; tensors become some, other objects stay what they are.

    Parameters
    ----------
    values : iterable, optional

    Examples
    --------
    >>> import funcgrad as fg
    >>> scales = fg.nn.ParameterList([fg.ones(2), fg.zeros(3)])
    >>> len(list(scales.parameters()))
    2
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return type(self)(getattr(self, str(i)) for i in range(*index.indices(len(self))))
        return getattr(self, str(place_of(index, len(self))))

    def __setitem__(self, index: int, value: Any) -> None:
        setattr(self, str(place_of(index, len(self))), learned(value))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return iter([self[i] for i in range(len(self))])

    def __iadd__(self, values: Iterable[Any]) -> Self:
        return self.extend(values)

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name.isdigit()]

    def append(self, value: Any) -> Self:
        """Add a parameter at the end."""
        self._size += 1
        self[self._size - 1] = value
        return self

    def extend(self, values: Iterable[Any]) -> Self:
        """Add several parameters at the end."""
        if not isinstance(values, Iterable) or isinstance(values, Base):
            raise TypeError(f"ParameterList.extend should be called with an iterable, but got {type(values).__name__}")
        for value in values:
            self.append(value)
        return self

    def __repr__(self) -> str:
        return enclosed(self._get_name(), [], [f"  ({i}): {described(value, False)}" for i, value in enumerate(self)])

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("ParameterList should not be called.")


class ParameterDict(Module):
    """Parameters by name; tensors become some, other objects stay what they are.

    Parameters
    ----------
    parameters : mapping or iterable of pairs, optional

    Examples
    --------
    >>> import funcgrad as fg
    >>> scales = fg.nn.ParameterDict({"left": fg.ones(2)})
    >>> "left" in scales
    True
    """

    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        self._keys: dict[str, None] = {}
        if parameters is not None:
            self.update(parameters)

    def _name_of(self, key: Any) -> str:
        if not isinstance(key, str):
            raise TypeError(
                "Index given to ParameterDict cannot be used as a key as it is not a string (type is "
                f"'{type(key).__name__}'). Open an issue on github if you need non-string keys."
            )
        return key

    def __getitem__(self, key: str) -> Any:
        return getattr(self, self._name_of(key))

    def __setitem__(self, key: str, value: Any) -> None:
        self._keys[self._name_of(key)] = None
        setattr(self, key, learned(value))

    def __delitem__(self, key: str) -> None:
        del self._keys[key]
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __reversed__(self) -> Iterator[str]:
        return reversed(list(self._keys))

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def copy(self) -> ParameterDict:
        """Return another dict of the same parameters."""
        return ParameterDict({key: self[key] for key in self._keys})

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Return the parameter of a name, which is added if it is not there."""
        if key not in self._keys:
            self[key] = default
        return self[key]

    def clear(self) -> None:
        """Remove all parameters."""
        for key in list(self._keys):
            del self[key]

    def pop(self, key: str) -> Any:
        """Remove a parameter, and return it."""
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[str, Any]:
        """Remove the parameter that was added last, and return its name and it."""
        key = next(reversed(self._keys))
        return key, self.pop(key)

    def get(self, key: str, default: Any = None) -> Any:
        """Return the parameter of a name, or a default."""
        return self[key] if key in self._keys else default

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """Return a dict with one value for all names."""
        return ParameterDict((key, default) for key in keys)

    def keys(self) -> Any:
        """Return the names."""
        return self._keys.keys()

    def items(self) -> Any:
        """Return the names and parameters."""
        return ((key, self[key]) for key in self._keys)

    def values(self) -> Any:
        """Return the parameters."""
        return (self[key] for key in self._keys)

    def update(self, parameters: Any) -> None:
        """Add parameters from a mapping or from pairs; those of the same name are replaced."""
        if not isinstance(parameters, Iterable):
            raise TypeError(
                "ParametersDict.update should be called with an iterable of key/value pairs, but got "
                + type(parameters).__name__
            )
        for key, value in parameters.items() if isinstance(parameters, Mapping | ParameterDict) else parameters:
            self[key] = value

    def __repr__(self) -> str:
        return enclosed(self._get_name(), [], [f"  ({key}): {described(value, True)}" for key, value in self.items()])

    def __or__(self, other: ParameterDict) -> ParameterDict:
        new = self.copy()
        new.update(other)
        return new

    def __ror__(self, other: ParameterDict) -> ParameterDict:
        new = other.copy()
        new.update(self)
        return new

    def __ior__(self, other: ParameterDict) -> Self:
        self.update(other)
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("ParameterDict should not be called.")
