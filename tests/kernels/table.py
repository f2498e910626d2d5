"""What a row of the table of kernels is, and where its numbers come from."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Kernel:
    """A program in plain NumPy.

    ``draw(rng, n)`` makes its arguments for a problem of size ``n``; ``wrt`` says which of them is differentiated on
    its own. What the function returns is its output: those that only write in place return what they have written.
    """

    function: Callable[..., Any]
    draw: Callable[[np.random.Generator, int], tuple[Any, ...]]
    wrt: int = 0
    n: int = 5

    @property
    def name(self) -> str:
        return self.function.__name__

    def __str__(self) -> str:
        return self.name

    def arguments(self, n: int | None = None, sample: int = 0) -> tuple[Any, ...]:
        """Draw the arguments; the same ones each time, and others for another sample."""
        return self.draw(np.random.default_rng([zlib.crc32(self.name.encode()), sample]), n or self.n)


def normal(rng: np.random.Generator, *shape: int) -> Array:
    return rng.normal(size=shape)


def positive(rng: np.random.Generator, *shape: int) -> Array:
    return rng.uniform(0.5, 1.5, shape)


def dominant(rng: np.random.Generator, n: int) -> Array:
    """A matrix that needs no pivoting."""
    return rng.uniform(-1, 1, (n, n)) + n * np.eye(n)


def definite(rng: np.random.Generator, n: int) -> Array:
    """A symmetric matrix with positive eigenvalues."""
    a = rng.uniform(-1, 1, (n, n))
    return a @ a.T + n * np.eye(n)
