"""Writing into tensors: the methods that change a tensor in place, and assignment to an index.

The machinery is in :mod:`funcgrad.tensor.overwriting`, the log of writes in :mod:`funcgrad.tensor.versions`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad.core.level import deepest
from funcgrad.tensor.indexed_writes import Filled
from funcgrad.tensor.inplace import Updated
from funcgrad.tensor.overwriting import assign, check_cast, check_dense, overwrite, update
from funcgrad.tensor.random_writes import Randomized
from funcgrad.tensor.reshaping import Reshaped
from funcgrad.tensor.shape import translate
from funcgrad.tensor.shell import Base, unwrap
from funcgrad.tensor.versions import WRITES, check_saved

__all__ = ["WRITES", "Writing", "check_cast", "check_dense", "check_saved", "overwrite"]


class Writing(Updated, Filled, Randomized, Reshaped):
    """In-place operations. Their names end in an underscore."""

    __slots__ = ()

    def copy_(self, src: Any, non_blocking: bool = False) -> Any:
        """Take over the values of another tensor, cast and broadcast.

        Examples
        --------
        >>> import funcgrad as fg
        >>> fg.zeros(2).copy_(fg.tensor(3))
        tensor([3., 3.])
        """
        if not isinstance(src, Base | bool | int | float | complex):
            raise TypeError(f"copy_(): argument 'other' must be Tensor, not {type(src).__name__}")
        assign(self, [...], src, "copy_")
        return self

    def fill_(self, value: Any) -> Any:
        """Fill with a number, in place."""
        if isinstance(value, Base) and value.payload.ndim:
            raise RuntimeError(f"fill_ only supports a tensor of 0 dimensions, but got one of {value.payload.ndim}")
        if not self.requires_grad or deepest((unwrap(value),)) is not None:
            assign(self, [...], value, "fill_")
            return self
        if not isinstance(value, Base | bool | int | float | complex | np.generic):
            raise TypeError(f"fill_() takes a number or a tensor, got {type(value).__name__}")
        return update(self, lambda x: np.full(x.payload.shape, unwrap(value), x.payload.dtype), "fill_")

    def zero_(self) -> Any:
        """Fill with zeros, in place."""
        if not self.requires_grad:
            assign(self, [...], 0, "zero_")
            return self
        return update(self, lambda x: np.zeros(x.payload.shape, x.payload.dtype), "zero_")

    def __setitem__(self, index: Any, value: Any) -> None:
        assign(self, translate(index) if index is not ... else [...], value, "setitem")
