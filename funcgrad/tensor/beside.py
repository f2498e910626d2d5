"""Arrays of our own on the device of the data, and data on the host where an algorithm runs element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad.core.backend import is_on_device
from funcgrad.core.level import plain

__all__ = ["here", "no_number", "on_host"]


def here(values: Any, like: Any) -> Any:
    """Return an array of our own on the device of a payload; itself where that is the host."""
    like = plain(like)
    return np.asarray(values, like=like) if is_on_device(like) else values


def on_host(x: Any) -> Any:
    """Return an array as NumPy's: copied, if it lives on a device."""
    return x.get() if is_on_device(x) else np.asarray(x)


def no_number(x: Any) -> Any:
    """Return an array where NumPy has returned a number of its own."""
    return np.asarray(x) if isinstance(x, np.generic | int) else x
