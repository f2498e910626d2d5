"""Interpolation, padding, ranges, and functions applied along axes."""

from typing import Any

import numpy as np

from cases.table import (
    Array,
    Case,
    Input,
    above_one,
    away_from_zero,
    complex_,
    distinct,
    given,
    positive,
    real,
    unit,
)


def knots(n: int) -> Input:
    """Ascending numbers, 0.4 apart or more, the first near -1.5."""
    return Input((n,), ascending, ascending)


def ascending(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.asarray(np.cumsum(rng.uniform(0.4, 0.7, shape)) - 2)


def first_and_last(vector: Any, width: Any, axis: int, options: Any) -> None:
    """Pad with twice the neighbour before, and a constant behind."""
    if width[0]:
        vector[: width[0]] = 2 * vector[width[0]]
    if width[1]:
        vector[-width[1] :] = options.get("value", 3.0)


INTERP = [
    Case("interp", lambda x, xp, fp: np.interp(x, xp, fp), [unit(2, 3), given([-1.0, 0.1, 1.5]), real(3)]),
    Case(
        "interp/complex values", lambda x, xp, fp: np.interp(x, xp, fp), [unit(4), given([-1.0, 0.1, 1.5]), complex_(3)]
    ),
    Case("interp/traced knots", lambda x, xp, fp: np.interp(x, xp, fp), [unit(4), knots(5), real(5)]),
    Case("interp/0-d", lambda x, xp, fp: np.interp(x, xp, fp), [unit(), knots(5), real(5)]),
    Case("interp/outside", lambda x, xp, fp: np.interp(4 * x, xp, fp), [away_from_zero(6), knots(4), real(4)]),
    Case(
        "interp/left,right",
        lambda x, xp, fp, v: np.interp(4 * x + v, xp, fp, left=v, right=2.0),
        [away_from_zero(6), knots(4), real(4), real()],
    ),
    Case(
        "interp/period",
        lambda x, xp, fp: np.interp(x, xp, fp, period=1.3),
        [distinct(5), given([0.2, 1.1, 0.7]), real(3)],
    ),
    Case(
        "interp/traced period",
        lambda x, xp, fp, p: np.interp(x + p, xp, fp, period=p + 7),
        [unit(4), knots(5), real(5), unit()],
    ),
    Case("interp/one knot", lambda x, xp, fp: np.interp(x, xp, fp), [away_from_zero(3), given([0.0]), real(1)]),
    Case("interp/zero size", lambda x, xp, fp: np.interp(x, xp, fp), [real(0), knots(3), real(3)]),
]

PHASES = [
    Case("unwrap/axis", lambda x: np.unwrap(4 * x, axis=0), [distinct(5, 2)]),
    Case("unwrap/period", lambda x: np.unwrap(x, period=0.77), [distinct(3, 4)]),
    Case("unwrap/traced period", lambda x, p: np.unwrap(x * p, period=p), [distinct(6), above_one()]),
    Case("unwrap/discont", lambda x: np.unwrap(4 * x, discont=4.1), [distinct(7)]),
    Case("unwrap/one", lambda x: np.unwrap(x), [real(1)]),
]

SLOPES = [
    Case("gradient", lambda f: np.gradient(f), [real(5)], complex_ok=True),
    Case("gradient/spacing", lambda f, h: np.gradient(f, h), [real(5), positive()], complex_ok=True),
    Case("gradient/coordinates", lambda f, x: np.gradient(f, x), [real(5), knots(5)], complex_ok=True),
    Case("gradient/edge_order=2", lambda f: np.gradient(f, 0.5, edge_order=2), [real(5)], complex_ok=True),
    Case("gradient/coordinates,edge_order=2", lambda f, x: np.gradient(f, x, edge_order=2), [real(5), knots(5)]),
    Case("gradient/spacing,edge_order=2", lambda f, h: np.gradient(f, h, edge_order=2), [real(4), positive()]),
    Case("gradient/two axes", lambda f, h, x: np.gradient(f, h, x), [real(3, 4), positive(), knots(4)]),
    Case("gradient/axis", lambda f: np.gradient(f, axis=-1), [real(2, 3, 3)]),
    Case("gradient/axes", lambda f, x: np.gradient(f, x, 2.0, axis=(2, 0)), [real(2, 2, 3), knots(3)]),
    Case("gradient/one spacing for all", lambda f, h: np.gradient(f, h), [real(3, 2), positive()]),
    Case("gradient/two elements", lambda f: np.gradient(f), [real(2)]),
]

PADDING = [
    Case("pad/value", lambda x: np.pad(x, (1, 2), constant_values=7.0), [real(2, 3)], complex_ok=True),
    Case("pad/values", lambda x: np.pad(x, 1, constant_values=((1, 2), (3, 4))), [real(2, 3)]),
    Case("pad/traced value", lambda x, v: np.pad(x * v, ((1, 0), (0, 2)), constant_values=v), [real(2, 3), real()]),
    Case(
        "pad/traced values",
        lambda x, v: np.pad(x * v[0], 1, constant_values=((v[0], v[1]), (0.0, v[1] * v[0]))),
        [real(2, 3), real(2)],
        device=False,  # NumPy makes an array of the values
    ),
    Case("pad/dict", lambda x: np.pad(x, {-1: (1, 2)}), [real(2, 3)]),
    Case("pad/0-d", lambda x: np.pad(x, 1), [real()]),
    Case("pad/zero size", lambda x: np.pad(x, 1), [real(0, 2)]),
    Case("pad/edge, wide", lambda x: np.pad(x, ((4, 0), (0, 5)), mode="edge"), [real(2, 3)], complex_ok=True),
    Case("pad/linear_ramp", lambda x: np.pad(x, 3, mode="linear_ramp"), [real(2, 3)], complex_ok=True),
    Case(
        "pad/linear_ramp,end_values",
        lambda x, v: np.pad(x * v, (2, 3), mode="linear_ramp", end_values=v),
        [real(2, 3), real()],
    ),
    Case("pad/maximum", lambda x: np.pad(x, (1, 2), mode="maximum"), [distinct(3, 2)]),
    Case("pad/maximum,stat_length", lambda x: np.pad(x, 1, mode="maximum", stat_length=2), [distinct(5)]),
    Case("pad/minimum", lambda x: np.pad(x, (1, 2), mode="minimum", stat_length=((1, 2),)), [distinct(3, 2)]),
    Case("pad/mean", lambda x: np.pad(x, 2, mode="mean"), [real(3, 2)], complex_ok=True),
    Case("pad/mean,stat_length", lambda x: np.pad(x, 2, mode="mean", stat_length=(1, 2)), [real(3, 2)]),
    Case("pad/median", lambda x: np.pad(x, 2, mode="median"), [distinct(5)]),
    Case("pad/median,stat_length", lambda x: np.pad(x, 2, mode="median", stat_length=(2, 9)), [distinct(5)]),
    Case("pad/reflect, wide", lambda x: np.pad(x, (7, 5), mode="reflect"), [real(3)], complex_ok=True),
    Case("pad/reflect, odd", lambda x: np.pad(x, (7, 5), mode="reflect", reflect_type="odd"), [real(3)], True),
    Case("pad/reflect, one", lambda x: np.pad(x, 2, mode="reflect"), [real(1, 3)]),
    Case("pad/symmetric, wide", lambda x: np.pad(x, (7, 5), mode="symmetric"), [real(3)], complex_ok=True),
    Case("pad/symmetric, odd", lambda x: np.pad(x, ((0, 3), (5, 1)), "symmetric", reflect_type="odd"), [real(2, 3)]),
    Case("pad/wrap, wide", lambda x: np.pad(x, (7, 5), mode="wrap"), [real(3)], complex_ok=True),
    Case("pad/function", lambda x: np.pad(x, ((1, 2), (0, 1)), first_and_last, value=4.0), [real(2, 3)], device=False),
]

RANGES = [
    Case("linspace", lambda a, b: np.linspace(a, b, 5), [real(), real()], complex_ok=True),
    Case("linspace/arrays", lambda a, b: np.linspace(a, b, 4, axis=-1), [real(2, 3), real(3)], complex_ok=True),
    Case("linspace/number", lambda a: np.linspace(a, 2.0, 4, endpoint=False), [real(3)]),
    Case("linspace/retstep", lambda a, b: np.linspace(a, b, 4, retstep=True), [real(3), real()]),
    Case("linspace/one", lambda a, b: np.linspace(a, b, 1), [real(3), real(3)]),
    Case("linspace/none", lambda a, b: np.linspace(a, b, 0), [real(3), real(3)]),
    Case("linspace/dtype", lambda a, b: np.linspace(a, b, 3, dtype=np.complex128), [real(), real()]),
    Case("logspace", lambda a, b: np.logspace(a, b, 5), [unit(), unit()], complex_ok=True),
    Case("logspace/base", lambda a, b, c: np.logspace(a, b, 3, base=c), [unit(2), unit(2), above_one()]),
    Case("logspace/bases", lambda a, c: np.logspace(a, 1.0, 3, base=c, axis=1), [unit(2), above_one(2)]),
    Case("logspace/endpoint", lambda a, b: np.logspace(a, b, 4, False, axis=-1), [unit(2, 2), unit(2)]),
    Case("geomspace", lambda a, b: np.geomspace(a, b, 5), [positive(), positive()], complex_ok=True),
    Case("geomspace/negative", lambda a, b: np.geomspace(-a, -b, 4, axis=-1), [positive(3), positive()]),
    Case("geomspace/endpoint", lambda a: np.geomspace(a, 7.0, 4, endpoint=False), [positive(2)]),
    Case("meshgrid", lambda x, y: np.meshgrid(x, y), [real(2), real(3)], complex_ok=True),
    Case("meshgrid/sparse", lambda x, y: np.meshgrid(x, y, sparse=True, indexing="ij"), [real(2), real(3)]),
    Case("meshgrid/three", lambda x, y, z: np.meshgrid(x, y, z, copy=False), [real(2), real(3), real()]),
    Case("ix_", lambda x, y: np.ix_(x, y), [real(2), real(3)]),
]

APPLY = [
    Case(
        "piecewise",
        lambda x: np.piecewise(x, [x < -0.3, x > 0.4], [lambda v: v**2, 2.0, lambda v: np.exp(v)]),
        [distinct(3, 4)],
        vmap=False,  # each function sees as many elements as fulfil its condition
    ),
    Case(
        "piecewise/arguments",
        lambda x: np.piecewise(x, x > 0, [lambda v, a, b: a * v + b, lambda v, a, b: v**3], 2.0, b=1.0),
        [distinct(6)],
        vmap=False,
    ),
    Case(
        "piecewise/traced value",
        lambda x, c: np.piecewise(x, [x > 0], [c, lambda v: -v * c]),
        [distinct(6), real()],
        vmap=False,
    ),
    Case("piecewise/0-d", lambda x: np.piecewise(x, [x > 0, x <= 0], [np.exp, np.sin]), [real()], vmap=False),
    Case("apply_along_axis", lambda x: np.apply_along_axis(np.sum, 1, x * x), [real(2, 3)], complex_ok=True),
    Case("apply_along_axis/vectors", lambda x: np.apply_along_axis(np.cumprod, 0, x), [real(3, 2)]),
    Case("apply_along_axis/matrices", lambda x: np.apply_along_axis(np.outer, 1, x, x[0, :, 0]), [real(2, 2, 2)]),
    Case("apply_along_axis/1-d", lambda x: np.apply_along_axis(np.prod, -1, x), [real(4)]),
    Case("apply_over_axes", lambda x: np.apply_over_axes(np.sum, x**2, [0, -1]), [real(2, 3, 2)]),
    Case("apply_over_axes/one", lambda x: np.apply_over_axes(np.cumsum, x, 1), [real(2, 3)]),
]

INTERPOLATION: list[Case] = [*INTERP, *PHASES, *SLOPES, *PADDING, *RANGES, *APPLY]
