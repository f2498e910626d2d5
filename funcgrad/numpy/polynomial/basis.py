"""What the bases have in common: each function is NumPy's for plain arrays, and a text that can be traced otherwise."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.checks import warn_if
from funcgrad.core.level import Shell, Traced, plain
from funcgrad.rules.power_series import BODIES, as_inexact, grid_over, prepared, values_over

__all__ = ["drop_ins", "family", "recurrence"]

Body: TypeAlias = Callable[..., Any]
Bodies: TypeAlias = dict[str, Body]


def drop_in(original: Body, body: Body) -> Body:
    """Return `original`, except that `body` takes its place when an argument is traced or on a device."""

    @functools.wraps(original)
    def function(*args: Any, **kwargs: Any) -> Any:
        others = [x for x in leaves((*args, *kwargs.values())) if not isinstance(x, np.ndarray)]
        for x in others:
            if isinstance(x, Shell):
                return x.__array_function__(function, (type(x),), args, kwargs)  # type: ignore[attr-defined]
        special = any(isinstance(x, Traced) or hasattr(x, "__array_function__") for x in others)
        return (body if special else original)(*args, **kwargs)

    return function


def leaves(x: Any) -> Iterator[Any]:
    if isinstance(x, list | tuple):
        for item in x:
            yield from leaves(item)
    else:
        yield x


def drop_ins(module: ModuleType, bodies: Bodies) -> Bodies:
    return {name: drop_in(getattr(module, name), body) for name, body in bodies.items()}


def family(module: ModuleType, prefix: str, value: Body, vander: Body) -> Bodies:
    """Return the functions that every basis has, by their names in NumPy."""
    bodies: Bodies = {
        "val": value,
        "val2d": values_over(value, 2),
        "val3d": values_over(value, 3),
        "grid2d": grid_over(value, 2),
        "grid3d": grid_over(value, 3),
        "add": BODIES["polyadd"],
        "sub": BODIES["polysub"],
        "vander": vander,
        "vander2d": functools.partial(vander_over, vander),
        "vander3d": functools.partial(vander_over, vander),
        "fit": functools.partial(fit, vander),
        "der": functools.partial(derivative, getattr(module, f"{prefix}der")),
        "int": functools.partial(integral, getattr(module, f"{prefix}int")),
    }
    return drop_ins(module, {prefix + name: body for name, body in bodies.items()})


# -- Values and Vandermonde matrices ---------------------------------------------------------------------


def recurrence(a: Callable[[int, Any], Any], b: Callable[[int], float]) -> tuple[Body, Body]:
    """Return value and Vandermonde matrix of a basis ``p[n+1] = a(n, x) p[n] - b(n) p[n-1]`` with ``p[0] = 1``."""

    def value(x: Any, c: Any, tensor: bool = True) -> Array:
        """Clenshaw's scheme (DLMF 3.11.15)."""
        x, c = prepared(x, c, tensor)
        y, above = c[-1] + x * 0, x * 0
        for n in range(len(c) - 2, -1, -1):
            y, above = c[n] + a(n, x) * y - b(n + 1) * above, y
        return y

    def vander(x: Any, deg: Any) -> Array:
        degree = operator.index(deg)
        if degree < 0:
            raise ValueError("deg must be non-negative")
        x = as_inexact(x)
        x = x if x.ndim else np.reshape(x, 1)
        members = [x * 0 + 1]
        for n in range(degree):
            members.append(a(n, x) * members[-1] - (b(n) * members[-2] if n else 0))
        return np.stack(members, axis=-1)

    return value, vander


def vander_over(vander: Body, *args: Any) -> Array:
    *points, degrees = args
    result = vander(points[0], degrees[0])
    for x, degree in zip(points[1:], degrees[1:], strict=True):
        result = result[..., :, None] * vander(x, degree)[..., None, :]
        result = np.reshape(result, (*result.shape[:-2], result.shape[-2] * result.shape[-1]))
    return result


def fit(vander: Body, x: Any, y: Any, deg: Any, rcond: Any = None, full: bool = False, w: Any = None) -> Any:
    """Solve the least-squares problem of a Vandermonde matrix, whose columns are scaled to length 1."""
    x, y = as_inexact(x), as_inexact(y)
    degrees = list(range(operator.index(deg) + 1)) if np.ndim(deg) == 0 else sorted(map(operator.index, deg))
    if not degrees or degrees[0] < 0:
        raise ValueError("expected deg >= 0")
    if x.ndim != 1 or not x.size or y.ndim not in (1, 2) or len(x) != len(y):
        raise TypeError(f"expected x and y to have the same length, which must not be 0: got {x.shape} and {y.shape}")
    columns = vander(x, degrees[-1])[:, degrees]
    if w is not None:
        w = as_inexact(w)
        if w.shape != x.shape:
            raise TypeError("expected x and w to have same length")
        columns, y = columns * w[:, None], y * (w[:, None] if y.ndim == 2 else w)
    rcond = len(x) * float(np.finfo(x.dtype).eps) if rcond is None else rcond
    scale = np.sqrt(np.sum(np.real(columns * np.conjugate(columns)), axis=0))
    scale = np.where(scale == 0, 1, scale)
    c, residuals, rank, s = np.linalg.lstsq(columns / scale, y, rcond)
    c = (c.T / scale).T
    if np.ndim(deg):
        c = np.stack([c[degrees.index(k)] if k in degrees else c[0] * 0 for k in range(degrees[-1] + 1)])
    if full:
        return c, [residuals, rank, s, rcond]
    warn_if(rank != len(degrees), "The fit may be poorly conditioned", np.exceptions.RankWarning)
    return c


# -- Derivatives and integrals: linear maps, whose matrices NumPy gives ------------------------------------------


def derivative(original: Callable[..., Any], c: Any, m: Any = 1, scl: Any = 1, axis: int = 0) -> Array:
    c = as_inexact(c)
    c = c if c.ndim else np.reshape(c, 1)
    return along(original(np.eye(c.shape[axis]), m, scl), c, axis)


def integral(
    original: Callable[..., Any], c: Any, m: Any = 1, k: Any = (), lbnd: Any = 0, scl: Any = 1, axis: int = 0
) -> Array:
    c = as_inexact(c)
    c = c if c.ndim else np.reshape(c, 1)
    constants = list(k) if isinstance(k, list | tuple) or np.ndim(k) else [k]
    if len(constants) > m:
        raise ValueError("Too many integration constants")
    result = along(original(np.eye(c.shape[axis]), m, [], lbnd, scl), c, axis)
    for place, constant in enumerate(constants):
        unit = [float(place == other) for other in range(m)]
        column = np.zeros(result.shape[axis])
        column[:m] = original(np.zeros(2), m, unit, lbnd, scl)[:m]
        if np.ndim(constant):
            constant = np.expand_dims(constant, axis % c.ndim)
        ones = np.zeros_like(result) + 1
        result = result + along(np.diag(column), ones, axis) * constant
    return result


def along(matrix: Array, c: Array, axis: int) -> Array:
    """Multiply by a matrix of plain numbers along an axis, in the precision of `c`."""
    matrix = np.asarray(matrix.astype(np.finfo(c.dtype).dtype), like=plain(c))
    return np.moveaxis(np.tensordot(matrix, c, (1, axis)), 0, axis)
