"""Convolution and correlation: linear in each operand, and each other's transpose."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.arrays import as_array, conjugate
from funcgrad.core.kinds import Multilinear
from funcgrad.core.level import zeros
from funcgrad.core.space import Space

__all__ = ["RULES"]

Mode: TypeAlias = Literal["valid", "same", "full"]

MODES: dict[Any, Mode] = {0: "valid", 1: "same", 2: "full"}


def vectors(a: Array, v: Array, mode: Any = None) -> tuple[tuple[Array, Array], dict[str, Any]]:
    """Make arrays of lists, and vectors of numbers, as NumPy does."""
    operands = [as_array(x) for x in (a, v)]
    operands = [x if x.ndim else np.reshape(x, 1) for x in operands]
    return (operands[0], operands[1]), {} if mode is None else {"mode": MODES.get(mode, mode)}


def in_full(g: Array, A: Space, B: Space, mode: Mode, early: bool) -> Array:
    """Put a cotangent of mode "same" in its place among that of mode "full"; of even widths one side has one more."""
    if mode != "same":
        return g
    width = min(A.size, B.size) - 1
    left = (width + (not early)) // 2
    parts = [zeros(Space((n,), g.dtype), g) for n in (left, width - left)]
    return np.concatenate([parts[0], g, parts[1]])


def mode_back(mode: Mode, own: Space, other: Space) -> Mode:
    """Return the mode that gives the cotangent of one operand back its size."""
    return "full" if mode == "valid" and own.size >= other.size else "valid"


def convolve_adjoint(g: Array, own: Space, other: Space, x: Array, mode: Mode) -> Array:
    g = in_full(g, own, other, mode, early=True)
    return np.correlate(g, conjugate(x), mode_back(mode, own, other))


def correlate_left(g: Array, A: Space, B: Space, b: Array, mode: Mode) -> Array:
    g = in_full(g, A, B, mode, early=A.size >= B.size)
    return np.convolve(g, conjugate(b), mode_back(mode, A, B))


def correlate_right(g: Array, A: Space, B: Space, a: Array, mode: Mode) -> Array:
    """The second operand of a correlation is conjugated."""
    g = in_full(g, A, B, mode, early=A.size >= B.size)
    return conjugate(np.correlate(a, conjugate(g), mode_back(mode, B, A)))


RULES = (
    Multilinear(
        np.convolve,
        lambda g, A, B, b, mode: convolve_adjoint(g, A, B, b, mode),
        lambda g, A, B, a, mode: convolve_adjoint(g, B, A, a, mode),
        split=vectors,
    ),
    Multilinear(np.correlate, correlate_left, correlate_right, split=vectors),
)
