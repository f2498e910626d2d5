"""Mostly functions of one number that give one number, each of which calls NumPy or its neighbours in its own way."""

import functools
import warnings

import numpy
import numpy as np
import scipy
from numpy import r_, zeros
from scipy import linalg, special
from scipy.special import logsumexp
from scipy.stats import norm

import funcgrad as fg

from . import helpers
from .helpers import double, fill, timed

calls = 0
scale = 3.0


def by_module(x):
    out = np.zeros(2)
    out[0] = np.sin(x)
    return out.sum()


def by_full_name(x):
    out = numpy.empty(2)
    out[:] = numpy.cos(x)
    return numpy.sum(out)


def by_name(x):
    out = zeros(2)
    out[1] = x**3
    return out.sum()


def by_list(x):
    return (np.array([x, x**2, 1.0]) * np.array([[x], [2.0]])).sum()


def by_brackets(x):
    return np.r_[x, x * x].sum() + r_[x, 1.0].prod() + np.c_[np.array([x])].sum()


def by_import(x):
    import numpy as inner  # noqa: PLC0415
    from numpy import zeros_like as like  # noqa: PLC0415

    out = inner.zeros(2)
    out[0] = x**2
    other = like(out)
    other[1] = x
    return (out + other).sum()


def by_default(x, xp=np, fill=fill):
    out = xp.zeros(2)
    out[0] = x**2
    return out.sum() + fill(x).sum()


def by_neighbour(x):
    return (fill(x) * helpers.fill(x)).sum()


def by_closure(x):
    return double(x).sum()


def by_nested(x):
    def inner(y):
        out = np.zeros(2)
        out[0] = y * x
        return out

    return inner(x).sum() + (lambda y: np.array([y, y]))(x).sum() + sum(fill(x * n).sum() for n in range(3))


def by_partial(x):
    power = functools.partial(by_power, n=3)
    return power(x) + functools.partial(np.full, 2)(x).sum()


def by_power(x, n):
    out = np.ones(n)
    for i in range(1, n):
        out[i] = out[i - 1] * x
    return out.sum()


def by_map(x):
    return sum(map(by_module, [x, 2 * x])) + np.stack(list(map(np.array, [[x], [x * x]]))).sum()


def by_table(x):
    return sum(f(x) for f in [by_module, by_name, np.sin]) + {"power": by_power}["power"](x, 4)


@timed
def by_wrapper(x):
    return by_decorated(x) ** 2


def by_decorated(x):
    @timed
    @np.vectorize
    def inner(y):
        out = zeros(1)
        out[0] = y * x
        return out[0]

    return inner(np.array([1.0, 2.0])).sum()


def by_recursion(x, n=3):
    if n == 0:
        return 1.0
    out = np.zeros(1)
    out[0] = x * by_other_recursion(x, n - 1)
    return out[0]


def by_other_recursion(x, n):
    return by_recursion(x, n - 1) if n else x


def numbers(x):
    out = zeros(3)
    for n in range(3):
        out[n] = x**n
        yield out[n]


def by_generator(x):
    return sum(numbers(x))


def by_scipy(x):
    matrix = np.eye(2)
    matrix[0, 1] = matrix[1, 0] = x / 10
    y = scipy.linalg.solve(matrix, np.ones(2)).sum() + linalg.det(matrix) + linalg.expm(matrix)[0, 0]
    return y + special.softmax(np.array([x, 1.0]))[0] + logsumexp(np.array([x, 2.0]))


def by_statistics(x):
    from scipy.stats import expon  # noqa: PLC0415

    return scipy.stats.norm.logpdf(x) + norm.cdf(x) + expon.logpdf(x)


def by_match(x):
    match np.array([x, x]).shape:
        case (n,) if len(zeros(n)) == 2:
            out: np.ndarray = zeros(n)
            out[:] = x**2
        case _:
            raise AssertionError
    return out.sum()


def by_global(x):
    global calls
    calls += 1
    out = np.zeros(1)
    out[0] = scale * x
    globals()["last"] = calls
    return out[0] * calls / calls


def by_function_attribute(x):
    by_function_attribute.calls = getattr(by_function_attribute, "calls", 0) + 1
    return by_module(x)


def with_warning(x):
    warnings.warn("a warning", UserWarning, stacklevel=2)
    return by_module(x)


def warns(x):
    return with_warning(x)


def failing(x):
    out = np.zeros(2)
    out[0] = x
    return failing_inside(out)


def failing_inside(out):
    return 1 / len([]) + out[7]


def takes_derivatives(x):
    return fg.grad(by_neighbour)(x) + slope_by_name(x) + fg.checkpoint(by_module)(x) + fg.grad(by_default)(x)


slope_by_name = fg.grad(by_name)


async def awaited(x):
    out = np.zeros(2)
    out[0] = x**2
    return out.sum() + await awaited_inside(x)


async def awaited_inside(x):
    return np.array([x, x]).sum()


def with_callback(callback, x):
    return callback(x)


def jacobi(steps, A, B):
    for _ in range(1, steps):
        B[1:-1] = 0.33333 * (A[:-2] + A[1:-1] + A[2:])
        A[1:-1] = 0.33333 * (B[:-2] + B[1:-1] + B[2:])
    return np.sum(A**2)


def jacobi_of_state(state, x):
    state["B"][0][:] = x * state["A"]
    return np.sum(state["B"][0])
