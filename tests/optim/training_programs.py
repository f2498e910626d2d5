"""Small training programs that run under funcgrad and under PyTorch, which is the oracle."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

torch: Any = pytest.importorskip("torch")

RNG = np.random.default_rng(7)
START = RNG.standard_normal((3, 2)), RNG.standard_normal(4), RNG.standard_normal(())
WEIGHTS = RNG.standard_normal((3, 2))


def leaves(lib: Any, dtype: str, start: tuple[Any, ...] = START) -> list[Any]:
    return [lib.tensor(np.asarray(x, dtype), requires_grad=True) for x in start]


def set_gradients(lib: Any, params: list[Any]) -> None:
    """Compute the gradients of a loss that is not quadratic, in plain NumPy: both libraries get the same ones."""
    for i, p in enumerate(params):
        x = p.detach().numpy().copy()
        w = np.resize(WEIGHTS, x.shape).astype(x.real.dtype) if x.shape else np.asarray(WEIGHTS[0, 0], x.real.dtype)
        g = 2 * x * np.abs(x) ** 2 * 0.3 + w * x + np.sin(np.real(x)) + 0.1 * i
        p.grad = lib.tensor(np.asarray(g, x.dtype))


def trajectory(
    lib: ModuleType,
    make: Callable[[Any, list[Any]], Any],
    dtype: str = "float64",
    steps: int = 50,
    start: tuple[Any, ...] = START,
    missing: int | None = None,
) -> list[np.ndarray]:
    """Return the parameters after each step; one of them gets its gradient only every third step."""
    params = leaves(lib, dtype, start)
    optimizer = make(lib, params)
    seen = []
    for step in range(steps):
        optimizer.zero_grad()
        set_gradients(lib, params)
        if missing is not None and step % 3:
            params[missing].grad = None
        optimizer.step()
        seen.append(np.concatenate([p.detach().numpy().ravel() for p in params]))
    return seen


def tolerance(dtype: str) -> float:
    return {"float32": 2e-5, "complex64": 2e-5, "float64": 1e-12, "complex128": 1e-12}[dtype]


def agree(ours: Any, theirs: Any, dtype: str) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=tolerance(dtype), atol=tolerance(dtype))


def error_of(program: Callable[[], Any]) -> type[Exception] | None:
    """Return the type of the error that a program raises."""
    try:
        program()
    except Exception as error:
        return type(error)
    return None
