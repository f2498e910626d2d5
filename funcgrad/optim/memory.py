"""How optimizers see a parameter's memory, and how the graph learns that it was written to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.tensor.dtypes import float64, get_default_dtype
from funcgrad.tensor.root import ROOT
from funcgrad.tensor.shell import Base
from funcgrad.tensor.versions import count_write, is_shared
from funcgrad.tensor.writing import check_dense

__all__ = ["number", "numbers", "parts", "scalar", "write"]


def write(tensor: Base, change: Callable[[Array], None]) -> None:
    """Let a function change a tensor's memory in place; what shares the memory sees it, and the versions count it."""
    tensor.memory()
    shared = is_shared(tensor)  # before a variable here holds the memory too
    memory = check_dense(tensor.memory())
    change(memory)
    count_write(memory, shared, ROOT.stamp())


def parts(x: Array) -> Array:
    """Return the memory of an array, of a complex one as its real and imaginary parts along a last axis."""
    return x[..., None].view(x.real.dtype) if x.dtype.kind == "c" else x


def scalar(value: float) -> Array:
    """Return a number that an optimizer keeps, such as its count of steps: float32, or float64 if that is the default.

    It stays on the host, also where the parameters do not, so that reading it does not wait for the device.
    """
    return np.full((), value, np.float64 if get_default_dtype() is float64 else np.float32)


def number(value: Any) -> Any:
    """Return a hyperparameter as a Python number, which does not widen the dtype of what it meets."""
    if isinstance(value, Base):
        return value.values().item()
    if isinstance(value, np.generic | np.ndarray):
        return value.item()
    return tuple([number(v) for v in value]) if isinstance(value, tuple | list) else value


def numbers(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return a group's hyperparameters as Python numbers."""
    return {name: value if name == "params" else number(value) for name, value in settings.items()}
