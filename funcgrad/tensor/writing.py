"""Writing into tensors: the methods that change a tensor in place, and assignment to an index.

The machinery is in :mod:`funcgrad.tensor.overwriting`, the log of writes in :mod:`funcgrad.tensor.versions`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad.core.indices import is_view
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


ALL = slice(None)


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
            assign(self, [...], value, "fill_" if isinstance(value, Base) else "fill_number_")
            return self
        if not isinstance(value, Base | bool | int | float | complex | np.generic):
            raise TypeError(f"fill_() takes a number or a tensor, got {type(value).__name__}")
        name = "FillBackward3" if isinstance(value, Base) else "FillBackward2"
        return update(self, lambda x: np.full(x.payload.shape, unwrap(value), x.payload.dtype), name)

    def zero_(self) -> Any:
        """Fill with zeros, in place."""
        if not self.requires_grad:
            assign(self, [...], 0, "zero_")
            return self
        return update(self, lambda x: np.zeros(x.payload.shape, x.payload.dtype), "zero_")

    def __setitem__(self, index: Any, value: Any) -> None:
        if index is ... or (isinstance(index, slice) and index == ALL):
            assign(self, [...], value, "copy_" if isinstance(value, Base) and value.payload.shape else "fill_")
            return
        steps = translate(index)
        by_view = type(index) is int or len(steps) > 1 or is_view(steps[0])
        assign(self, steps, value, "setitem" if by_view else "index_put_")
