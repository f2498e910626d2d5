"""What tests switch on and off around the stand-in: counting copies, CuPy's gaps, kernels that it cannot run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

__all__ = ["EMULATED", "HOST_COPIES", "STRICT", "emulate", "host_copies", "lenient"]

#: Whether the stand-in refuses what CuPy does not have.
STRICT: ContextVar[bool] = ContextVar("STRICT", default=True)

HOST_COPIES: ContextVar[list[str] | None] = ContextVar("HOST_COPIES", default=None)


@contextmanager
def host_copies() -> Iterator[list[str]]:
    """Collect how device arrays were copied to the host while the block ran.

    Yields
    ------
    list of str
        One entry for each copy, the name of the method that made it.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad.testing import DeviceArray, host_copies
    >>> with host_copies() as copies:
    ...     total = float(np.sum(DeviceArray([1.0, 2.0])))
    >>> total, copies
    (3.0, ['float()'])
    """
    copies: list[str] = []
    token = HOST_COPIES.set(copies)
    try:
        yield copies
    finally:
        HOST_COPIES.reset(token)


#: What kernels that the stand-in cannot run compute.
EMULATED: ContextVar[Mapping[Any, Callable[..., Any]]] = ContextVar("EMULATED", default=MappingProxyType({}))


@contextmanager
def emulate(kernel: Any, function: Callable[..., Any]) -> Iterator[None]:
    """Let the stand-in run a ``cupy.ElementwiseKernel`` as a NumPy function, while the block runs.

    Examples
    --------
    >>> import pytest
    >>> cupy = pytest.importorskip("cupy")
    >>> from funcgrad.testing import DeviceArray, emulate
    >>> cube = cupy.ElementwiseKernel("T x", "T y", "y = x * x * x", "cube")
    >>> with emulate(cube, lambda x: x**3):
    ...     cube(DeviceArray([1.0, 2.0]))
    DeviceArray([1., 8.])
    """
    token = EMULATED.set({**EMULATED.get(), kernel: function})
    try:
        yield
    finally:
        EMULATED.reset(token)


@contextmanager
def lenient() -> Iterator[None]:
    """Let the stand-in do everything that NumPy does, while the block runs: the device without CuPy's gaps.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad.testing import DeviceArray, lenient
    >>> x = DeviceArray([1.0, 2.0])
    >>> np.sum(x, where=x > 1)
    Traceback (most recent call last):
        ...
    TypeError: cupy.sum(a, axis=, dtype=, out=, keepdims=): got an unexpected keyword argument 'where'
    >>> with lenient():
    ...     np.sum(x, where=x > 1)
    DeviceArray(2.)
    """
    token = STRICT.set(False)
    try:
        yield
    finally:
        STRICT.reset(token)
