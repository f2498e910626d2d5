"""What PyTorch's transforms check, with its error types; and gradients of complex numbers as it has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import funcgrad.tree as tree
from funcgrad.core.space import space_of

__all__ = ["check_differentiable", "chosen", "conjugated", "structure_of"]


def structure_of(x: Any) -> Any:
    return tree.flatten(x)[1]


def chosen(args: Sequence[Any], argnums: int | Sequence[int]) -> list[Any]:
    """Return the arguments that are differentiated."""
    numbers = [argnums] if isinstance(argnums, int) else argnums
    if not isinstance(numbers, tuple | list) or not all(isinstance(n, int) for n in numbers):
        raise RuntimeError(f"argnum should be an int or a tuple of ints, got {type(argnums).__name__}")
    if not numbers:
        raise RuntimeError("Tuple argnums should have at least one element")
    if len({n % len(args) if args else n for n in numbers}) != len(numbers):
        raise RuntimeError(f"argnums elements must be unique, got {argnums}")
    for n in numbers:
        if not -len(args) <= n < len(args):
            raise RuntimeError(f"Got argnum={n}, but only {len(args)} positional inputs")
    return [args[n] for n in numbers]


def check_differentiable(x: Any) -> None:
    """Refuse what is no tensor of floating-point or complex numbers."""
    for leaf in tree.flatten(x)[0]:
        if isinstance(leaf, bool | int | float | complex | str) or leaf is None or not hasattr(leaf, "dtype"):
            raise ValueError(f"Thing passed to transform API must be Tensor, got {type(leaf)}")
        if not space_of(leaf).is_inexact:
            raise RuntimeError("only Tensors of floating point dtype can require gradients")


def conjugated(x: Any) -> Any:
    """Return the conjugates of complex tensors in a tree, which PyTorch has for gradients and cotangents."""
    if not any(getattr(leaf, "dtype", np.dtype(bool)).kind == "c" for leaf in tree.flatten(x)[0]):
        return x
    return tree.map(lambda leaf: np.conj(leaf) if leaf.dtype.kind == "c" else leaf, x)
