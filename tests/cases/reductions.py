"""Reductions, ufunc methods, sorting and order statistics."""

from collections.abc import Callable
from typing import Any

import numpy as np

from cases.table import (
    KEEP,
    Case,
    Input,
    always_complex,
    away_from_zero,
    distinct,
    given,
    in_place,
    positive,
    real,
    sorted_in_place,
    with_nan,
)

# Reductions


def axes(name: str, domain: Callable[..., Input], complex_ok: bool = False) -> list[Case]:
    """Rows of a reduction: every kind of axis, with and without keepdims, and as a method."""

    def call(x: Any, **options: Any) -> Any:
        return getattr(np, name)(x, **options)

    return [
        Case(name, call, [domain(3, 4)], complex_ok),
        Case(f"{name}/axis=0", lambda x: call(x, axis=0), [domain(3, 4)], complex_ok),
        Case(f"{name}/axis=-1", lambda x: call(x, axis=-1), [domain(2, 3, 2)]),
        Case(f"{name}/axis=1,keepdims", lambda x: call(x, axis=1, keepdims=True), [domain(3, 4)], complex_ok),
        Case(f"{name}/axis=(0,-1)", lambda x: call(x, axis=(0, -1)), [domain(2, 3, 2)]),
        Case(f"{name}/axis=(1,0),keepdims", lambda x: call(x, axis=(1, 0), keepdims=True), [domain(2, 3, 2)]),
        Case(f"{name}/keepdims", lambda x: call(x, keepdims=True), [domain(2, 3)]),
        Case(f"{name}/1-d", call, [domain(4)]),
    ]


REDUCE = [
    *axes("sum", real, complex_ok=True),
    *axes("prod", real, complex_ok=True),
    *axes("mean", real, complex_ok=True),
    *axes("var", real, complex_ok=True),
    *axes("std", real, complex_ok=True),
    *axes("max", distinct),
    *axes("min", distinct),
    *axes("ptp", distinct),
    *axes("amax", distinct)[:2],
    *axes("amin", distinct)[:2],
    *axes("nansum", with_nan),
    *axes("nanmean", with_nan),
    *axes("nanprod", with_nan)[:4],
    *axes("nanmax", with_nan)[:4],
    *axes("nanmin", with_nan)[:4],
    *axes("nanvar", with_nan)[:4],
    *axes("nanstd", with_nan)[:4],
    Case("sum/0-d", lambda x: np.sum(x), [real()], complex_ok=True),
    Case("sum/axis=()", lambda x: np.sum(x, axis=()), [real(2, 3)]),
    Case("sum/zero size", lambda x: np.sum(x), [real(0, 3)]),
    Case("sum/zero size, axis", lambda x: np.sum(x, axis=0), [real(0, 3)]),
    Case("sum/where", lambda x, m: np.sum(x, where=m), [real(2, 3), KEEP], complex_ok=True),
    Case("sum/where,axis", lambda x, m: np.sum(x, axis=0, where=m), [real(2, 3), given([[True], [False]])]),
    Case("sum/dtype", lambda x: np.sum(x, axis=0, dtype=np.complex128), [real(2, 3)]),
    Case("sum/initial", lambda x: np.sum(x, axis=0, initial=2.0), [real(2, 3)]),
    Case("prod/where", lambda x, m: np.prod(x, axis=1, where=m), [real(2, 3), KEEP]),
    Case("prod/zero size", lambda x: np.prod(x, axis=0), [real(0, 3)]),
    Case("prod/one zero", lambda x, m: np.prod(x * m, axis=1), [real(2, 3), given([[1, 0, 1], [1, 1, 1]])]),
    Case("prod/two zeros", lambda x, m: np.prod(x * m, axis=1), [real(2, 3), given([[1, 0, 0], [1, 1, 1]])]),
    Case("mean/where", lambda x, m: np.mean(x, axis=1, where=m), [real(2, 3), KEEP]),
    Case("mean/dtype", lambda x: np.mean(x, dtype=np.float64), [real(2, 3)]),
    Case("var/ddof", lambda x: np.var(x, axis=0, ddof=1), [real(3, 4)], complex_ok=True),
    Case("var/correction", lambda x: np.var(x, axis=0, correction=1), [real(3, 4)]),
    Case("var/where", lambda x, m: np.var(x, axis=1, where=m), [real(2, 3), KEEP]),
    Case("var/mean", lambda x: np.var(x, axis=1, mean=np.mean(x, axis=1, keepdims=True)), [real(2, 3)]),
    Case("std/ddof", lambda x: np.std(x, axis=(0, 1), ddof=1), [real(3, 4)], complex_ok=True),
    Case("std/where", lambda x, m: np.std(x, axis=1, where=m), [real(2, 3), KEEP]),
    Case("max/where", lambda x, m: np.max(x, axis=1, where=m, initial=-9.0), [distinct(2, 3), KEEP]),
    Case("max/initial", lambda x: np.max(x, axis=0, initial=0.0), [distinct(2, 4)]),
    Case("min/initial", lambda x: np.min(x, axis=0, initial=0.0), [distinct(2, 4)]),
    Case("max/traced initial", lambda x, i: np.max(x * i, initial=i), [distinct(4), positive()]),
    Case("min/traced initial", lambda x, i: np.min(x * i, axis=0, initial=i - 2), [distinct(4, 2), positive()]),
    Case("sum/traced initial", lambda x, i: np.sum(x * i, axis=0, initial=i), [real(2, 3), positive()]),
    Case("prod/traced initial", lambda x, i: np.prod(x * i, axis=0, initial=i), [real(2, 3), positive()]),
    Case("cumsum/0-d, axis", lambda x: np.cumsum(x, axis=0), [real()]),
    Case("cumulative_prod/include_initial", lambda x: np.cumulative_prod(x, include_initial=True), [real(3)]),
    Case("prod/dtype", lambda x: np.prod(x, axis=0, dtype=np.complex128), [real(2, 3)]),
    Case("max/0-d", lambda x: np.max(x), [real()]),
    Case("cumsum", lambda x: np.cumsum(x), [real(2, 3)], complex_ok=True),
    Case("cumsum/axis=0", lambda x: np.cumsum(x, axis=0), [real(2, 3)], complex_ok=True),
    Case("cumsum/axis=-1", lambda x: np.cumsum(x, axis=-1), [real(2, 3, 2)]),
    Case("cumsum/dtype", lambda x: np.cumsum(x, axis=0, dtype=np.complex128), [real(2, 3)]),
    Case("cumsum/0-d", lambda x: np.cumsum(x), [real()]),
    Case("cumsum/zero size", lambda x: np.cumsum(x, axis=0), [real(0, 3)]),
    Case("cumprod", lambda x: np.cumprod(x), [real(2, 3)], complex_ok=True),
    Case("cumprod/axis=0", lambda x: np.cumprod(x, axis=0), [real(3, 2)], complex_ok=True),
    Case("cumprod/axis=-1", lambda x: np.cumprod(x, axis=-1), [real(2, 3, 2)]),
    Case("cumprod/one zero", lambda x, m: np.cumprod(x * m), [real(4), given([1.0, 1.0, 0.0, 1.0])]),
    Case("cumulative_sum", lambda x: np.cumulative_sum(x, axis=1), [real(2, 3)]),
    Case("cumulative_sum/include_initial", lambda x: np.cumulative_sum(x, axis=1, include_initial=True), [real(2, 3)]),
    Case("cumulative_prod", lambda x: np.cumulative_prod(x, axis=1), [real(2, 3)]),
    Case("nancumsum", lambda x: np.nancumsum(x, axis=1), [with_nan(3, 4)]),
    Case("nancumprod", lambda x: np.nancumprod(x, axis=1), [with_nan(3, 4)]),
    Case("diff", lambda x: np.diff(x), [real(2, 4)], complex_ok=True),
    Case("diff/n=2", lambda x: np.diff(x, n=2, axis=0), [real(4, 2)]),
    Case("diff/append", lambda x, y: np.diff(x, prepend=y, append=0.0), [real(4), real(1)]),
    Case("average", lambda x: np.average(x, axis=1), [real(2, 3)], complex_ok=True),
    Case("average/weights", lambda x, w: np.average(x, axis=1, weights=w), [real(2, 3), positive(3)]),
    Case("trapezoid", lambda y, x: np.trapezoid(y, x), [real(2, 4), real(4)], complex_ok=True),
    Case("cov", lambda x: np.cov(x), [real(2, 5)]),
]


# Methods of ufuncs, and their keyword arguments

UFUNC = [
    Case("add.reduce", lambda x: np.add.reduce(x), [real(2, 3)], complex_ok=True),
    Case("add.reduce/axis", lambda x: np.add.reduce(x, axis=(0, 1), keepdims=True), [real(2, 3)]),
    Case("add.reduce/axis None", lambda x: np.add.reduce(x, axis=None), [real(2, 3)]),
    Case("multiply.reduce", lambda x: np.multiply.reduce(x, axis=1), [real(2, 3)], complex_ok=True),
    Case("maximum.reduce", lambda x: np.maximum.reduce(x, axis=1), [distinct(2, 3)]),
    Case("minimum.reduce", lambda x: np.minimum.reduce(x), [distinct(2, 3)]),
    Case("logaddexp.reduce", lambda x: np.logaddexp.reduce(x, axis=1), [real(2, 3)]),
    Case("add.accumulate", lambda x: np.add.accumulate(x, axis=1), [real(2, 3)], complex_ok=True),
    Case("multiply.accumulate", lambda x: np.multiply.accumulate(x, axis=1), [real(2, 3)]),
    Case("add.reduceat", lambda x: np.add.reduceat(x, [0, 2, 3], axis=1), [real(2, 5)], complex_ok=True),
    Case("multiply.outer", lambda x, y: np.multiply.outer(x, y), [real(2), real(2, 3)], complex_ok=True),
    Case("subtract.outer", lambda x, y: np.subtract.outer(x, y), [real(2), real(3)]),
    Case("sin/dtype", lambda x: np.sin(x, dtype=np.float64), [real(2, 3)]),
    Case("multiply/out", lambda x, y: np.multiply(x, y, out=x.copy()), [real(2, 3), real(3)], complex_ok=True),
    Case("exp/where,out", lambda x, m: np.exp(x, out=x.copy(), where=m), [real(2, 3), KEEP]),
    Case("log/where,out", lambda x: np.log(x, out=x * 2, where=x > 0), [away_from_zero(2, 3)]),
    Case("sum/out", lambda x: np.sum(x, axis=0, out=x[0].copy()), [real(2, 3)]),
]


# Sorting and order statistics

SORT = [
    Case("sort", lambda x: np.sort(x), [distinct(3, 4)]),
    Case("sort/axis=0", lambda x: np.sort(x, axis=0), [distinct(3, 4)]),
    Case("sort/axis None", lambda x: np.sort(x, axis=None), [distinct(3, 4)]),
    Case("sort/stable", lambda x: np.sort(x, kind="stable"), [distinct(5)]),
    Case("sort/descending", lambda x: np.sort(x)[::-1], [distinct(5)]),
    Case("sort_complex", lambda x: np.sort_complex(x), [distinct(5)]),
    Case("sort/complex", lambda x: np.sort(x), [always_complex(distinct(4))]),
    Case("partition", lambda x: np.partition(x, 2), [distinct(3, 5)]),
    Case("partition/axis=0", lambda x: np.partition(x, 1, axis=0), [distinct(4, 2)]),
    Case("partition/two", lambda x: np.partition(x, (1, 3)), [distinct(6)]),
    Case("median", lambda x: np.median(x), [distinct(5)]),
    Case("median/even", lambda x: np.median(x, axis=1), [distinct(3, 4)]),
    Case("median/axes,keepdims", lambda x: np.median(x, axis=(0, 2), keepdims=True), [distinct(2, 3, 3)]),
    Case("nanmedian", lambda x: np.nanmedian(x, axis=1), [with_nan(3, 4)]),
    Case("quantile", lambda x: np.quantile(x, 0.3), [distinct(7)]),
    Case("quantile/many", lambda x: np.quantile(x, [0.1, 0.5, 0.83], axis=1), [distinct(2, 5)]),
    Case("quantile/method", lambda x: np.quantile(x, 0.3, axis=0, method="lower"), [distinct(4, 2)]),
    Case("percentile", lambda x: np.percentile(x, 40.0, axis=0), [distinct(4, 2)]),
    Case("sort/method in place", lambda x: in_place(x, sorted_in_place), [distinct(5)]),
]
