"""Calls of a tensor's methods by CuPy's functions: ``cupy.sum(t)`` is ``t.sum(axis, dtype, out, keepdims)``.

Methods of tensors take PyTorch's arguments. Where CuPy is the caller, they do what NumPy's function does, whose
arguments are CuPy's.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

__all__ = ["cupys_call", "from_cupy"]

#: What CuPy's functions give by position, by the name of the method; everything else they name.
PLACES: dict[str, tuple[str, ...]] = {
    "diagonal": ("offset", "axis1", "axis2"),
    "dot": ("b", "out"),
    "prod": ("axis", "dtype", "out", "keepdims"),
    "ravel": ("order",),
    "repeat": ("repeats", "axis"),
    "reshape": ("shape",),
    "squeeze": ("axis",),
    "sum": ("axis", "dtype", "out", "keepdims"),
    "take": ("indices", "axis", "out"),
    "trace": ("offset", "axis1", "axis2", "dtype", "out"),
    "transpose": ("axes",),
}

#: What methods of tensors have renamed by then.
NAMES = {"dim": "axis", "keepdim": "keepdims"}


def from_cupy(depth: int) -> bool:
    """Whether the function so many calls above the one that asks is CuPy's."""
    return str(sys._getframe(depth + 1).f_globals.get("__name__")).startswith("cupy.")


def cupys_call(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return what NumPy's function of this name does with the arguments of CuPy's call of a method.

    Raises
    ------
    TypeError
        If NumPy's function does not take them: an ``out=`` that would be written to, for one.
    """
    tensor, *given = args
    options = dict(zip(PLACES.get(name, ()), given, strict=False))
    options.update({NAMES.get(key, key): value for key, value in kwargs.items()})
    rest = given[len(PLACES.get(name, ())) :]
    known = {key: value for key, value in options.items() if value is not None and value is not False}
    return getattr(np, name)(tensor, *rest, **known)
