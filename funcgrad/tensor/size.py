"""The shape of a tensor: a tuple with PyTorch's text, which stays one when it is cut or joined."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from typing import Any

__all__ = ["Size"]


class Size(tuple[int, ...]):
    """A shape.

    Parameters
    ----------
    sizes : iterable of int

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.ones(2, 3).shape
    torch.Size([2, 3])
    >>> fg.ones(2, 3).shape + (1,)
    torch.Size([2, 3, 1])
    """

    __slots__ = ()

    def __new__(cls, sizes: Iterable[Any] = ()) -> Size:
        return tuple.__new__(cls, [checked(i, size) for i, size in enumerate(sizes)])

    def numel(self) -> int:
        """Return the number of elements of a tensor of this shape."""
        return math.prod(self)

    def __getitem__(self, index: Any) -> Any:
        part = tuple.__getitem__(self, index)
        return tuple.__new__(Size, part) if isinstance(part, tuple) else part

    def __add__(self, other: Any) -> Any:
        return Size(tuple.__add__(self, other)) if isinstance(other, tuple) else NotImplemented

    def __radd__(self, other: Any) -> Any:
        return Size(tuple.__add__(other, self)) if isinstance(other, tuple) else NotImplemented

    def __mul__(self, times: Any) -> Any:
        return tuple.__new__(Size, tuple.__mul__(self, times))

    __rmul__ = __mul__

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"

    def __reduce__(self) -> Any:
        return Size, (tuple(self),)


def checked(place: int, size: Any) -> int:
    try:
        return operator.index(size)
    except TypeError:
        raise TypeError(f"a Size has integers, but item {place} is a {type(size).__name__}") from None
