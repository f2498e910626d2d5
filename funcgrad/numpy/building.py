"""What NumPy builds with Python loops: ``np.r_``, ``np.c_`` and ``np.vectorize``, here with traced elements too."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from funcgrad.core.level import tracers_in
from funcgrad.numpy.creation import asarray, constant

__all__ = ["c_", "kaiser", "r_", "vectorize"]


class Joiner:
    """``np.r_`` and ``np.c_``: join what stands in the brackets along an axis."""

    def __init__(self, original: Any, axis: int, ndim: int, place: int) -> None:
        self.original = original
        self.layout = (axis, ndim, place)

    def __getitem__(self, key: Any) -> Any:
        parts = key if isinstance(key, tuple) else (key,)
        if not tracers_in(parts):
            return constant(self.original[key])
        axis, ndim, place = self.layout
        if isinstance(parts[0], str):
            given = [int(n) for n in parts[0].split(",")]
            axis, ndim, place = (*given, *(0, 1, -1)[len(given) :])
            parts = parts[1:]
        arrays = [fitted(self.original[x] if isinstance(x, slice) else asarray(x), ndim, place) for x in parts]
        return np.concatenate(arrays, axis=axis)


def fitted(x: Any, ndim: int, place: int) -> Any:
    """Give `x` at least `ndim` axes; its own begin at `place` among them, at the end if that is -1."""
    missing = ndim - x.ndim
    if missing <= 0:
        return x
    before = place % (missing + 1)
    return np.reshape(x, (1,) * before + x.shape + (1,) * (missing - before))


r_ = Joiner(np.r_, 0, 1, -1)
c_ = Joiner(np.c_, -1, 2, 0)


def kaiser(M: int, beta: Any) -> Any:
    """Return the Kaiser window; `beta` may be traced."""
    if not tracers_in((beta,)):
        return constant(np.kaiser(M, beta))
    middle = (M - 1) / 2
    offsets = (np.arange(M) - middle) / (middle or 1)
    return np.i0(beta * np.sqrt(1 - offsets**2)) / np.i0(beta)


class vectorize(np.vectorize):
    """``np.vectorize`` of a function that may get and return traced values: a loop over the elements.

    Parameters
    ----------
    pyfunc : callable
        A function of numbers, or of arrays as `signature` says.
    otypes, doc, excluded, cache, signature
        As in :class:`numpy.vectorize`.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import funcgrad.numpy as np
    >>> clipped = np.vectorize(lambda x: x * x if x > 0 else 0.0)
    >>> fg.grad(lambda x: np.sum(clipped(x)))(np.array([-1.0, 3.0]))
    array([0., 6.])
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not tracers_in((args, kwargs)):
            return super().__call__(*args, **kwargs)
        excluded = self.excluded or set()
        names = [*range(len(args)), *kwargs]
        given = dict(zip(names, (*args, *kwargs.values()), strict=True))
        looped = [name for name in names if name not in excluded]
        arrays = [asarray(given[name]) for name in looped]
        cores = self.core_ndims(len(arrays))
        shape = np.broadcast_shapes(*[x.shape[: x.ndim - n] for x, n in zip(arrays, cores, strict=True)])
        spread = [np.broadcast_to(x, shape + x.shape[x.ndim - n :]) for x, n in zip(arrays, cores, strict=True)]
        results = [
            self.call(given | {name: x[index] for name, x in zip(looped, spread, strict=True)}, len(args))
            for index in itertools.product(*map(range, shape))
        ]
        if not results:
            raise ValueError("cannot call `vectorize` on traced inputs of size 0")
        if not isinstance(results[0], tuple):
            return self.joined(results, shape, 0)
        return tuple(self.joined(parts, shape, i) for i, parts in enumerate(zip(*results, strict=True)))

    def call(self, given: dict[Any, Any], count: int) -> Any:
        return self.pyfunc(*[given[i] for i in range(count)], **{k: v for k, v in given.items() if isinstance(k, str)})

    def core_ndims(self, count: int) -> list[int]:
        """Return how many axes the function itself takes of each argument."""
        if self.signature is None:
            return [0] * count
        inputs = self.signature.replace(" ", "").split("->")[0]
        return [len([n for n in part.strip("()").split(",") if n]) for part in inputs.split("),(")]

    def joined(self, results: Any, shape: tuple[int, ...], i: int) -> Any:
        stacked = np.stack([asarray(x) for x in results])
        y = np.reshape(stacked, shape + stacked.shape[1:])
        return y if self.otypes is None else y.astype(self.otypes[i])
