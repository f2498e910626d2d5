"""Trees of tensors and trees of their payloads, for transforms that put whole trees where a leaf was."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

import funcgrad.tree as tree
from funcgrad.core.backend import is_on_device
from funcgrad.core.level import Traced
from funcgrad.tensor.shell import Base, unwrap, wrap

__all__ = ["bare_function", "put_on", "taken_off"]


def is_tensor(x: Any) -> bool:
    return isinstance(x, Base)


def taken_off(x: Any) -> Any:
    """Replace the tensors in a tree by their payloads."""
    return tree.map(lambda leaf: unwrap(leaf) if isinstance(leaf, Base) else leaf, x, is_leaf=is_tensor)


def put_on(x: Any) -> Any:
    """Replace the arrays in a tree by tensors."""
    return tree.map(
        lambda leaf: wrap(leaf) if isinstance(leaf, Traced | np.ndarray | np.generic) or is_on_device(leaf) else leaf,
        x,
        is_leaf=is_tensor,
    )


def bare_function(func: Any) -> Any:
    """Return a function of tensors as one of payloads."""

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        return taken_off(func(*put_on(args), **kwargs))

    return call
