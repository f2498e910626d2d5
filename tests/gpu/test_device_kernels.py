"""Kernels of the backward pass on a device: they give the bits that the ufuncs give, in fewer launches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.core import backend


@contextmanager
def text_alone() -> Iterator[None]:
    """Run the text of the rules."""
    backend.Library.fuses = False
    backend.FUSING.clear()
    try:
        yield
    finally:
        backend.Library.fuses = True
        backend.FUSING.clear()


def chain(x: Any) -> Any:
    y = x
    for _ in range(20):
        y = np.tanh(y) * x + 0.1
    return np.sum(y)


def shared(x: Any) -> Any:
    y = np.exp(x) * x
    return np.sum(np.tanh(y) * y - np.sqrt(x) / y + (y + x) * 2.0 - np.log(x) + np.abs(x - 1) * x**3)


@pytest.mark.parametrize("f", [chain, shared])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_kernels_are_the_text(f: Callable[[Any], Any], dtype: Any, cp: Any) -> None:
    x = cp.linspace(0.2, 1.3, 10_001, dtype=dtype)
    got = fg.grad(f)(x)
    with text_alone():
        want = fg.grad(f)(x)
    assert got.dtype == dtype
    cp.testing.assert_allclose(got, want, rtol=1e-13 if dtype is np.float64 else 1e-5)
