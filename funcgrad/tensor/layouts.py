"""Layouts: all tensors are strided, and factories take ``layout=torch.strided`` to say so."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

__all__ = ["laid_out", "layout", "strided"]

P = ParamSpec("P")
T = TypeVar("T")


class layout:
    """How the elements of a tensor lie in memory.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.ones(2).layout
    torch.strided
    >>> isinstance(fg.strided, fg.layout)
    True
    """

    __slots__ = ()

    def __new__(cls) -> layout:
        raise TypeError("there is one layout, funcgrad.strided: others cannot be made")

    def __repr__(self) -> str:
        return "torch.strided"

    def __reduce__(self) -> str:
        return "strided"


strided: layout = object.__new__(layout)


def laid_out(factory: Callable[P, T]) -> Callable[P, T]:
    """Let a factory take ``layout``, which can only be the strided one, and ``pin_memory``, which has no effect."""

    @functools.wraps(factory)
    def make(*args: P.args, **kwargs: P.kwargs) -> T:
        if kwargs:
            named: Any = kwargs
            given = named.pop("layout", None)
            if given is not None and given is not strided:
                raise TypeError(f"{factory.__name__}(): layout must be funcgrad.strided, got {given!r}")
            pinned = named.pop("pin_memory", False)
            if not isinstance(pinned, bool):
                raise TypeError(f"{factory.__name__}(): pin_memory must be a bool, got {pinned!r}")
        return factory(*args, **kwargs)

    return make
