"""What rules say of arrays again and again, as NumPy text that runs at every level and on devices."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad._typing import Array

__all__ = [
    *("adjoint", "as_array", "as_operand", "conjugate", "diagonal", "eye", "identity_like", "lent", "on_diagonal"),
    "transpose",
]


def as_array(x: Any) -> Array:
    """Make an array of a number or a list, as NumPy does; arrays of any kind pass."""
    return x if hasattr(x, "dtype") else np.asarray(x)


def as_operand(x: Any) -> Array:
    """The same, but a number becomes NumPy's number, which may stand beside an array on a device."""
    return x if hasattr(x, "dtype") else np.asarray(x)[()]


def conjugate(x: Array) -> Array:
    return np.conjugate(x) if x.dtype.kind == "c" else x


def lent(x: Any) -> Any:
    """Return a view of a plain array that cannot be written to; anything else passes."""
    if type(x) is not np.ndarray or not x.flags.writeable:
        return x
    view = x.view()
    view.flags.writeable = False
    return view


def eye(n: int, m: int, k: int, dtype: Any, like: Any) -> Array:
    """``np.eye`` on the device of `like`: what NumPy makes of ``like=`` there says ``device=``, which CuPy refuses."""
    if isinstance(like, np.ndarray | np.generic | int | float | complex):
        return np.eye(n, m, k, dtype)
    rows, columns = np.arange(n, like=like), np.arange(m, like=like)
    return (rows[:, None] + k == columns).astype(dtype)


# -- Stacks of matrices --------------------------------------------------------------------------------


def transpose(x: Array) -> Array:
    return np.swapaxes(x, -1, -2)


def adjoint(x: Array) -> Array:
    """The conjugate transpose."""
    return transpose(conjugate(x))


def diagonal(x: Array) -> Array:
    return np.diagonal(x, 0, -2, -1)


def on_diagonal(x: Array) -> Array:
    """Put vectors on the diagonal of zero matrices."""
    return np.tril(np.triu(np.broadcast_to(x[..., None], (*x.shape, x.shape[-1]))))


def identity_like(x: Array) -> Array:
    return np.tril(np.triu(np.ones_like(x)))
