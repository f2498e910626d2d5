"""Distributions stated as tables of formulas for the standardized variable; loc, scale and support are added here."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.stats

from funcgrad._typing import Array
from funcgrad.scipy.drop_in import as_float, drop_in, guest

__all__ = ["Continuous", "Discrete", "Distribution", "Frozen"]

Formula = Callable[..., Array]
Bound = float | Formula


#: Logarithms that follow from a function and from its complement, where no formula is stated.
LOGARITHMS = {"logcdf": ("cdf", "sf"), "logsf": ("sf", "cdf")}


def wide(x: Any) -> Any:
    """Convert to double precision, in which SciPy's distributions compute; a number stays one."""
    return float(x) if isinstance(x, int | float) else as_float(x).astype(np.float64)


def all_positive(*shapes: Array) -> Any:
    return functools.reduce(lambda ok, a: ok & (a > 0), shapes, True)


class Distribution:
    """A distribution of SciPy whose functions have derivatives in the variable and in every parameter.

    Called as SciPy's. Outside of the support the density is zero, and so is every derivative; so is that of a density
    that vanishes at an end of the support, there. Parameters that are not allowed give nan. What is not stated as a
    formula (``rvs``, ``fit``, ...) is SciPy's own.

    Parameters
    ----------
    name : str
        SciPy's name of the distribution.
    low, high : float or callable
        The support of the standardized variable, which may depend on the shape parameters.
    valid : callable, optional
        Whether shape parameters are allowed; if not given they must be positive.
    **formulas : callable
        ``logpdf`` (``logpmf``), ``cdf``, ``sf``, ``ppf``, ... of the standardized variable and the shape parameters.

    Examples
    --------
    >>> import funcgrad as fg
    >>> from funcgrad.scipy.stats import norm
    >>> fg.grad(norm.logpdf, argnums=(0, 1, 2))(2.0, 0.0, 1.0)
    (np.float64(-2.0), np.float64(2.0), np.float64(3.0))
    """

    density = "pdf"

    def __init__(
        self,
        name: str,
        low: Bound = -np.inf,
        high: Bound = np.inf,
        *,
        valid: Formula = all_positive,
        open_ends: bool = False,
        **formulas: Formula,
    ) -> None:
        self.name = name
        self.original = getattr(scipy.stats, name)
        self.low, self.high, self.valid, self.open_ends = low, high, valid, open_ends
        self.formulas = formulas
        names = [] if self.original.shapes is None else self.original.shapes.split(",")
        self.shape_names = [shape.strip() for shape in names]
        for function in self.functions():
            text: Any = functools.partial(self.evaluate, function)
            text.__name__ = function
            setattr(self, function, drop_in(getattr(self.original, function))(text))

    def functions(self) -> list[str]:
        """Name the functions that have formulas or follow from others."""
        stated = [*self.formulas]
        if f"log{self.density}" in self.formulas:
            stated.append(self.density)
        return [*stated, *(new for new, (old, _) in LOGARITHMS.items() if old in stated and new not in stated)]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what copies and pickles ask an object that is not made yet
            raise AttributeError(name)
        return getattr(self.original, name)

    def __dir__(self) -> list[str]:
        return sorted({*self.__dict__, *dir(self.original)})

    def __call__(self, *args: Any, **kwds: Any) -> Frozen:
        return Frozen(self, args, kwds)

    freeze = __call__

    def __repr__(self) -> str:
        return f"<differentiable distribution {self.name}>"

    # -- Arguments ---------------------------------------------------------------------------------------------

    def parameters(self, args: tuple[Any, ...], kwds: dict[str, Any]) -> tuple[list[Any], Any, Any]:
        """Return shape parameters, loc and scale, as SciPy reads them."""
        names = [*self.shape_names, "loc", *(["scale"] if self.density == "pdf" else [])]
        if len(args) > len(names):
            raise TypeError(f"{self.name}: {len(args)} parameters given, at most {len(names)} are taken: {names}")
        given = dict(zip(names, args, strict=False))
        unknown = [name for name in kwds if name not in names or name in given]
        missing = [name for name in self.shape_names if name not in given and name not in kwds]
        if unknown or missing:
            raise TypeError(f"{self.name} takes {', '.join(names)}; unknown or twice: {unknown}, missing: {missing}")
        given.update(kwds)
        shapes = [wide(given[name]) for name in self.shape_names]
        return shapes, wide(given.get("loc", 0)), wide(given.get("scale", 1))

    def bounds(self, shapes: list[Any]) -> tuple[Any, Any]:
        low, high = (end(*shapes) if callable(end) else end for end in (self.low, self.high))
        return low, high

    def evaluate(self, function: str, x: Any, /, *args: Any, **kwds: Any) -> Array:
        shapes, loc, scale = self.parameters(args, kwds)
        with np.errstate(all="ignore"):  # where a value is out of its domain, another one is chosen
            if function in ("ppf", "isf"):
                return self.quantile(function, wide(x), shapes, loc, scale)
            z = self.standardized(wide(x), loc, scale)
            allowed = self.valid(*shapes) & (scale > 0)
            if function in (self.density, f"log{self.density}"):
                return self.density_of(function, z, shapes, scale, allowed)
            return self.probability(function, z, shapes, allowed)

    def standardized(self, x: Array, loc: Any, scale: Any) -> Array:
        return (x - loc) / scale

    # -- Functions -----------------------------------------------------------------------------------------------

    def density_of(self, function: str, z: Array, shapes: list[Any], scale: Any, allowed: Any) -> Array:
        low, high = self.bounds(shapes)
        inside = (z > low) & (z < high) if self.open_ends else (z >= low) & (z <= high)
        inside = inside & self.on_grid(z)
        log = self.formulas[f"log{self.density}"](np.where(inside, z, middle(low, high)), *shapes) - np.log(scale)
        y, outside = (log, -np.inf) if function.startswith("log") else (np.exp(log), 0.0)
        y = np.where(inside | np.isnan(z), y, outside)
        return np.where(allowed & ~np.isnan(z), y, np.nan)[()]

    def on_grid(self, z: Array) -> Any:
        """Whether the variable can take these values, apart from the support."""
        return True

    def probability(self, function: str, z: Array, shapes: list[Any], allowed: Any) -> Array:
        low, high = self.bounds(shapes)
        below, above = self.beyond(z, low, high)
        inside = ~(below | above)
        z_inside = np.where(inside, z, middle(low, high))
        if function in self.formulas:
            y = self.formulas[function](z_inside, *shapes)
        else:
            y = log_of(*(self.formulas[name](z_inside, *shapes) for name in LOGARITHMS[function]))
        ends = {"cdf": (0.0, 1.0), "sf": (1.0, 0.0), "logcdf": (-np.inf, 0.0), "logsf": (0.0, -np.inf)}[function]
        y = np.where(below, ends[0], np.where(above, ends[1], y))
        return np.where(allowed & ~np.isnan(z), y, np.nan)[()]

    def beyond(self, z: Array, low: Any, high: Any) -> tuple[Array, Array]:
        """Where all of the probability lies above, and where all of it lies below."""
        return z <= low, z >= high

    def quantile(self, function: str, q: Array, shapes: list[Any], loc: Any, scale: Any) -> Array:
        low, high = self.bounds(shapes)
        inside = (q > 0) & (q < 1)
        z = self.formulas[function](np.where(inside, q, 0.5), *shapes)
        first, last = (low, high) if function == "ppf" else (high, low)
        z = np.where(q == 0, finite(first), np.where(q == 1, finite(last), z))
        y = z * scale + loc
        y = np.where((q == 0) & np.isinf(first), first, np.where((q == 1) & np.isinf(last), last, y))
        allowed = self.valid(*shapes) & (scale > 0) & (q >= 0) & (q <= 1)
        return np.where(allowed, y, np.nan)[()]


def finite(end: Any) -> Any:
    return np.where(np.isinf(end), 0.0, end)[()]


def middle(low: Any, high: Any) -> Any:
    """A place inside of the support, to stand in for those outside."""
    if isinstance(low, float | int) and isinstance(high, float | int):
        if np.isinf(low):
            return 0.0 if np.isinf(high) else high - 1.0
        return low + 1.0 if np.isinf(high) else (low + high) / 2
    one_sided = np.where(np.isinf(low), finite(high) - 1.0, finite(low) + 1.0)
    one_sided = np.where(np.isinf(low) & np.isinf(high), 0.0, one_sided)
    return np.where(np.isinf(low) | np.isinf(high), one_sided, (finite(low) + finite(high)) / 2)[()]


def log_of(y: Array, complement: Array) -> Array:
    """The logarithm of a probability, of the smaller one of two complements."""
    small = y < 0.5
    return np.where(small, np.log(np.where(small, y, 0.5)), np.log1p(-np.where(small, 0.5, complement)))


class Continuous(Distribution):
    """A distribution with a density."""


class Discrete(Distribution):
    """A distribution of whole numbers. The logarithm of its probabilities has a derivative in the number too."""

    density = "pmf"

    def standardized(self, x: Array, loc: Any, scale: Any) -> Array:
        return x - loc

    def on_grid(self, z: Array) -> Any:
        return np.floor(z) == z

    def beyond(self, z: Array, low: Any, high: Any) -> tuple[Array, Array]:
        return z < low, z >= high

    def probability(self, function: str, z: Array, shapes: list[Any], allowed: Any) -> Array:
        return super().probability(function, np.floor(z), shapes, allowed)


class Frozen:
    """A distribution with its parameters."""

    def __init__(self, distribution: Distribution, args: tuple[Any, ...], kwds: dict[str, Any]) -> None:
        self.dist, self.args, self.kwds = distribution, args, kwds

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        function: Any = self.dist.__dict__.get(name)
        if name in self.dist.functions():
            return lambda x: function(x, *self.args, **self.kwds)
        return getattr(self.dist.original(*self.args, **self.kwds), name)

    def __repr__(self) -> str:
        traced = guest((*self.args, *self.kwds.values())) is not None
        return f"<{self.dist.name} with {'traced ' if traced else ''}parameters {self.args} {self.kwds or ''}>"
