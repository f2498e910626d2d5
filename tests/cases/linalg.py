"""Linear algebra."""

import numpy as np

from cases.table import (
    Array,
    Case,
    Input,
    always_complex,
    away_from_zero,
    complex_,
    distinct,
    given,
    invertible,
    real,
    spd,
    unit,
)


def tensor(*shape: int) -> Input:
    """Arrays that are well-conditioned square matrices once their axes are joined."""
    return Input(shape, lambda rng, s: _tensor(rng.normal(size=s)), lambda rng, s: _tensor(_complex(rng, s)))


def tall(*shape: int) -> Input:
    """Matrices of full rank, tall or wide, with singular values that lie apart."""
    return Input(shape, lambda rng, s: _tall(rng.normal(size=s)), lambda rng, s: _tall(_complex(rng, s)))


def singular(*shape: int) -> Input:
    """Square matrices that lack one rank."""
    return Input(shape, lambda rng, s: _singular(rng.normal(size=s)), lambda rng, s: _singular(_complex(rng, s)))


def _complex(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.asarray(rng.normal(size=shape) + 1j * rng.normal(size=shape))


def _tensor(x: Array) -> Array:
    n = round(x.size**0.5)
    return np.asarray(0.3 * x + 3 * np.eye(n).reshape(x.shape))


def _tall(x: Array) -> Array:
    m, n = x.shape[-2:]
    return np.asarray(0.2 * x + np.diag(np.arange(1.0, max(m, n) + 1))[:m, :n])


def _singular(x: Array) -> Array:
    x = np.round(2 * x) + 3 * np.eye(x.shape[-1])
    x[..., -1, :] = 2 * x[..., 0, :]
    return x


LINALG = [
    Case("linalg.inv", lambda x: np.linalg.inv(x), [invertible(3, 3)], complex_ok=True),
    Case("linalg.inv/batch", lambda x: np.linalg.inv(x), [invertible(2, 2, 2)]),
    Case("linalg.inv/1 by 1", lambda x: np.linalg.inv(x), [invertible(1, 1)]),
    Case("linalg.inv/0 by 0", lambda x: np.linalg.inv(x), [real(0, 0)], complex_ok=True),
    Case("linalg.inv/empty stack", lambda x: np.linalg.inv(x), [real(0, 2, 2)]),
    Case("linalg.tensorinv", lambda x: np.linalg.tensorinv(x), [tensor(2, 3, 3, 2)], complex_ok=True),
    Case("linalg.tensorinv/ind=1", lambda x: np.linalg.tensorinv(x, ind=1), [tensor(4, 2, 2)]),
    Case("linalg.tensorinv/ind=3", lambda x: np.linalg.tensorinv(x, 3), [tensor(2, 1, 3, 6)]),
    Case("linalg.pinv", lambda x: np.linalg.pinv(x), [tall(4, 2)], complex_ok=True),
    Case("linalg.pinv/wide", lambda x: np.linalg.pinv(x), [tall(2, 4)], complex_ok=True),
    Case("linalg.pinv/square", lambda x: np.linalg.pinv(x), [invertible(3, 3)], complex_ok=True),
    Case("linalg.pinv/stack", lambda x: np.linalg.pinv(x), [tall(2, 3, 2)], complex_ok=True),
    Case("linalg.pinv/0 columns", lambda x: np.linalg.pinv(x), [real(3, 0)]),
    Case("linalg.pinv/rcond", lambda x: np.linalg.pinv(x, 1e-6), [tall(3, 2)], complex_ok=True),
    Case(
        "linalg.pinv/rcond of a stack", lambda x: np.linalg.pinv(x, rcond=[1e-6, 1e-5]), [tall(2, 3, 2)], device=False
    ),
    Case("linalg.pinv/rtol", lambda x: np.linalg.pinv(x, rtol=1e-6), [tall(3, 2)]),
    Case("linalg.pinv/rtol=None", lambda x: np.linalg.pinv(x, rtol=None), [tall(3, 2)]),
    Case("linalg.pinv/low rank", lambda x, y: np.linalg.pinv(x @ y, 1e-4), [tall(3, 2), tall(2, 4)], complex_ok=True),
    Case(
        "linalg.pinv/hermitian",
        lambda x: np.linalg.pinv((x + x.mT.conj()) / 2, hermitian=True),
        [spd(3, 3)],
        complex_ok=True,
    ),
    Case("linalg.solve", lambda a, b: np.linalg.solve(a, b), [invertible(3, 3), real(3, 2)], complex_ok=True),
    Case("linalg.solve/vector", lambda a, b: np.linalg.solve(a, b), [invertible(3, 3), real(3)], complex_ok=True),
    Case("linalg.solve/batch", lambda a, b: np.linalg.solve(a, b), [invertible(2, 2, 2), real(2, 2, 3)]),
    Case("linalg.solve/batch left", lambda a, b: np.linalg.solve(a, b), [invertible(2, 2, 2), real(2, 3)]),
    Case("linalg.solve/batch right", lambda a, b: np.linalg.solve(a, b), [invertible(2, 2), real(3, 2, 1)]),
    Case("linalg.solve/batch and vector", lambda a, b: np.linalg.solve(a, b), [invertible(2, 2, 2), real(2)]),
    Case(
        "linalg.solve/broadcast stacks",
        lambda a, b: np.linalg.solve(a, b),
        [invertible(2, 1, 3, 3), real(4, 3, 2)],
        complex_ok=True,
    ),
    Case("linalg.solve/broadcast one", lambda a, b: np.linalg.solve(a, b), [invertible(1, 2, 2), real(3, 2, 2)]),
    Case("linalg.solve/real and complex", lambda a, b: np.linalg.solve(a, b), [invertible(2, 2), complex_(2)]),
    Case("linalg.solve/complex and real", lambda a, b: np.linalg.solve(a, b), [always_complex(spd(2, 2)), real(2, 1)]),
    Case("linalg.solve/0 by 0", lambda a, b: np.linalg.solve(a, b), [real(0, 0), real(0)]),
    Case("linalg.solve/no right sides", lambda a, b: np.linalg.solve(a, b), [invertible(2, 2), real(2, 0)]),
    Case("linalg.solve/list", lambda a: np.linalg.solve(a, [1.0, 2.0]), [invertible(2, 2)], device=False),
    Case(
        "linalg.tensorsolve", lambda a, b: np.linalg.tensorsolve(a, b), [tensor(2, 3, 6), real(2, 3)], complex_ok=True
    ),
    Case("linalg.tensorsolve/vector", lambda a, b: np.linalg.tensorsolve(a, b), [tensor(4, 2, 2), real(4)]),
    Case(
        "linalg.tensorsolve/axes",
        lambda a, b: np.linalg.tensorsolve(a, b, axes=(1, 0)),
        [away_from_zero(2, 1, 2), real(2)],
    ),
    Case("linalg.solve/constant matrix", lambda b, a: np.linalg.solve(a, b), [real(2), given([[2.0, 1.0], [0, 3]])]),
    Case("linalg.det", lambda x: np.linalg.det(x), [invertible(3, 3)], complex_ok=True),
    Case("linalg.det/batch", lambda x: np.linalg.det(x), [invertible(2, 2, 2)]),
    Case("linalg.det/1 by 1", lambda x: np.linalg.det(x), [invertible(1, 1)]),
    Case("linalg.det/4 by 4", lambda x: np.linalg.det(x), [invertible(4, 4)], complex_ok=True),
    Case("linalg.det/stack of 4 by 4", lambda x: np.linalg.det(x), [invertible(2, 4, 4)]),
    Case("linalg.det/singular", lambda x: np.linalg.det(x), [singular(3, 3)], complex_ok=True),
    Case("linalg.det/singular 4 by 4", lambda x: np.linalg.det(x), [singular(4, 4)], complex_ok=True),
    Case("linalg.det/singular 5 by 5", lambda x: np.linalg.det(x), [singular(5, 5)]),
    Case("linalg.slogdet/0 by 0", lambda x: np.linalg.slogdet(x), [real(0, 0)], complex_ok=True),
    Case("linalg.slogdet/stack of both", lambda x: np.linalg.slogdet(x), [invertible(2, 3, 3)], complex_ok=True),
    Case("linalg.slogdet", lambda x: np.linalg.slogdet(x)[1], [invertible(3, 3)], complex_ok=True),
    Case("linalg.slogdet/both", lambda x: tuple(np.linalg.slogdet(x)), [invertible(3, 3)], complex_ok=True),
    Case("linalg.slogdet/batch", lambda x: np.linalg.slogdet(x).logabsdet, [invertible(2, 2, 2)]),
    Case("linalg.cholesky", lambda x: np.linalg.cholesky((x + x.mT.conj()) / 2), [spd(3, 3)], complex_ok=True),
    Case("linalg.cholesky/batch", lambda x: np.linalg.cholesky((x + x.mT) / 2), [spd(2, 2, 2)]),
    Case(
        "linalg.cholesky/upper",
        lambda x: np.linalg.cholesky((x + x.mT.conj()) / 2, upper=True),
        [spd(3, 3)],
        complex_ok=True,
    ),
    Case("linalg.cholesky/0 by 0", lambda x: np.linalg.cholesky(x), [real(0, 0)]),
    Case("linalg.norm/vector", lambda x: np.linalg.norm(x), [real(4)], complex_ok=True),
    Case("linalg.norm/matrix", lambda x: np.linalg.norm(x), [real(2, 3)], complex_ok=True),
    Case("linalg.norm/3-d", lambda x: np.linalg.norm(x), [real(2, 3, 2)]),
    Case("linalg.norm/axis", lambda x: np.linalg.norm(x, axis=1), [real(2, 3)], complex_ok=True),
    Case("linalg.norm/axis,keepdims", lambda x: np.linalg.norm(x, axis=-1, keepdims=True), [real(2, 3)]),
    Case("linalg.norm/axes", lambda x: np.linalg.norm(x, axis=(0, 2)), [real(2, 3, 2)]),
    Case("linalg.norm/keepdims", lambda x: np.linalg.norm(x, keepdims=True), [real(2, 3)]),
    Case("linalg.norm/fro", lambda x: np.linalg.norm(x, "fro"), [real(2, 3)]),
    Case("linalg.norm/fro,axes", lambda x: np.linalg.norm(x, "fro", (-1, 0), keepdims=True), [real(2, 3, 2)]),
    Case("linalg.norm/vector 1", lambda x: np.linalg.norm(x, 1), [away_from_zero(4)], complex_ok=True),
    Case("linalg.norm/vector 2", lambda x: np.linalg.norm(x, 2), [away_from_zero(4)], complex_ok=True),
    Case("linalg.norm/vector 3", lambda x: np.linalg.norm(x, 3), [away_from_zero(4)], complex_ok=True),
    Case("linalg.norm/vector 2.5,axis", lambda x: np.linalg.norm(x, 2.5, axis=0), [away_from_zero(3, 2)]),
    Case("linalg.norm/vector -1", lambda x: np.linalg.norm(x, -1), [away_from_zero(4)]),
    Case("linalg.norm/vector 0", lambda x: np.linalg.norm(x, 0), [away_from_zero(4)], order=0),
    Case("linalg.norm/vector inf", lambda x: np.linalg.norm(x, np.inf), [distinct(4)], complex_ok=True),
    Case("linalg.norm/vector -inf", lambda x: np.linalg.norm(x, -np.inf, axis=1), [distinct(3, 4)]),
    Case("linalg.norm/matrix 1", lambda x: np.linalg.norm(x, 1), [distinct(2, 3)]),
    Case("linalg.norm/matrix -1", lambda x: np.linalg.norm(x, -1), [distinct(2, 3)]),
    Case("linalg.norm/matrix inf", lambda x: np.linalg.norm(x, np.inf), [distinct(2, 3)]),
    Case("linalg.norm/matrix -inf,axes", lambda x: np.linalg.norm(x, -np.inf, axis=(0, 2)), [distinct(2, 3, 2)]),
    Case("linalg.norm/matrix 2", lambda x: np.linalg.norm(x, 2), [real(2, 3)], complex_ok=True),
    Case("linalg.norm/matrix -2", lambda x: np.linalg.norm(x, -2), [invertible(3, 3)]),
    Case("linalg.norm/nuclear", lambda x: np.linalg.norm(x, "nuc"), [invertible(3, 3)]),
    Case("linalg.norm/matrix 2,axes", lambda x: np.linalg.norm(x, 2, axis=(0, 1)), [real(2, 3, 2)]),
    Case("linalg.norm/nuclear,wide", lambda x: np.linalg.norm(x, "nuc"), [tall(2, 4)], complex_ok=True),
    Case("linalg.norm/nuclear,axes", lambda x: np.linalg.norm(x, "nuc", axis=(2, 1)), [tall(2, 3, 2)], complex_ok=True),
    Case("linalg.norm/matrix -2,axes", lambda x: np.linalg.norm(x, -2, (-1, 0), keepdims=True), [tall(3, 2, 2)]),
    Case(
        "linalg.norm/matrix 1,complex", lambda x: np.linalg.norm(x, 1, (-2, -1)), [distinct(2, 2, 3)], complex_ok=True
    ),
    Case("linalg.norm/matrix inf,keepdims", lambda x: np.linalg.norm(x, np.inf, (1, 2), True), [distinct(2, 2, 3)]),
    Case("linalg.norm/axes negative", lambda x: np.linalg.norm(x, axis=(-1, -3)), [real(2, 3, 2)], complex_ok=True),
    Case("linalg.norm/one-axis tuple", lambda x: np.linalg.norm(x, 3, axis=(-2,)), [away_from_zero(2, 3)]),
    Case("linalg.norm/vector -2,axis", lambda x: np.linalg.norm(x, -2, -1), [away_from_zero(2, 3)], complex_ok=True),
    Case("linalg.norm/vector 0.5", lambda x: np.linalg.norm(x, 0.5), [away_from_zero(4)]),
    Case("linalg.norm/empty", lambda x: np.linalg.norm(x), [real(0)]),
    Case("linalg.cond", lambda x: np.linalg.cond(x), [invertible(3, 3)], complex_ok=True),
    Case("linalg.cond/tall", lambda x: np.linalg.cond(x), [tall(4, 2)], complex_ok=True),
    Case("linalg.cond/-2", lambda x: np.linalg.cond(x, -2), [tall(2, 3)]),
    Case("linalg.cond/1,stack", lambda x: np.linalg.cond(x, 1), [invertible(2, 2, 2)]),
    Case("linalg.cond/inf", lambda x: np.linalg.cond(x, np.inf), [invertible(3, 3)]),
    Case("linalg.cond/fro", lambda x: np.linalg.cond(x, p="fro"), [invertible(3, 3)], complex_ok=True),
    Case("linalg.cond/nuc", lambda x: np.linalg.cond(x, "nuc"), [invertible(3, 3)]),
    Case("linalg.vector_norm/axes", lambda x: np.linalg.vector_norm(x, axis=(0, -1), keepdims=True), [real(2, 3, 2)]),
    Case("linalg.vector_norm/inf", lambda x: np.linalg.vector_norm(x, ord=np.inf), [distinct(2, 3)], complex_ok=True),
    Case("linalg.vector_norm/0", lambda x: np.linalg.vector_norm(x, ord=0), [away_from_zero(2, 3)], order=0),
    Case("linalg.vector_norm/0-d", lambda x: np.linalg.vector_norm(x), [away_from_zero()], complex_ok=True),
    Case("linalg.matrix_norm/nuc", lambda x: np.linalg.matrix_norm(x, ord="nuc"), [tall(2, 3, 2)]),
    Case("linalg.matrix_norm/2,keepdims", lambda x: np.linalg.matrix_norm(x, ord=2, keepdims=True), [tall(2, 3, 2)]),
    Case("linalg.vector_norm", lambda x: np.linalg.vector_norm(x), [real(2, 3)]),
    Case("linalg.vector_norm/ord,axis", lambda x: np.linalg.vector_norm(x, ord=3, axis=1), [away_from_zero(2, 3)]),
    Case("linalg.matrix_norm", lambda x: np.linalg.matrix_norm(x), [real(2, 2, 3)]),
    Case("linalg.matrix_power", lambda x: np.linalg.matrix_power(x, 3), [real(3, 3)], complex_ok=True),
    Case("linalg.matrix_power/inverse", lambda x: np.linalg.matrix_power(x, -2), [invertible(2, 2)]),
    Case("linalg.matrix_power/0", lambda x: np.linalg.matrix_power(x, 0) * x, [real(2, 2)]),
    Case("linalg.matrix_power/1", lambda x: np.linalg.matrix_power(x, 1), [real(2, 2, 2)]),
    Case("linalg.matrix_power/7,stack", lambda x: np.linalg.matrix_power(x, 7), [unit(2, 2, 2)], complex_ok=True),
    Case("linalg.multi_dot", lambda x, y, z: np.linalg.multi_dot([x, y, z]), [real(2, 3), real(3, 2), real(2)]),
    Case("linalg.trace/offset", lambda x: np.linalg.trace(x, offset=-1), [real(2, 3, 4)], complex_ok=True),
    Case("linalg.trace/dtype", lambda x: np.linalg.trace(x, dtype=complex), [real(3, 3)]),
    Case("linalg.trace", lambda x: np.linalg.trace(x), [real(2, 3, 3)]),
    Case("linalg.diagonal", lambda x: np.linalg.diagonal(x, offset=1), [real(2, 3, 3)]),
    Case("linalg.outer", lambda x, y: np.linalg.outer(x, y), [real(2), real(3)]),
    Case("linalg.matmul", lambda x, y: np.linalg.matmul(x, y), [real(2, 3), real(3, 2)]),
    Case("linalg.vecdot", lambda x, y: np.linalg.vecdot(x, y), [real(2, 3), real(3)]),
    Case("linalg.cross", lambda x, y: np.linalg.cross(x, y), [real(2, 3), real(2, 3)]),
    Case("linalg.tensordot", lambda x, y: np.linalg.tensordot(x, y, axes=1), [real(2, 3), real(3, 2)]),
    Case("linalg.matrix_transpose", lambda x: np.linalg.matrix_transpose(x), [real(2, 3, 2)]),
    Case("linalg.svdvals", lambda x: np.linalg.svdvals(x), [real(2, 3)]),
    Case("linalg.norm/matrix inf,empty", lambda x: np.linalg.norm(x, np.inf), [real(0, 3)]),
    Case("linalg.norm/matrix 1,empty", lambda x: np.linalg.norm(x, 1), [real(0, 0)]),
    Case("linalg.norm/matrix 2,empty", lambda x: np.linalg.norm(x, 2), [real(3, 0)]),
    Case("linalg.norm/inf,empty", lambda x: np.linalg.norm(x, np.inf), [real(0)]),
]
