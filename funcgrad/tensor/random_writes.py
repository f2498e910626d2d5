"""Filling tensors with random numbers, in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.level import plain
from funcgrad.core.space import space_of
from funcgrad.tensor.beside import no_number
from funcgrad.tensor.devices import device_of, place
from funcgrad.tensor.generators import Generator, numbers_from
from funcgrad.tensor.overwriting import update
from funcgrad.tensor.promotion import type_name
from funcgrad.tensor.shell import Base
from funcgrad.tensor.views import Stored

__all__ = ["Randomized"]

MANTISSA = {2: 11, 4: 24, 8: 53}  # bits, by the size of a float in bytes


#: What is drawn on a GPU for tensors there; the rest is made on the host, and copied.
ON_DEVICES = ("normal_", "uniform_", "bernoulli_", "exponential_")


class Randomized(Stored):
    """In-place operations that draw random numbers."""

    __slots__ = ()

    def _drawn(self, name: str, kinds: str, draw: Callable[[Any, tuple[int, ...]], Any], generator: Any) -> Any:
        """Fill with what `draw` makes of a NumPy generator and a shape."""
        space = space_of(self.payload)
        if space.dtype.kind not in kinds:
            raise NotImplementedError(f'"{name}" not implemented for {type_name(space.dtype)!r}')
        where = device_of(self.payload) if generator is not None or name in ON_DEVICES else None
        source = numbers_from(generator, where)
        values: Array = no_number(draw(source, space.shape)).astype(space.dtype)
        return update(self, lambda _: place(values, device_of(self.payload)), name)

    def normal_(self, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None) -> Any:
        """Fill with normal numbers.

        Examples
        --------
        >>> import funcgrad as fg
        >>> fg.zeros(1000).normal_(5.0, 0.1).mean().item() > 4.9
        True
        """
        if std < 0:
            raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
        if space_of(self.payload).is_complex:  # the variance is that of both parts together
            half = std / np.sqrt(2)
            return self._drawn(
                "normal_",
                "c",
                lambda rng, n: mean + half * (rng.standard_normal(n) + 1j * rng.standard_normal(n)),
                generator,
            )
        return self._drawn("normal_", "f", lambda rng, shape: rng.normal(mean, std, shape), generator)

    def uniform_(self, from_: float = 0.0, to: float = 1.0, *, generator: Generator | None = None) -> Any:
        """Fill with uniform numbers from ``[from_, to)``."""
        if from_ > to:
            raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={from_} > to={to}")
        low, high = np.float64(from_), np.float64(to)
        dtype = space_of(self.payload).dtype

        def draw(rng: Any, shape: tuple[int, ...]) -> Any:
            values = no_number(low + (high - low) * rng.random(shape)).astype(dtype)
            return np.where((values >= high) & (high > low), np.nextafter(dtype.type(high), dtype.type(low)), values)

        return self._drawn("uniform_", "f", draw, generator)

    def bernoulli_(self, p: Any = 0.5, *, generator: Generator | None = None) -> Any:
        """Fill with ones, with probability `p` (a number or a tensor of them), and zeros."""
        chance = plain(p.payload) if isinstance(p, Base) else p
        if not np.all((chance >= 0) & (chance <= 1)):
            raise RuntimeError("bernoulli_ expects p to be in [0, 1]")
        return self._drawn("bernoulli_", "biuf", lambda rng, shape: rng.random(shape) < chance, generator)

    def random_(self, from_: int | None = None, to: int | None = None, *, generator: Generator | None = None) -> Any:
        """Fill with whole numbers in ``[from_, to)``; one argument is `to`, without any it is all the dtype has."""
        dtype = space_of(self.payload).dtype
        if dtype.kind == "f":
            bound = 2 ** MANTISSA[dtype.itemsize] + 1 if from_ is None else 2 ** MANTISSA[dtype.itemsize]
        else:
            bound = 2 if dtype.kind == "b" else int(np.iinfo(dtype).max) + 1
        if from_ is not None and to is None:
            from_, to = 0, from_
        low, high = from_ or 0, bound if to is None else to
        if low >= high:
            raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
        whole = np.uint64 if low >= 0 else np.int64
        return self._drawn("random_", "biuf", lambda rng, n: rng.integers(low, high, n, dtype=whole), generator)

    def exponential_(self, lambd: float = 1.0, *, generator: Generator | None = None) -> Any:
        """Fill with exponentially distributed numbers of the rate `lambd`."""
        if lambd <= 0:
            raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={lambd}")
        return self._drawn("exponential_", "f", lambda rng, shape: rng.exponential(1 / lambd, shape), generator)

    def log_normal_(self, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None) -> Any:
        """Fill with numbers whose logarithm is normal."""
        if std <= 0:
            raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std}")
        return self._drawn("log_normal_", "f", lambda rng, shape: rng.lognormal(mean, std, shape), generator)

    def cauchy_(self, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None) -> Any:
        """Fill with numbers of the Cauchy distribution."""
        if sigma <= 0:
            raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma}")
        return self._drawn("cauchy_", "f", lambda rng, n: median + sigma * rng.standard_cauchy(n), generator)

    def geometric_(self, p: float, *, generator: Generator | None = None) -> Any:
        """Fill with the number of trials until the first success, which has probability `p`."""
        if not 0 < p < 1:
            raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p}")
        return self._drawn("geometric_", "iuf", lambda rng, shape: rng.geometric(p, shape), generator)
