"""Inverses and solutions of linear equations, exact and least squares.

Giles, "An extended collection of matrix derivative results" (2008); Golub and Pereyra, "The differentiation of
pseudo-inverses and nonlinear least squares problems whose variables separate" (1973).
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from funcgrad._typing import Array
from funcgrad.core.arrays import adjoint, as_array, conjugate, identity_like, transpose
from funcgrad.core.batching import aligned, stacked
from funcgrad.core.kinds import Composite, Opaque
from funcgrad.rules.linalg.matrix import as_hermitian, hat, is_empty, refuse, tolerance
from funcgrad.rules.linalg.singular import svdvals_jvp, svdvals_vjp

__all__ = ["RULES"]

CUT = (
    "{}: with this rcond, singular values that are not zero are taken for zero. The derivative is known for a constant "
    "rank only. Leave rcond out, or write the function with np.linalg.svd."
)


# -- Inverses ----------------------------------------------------------------------------------------


def inv_jvp(dx: Array, y: Array) -> Array:
    """Giles, 2.2.3."""
    return -(y @ dx @ y)


def inv_vjp(g: Array, y: Array) -> Array:
    return -(transpose(y) @ g @ transpose(y))


def pinv_jvp(dx: Array, y: Array, x: Array) -> Array:
    """Golub and Pereyra, for constant rank."""
    h = adjoint(dx)
    right = (y @ adjoint(y)) @ (h - (h @ x) @ y)
    left = (h - y @ (x @ h)) @ (adjoint(y) @ y)
    return right + left - y @ dx @ y


def pinv_vjp(g: Array, y: Array, x: Array) -> Array:
    g, z = hat(g), adjoint(y)
    h = adjoint(g)
    right = (h - x @ (y @ h)) @ (y @ z)
    left = (z @ y) @ (h - (h @ y) @ x)
    return hat(right + left - z @ g @ z)


general_pinv = Opaque(np.linalg.pinv, pinv_jvp, pinv_vjp, ignore="rcond hermitian rtol", batch=stacked)


def pinv_body(a: Array, rcond: Any = None, hermitian: bool = False, **options: Any) -> Array:
    if rcond is not None:
        options["rcond"] = rcond
    if hermitian:
        a, options["hermitian"] = as_hermitian(a), True
    cut = rcond if rcond is not None else options.get("rtol")
    y = general_pinv(a, **options)
    return y if cut is None or is_empty(a) else of_constant_rank(y, a, cut, "pinv")


def of_constant_rank(y: Array, a: Array, cut: Any, name: str) -> Array:
    """Refuse a result for which singular values were taken for zero that are not: then the rules do not hold."""
    s = np.linalg.svd(a, compute_uv=False)
    cut = np.asarray(cut) if isinstance(cut, list | tuple) else cut
    cut = cut[..., None] if np.ndim(cut) else cut
    largest = np.max(s, axis=-1, keepdims=True)
    lost = np.any((s <= cut * largest) & (s > tolerance(a) * largest))
    return refuse(lost, y, CUT.format(name))


def matrix_power_body(a: Array, n: Any) -> Array:
    """Multiply the squares that make up `n` in binary."""
    n = operator.index(n)
    if n < 0:
        a, n = np.linalg.inv(a), -n
    result = None
    while n:
        if n % 2:
            result = a if result is None else result @ a
        n //= 2
        a = a @ a if n else a
    return identity_like(a) if result is None else result


def tensorinv_body(a: Array, ind: int = 2) -> Array:
    if ind <= 0:
        raise ValueError("Invalid ind argument.")
    rows, columns = a.shape[:ind], a.shape[ind:]
    inverse = np.linalg.inv(np.reshape(a, (math.prod(columns), -1)))
    return np.reshape(inverse, (*columns, *rows))


# -- Linear equations --------------------------------------------------------------------------------


def solve_jvp(dxs: tuple[Array, Array], y: Array, a: Array) -> Array:
    """Giles, 2.3.1: ``a y = b`` gives ``a dy = db - da y``."""
    da, db = dxs
    return np.linalg.solve(a, db - da @ y)


def solve_vjp(g: Array, y: Array, a: Array) -> tuple[Array, Array]:
    gb = np.linalg.solve(transpose(a), g)
    return -(gb @ transpose(y)), gb


solve_matrix = Opaque(np.linalg.solve, solve_jvp, solve_vjp, arity=2, batch=aligned)


def solve_body(a: Array, b: Array) -> Array:
    """Only a 1-D `b` is a vector; everything else is a stack of matrices."""
    a, b = (as_array(x) for x in (a, b))
    return solve_matrix(a, b[:, None])[..., 0] if b.ndim == 1 else solve_matrix(a, b)


def tensorsolve_body(a: Array, b: Array, axes: Any = None) -> Array:
    a, b = (as_array(x) for x in (a, b))
    if axes is not None:
        a = np.transpose(a, [k for k in range(a.ndim) if k not in axes] + list(axes))
    shape = a.shape[b.ndim :]
    size = math.prod(shape)
    if math.prod(a.shape) != size**2:
        raise np.linalg.LinAlgError(
            "Input arrays must satisfy the requirement prod(a.shape[b.ndim:]) == prod(a.shape[:b.ndim])"
        )
    return np.reshape(np.linalg.solve(np.reshape(a, (size, size)), np.ravel(b)), shape)


# -- Least squares -----------------------------------------------------------------------------------


def lstsq_jvp(dxs: tuple[Array, Array], y: Any, a: Array, b: Array, rcond: Any) -> tuple[Any, ...]:
    """``x = pinv(a) b`` by Golub and Pereyra; the residual is orthogonal to ``a``, so its size feels no ``dx``."""
    da, db = dxs
    inverse, x, r, db = cut_pinv(a, rcond), columns(y[0]), columns(b) - a @ columns(y[0]), columns(db)
    change, weight = db - da @ x, adjoint(inverse) @ x
    kept = inverse @ (change + adjoint(inverse) @ (adjoint(da) @ r))
    dx = kept + adjoint(da) @ weight - inverse @ (a @ (adjoint(da) @ weight))
    sizes = 2 * np.real(np.sum(conjugate(r) * change, axis=0))
    return np.reshape(dx, y[0].shape), sizes[: y[1].shape[0]], None, svdvals_jvp(da, a)


def lstsq_vjp(gs: tuple[Array, ...], y: Any, a: Array, b: Array, rcond: Any) -> tuple[Array, Array]:
    inverse, x, g = cut_pinv(a, rcond), columns(y[0]), columns(hat(gs[0]))
    r = columns(b) - a @ x
    gb = adjoint(inverse) @ g
    null = g - inverse @ (a @ g)
    ga = r @ adjoint(inverse @ gb) + (adjoint(inverse) @ x) @ adjoint(null)
    if y[1].shape[0]:
        gb = gb + 2 * r * gs[1]
        ga = ga - 2 * (r * gs[1]) @ adjoint(x)
    ga = ga - (adjoint(inverse) @ g) @ adjoint(x)
    return hat(ga) + svdvals_vjp(gs[3], a), np.reshape(hat(gb), b.shape)


def columns(b: Array) -> Array:
    return b[:, None] if b.ndim == 1 else b


def cut_pinv(a: Array, rcond: Any) -> Array:
    """The pseudo-inverse with the rank that the solution had; NumPy solves in double precision."""
    eps = float(np.finfo(float).eps)
    rcond = eps * max(a.shape) if rcond is None else eps if rcond < 0 else rcond
    return np.linalg.pinv(a, rcond=rcond)


def lstsq_body(a: Array, b: Array, rcond: Any = None) -> Any:
    a, b = (as_array(x) for x in (a, b))
    x, *others = least_squares(a, b, rcond=rcond)
    return (x if rcond is None or rcond < 0 or is_empty(a) else of_constant_rank(x, a, rcond, "lstsq"), *others)


def lstsq_batch(primitive: Any, xs: Any, batched: Any, params: dict[str, Any], size: int) -> Any:
    """NumPy takes no stacks, so this is a loop; for examples of different ranks it is vmap's business."""
    pairs = [[x[i] if b else x for x, b in zip(xs, batched, strict=True)] for i in range(size)]
    results = [primitive.run(*pair, **params) for pair in pairs]
    if len({result[1].shape for result in results}) != 1:
        return NotImplemented
    return tuple(np.stack(parts) for parts in zip(*results, strict=True))


least_squares = Opaque(np.linalg.lstsq, lstsq_jvp, lstsq_vjp, arity=2, batch=lstsq_batch)


RULES = (
    # -- Inverses
    Opaque(np.linalg.inv, inv_jvp, inv_vjp, batch=stacked),
    Composite(np.linalg.pinv, pinv_body),
    Composite(np.linalg.matrix_power, matrix_power_body),
    Composite(np.linalg.tensorinv, tensorinv_body),
    # -- Linear equations
    Composite(np.linalg.solve, solve_body),
    Composite(np.linalg.tensorsolve, tensorsolve_body),
    # -- Least squares
    Composite(np.linalg.lstsq, lstsq_body),
)
